"""The hooks of a project's own `pre-commit`, and whether they looked at all that is there."""

from __future__ import annotations

import re
import sys
import tomllib
from typing import TYPE_CHECKING

import yaml

from proof.commands import run, tools_environment
from proof.ledger import PYTHON
from proof.outcome import Outcome
from proof.validators import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

RUN = ["uv", "run", "pre-commit", "run", "--all-files", "--verbose", "--color=never"]

# A line for each hook; after it comes what its program wrote.
HOOK = re.compile(r"^.+?\.{3,}(?:\(.*\))?(Passed|Skipped)\n- hook id: (\S+)$", re.MULTILINE)

# What tools say of how much they looked at; ruff's linter says nothing.
COUNTS = {
    "ruff-format": r"(\d+) files? left unchanged",
    "mypy": r"no issues found in (\d+) source files?",
    "layers": r"Contracts: (\d+) kept, 0 broken",
}

# This hook reads only what must not be there.
READS_NOTHING = "secrets"

# Hooks that read the whole of a project's Python, whatever files they are given.
OF_PYTHON = ("lock", "mypy", "layers")


def make_repository(tree: Path) -> None:
    """Make a tree what its owner has: a git repository with all files that are not ignored."""
    run(["git", "init", "--quiet", "--initial-branch=main"], tree)
    run(["git", "add", "--all"], tree)


def files_in_git(tree: Path) -> list[str]:
    """Return the paths of the files that git knows."""
    return run(["git", "ls-files", "-z"], tree).split("\0")[:-1]


def left_behind(tree: Path) -> list[str]:
    """Return a line for each file that is new or changed, as git sees it."""
    changed = run(["git", "status", "--porcelain"], tree).splitlines()
    return [f"{line[3:]} is left behind, and not ignored" for line in changed if line[1] != " "]


def run_hooks(tree: Path, environment: Mapping[str, str]) -> Outcome:
    """Run all hooks over a repository; compare what the tools counted with what is there.

    Raises:
        CommandError: a hook does not accept something.
    """
    output = run(RUN, tree, environment)
    listed = run(["uv", "run", "ruff", "check", "--show-files"], tree, environment)
    found = list(HOOK.finditer(output))
    ends = [hook.start() for hook in found[1:]] + [len(output)]
    said = {
        hook[2]: output[hook.end() : end]
        for hook, end in zip(found, ends, strict=False)
        if hook[1] == "Passed" or hook[2] == READS_NOTHING
    }
    missing = [
        f"the hook {name} is configured, and found no file to check"
        for name in hooks_of(tree)
        if name not in said
    ]
    return Outcome(len(said), [*missing, *miscounted(tree, said | {"ruff": listed})])


def hooks_of(tree: Path) -> list[str]:
    """Return the ids of the hooks that a project configures."""
    configuration = yaml.safe_load((tree / ".pre-commit-config.yaml").read_text("utf-8"))
    return [hook["id"] for repository in configuration["repos"] for hook in repository["hooks"]]


def miscounted(tree: Path, said: Mapping[str, str]) -> Iterator[str]:
    """Yield the tools that did not look at as much as there is."""
    files = files_in_git(tree)
    modules = [name for name in files if name.endswith((".py", ".pyi"))]
    typed = [name for name in modules if name.startswith(PYTHON)]
    pyproject = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))
    there = {
        "ruff": len(modules),
        "ruff-format": len(modules) + sum(name.endswith(".md") for name in files),
        "mypy": len(typed),
        "layers": len(pyproject["tool"]["importlinter"]["contracts"]),
    }
    looked_at = {
        "ruff": sum(line.endswith((".py", ".pyi")) for line in said["ruff"].splitlines()),
        **{tool: _number(pattern, said.get(tool, "")) for tool, pattern in COUNTS.items()},
    }
    for tool, count in there.items():
        if looked_at[tool] != count:
            yield f"{tool} looked at {looked_at[tool]} of {count}"


def _number(pattern: str, said: str) -> int:
    found = re.search(pattern, said)
    return int(found[1]) if found else 0


def texts_refused(folder: Path, files: Iterable[str]) -> list[str]:
    """Make a folder a repository; return what its hooks say of texts that they do not accept."""
    make_repository(folder)
    environment = {
        "SKIP": ",".join(OF_PYTHON),
        "UV_NO_PROJECT": "1",
        "VIRTUAL_ENV": sys.prefix,
        "PRE_COMMIT_HOME": str(folder / ".git" / "pre-commit"),
    }
    command = ["pre-commit", "run", "--color=never", "--files", *files]
    refused = said(command, folder, tools_environment() | environment)
    # A hook that mends what it refuses would hide it from the next look at this folder.
    run(["git", "checkout-index", "--all", "--force"], folder)
    return refused
