"""The check of what owners read sees what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proof.documents import complaints, verdicts
from proof.documents.ignored import is_ignored
from proof.documents.markdown import page
from proof.documents.shell import commands
from proof.generation import copy_template
from proof.projects import quietly
from proof.reading import contents
from proof.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWERS = {
    "compose": ("fastapi", "jwt+api_key", "compose", "postgresql", "github"),
    "plain": ("flask", "none", "none", "sqlite", "none"),
    "oidc": ("flask", "oidc", "systemd", "sqlite", "gitlab"),
    "kubernetes": ("fastapi", "oidc", "kubernetes", "postgresql", "gitlab"),
    "aws": ("flask", "jwt", "aws", "postgresql", "github"),
    "cloud_run": ("fastapi", "api_key", "cloud_run", "postgresql", "github"),
    "fly": ("flask", "jwt+api_key", "fly", "postgresql", "none"),
}


def answers_of(name: str) -> dict[str, str]:
    questions = ("framework", "auth", "deploy", "database", "ci")
    return dict(zip(questions, ANSWERS[name], strict=True))


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, str]]:
    """Return the texts of a few projects, by their names above."""
    folder = tmp_path_factory.mktemp("documents")
    template = copy_template(folder / "template")
    made = {name: quietly(template, folder / name, answers_of(name)) for name in ANSWERS}
    return {
        name: {path: content.decode() for path, content in contents(Path(made[name])).items()}
        for name in made
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_project_says_of_itself_is_true(
    projects: Mapping[str, dict[str, str]], name: str
) -> None:
    assert list(complaints(projects[name], answers_of(name))) == []
    assert len(list(verdicts(projects[name]))) > 300


# The project, the file, what is replaced by what, and what the complaint names.
ERRORS = [
    # Commands: the program, its command, its options, its arguments.
    ("compose", "README.md", "uv run app migrate", "uv run app migrat", "no command migrat"),
    ("compose", "README.md", "uv run pytest\n", "uv run pytests\n", "pytests"),
    ("compose", "README.md", "uv run lint-imports", "uv run lint-import", "lint-import"),
    ("compose", "README.md", "`uv run app config`", "`uvv run app config`", "uvv"),
    ("compose", "AGENTS.md", "uv run alembic check ", "uv run alembic chek ", "no command chek"),
    ("compose", "AGENTS.md", "serve --reload", "serve --relaod", "no option --relaod"),
    ("compose", "README.md", "revoke ID", "revoke", "wants an argument"),
    ("compose", "README.md", "create-admin --email you", "create-admin --mail you", "--mail"),
    ("compose", "README.md", "users set-password", "user set-password", "no command user"),
    ("compose", "README.md", "up --detach --wait", "upp --detach --wait", "no command upp"),
    ("compose", "README.md", "-f compose.dev.yaml up", "-f compose.dev.yml up", "compose.dev.yml"),
    ("compose", "README.md", "uv remove aiosqlite", "uv remove aiosqlit", "no dependency"),
    ("compose", "README.md", "rm src/app/core/database/", "rm src/app/core/data/", "core/data/"),
    ("compose", "README.md", 's/, "sqlite")', 's/, "sqlight")', "does not hold"),
    ("compose", "README.md", '\'{"name": "ci"', '\'{"name": \'ci"', "quote"),
    ("plain", "README.md", "run `app migrate` once", "run `app migration` once", "migration"),
    ("aws", "README.md", "`uv run app purge`", "`uv run app config`", "the command purge"),
    # docs/deploy.md: scripts, their options and arguments, and what platforms have.
    ("compose", "docs/deploy.md", "deploy/release v0.1.0", "deploy/relase v0.1.0", "deploy/relase"),
    ("compose", "docs/deploy.md", "activate --rollback v", "activate --undo v", "no --undo"),
    ("compose", "docs/deploy.md", "deploy/restore ~/b", "deploy/recover ~/b", "deploy/recover"),
    ("compose", "docs/deploy.md", "--wait app`", "--wait web`", "no service web"),
    ("compose", "docs/deploy.md", "exec app app users", "exec app app usrs", "no command usrs"),
    ("compose", "docs/deploy.md", "deploy/compose ps", "deploy/compse ps", "deploy/compse"),
    ("compose", "docs/deploy.md", "production.example .env", "prod.example .env", "prod.example"),
    ("oidc", "docs/deploy.md", "install --rollback v", "install --undo v", "no --undo"),
    (
        "oidc",
        "docs/deploy.md",
        "sudo systemctl restart my",
        "sudo systemctl restart our",
        "no unit",
    ),
    ("oidc", "docs/deploy.md", "deploy/backup FILE", "deploy/backups FILE", "deploy/backups"),
    (
        "kubernetes",
        "docs/deploy.md",
        "exec deployment/app",
        "exec deployment/web",
        "deployment/web",
    ),
    ("kubernetes", "docs/deploy.md", "deploy/namespaces.yaml\n", "deploy/spaces.yaml\n", "spaces"),
    ("aws", "docs/deploy.md", "deploy/stack network", "deploy/stack networks", "networks"),
    ("aws", "docs/deploy.md", "run alembic downgrade", "run alembic down", "no command down"),
    ("aws", "docs/deploy.md", "users/me/password", "users/me/pasword", "has no /api"),
    ("cloud_run", "docs/deploy.md", "deploy/setup\n", "deploy/set-up\n", "deploy/set-up"),
    ("cloud_run", "docs/deploy.md", "gcloud auth login", "gcloud auth logon", "no command logon"),
    ("fly", "docs/deploy.md", "app users create-admin", "app users make-admin", "make-admin"),
    ("fly", "docs/deploy.md", "fly auth login", "fly auths login", "no command auths"),
    ("aws", "docs/deploy.md", "export AWS_REGION", "export AWS_REGON", "AWS_REGON"),
    (
        "cloud_run",
        "docs/deploy.md",
        "-database-password)",
        "-db-password)",
        "deploys my-service-db",
    ),
    ("kubernetes", "docs/deploy.md", "secret pipeline-token", "secret deploy-key", "deploy-key"),
    ("kubernetes", "docs/deploy.md", "release v0.1.0\n```", "release v0.1.0 &&\n```", "rror"),
    # Settings: their names, wherever they are, and the table.
    ("compose", "README.md", "`DATABASE__POOL_SIZE`", "`DATABASE__POOLSIZE`", "DATABASE__POOLSIZE"),
    ("compose", "README.md", "| `DEBUG` |", "| `DEBGU` |", "DEBGU"),
    ("compose", "README.md", "| `MAX_BODY_BYTES` |", "| `DEBUG` |", "MAX_BODY_BYTES 0 times"),
    ("compose", "README.md", "| none, required |", "| none |", "AUTH__SECRET_KEY has a default"),
    ("compose", "README.md", "TEST_DATABASE_URL=", "TEST_DATABASE_ULR=", "TEST_DATABASE_ULR"),
    ("compose", "AGENTS.md", "`TEST_DATABASE_URL`", "`TEST_DB_URL`", "TEST_DB_URL"),
    ("plain", "README.md", "ENVIRONMENT=production", "ENVIRONMENT=live", "cannot be live"),
    ("compose", "docs/deploy.md", "`WORKERS`", "`WORKERZ`", "WORKERZ"),
    ("compose", "docs/deploy.md", "s/DATABASE__PASSWORD\n", "s/DATABASE__PASSWD\n", "PASSWD"),
    ("oidc", "docs/deploy.md", "echo 'AUTH__ISSUER", "echo 'AUTH__ISUER", "AUTH__ISUER"),
    ("kubernetes", "deploy/base/kustomization.yaml", "DRAIN_SECONDS", "DRAIN_SECOND", "DRAIN_SEC"),
    ("fly", "fly.toml", "KEEP_ALIVE_SECONDS", "KEEPALIVE_SECONDS", "KEEPALIVE_SECONDS"),
    ("fly", "docs/deploy.md", "`DATABASE__POOL_SIZE` (10)", "`DATABASE__POOL_SIZE` (5)", "not 5"),
    ("fly", "AGENTS.md", "at least 80 %", "at least 90 %", "cover 90 %"),
    # Examples of environment files.
    ("compose", ".env.example", "AUTH__SECRET_KEY=change-me\n", "", "not set AUTH__SECRET_KEY"),
    ("oidc", ".env.example", "AUTH__AUDIENCE=", "# AUTH__AUDIENCE=", "not set AUTH__AUDIENCE"),
    (
        "plain",
        ".env.example",
        "# CORS__ORIGINS=https://app.example.com\n",
        "",
        "no setting follows",
    ),
    ("compose", ".env.example", "# DATABASE__URL=", "# DATABASE_URI=", "no DATABASE__URL"),
    ("compose", ".env.example", "compose.dev.yaml", "compose.yml", "compose.yml"),
    ("compose", ".env.production.example", "DOMAIN=change-me", "HOST=change-me", "DOMAIN"),
    # The development database.
    ("compose", "compose.dev.yaml", "POSTGRES_PASSWORD: app", "POSTGRES_PASSWORD: x", "password"),
    ("compose", "compose.dev.yaml", "POSTGRES_DB: app", "POSTGRES_DB: service", "no database"),
    ("compose", "compose.dev.yaml", "127.0.0.1:5432:", "127.0.0.1:5433:", "another port"),
    ("compose", "compose.dev.yaml", "DATABASE app_test", "DATABASE test_app", "TEST_DATABASE_URL"),
    ("compose", ".env.example", "postgresql://app:app", "postgresql://me:app", "another username"),
    # Links, paths and names.
    ("compose", "README.md", "(docs/deploy.md)", "(docs/deployment.md)", "leads to no file"),
    ("oidc", "README.md", "(#identity-provider)", "(#identity-providers)", "leads to no heading"),
    ("cloud_run", "docs/deploy.md", "(#the-database-from-here)", "(#database)", "no heading"),
    ("compose", "README.md", "  repositories/  all", "  repository/    all", "src/app/repository"),
    (
        "compose",
        "AGENTS.md",
        "`api/security.py`, `api/wiring/`",
        "`api/safety.py`, `api/wiring/`",
        "safety.py",
    ),
    ("compose", "README.md", "workflows/ci.yml", "workflows/test.yml", "test.yml"),
    ("compose", "AGENTS.md", "`errors.py`", "`core/exceptions.py`", "core/exceptions.py"),
    ("compose", "AGENTS.md", "`AppError`", "`ServiceError`", "ServiceError"),
    ("oidc", "AGENTS.md", "`principal_id` in", "`subject_id` in", "subject_id"),
    ("compose", "AGENTS.md", "`models/base.py`", "`models/bases.py`", "bases.py"),
    ("plain", "AGENTS.md", "```python\n# BAD\nif", "```pyhton\n# BAD\nif", "pyhton"),
    ("plain", "README.md", "http://127.0.0.1:8000/api", "http://127.0.0.1:8080/api", "8080"),
    ("plain", "README.md", "/api/v1/items", "/api/v1/item", "has no /api/v1/item"),
    # What is left out.
    ("compose", ".gitignore", ".env*\n", ".env\n", "lets .env.production in"),
    ("compose", ".gitignore", "*.db-wal\n", "", "lets app.db-wal in"),
    ("plain", ".gitignore", ".venv/\n", "", "lets .venv"),
    ("plain", ".gitignore", "!.env*.example\n", "", "keeps .env.example out"),
    ("plain", ".gitignore", "dist/\n", "dist/\n*.lock\n", "keeps uv.lock out"),
    ("compose", ".dockerignore", ".env*\n", "", ".dockerignore lets .env in"),
    ("compose", ".dockerignore", "docs\n", "docs\nmigrations\n", "keeps migrations/"),
    ("cloud_run", ".gcloudignore", "!/uv.lock\n", "", "keeps uv.lock out"),
]


@pytest.mark.parametrize(
    ("name", "path", "was", "becomes", "named"), ERRORS, ids=[f"{e[1]}-{e[4]}" for e in ERRORS]
)
def test_what_is_wrong_is_named(  # noqa: PLR0913, PLR0917 -- a row each
    projects: Mapping[str, dict[str, str]],
    name: str,
    path: str,
    was: str,
    becomes: str,
    named: str,
) -> None:
    project = projects[name]
    assert was in project[path]
    broken = {**project, path: project[path].replace(was, becomes)}
    said = list(complaints(broken, answers_of(name)))
    assert any(named in line for line in said), said


def test_a_file_that_is_gone_is_missed(projects: Mapping[str, dict[str, str]]) -> None:
    for name, gone in [
        ("compose", "deploy/backup"),
        ("compose", "AGENTS.md"),
        ("compose", "compose.dev.yaml"),
        ("oidc", "tests/issuer.py"),
        ("fly", ".dockerignore"),
        ("compose", ".github/workflows/release.yml"),
    ]:
        broken = {path: text for path, text in projects[name].items() if path != gone}
        said = list(complaints(broken, answers_of(name)))
        assert any(gone in line for line in said), (gone, said)


def test_a_setting_that_is_new_belongs_into_the_table(
    projects: Mapping[str, dict[str, str]],
) -> None:
    path = "src/app/core/settings/sections.py"
    text = projects["plain"][path].replace(
        "    enabled: bool = True\n", "    enabled: bool = True\n    burst: int = Field(ge=1)\n"
    )
    said = list(complaints({**projects["plain"], path: text}, answers_of("plain")))
    assert "README.md: the table of settings has RATE_LIMIT__BURST 0 times" in said
    assert ".env.example does not set RATE_LIMIT__BURST" in said


def test_a_shell_script_is_read_to_its_inner_commands() -> None:
    script = "A=1 b 'c d' \"$(e \"f g\")\" | sudo h > out 2>&1 # i\nJ=$(k -l 'm(n)') && o \\\n p"
    assert [command.words for command in commands(script)] == [
        ["e", "f g"],
        ["b", "c d", '$(e "f g")'],
        ["sudo", "h"],
        ["k", "-l", "m(n)"],
        [],
        ["o", "p"],
    ]
    assert commands(script)[1].variables == {"A": "1"}
    assert commands(script)[2].writes == ["out"]
    with pytest.raises(ValueError, match="not closed"):
        commands("echo 'a")


def test_anchors_are_those_of_github() -> None:
    headings = "# A `b.c` d!\n## Twice\n## Twice\n## [x](y) & z\n```\n# no\n```\n"
    assert page(headings).anchors == {"a-bc-d", "twice", "twice-1", "x--z"}


def test_files_are_ignored_as_git_does() -> None:
    rules = "*.db\n/top\ncache/\n!keep.db\na/**/b\n# c\n"
    ignored = ["x.db", "d/x.db", "top", "d/cache/y", "a/b", "a/x/y/b"]
    kept = ["keep.db", "d/top", "cache", "c", "a/c"]
    assert [path for path in ignored + kept if is_ignored(path, rules)] == ignored


def test_a_field_without_default_is_a_required_setting() -> None:
    source = (
        "class ASettings(S):\n  x: int\n  y: int = Field(ge=1)\n  z: int = Field(default=1)\n"
        "class Settings(S):\n  a: ASettings = ASettings()\n  b: str = ''\n"
    )
    assert settings_of([source]) == {"A__X": True, "A__Y": True, "A__Z": False, "B": False}
