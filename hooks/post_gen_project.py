"""Lay the chosen options over the base, so that nothing in the project tells of the others.

A folder of `_options/` is named for its condition, `question=answer`, joined by commas.
This is the only place that knows of options, and it knows none by name. It touches files
only: no network, no uv, no git.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

# fmt: off
ANSWERS: dict[str, Any] = json.loads(r'''{{ cookiecutter | tojson }}''')
# fmt: on

# A regular expression, because `tokenize` sees inside f-strings since Python 3.12 only.
ASYNC = re.compile(r"\basync (?=(?:def|for|with)\b)|\bawait ")

NEXT_STEPS = """
Your service is ready. Its settings for development are in .env, which git ignores.

    cd {slug}
    uv run app      (serves it; the docs are at http://127.0.0.1:8000/docs)
    uv run pytest   (tests it)
    git init        (and commit)
"""


def facts(answers: dict[str, Any]) -> set[str]:
    """Return what was answered, as conditions."""
    return set().union(
        *(
            implied(f"{question.removeprefix('__')}={answer}")
            for question, answer in answers.items()
            if isinstance(answer, str)
        )
    )


def implied(fact: str) -> set[str]:
    """Return a fact and what follows from it: `auth=a+b` is also `auth=a` and `auth=b`."""
    question, _, answer = fact.partition("=")
    return {f"{question}={part}" for part in (answer, *answer.split("+"))}


def lay_options(project: Path, known: set[str]) -> None:
    """Lay every folder whose condition holds, the narrower over the wider; drop the rest."""
    options = project / "_options"
    conditions = {
        folder: set().union(*map(implied, folder.name.split(",")))
        for folder in sorted(options.iterdir())
    }
    chosen = [folder for folder, condition in conditions.items() if condition <= known]
    for folder in sorted(chosen, key=lambda folder: len(conditions[folder])):
        shutil.copytree(folder, project, dirs_exist_ok=True)
    shutil.rmtree(options)


def remove_empty_folders(project: Path) -> None:
    """Remove the folders that no chosen option filled."""
    for path in sorted(project.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def without_async(source: str) -> str:
    """Return synchronous code for asynchronous code, which is how shared modules are written."""
    return ASYNC.sub("", source)


def make_synchronous(project: Path) -> None:
    """Rewrite every module for a framework that does not await, but those about event loops."""
    for module in project.rglob("*.py"):
        source = module.read_text(encoding="utf-8")
        if "\nimport asyncio\n" not in source:
            module.write_text(without_async(source), encoding="utf-8", newline="\n")


def set_modes(project: Path) -> None:
    """Make scripts executable, which archives forget, and let only the owner write."""
    for path in project.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                script = file.read(2) == b"#!"
            mode = path.stat().st_mode & 0o644
            path.chmod(mode | (mode & 0o444) >> 2 if script else mode)


def sort_lock(project: Path) -> None:
    """Put the project's own entry, whose name is an answer, where uv sorts it."""
    lock = project / "uv.lock"
    text = lock.read_text(encoding="utf-8").rstrip() + "\n"
    head, *packages = text.split("\n[[package]]\n")
    packages.sort(key=lambda package: package.split('"')[1])
    lock.write_text("\n[[package]]\n".join([head, *packages]), encoding="utf-8", newline="\n")


def write_env(project: Path) -> None:
    """Write `.env` for this machine alone: its owner may read it, and its secrets are fresh."""
    example = (project / ".env.example").read_text(encoding="utf-8")
    env = project / ".env"
    env.touch(mode=0o600)
    env.write_text(
        re.sub(r"(?<==)change-me", lambda _: secrets.token_urlsafe(32), example),
        encoding="utf-8",
        newline="\n",
    )


def tell(text: str) -> None:
    """Print, if somebody reads it: a closed pipe (`| head`) must not undo the project."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at exit


def main() -> None:
    """Finish the project in the current folder, where cookiecutter has rendered everything."""
    project = Path.cwd()
    lay_options(project, facts(ANSWERS))
    remove_empty_folders(project)
    if ANSWERS["__async"] == "no":
        make_synchronous(project)
    set_modes(project)
    sort_lock(project)
    write_env(project)
    tell(NEXT_STEPS.format(slug=ANSWERS["project_slug"]))


if __name__ == "__main__":
    main()
