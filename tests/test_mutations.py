"""Breaks of the template, each of a kind: the proof finds them, and names what they break.

A break is looked for in one combination, by the very command that a run prints for it. Which
combinations have it is read from the map of units to combinations, for all of them, without
generating any.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import pytest
from cookiecutter.utils import create_env_with_context

from proof import matrix, python, store
from proof.generation import context, copy_clone, load_hook, make_quick
from proof.projects import LOOKS
from proof.run import again
from proof.units import HOOKS, SETTINGS, expected, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

POSSIBLE = [combination for combination in matrix.everything() if not combination.refused_because]
HOOK = load_hook(matrix.ROOT, "post_gen_project", context(matrix.ROOT))

type Answers = Mapping[str, str]


@dataclass(frozen=True)
class Mutation:
    """A break, and what the proof must say of it.

    Attributes:
        name: what is broken.
        check: the check that finds it.
        says: a pattern of what the check says.
        edit: breaks a copy of the template, whose project folder it is given.
        where: whether a combination has it, by its answers.
        tree: the combination that is looked at.
    """

    name: str
    check: str
    says: str
    edit: Callable[[Path], None]
    where: Callable[[Answers], bool] = lambda _: True
    tree: str = "flask-none-none-sqlite-none"


def replace(file: str, before: str, after: str) -> Callable[[Path], None]:
    """Replace a text in a file, which must hold it."""

    def edit(project: Path) -> None:
        path = project / file
        text = path.read_bytes().decode()
        assert before in text, f"{file} does not hold {before}"
        path.write_bytes(text.replace(before, after, 1).encode())

    return edit


def append(file: str, text: str) -> Callable[[Path], None]:
    """Add a text to a file, or a file."""

    def edit(project: Path) -> None:
        path = project / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((path.read_bytes() if path.exists() else b"") + text.encode())

    return edit


def rename(file: str, name: str) -> Callable[[Path], None]:
    """Give a file another name."""
    return lambda project: cast("None", (project / file).rename((project / file).with_name(name)))


def delete(*files: str) -> Callable[[Path], None]:
    """Delete files."""

    def edit(project: Path) -> None:
        for file in files:
            (project / file).unlink()

    return edit


def unmark(file: str) -> Callable[[Path], None]:
    """Make a file not executable."""
    return lambda project: (project / file).chmod(0o644)


def answered(**answers: str) -> Callable[[Answers], bool]:
    """Return whether the answers are these; a sum is each of its parts, too."""

    def where(given: Answers) -> bool:
        return all(
            answer in {given.get(question), *given.get(question, "").split("+")}
            for question, answer in answers.items()
        )

    return where


def in_container(given: Answers) -> bool:
    """Return whether a combination has an image."""
    return given["deploy"] not in {"systemd", "none"}


EMPTYING = '''"""Nothing new, and on the way back nothing old."""

from __future__ import annotations

from alembic import op

revision = "20270101_0000"
down_revision: str | None = "20261120_0900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Empty a table."""
    op.execute("DELETE FROM items")
