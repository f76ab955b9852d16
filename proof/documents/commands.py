"""The commands that documents tell their readers to run."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from proof.documents.invocations import PROGRAMS, problems
from proof.documents.markdown import page
from proof.documents.project import alike
from proof.documents.shell import Command, commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.documents.project import Project

SHELLS = {"bash", "console", "sh", "shell"}
PROGRAM = re.compile(r"[a-z][\w.-]*|(\.{0,2}/)?[\w.~/-]+/[\w-]+")


def scripts_of(project: Project) -> Iterator[tuple[str, str]]:
    """Yield the blocks and spans that are commands, each with the page that it is on."""
    for name, text in project.pages.items():
        for language, block in page(text).blocks:
            if language in SHELLS:
                yield name, prompted(block)
        columns = {row["command"] for row in page(text).rows if "command" in row}
        for span in page(text).spans:
            if is_command(project, span) or any(f"`{span}`" in cell for cell in columns):
                yield name, span


def prompted(block: str) -> str:
    """Return a block without the prompts, and what is printed between them."""
    lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(lines) if lines else block


def is_command(project: Project, span: str) -> bool:
    """Return whether inline code is meant as a command, even a misspelt one."""
    try:
        words = next((one.words for one in commands(span) if one.words), [])
    except ValueError:
        return False
    if not words or not PROGRAM.fullmatch(words[0]):
        return False
    if words[0] in PROGRAMS or words[0] == "app":
        return len(words) > 1
    if "/" in words[0]:
        return len(words) > 1 and project.is_path(words[0])
    return len(words) > 1 and bool(alike(words[0], PROGRAMS))


def verdicts(project: Project) -> Iterator[str | None]:
    """Yield for each command what is wrong with it, or None."""
    for name, script in scripts_of(project):
        if reason := syntax_error(script):
            yield f"{name}: {reason}: {script.strip()}"
            continue
        for command in commands(script):
            shown = " ".join([*(f"{key}=..." for key in command.variables), *command.words])
            for reason in [*_files(project, command), *problems(project, command.words)]:
                yield f"{name}: {reason}: {shown}"
            _make(project, command)
            yield None


@cache
def syntax_error(script: str) -> str | None:
    """Return what the shell has to say of a script that it cannot read."""
    try:
        commands(script)
    except ValueError as error:
        return str(error)
    if not re.search(r"[\n;&|(){}<>]", script.strip()):
        return None  # the above sees what can be wrong with one command
    shell = shutil.which("sh") or "sh"
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    return " ".join(done.stderr.split()) or None if done.returncode else None


def _files(project: Project, command: Command) -> Iterator[str]:
    """Yield the files that a command wants and that are not there."""
    words = command.words[1:]
    if command.words[:1] in (["cp"], ["mv"], ["install"]):
        words = words[:-1]
    if set(command.words) & {"tee", "touch", "mkdir", "systemctl"}:
        words = []
    for word in [*words, *command.reads]:
        path = word.partition("=")[2] if word.startswith("-") else word
        if word.startswith("--file="):
            continue  # which pg_dump writes
        if path and project.is_path(path) and not project.has(path):
            yield f"there is no {path}"


def _make(project: Project, command: Command) -> None:
    """Note the files that a command makes."""
    made = list(command.writes)
    words = [word for word in command.words if word != "sudo"]
    match words:
        case ["cp" | "mv" | "install", *_, last]:
            made.append(last)
        case ["tee" | "touch" | "mkdir", *rest]:
            made += rest
        case ["sed", *_, last] if suffix := [w[2:] for w in words if re.match(r"-i.+", w)]:
            made.append(last + suffix[0])
    made += [word.partition("=")[2] for word in words if word.startswith("--file=")]
    project.made.update(path.removeprefix("./").rstrip("/") for path in made)
