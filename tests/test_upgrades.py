"""Migrations only grow: a database that one answer made is upgraded when the answer changes.

Nothing has been released yet. Once there is a tag, its template makes databases, too: generate
from a copy of it (`git archive`) with the same answers, and upgrade with the present template.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from proof import matrix
from proof.environments import installed
from proof.machines import postgres
from proof.machines.postgres import free_port
from proof.machines.serving import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FRAMEWORKS = matrix.choices(matrix.read_questions())["framework"]
REVISIONS = [path for path in matrix.template_files() if path.parent.name == "versions"]

# An answer, a wider one, and the downgrade that leads back: of two branches, all of the other.
WIDER = [
    ("none", "oidc", "20261120_0900"),
    ("none", "api_key", "20261120_0900"),
    ("none", "jwt", "20261120_0900"),
    ("none", "jwt+api_key", "20261120_0900"),
    ("api_key", "jwt+api_key", "20261120_1100@20261120_0900"),
    ("jwt", "jwt+api_key", "20261120_1000@20261120_0900"),
]

# Run by the narrower service, with the URLs of empty databases.
FILL = """
import sys
from app.core.database import run_on_connection
from app.core.database.migrations import upgrade
from tests.migrations.test_migrations import insert_canaries
from tests.settings import make_settings

for url in sys.argv[1:]:
    settings = make_settings(url)
    upgrade(settings)
    run_on_connection(settings.database, insert_canaries)
"""

# Run by the wider one, with the same URLs; prints the rows of each database once upgraded.
UPGRADE = """
import json
import sys
from alembic import command
from app.core.database.migrations import alembic_config, upgrade
from tests.migrations.test_migrations import assert_same_rows, rows
from tests.settings import make_settings

back, *urls = sys.argv[1:]
for url in urls:
    settings = make_settings(url)
    config = alembic_config(settings)
    before = rows(settings)
    for _ in range(2):
        upgrade(settings)
        command.check(config)
        after = rows(settings)
        for table in before:
            assert_same_rows(before[table], after[table])
        command.downgrade(config, back)
        assert rows(settings) == before
    print(json.dumps(after, default=str))
"""

# Run by the narrower one again: its own migrations and models fit what is there.
CHECK = """
import sys
from alembic import command
from app.core.database.migrations import alembic_config, upgrade
from tests.settings import make_settings

for url in sys.argv[1:]:
    settings = make_settings(url)
    upgrade(settings)
    command.check(alembic_config(settings))
"""


def test_no_revision_is_supplied_twice() -> None:
    """An option that replaced a revision would leave out the databases that have it."""
    names = Counter(path.name[: len("yyyymmdd_HHmm")] for path in REVISIONS)
    assert names
    assert names.most_common(1)[0][1] == 1, names


@dataclass(frozen=True)
class Service:
    """A generated service with its packages, for both databases."""

    project: Path
    environment: dict[str, str]

    def start(self, *command: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a command of the service."""
        return subprocess.Popen(
            ["uv", "run", "--quiet", *command],
            cwd=self.project,
            env=self.environment | settings,
            stdout=subprocess.PIPE,
        )

    def run(self, *command: str, **settings: str) -> str:
        """Run a command of the service, and return what it prints."""
        process = self.start(*command, **settings)
        printed, _ = process.communicate()
        assert process.returncode == 0
        return printed.decode()


@pytest.fixture(scope="module")
def service(bake_session: Callable[..., Path]) -> Iterator[Callable[[str, str], Service]]:
    """Yield a function that generates and installs a service, once."""
    with ExitStack() as stack:

        @cache
        def generated(framework: str, auth: str) -> Service:
            project = bake_session(framework=framework, auth=auth, deploy="none", ci="none")
            return Service(project, stack.enter_context(installed(project, "shared")))

        yield generated


@contextmanager
def databases(folder: Path) -> Iterator[list[str]]:
    """Yield the URLs of an empty SQLite file and, where there is a server, of PostgreSQL."""
    with postgres.fresh_database() as url:
        if url is None:
            pytest.skip("there is no PostgreSQL")
        yield [f"sqlite:///{folder / 'app.db'}", url]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("change", WIDER, ids=lambda change: f"{change[0]}-{change[1]}")
def test_a_wider_answer_upgrades_a_database_with_its_rows_and_back(
    service: Callable[[str, str], Service],
    tmp_path: Path,
    framework: str,
    change: tuple[str, str, str],
) -> None:
    before, after, back = change
    narrow, wide = service(framework, before), service(framework, after)
    with databases(tmp_path) as urls:
        narrow.run("python", "-c", FILL, *urls)
        printed = wide.run("python", "-c", UPGRADE, back, *urls)
        narrow.run("python", "-c", CHECK, *urls)
    upgraded = [json.loads(line) for line in printed.splitlines() if line[0] == "{"]
    assert len(upgraded) == len(urls)
    for rows in upgraded:
        assert len(rows["items"]) == 2
        if "jwt" in after and before != "jwt":
            look_at_owners(rows)


def look_at_owners(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Look at the users that have become of owners: nobody can be them, but keys still work."""
    users = {user["id"]: user for user in rows["users"]}
    scopes: dict[str, set[str]] = {row["owner_id"]: set() for row in rows["items"]}
    for key in rows.get("api_keys", []):
        scopes.setdefault(key["owner_id"], set()).update(key["scopes"])
    assert users.keys() == scopes.keys()
    for user_id, user in users.items():
        assert user["email"].endswith("@invalid")
        assert user["email_key"] == user["email"]
        assert not user["password_hash"].startswith("$")
        assert user["scopes"] == sorted(scopes[user_id])
        assert bool(user["is_active"]) == bool(scopes[user_id])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_key_made_before_accounts_works_as_before(
    service: Callable[[str, str], Service], tmp_path: Path, framework: str
) -> None:
    narrow, wide = service(framework, "api_key"), service(framework, "jwt+api_key")
    url = f"sqlite:///{tmp_path / 'app.db'}"
    narrow.run("app", "migrate", DATABASE__URL=url)
    create = "app api-keys create --name ci --scope items:read"
    printed = narrow.run(*create.split(), DATABASE__URL=url)
    (key,) = re.findall(r"\bapp_\w{8}_\S+", printed)
    wide.run("app", "migrate", DATABASE__URL=url)
    port = free_port()
    process = wide.start("app", "serve", "--port", str(port), DATABASE__URL=url)
    try:
        assert answers(f"http://127.0.0.1:{port}/health/ready", process)
        items = f"http://127.0.0.1:{port}/api/v1/items"
        headers = {"X-API-Key": key, "Content-Type": "application/json"}
        with urlopen(Request(items, headers=headers), timeout=30) as response:
            assert json.load(response)["total"] == 0
        with pytest.raises(HTTPError, match="403"):
            urlopen(Request(items, b'{"name": "chair"}', headers), timeout=30)
    finally:
        process.terminate()
        process.communicate()
    assert process.returncode == 0