'''

BSD = "Redistribution and use in source and binary forms, with or without modification"
JOBS = ".github/workflows"

MUTATIONS = [
    # Python.
    Mutation(
        "a migration whose way back empties a table",
        "tests",
        "test_a_revision_undone_and_redone",
        append("migrations/versions/20270101_0000_nothing_new.py", EMPTYING),
    ),
    Mutation(
        "what only Python 3.13 has",
        "pre-commit",
        'has no attribute "replace"',
        append("src/app/core/ids.py", "\n\nimport copy  # noqa: E402\n\ncopy.replace\n"),
    ),
    Mutation(
        "an interpreter that nobody has",
        "sync",
        r"3\.99",
        replace(".python-version", "{{ cookiecutter.python_version }}", "3.99"),
    ),
    Mutation(
        "five test modules deleted",
        "gates",
        r"gone: tests/unit/test_cli\.py test functions",
        delete(
            *(
                f"tests/unit/test_{n}.py"
                for n in ("cli", "errors", "ids", "item_service", "settings")
            )
        ),
    ),
    Mutation(
        "a type that does not fit",
        "pre-commit",
        "Incompatible types in assignment",
        append("_options/auth=none/src/app/auth/wrong.py", '"""Nothing."""\n\nx: int = ""\n'),
        where=answered(auth="none"),
    ),
    Mutation(
        "an import that nothing uses",
        "pre-commit",
        "F401",
        append("_options/auth=none/src/app/auth/unused.py", '"""Nothing."""\n\nimport os\n'),
        where=answered(auth="none"),
    ),
    Mutation(
        "a layer that knows the web framework",
        "pre-commit",
        "only app.api imports the web framework BROKEN",
        append(
            "_options/framework=flask/src/app/core/server.py",
            "\nimport flask as flask  # noqa: E402\n",
        ),
        where=answered(framework="flask"),
    ),
    Mutation(
        "a dependency that one framework no longer has",
        "sync",
        "uv lock --quiet --check",
        replace("pyproject.toml", '  "flask-openapi3-swagger>=5.31,<6",\n', ""),
        where=answered(framework="flask"),
    ),
    Mutation(
        "a hook whose program is not there",
        "pre-commit",
        "no-such-linter",
        replace(".pre-commit-config.yaml", "uv run lint-imports", "uv run no-such-linter"),
    ),
    Mutation(
        "files that the linter leaves out",
        "pre-commit",
        "ruff looked at",
        replace("pyproject.toml", "[tool.ruff]\n", '[tool.ruff]\nextend-exclude = ["tests"]\n'),
    ),
    Mutation(
        "a resource that is listed, not found",
        "recipes",
        "tests/api/test_notes.py",
        replace(
            "_options/framework=flask/src/app/api/v1/__init__.py",
            'for module in iter_modules(__path__, f"{__name__}."):\n',
            'for module in iter_modules(__path__, f"{__name__}."):\n'
            '        if not module.name.endswith("items"):\n'
            "            continue\n",
        ),
        where=answered(framework="flask"),
    ),
    Mutation(
        "events that do not name the client",
        "plumbing",
        "test_an_event_names_its_request_and_the_caller",
        replace("src/app/core/logging.py", ', ("client", CLIENT)):', ",):"),
    ),
    # What pages tell, carried out.
    Mutation(
        "a default in README that is not the setting's",
        "commands",
        "DATABASE__POOL_SIZE",
        replace(
            "README.md", "| `DATABASE__POOL_SIZE` | `10` |", "| `DATABASE__POOL_SIZE` | `11` |"
        ),
    ),
    Mutation(
        "a template of revisions that is no Python",
        "commands",
        "alembic",
        replace("migrations/script.py.mako", "def upgrade() -> None:", "def upgrade( -> None:"),
    ),
    Mutation(
        "a name of revisions that the project's own test refuses",
        "commands",
        "alembic",
        replace("alembic.ini", "%%(rev)s_%%(slug)s", "%%(slug)s_%%(rev)s"),
    ),
    # Gates.
    *(
        Mutation(name, "gates", says, replace("pyproject.toml", before, after))
        for name, says, before, after in [
            ("a lower coverage", "fail_under", "fail_under = 80", "fail_under = 1"),
            ("fewer rules", r"lint\.select", 'select = ["ALL"]', 'select = ["F"]'),
            ("types not strict", "strict", "strict = true", "strict = false"),
            ("warnings let through", "filterwarnings", 'filterwarnings = ["error"]\n', ""),
            (
                "a contract gone",
                "importlinter",
                'forbidden_modules = ["sqlalchemy"]',
                "forbidden_modules = []",
            ),
            ("coverage not measured", "pytest-cov", '  "pytest-cov>=7.1,<8",\n', ""),
        ]
    ),
    Mutation(
        "a type error passed over",
        "gates",
        "type: ignore",
        append("src/app/core/ids.py", '\nx: int = ""  # type: ignore[assignment]\n'),
    ),
    Mutation(
        "tests that pytest does not collect",
        "gates",
        "collect_ignore",
        append("tests/conftest.py", '\ncollect_ignore = ["unit"]\n'),
    ),
    # Pages.
    Mutation(
        "a command in README that does not exist",
        "documents",
        "migrat",
        replace("README.md", "| `uv run app migrate` |", "| `uv run app migrat` |"),
    ),
    Mutation(
        "a setting misspelt in README",
        "documents",
        "POOL_SICE",
        replace("README.md", "| `DATABASE__POOL_SIZE` |", "| `DATABASE__POOL_SICE` |"),
    ),
    Mutation(
        "a dead link in README",
        "documents",
        r"AGENT\.md",
        replace("README.md", "[AGENTS.md](AGENTS.md)", "[AGENTS.md](AGENT.md)"),
    ),
    Mutation(
        "a script in docs/deploy.md that is missing",
        "documents",
        "deploy/relaese",
        append("_options/deploy=fly/docs/deploy.md", "\n```console\ndeploy/relaese v1\n```\n"),
        where=answered(deploy="fly"),
        tree="flask-none-fly-postgresql-none",
    ),
    Mutation(
        "a required setting that .env.example lacks",
        "documents",
        "AUTH__SECRET_KEY",
        replace(".env.example", "AUTH__SECRET_KEY=change-me\n", ""),
        where=answered(auth="jwt"),
        tree="flask-jwt-none-sqlite-none",
    ),
    Mutation(
        ".env that git would take",
        "documents",
        r"\.env",
        replace(".gitignore", ".env*\n!.env*.example\n", ""),
    ),
    Mutation(
        ".env that git would take, seen by git",
        "serve",
        r"\.env is left behind",
        replace(".gitignore", ".env*\n!.env*.example\n", ""),
    ),
    Mutation(
        "another port in compose.dev.yaml than in README",
        "documents",
        "5433|5432",
        replace(
            "_options/database=postgresql/compose.dev.yaml", "127.0.0.1:5432:", "127.0.0.1:5433:"
        ),
        where=answered(database="postgresql"),
        tree="flask-none-none-postgresql-none",
    ),
    # Texts, modes, names.
    Mutation(
        "the text of another licence",
        "licence",
        "MIT",
        append("_options/license=MIT/LICENSE", f"\n{BSD}\n"),
        where=lambda given: "license" not in given,
    ),
    Mutation(
        "a licence of variants only, cut short",
        "licence",
        "Apache",
        replace("_options/license=Apache-2.0/LICENSE", "TERMS AND CONDITIONS", "TERMS"),
        where=answered(license="Apache-2.0"),
        tree="fastapi-jwt-compose-postgresql-github-Apache-2.0",
    ),
    Mutation(
        "the image of another Python",
        "interpreter",
        "3.12",
        replace(
            "_options/container=yes/Dockerfile", "FROM python:3.12-slim@", "FROM python:3.13-slim@"
        ),
        where=lambda given: in_container(given) and given.get("python_version") == "3.12",
        tree="fastapi-jwt-cloud_run-postgresql-none-3.12",
    ),
    *(
        Mutation(
            f"{script} of {deploy}, not executable",
            "modes",
            f"{script} of deploy={deploy}: not executable in the template",
            unmark(f"_options/deploy={deploy}/{script}"),
            where=answered(deploy=deploy),
            tree=f"flask-none-{deploy}-postgresql-none",
        )
        for deploy, script in [
            ("kubernetes", "deploy/release"),
            ("compose", "deploy/backup"),
            ("systemd", "deploy/install"),
        ]
    ),
    Mutation(
        "a page that is executable",
        "modes",
        r"README\.md of .*: executable, and no script",
        lambda project: (project / "README.md").chmod(0o755),
    ),
    Mutation(
        "an optional setting that .env.example no longer has",
        "gates",
        r"gone: \.env\.example CORS__ORIGINS",
        replace(".env.example", "# CORS__ORIGINS=https://app.example.com\n", ""),
    ),
    Mutation(
        "a job that the pipeline never runs",
        "gates",
        r"new: \.gitlab-ci\.yml .*never",
        replace(
            "_options/ci=gitlab/.gitlab-ci.yml",
            "    - uv run pytest\n",
            "    - uv run pytest\n  when: never\n",
        ),
        where=answered(ci="gitlab"),
        tree="flask-none-none-sqlite-gitlab",
    ),
    Mutation(
        "a test without an assertion",
        "gates",
        r"tests/unit/test_ids\.py assertions",
        replace("tests/unit/test_ids.py", "    assert ", "    "),
    ),
    Mutation(
        "a trace of the template",
        "leftovers",
        "holds _options/",
        append("_options/deploy=compose/docs/deploy.md", "See _options/ for more.\n"),
        where=answered(deploy="compose"),
        tree="flask-none-compose-sqlite-none",
    ),
    Mutation(
        "a word of another answer",
        "leftovers",
        "mentions postgres",
        append("_options/database=sqlite/NOTES.md", "On PostgreSQL this would be quicker.\n"),
        where=answered(database="sqlite"),
    ),
    Mutation(
        "lines that end as on Windows",
        "parse",
        "its lines do not end as on Unix",
        append("_options/auth=api_key,framework=fastapi/src/app/api/cr.py", '"""Nothing."""\r\n'),
        where=answered(framework="fastapi", auth="api_key"),
        tree="fastapi-api_key-none-sqlite-none",
    ),
    Mutation(
        "a name that Windows refuses",
        "names",
        "is no name on Windows",
        append("_options/deploy=fly/aux.txt", "Windows cannot have this.\n"),
        where=answered(deploy="fly"),
        tree="flask-none-fly-postgresql-none",
    ),
    Mutation(
        "a blank at the end of a line",
        "pre-commit",
        "no trailing whitespace",
        append("_options/deploy=none/NOTES.md", "Blank \n"),
        where=answered(deploy="none"),
    ),
    Mutation(
        "code on a page that is not formatted",
        "pre-commit",
        "ruff format",
        append("_options/deploy=aws/docs/deploy.md", "\n```python\nx  =  1\n```\n"),
        where=answered(deploy="aws"),
        tree="flask-none-aws-postgresql-none",
    ),
    # Files that their validators read.
    Mutation(
        "a field that no Kubernetes knows",
        "target",
        "livenesProbe",
        replace(
            "_options/deploy=kubernetes/deploy/base/app.yaml", "livenessProbe:", "livenesProbe:"
        ),
        where=answered(deploy="kubernetes"),
        tree="flask-none-kubernetes-postgresql-none",
    ),
    Mutation(
        "a field that Compose does not know",
        "compose",
        "helthcheck",
        replace("_options/deploy=compose/compose.yaml", "    healthcheck:", "    helthcheck:"),
        where=answered(deploy="compose"),
        tree="flask-none-compose-sqlite-none",
    ),
    Mutation(
        "a relative folder in the image",
        "hadolint",
        "DL3000",
        replace("_options/container=yes/Dockerfile", "WORKDIR /srv\n", "WORKDIR srv\n"),
        where=in_container,
        tree="flask-none-fly-postgresql-none",
    ),
    Mutation(
        "a workflow that runs what a stranger wrote",
        "zizmor",
        "zizmor refuses",
        replace(
            f"_options/ci=github/{JOBS}/ci.yml",
            "uv run pre-commit run --all-files",
            "echo ${{ github.head_ref }}",
        ),
        where=answered(ci="github"),
        tree="flask-none-none-sqlite-github",
    ),
    Mutation(
        "a key that GitLab does not know",
        "gitlab",
        "skript",
        replace(
            "_options/ci=gitlab/.gitlab-ci.yml",
            "    - uv run pytest\n",
            "    - uv run pytest\n  skript: []\n",
        ),
        where=answered(ci="gitlab"),
        tree="flask-none-none-sqlite-gitlab",
    ),
    Mutation(
        "a script that splits words",
        "shellcheck",
        "SC2086",
        replace("_options/deploy=systemd/deploy/release", "set -eu\n", "set -eu\necho $UNQUOTED\n"),
        where=answered(deploy="systemd"),
        tree="flask-none-systemd-sqlite-none",
    ),
    *(
        Mutation(
            f"{file}, under another name",
            check,
            "it looked at nothing",
            rename(f"_options/{folder}/{file}", name),
            where=where,
            tree=tree,
        )
        for folder, file, name, check, where, tree in [
            (
                "container=yes",
                "Dockerfile",
                "Containerfile",
                "hadolint",
                in_container,
                "flask-none-fly-postgresql-none",
            ),
            (
                "deploy=compose",
                "compose.yaml",
                "docker-stack.yaml",
                "compose",
                answered(deploy="compose"),
                "flask-none-compose-sqlite-none",
            ),
            (
                "ci=gitlab",
                ".gitlab-ci.yml",
                ".gitlab.yml",
                "gitlab",
                answered(ci="gitlab"),
                "flask-none-none-sqlite-gitlab",
            ),
        ]
    ),
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the template and its proof, with the packages that are installed already."""
    folder = copy_clone(tmp_path_factory.mktemp("checkout"))
    environments = store.FOLDER / "environments"
    environments.mkdir(parents=True, exist_ok=True)
    kept = folder / environments.relative_to(matrix.ROOT)
    kept.parent.mkdir(parents=True)
    kept.symlink_to(environments, target_is_directory=True)
    return folder


@pytest.fixture
def broken(checkout: Path, template: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return a checkout with a mutation, which is undone afterwards."""
    (folder,) = (path.parent for path in checkout.glob("*/_options"))
    request.param.edit(folder)
    yield checkout
    shutil.rmtree(folder)
    shutil.copytree(template / folder.name, folder)


@pytest.mark.parametrize(
    ("broken", "mutation"),
    [pytest.param(m, m, id=m.name.replace(" ", "-")) for m in MUTATIONS],
    indirect=["broken"],
)
def test_a_break_is_found_by_the_command_that_is_printed_for_it(
    broken: Path, mutation: Mutation, whole: Map
) -> None:
    (tree,) = (combination for combination in POSSIBLE if combination.id == mutation.tree)
    assert mutation.where(tree.answers)
    command = again(mutation.tree, mutation.check, alone=False)
    options = shlex.split(command)[shlex.split(command).index("--") + 1 :]
    run = subprocess.run(
        [sys.executable, "-m", "proof", *options],
        cwd=broken,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode, run.stdout
    found = run.stdout.partition(f"FAILED {mutation.check}: {mutation.tree}\n")[2]
    why, _, rest = found.partition("\n  again: ")
    assert re.search(mutation.says, why), run.stdout + run.stderr
    assert rest.startswith(command)
    after = Map(broken, whole.answers)
    files = {re.sub(r"^_options/[^/]+/", "", source) for source in whole.differing(after)}
    of_python = mutation.check in python.ALL_CHECKS and all(
        file.startswith(python.FILES) and file not in {HOOKS, SETTINGS} for file in files
    )
    assert named_by_the_map(whole, after, mutation.check) == {
        c.id
        for c in POSSIBLE
        if mutation.where(c.answers)
        and mutation.check in expected(c, whole.facts[c.id])
        and (c.whole or not of_python)
    }


class Map:
    """The units of all combinations of a template, found without generating any.

    No mutation changes the questions, so that answers are those to the whole template.
    """

    def __init__(self, folder: Path, answers: Mapping[str, Any]) -> None:
        (self.project,) = (path.parent for path in folder.glob("*/_options"))
        self.answers = answers
        self.facts = {name: HOOK.facts(given["cookiecutter"]) for name, given in answers.items()}
        self.sources = {
            path.relative_to(self.project).as_posix(): path
            for path in sorted(self.project.rglob("*"))
            if path.is_file()
        }

    def texts(self, source: str) -> tuple[bytes, bool] | None:
        """Return what is in a source, and whether it is executable."""
        if source not in self.sources:
            return None
        path = self.sources[source]
        return path.read_bytes(), bool(path.stat().st_mode & 0o111)

    def differing(self, other: Map) -> set[str]:
        """Return the sources that another template has otherwise, or that one of both lacks."""
        sources = self.sources.keys() | other.sources.keys()
        return {source for source in sources if self.texts(source) != other.texts(source)}

    def laid(self, facts: set[str]) -> dict[str, str]:
        """Return the source of each file of a project, as the hook lays them."""
        chosen = sorted(
            (source for source in self.sources if condition_of(source) <= facts),
            key=lambda source: len(condition_of(source)),
        )
        return {re.sub(r"^_options/[^/]+/", "", source): source for source in chosen}

    def units(
        self, combination: matrix.Combination, check: str, changed: Iterable[str]
    ) -> set[Any]:
        """Return what the units of a check read in a combination.

        Of the files that changed that is what they are rendered to, of the others their names.
        """
        facts = self.facts[combination.id]
        files = {
            name: self.rendered(combination, source) if source in changed else source
            for name, source in self.laid(facts).items()
        }
        if check in LOOKS:  # they read everything
            return set(files.items())
        documented = {"README.md": files["README.md"], "recipes": files["README.md"]}
        found = units_of(combination, facts, files, documented)
        return {(unit.kind, unit.files, unit.told) for unit in found if check in unit.checks}

    def rendered(self, combination: matrix.Combination, source: str) -> str:
        """Return what becomes of a source, and its mode."""
        content, executable = cast("tuple[bytes, bool]", self.texts(source))
        text = content.decode()
        if not source.endswith((".py", ".mako")) and "/workflows/" not in source:
            answers = self.answers[combination.id]
            text = create_env_with_context(answers).from_string(text).render(**answers)
        return f"{text}{executable}"


def condition_of(source: str) -> frozenset[str]:
    """Return the facts for which a source is laid."""
    option = re.match(r"_options/([^/]+)/", source)
    return conditions(option[1]) if option else frozenset()


@cache
def conditions(name: str) -> frozenset[str]:
    """Return the facts that a folder is named for."""
    return frozenset().union(*map(HOOK.implied, name.split(",")))


@pytest.fixture(scope="module")
def whole(template: Path) -> Map:
    """Return the map of the template as it is."""
    make_quick()
    return Map(template, {c.id: context(template, c.answers) for c in POSSIBLE})


def named_by_the_map(whole: Map, broken: Map, check: str) -> set[str]:
    """Return the combinations whose units of a check differ between two templates."""
    changed = whole.differing(broken)
    touched = {condition_of(source) for source in changed}
    return {
        combination.id
        for combination in POSSIBLE
        if any(condition <= whole.facts[combination.id] for condition in touched)
        and whole.units(combination, check, changed) != broken.units(combination, check, changed)
    }
