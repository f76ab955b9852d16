"""Follows a service's README.md and AGENTS.md as its owner would: runs every command in them.

Whole runs of pytest are a check of their own, and what needs a platform (`docker`) is not run.
The section "Deploy" of README.md is left to those who look at docs/deploy.md.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from proof.machines.postgres import database_on
from proof.outcome import Outcome
from proof.walkthrough.reading import extract
from proof.walkthrough.settings import PRINT_MODEL, compare
from proof.walkthrough.shell import (
    DOCUMENTED,
    Done,
    Server,
    Shell,
    identity_provider,
    scratch,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["extract", "run"]

PASSWORD = "a long enough secret, too\n"  # noqa: S105 -- of an account that lasts seconds
DEVELOPMENT_DATABASE = "postgresql://app:app@127.0.0.1:5432/app"
PLACEHOLDER = re.compile(r"(?<![\w$-])(ACCESS_TOKEN|KEY|ID|E|N|S)(?![\w-])")
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
REVISION = re.compile(r"(\d{8}_\d{4})_([a-z0-9_]+)\.py")
MADE_BY_THE_FIRST_RUN = (".env", "app.db")

# Reads options and paths as a run would, and finds no test (5 is pytest's word for that).
PYTEST = "{} --collect-only --quiet --no-cov --noconftest --ignore-glob='*'; test $? = 5"


def run(tree: Path, environment: Mapping[str, str], told: Mapping[str, Any]) -> Outcome:
    """Return what is wrong with the documents of a service, in a copy of its tree.

    Args:
        tree: the project, its environment installed in `.venv`; nothing in it changes.
        environment: what commands see; PostgreSQL is that of TEST_DATABASE_URL.
        told: what `extract` found in the documents.
    """
    with scratch(tree, environment) as shell, ExitStack() as stack:
        walk = _Walk(shell, told, stack)
        walk.compare_settings()
        before = shell.sources()
        for document, commands in told["commands"].items():
            # A list is no sequence: one back, nothing can be compared.
            for command in sorted(commands, key=lambda command: " downgrade" in command):
                walk.follow(document, command)
            walk.stop()
        after = shell.sources()
        for path, content in before.items():
            if after.get(path) != content:
                name = path.relative_to(shell.folder)
                walk.complaints.append(f"the commands change {name}")
    return Outcome(walk.executed, walk.complaints)


class _Walk:
    """The state of a walk through the documents: what earlier commands left for later ones."""

    def __init__(self, shell: Shell, told: Mapping[str, Any], stack: ExitStack) -> None:
        self.shell, self.told, self.stack = shell, told, stack
        self.complaints: list[str] = []
        self.executed = 0
        self.document = ""
        self.seen: set[str] = set()
        self.values = {"E": "you@example.org", "N": "robot", "S": "items:read"}
        self.server: Server | None = None
        self.serving = ""
        self.at_head = False

    def complain(self, complaint: str) -> None:
        self.complaints.append(f"{self.document}: {complaint}")

    def compare_settings(self) -> None:
        done = self._python(PRINT_MODEL)
        if done.code:
            self.complaints.append(done.failure)
            return
        model = json.loads(done.out)
        self.complaints += compare(self.told["settings"], model)
        self.executed += len(model)

    def _python(self, source: str) -> Done:
        program = self.shell.folder.parent / "program.py"
        program.write_text(source, encoding="utf-8")
        return self.shell.run(f"uv run python {program}")

    def follow(self, document: str, command: str) -> None:
        """Carry out a command; one that was carried out tells nothing a second time."""
        self.document = document
        shape = self.fill(command)
        if " alembic " in command:
            shape = re.sub('"[^"]*"', "", command)  # with another message, it is the same
        if shape in self.seen and (self.at_head or command != MIGRATE):
            return
        self.seen.add(shape)
        for pattern, step in STEPS:
            if re.match(pattern, command):
                step(self, command)
                return
        self.complain(f"`{command}` is not known; say in proof/walkthrough how to prove it")

    def fill(self, command: str) -> str:
        """Put what is known in the place of placeholders."""
        return PLACEHOLDER.sub(lambda match: self.values.get(match[0], match[0]), command)

    def execute(self, command: str) -> Done:
        """Run a command, with something for each placeholder; it must succeed."""
        self.executed += 1
        done = self.shell.run(self.fill(command), PASSWORD)
        if done.code:
            self.complain(done.failure)
        return done

    def stop(self) -> None:
        """Stop the server, if there is one."""
        if self.server and (code := self.server.stop()):
            self.complain(f"SIGTERM ends it with {code}: {self.server.said}")
        self.server = None

    def elsewhere(self, command: str) -> None:
        """Leave alone what needs a platform."""

    def recipe(self, command: str) -> None:
        """Leave alone what changes the sources, if it is followed elsewhere: `proof.recipes`."""
        if not any(command in script.splitlines() for script in self.told["recipes"].values()):
            self.complain(f"`{command}` is in no recipe")

    def serve(self, command: str) -> None:
        """Start the server; it goes on until another command would be in its way."""
        self.stop()
        self.executed += 1
        self.serving = command
        if DEVELOPMENT_DATABASE in command:
            own = self.shell.environment.get("TEST_DATABASE_URL")
            if own is None:
                self.complain(f"there is no PostgreSQL for `{command}`")
                return
            url = self.stack.enter_context(database_on(own))
            command = command.replace(DEVELOPMENT_DATABASE, url)
        server = Server(self.shell, command)
        if server.base is None:
            self.complain(f"it does not serve: {server.said}")
            server.stop()
            return
        self.server = server
        if self.at_head or DEVELOPMENT_DATABASE in self.serving:
            return
        self.at_head = True
        for name in MADE_BY_THE_FIRST_RUN:
            if not (self.shell.folder / name).exists():
                self.complain(f"`{command}` does not make {name}")
        with urlopen(f"{server.base}/docs", timeout=10) as page:  # noqa: S310 -- our own
            if b"<html" not in page.read().lower():
                self.complain("/docs is no page")

    def curl(self, command: str) -> None:
        """Call the server, and keep the secrets that it hands out."""
        if self.server is None:
            self.complain(f"there is no server for `{command}`")
            return
        if "ACCESS_TOKEN" in command and "ACCESS_TOKEN" not in self.values:
            self._sign_in(command)
        status, answer = self._call(command)
        if not status.startswith("2"):
            self.complain(f"`{command}` is answered with {status} {answer}")
            return
        told = json.loads(answer)
        if "access_token" in told:
            self.values["ACCESS_TOKEN"] = told["access_token"]
        if "key" in told:
            self.values["KEY"] = told["key"]
            self.look_at_key(told["key"])

    def _call(self, command: str) -> tuple[str, str]:
        base = self.server.base if self.server else None
        shown = " --silent --show-error --write-out '\\n%{http_code}'"
        done = self.execute(command.replace(DOCUMENTED, base or DOCUMENTED) + shown)
        answer, _, status = done.out.rpartition("\n")
        return status, answer

    def _sign_in(self, command: str) -> None:
        """Name a provider in .env: until there is one, whoever needs a token gets 503."""
        if not (self.shell.folder / "tests" / "issuer.py").exists():
            self.complain(f"no earlier answer has the token for `{command}`")
            return
        url, audience, token = self.stack.enter_context(identity_provider(self.shell))
        self.values["ACCESS_TOKEN"] = token
        status, answer = self._call(command)
        if status != "503":
            self.complain(f"without a provider, `{command}` is answered with {status} {answer}")
        settings = self.shell.folder / ".env"
        text = settings.read_text(encoding="utf-8")
        text = re.sub("(?<=^AUTH__ISSUER=).*", url, text, flags=re.MULTILINE)
        text = re.sub("(?<=^AUTH__AUDIENCE=).*", audience, text, flags=re.MULTILINE)
        settings.write_text(text, encoding="utf-8")
        self.serve(self.serving)

    def assign(self, command: str) -> None:
        """Keep what a command prints in a variable of the shell."""
        name, _, substituted = command.partition("=")
        done = self.execute(substituted.removeprefix("$(").removesuffix(")"))
        self.shell.environment[name] = done.out.strip()
        self.look_at_key(done.out.strip())

    def look_at_key(self, key: str) -> None:
        if not re.fullmatch(self.told["key"], key):
            self.complain(f"keys do not look like {self.told['key']!r}")

    def pytest(self, command: str) -> None:
        self.execute(PYTEST.format(command))

    def alembic(self, command: str) -> None:
        """Run Alembic; it compares and adds only at the newest revision."""
        self.stop()
        if " downgrade" not in command and not self.at_head:
            self.execute(MIGRATE)
        before = self.shell.versions()
        done = self.execute(command)
        if " check" in command:
            return
        self.at_head = False
        if " revision" in command and not done.code:
            self._look_at_migrations(self.shell.versions() - before, command)

    def _look_at_migrations(self, made: set[Path], command: str) -> None:
        message = re.search('"(.*)"', command)
        slug = message[1].replace(" ", "_") if message else ""
        for path in made:
            name = REVISION.fullmatch(path.name)
            if name is None or name[2] != slug:
                self.complain(f"`{command}` writes {path.name}, not yyyymmdd_HHmm_{slug}.py")
            elif not re.search(f"^revision = ['\"]{name[1]}['\"]$", path.read_text(), re.MULTILINE):
                self.complain(f"the revision in {path.name} is not {name[1]}")
        if len(made) != 1:
            self.complain(f"`{command}` writes {len(made)} migrations")

    def tool(self, command: str) -> None:
        """Run a tool of development, without the server in its way."""
        self.stop()
        if "pre-commit" in command:
            self.shell.run("git init --quiet")  # a repository without files: no hook has work
        self.execute(command)

    def app(self, command: str) -> None:
        """Run a subcommand of `app`, and look at what it prints."""
        done = self.execute(command)
        if done.code:
            return
        if command == MIGRATE:
            self.at_head = True
        for asked, option in self.told["printed"]:
            if command == asked and option not in done.out:
                self.complain(f"`{command}` does not list {option}")
        for pattern, look in PRINTED.items():
            if re.search(pattern, command):
                look(self, done)

    def look_at_config(self, done: Done) -> None:
        json.loads(done.out)
        settings = (self.shell.folder / ".env").read_text(encoding="utf-8")
        for secret in re.findall(r"^\w+KEY=(.{32,})$", settings, re.MULTILINE):
            if secret in done.out:
                self.complain(f"`{done.command}` shows a secret")

    def look_at_document(self, done: Done) -> None:
        """Look the documented calls up in the OpenAPI document."""
        offered = {
            f"{method.upper()} {re.sub('{[^}]*}', '{}', path)}"
            for path, operations in json.loads(done.out)["paths"].items()
            for method in operations
        }
        for call in self.told["calls"]:
            if re.sub("{[^}]*}", "{}", call) not in offered:
                self.complain(f"the API has no {call}")

    def look_at_accounts(self, done: Done) -> None:
        """Go on with an ordinary account: the last administrator cannot be demoted."""
        accounts = [line.split("\t") for line in done.out.splitlines()]
        ordinary = [email for _, email, scopes, *_ in accounts if scopes != "admin"]
        if ordinary:
            self.values["E"] = ordinary[0]
        else:
            self.complain(f"`{done.command}` lists no ordinary account")

    def look_at_list(self, done: Done) -> None:
        found = UUID.search(done.out)
        if found is None:
            self.complain(f"`{done.command}` lists no id")
        else:
            self.values["ID"] = found[0]


MIGRATE = "uv run app migrate"

# How each documented command is proven; the first pattern that fits at its beginning counts.
STEPS: list[tuple[str, Callable[[_Walk, str], None]]] = [
    (r"docker ", _Walk.elsewhere),
    (r"(rm|sed|find|uv remove) ", _Walk.recipe),
    (r"curl ", _Walk.curl),
    (r"\w+=\$\(uv run app .*\)$", _Walk.assign),
    (r"(\w+=\S+ )*uv run pytest( |$)", _Walk.pytest),
    (r"(\w+=\S+ )*uv run app( serve( --reload)?)?$", _Walk.serve),
    (r"uv run app ", _Walk.app),
    (r"uv run alembic ", _Walk.alembic),
    (r"uv run ", _Walk.tool),
]

# What subcommands print.
PRINTED: dict[str, Callable[[_Walk, Done], None]] = {
    r" config$": _Walk.look_at_config,
    r" openapi$": _Walk.look_at_document,
    r" api-keys (create|rotate) ": lambda walk, done: walk.look_at_key(done.out.strip()),
    r" api-keys list$": _Walk.look_at_list,
    r" users list$": _Walk.look_at_accounts,
}
