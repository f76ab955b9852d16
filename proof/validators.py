"""What reads the files of a project that no test of it runs: images, pipelines, scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proof.commands import CommandError, run
from proof.formats import dockerfile, pipelines
from proof.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

# What may hide a mistake; not how long lines are, or how far apart.
YAML = """
extends: default
rules:
  comments: {min-spaces-from-content: 1}
  document-start: disable
  line-length: disable
  truthy: {check-keys: false}
"""


@dataclass(frozen=True)
class Validator:
    """Something that reads files of a project and says what it does not accept.

    Attributes:
        name: what it is called in the table of the matrix.
        reads: the paths that it reads.
        command: a command that takes files, one or many; each is judged by itself.
        function: instead, a function that takes the project.
    """

    name: str
    reads: re.Pattern[str]
    command: tuple[str, ...] = ()
    function: Callable[[Path], Iterable[str]] | None = None

    def complaints(self, project: Path, files: Iterable[Path]) -> list[str]:
        """Return what is wrong with these files of a project."""
        if self.function:
            return list(self.function(project))
        return said([*self.command, *map(str, files)], project)


def said(command: list[str], folder: Path) -> list[str]:
    """Return what a command says of files that it does not accept."""
    try:
        run(command, folder)
    except CommandError as refusal:
        return [f"{command[0]} refuses it (exit {refusal.code}):\n{refusal.output.strip()}"]
    return []


def _schema(name: str, reads: str, schema: str, *options: str) -> Validator:
    command = ("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *options)
    return Validator(name, re.compile(reads), command)


_YAMLLINT = ("yamllint", "--strict", "--format=parsable", "--config-data", YAML)
_ZIZMOR = ("zizmor", "--offline", "--no-progress", "--quiet")
_PIPELINE_READS = re.compile(
    r"^(?!(src|tests|migrations|docs)/|README\.md|AGENTS\.md|LICENSE|uv\.lock|\.env\.example)"
)

VALIDATORS = [
    Validator("hadolint", re.compile(r"(^|/)Dockerfile$"), ("hadolint",)),
    Validator(
        "image", re.compile(r"^(Dockerfile|\.dockerignore)$"), function=dockerfile.complaints
    ),
    Validator("yamllint", re.compile(r"\.ya?ml$"), _YAMLLINT),
    _schema("compose", r"(^|/)compose[^/]*\.yaml$", "compose-spec"),
    _schema("dependabot", r"^\.github/dependabot\.yml$", "dependabot"),
    _schema("workflows", r"^\.github/workflows/.+\.yml$", "github-workflows"),
    Validator("zizmor", re.compile(r"^\.github/.+\.yml$"), _ZIZMOR),
    _schema("gitlab", r"^\.gitlab(-ci|/.+)\.yml$", "gitlab-ci", "--data-transform", "gitlab-ci"),
    Validator("shellcheck", re.compile(r"^deploy/[a-z-]+$"), ("shellcheck",)),
    Validator("pipeline", _PIPELINE_READS, function=pipelines.complaints),
]


def readers(names: Collection[str]) -> Iterator[tuple[Validator, list[str]]]:
    """Yield each validator that reads some of these files, and which."""
    for validator in VALIDATORS:
        if read := [name for name in names if validator.reads.search(name)]:
            yield validator, read


def refused_by(project: Path, answers: Mapping[str, str]) -> Iterator[str]:
    """Yield everything in the files of a project that somebody does not accept."""
    for validator, read in readers(files_of(project)):
        yield from validator.complaints(project, [project / name for name in read])
    if answers["deploy"] != "none":
        yield from target_of(answers["deploy"]).complaints(project)


def files_of(project: Path) -> list[str]:
    """Return the names of a project's files."""
    return sorted(p.relative_to(project).as_posix() for p in project.rglob("*") if p.is_file())


def is_script(text: bytes) -> bool:
    """Return whether a file is one that a shell runs."""
    return text.startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))
