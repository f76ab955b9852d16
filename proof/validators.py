"""Validators of files that no test of a project runs: images, pipelines, scripts."""

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
        wanted: the facts of which each brings files to read, if it is no fact of all projects:
            a combination with such a fact and no such file is not proven.
        command: a command that takes files, one or many; each is judged by itself.
        function: instead, a function that takes the project.
    """

    name: str
    reads: re.Pattern[str]
    wanted: frozenset[str] = frozenset()
    command: tuple[str, ...] = ()
    function: Callable[[Path], Iterable[str]] | None = None

    def complaints(self, project: Path, files: Iterable[Path]) -> list[str]:
        """Return what is wrong with these files of a project."""
        if self.function:
            return list(self.function(project))
        return said([*self.command, *map(str, files)], project)


def said(
    command: list[str], folder: Path, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Return what a command says of files that it does not accept."""
    try:
        run(command, folder, environment)
    except CommandError as refusal:
        return [f"{command[0]} refuses it (exit {refusal.code}):\n{refusal.output.strip()}"]
    return []


def _schema(name: str, reads: str, wanted: str, schema: str, *options: str) -> Validator:
    command = ("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *options)
    return Validator(name, re.compile(reads), frozenset({wanted}), command)


_YAMLLINT = ("yamllint", "--strict", "--format=parsable", "--config-data", YAML)
_ZIZMOR = ("zizmor", "--offline", "--no-progress", "--quiet")
_PIPELINE_READS = re.compile(
    r"^(?!(src|tests|migrations|docs)/|README\.md|AGENTS\.md|LICENSE|uv\.lock|\.env\.example)"
)
_CONTAINER = frozenset({"container=yes"})
_GITHUB = frozenset({"ci=github"})
_SCRIPTS = frozenset({"release=own", "release=common"})

VALIDATORS = [
    Validator("hadolint", re.compile(r"(^|/)Dockerfile(\.\w+)?$"), _CONTAINER, ("hadolint",)),
    Validator(
        "image",
        re.compile(r"^(Dockerfile|\.dockerignore)$"),
        _CONTAINER,
        function=dockerfile.complaints,
    ),
    Validator("yamllint", re.compile(r"\.ya?ml$"), command=_YAMLLINT),
    _schema(
        "compose",
        r"^(docker-)?compose(\.(?!dev\.|local\.)[^/]+)?\.ya?ml$",
        "deploy=compose",
        "compose-spec",
    ),
    _schema("compose.local", r"^compose\.local\.yaml$", "deploy=compose", "compose-spec"),
    _schema("compose.dev", r"^compose\.dev\.yaml$", "database=postgresql", "compose-spec"),
    _schema("dependabot", r"^\.github/dependabot\.yml$", "ci=github", "dependabot"),
    _schema("workflows", r"^\.github/workflows/.+\.ya?ml$", "ci=github", "github-workflows"),
    Validator("zizmor", re.compile(r"^\.github/.+\.ya?ml$"), _GITHUB, _ZIZMOR),
    _schema(
        "gitlab",
        r"^\.gitlab(-ci|/.+)\.yml$",
        "ci=gitlab",
        "gitlab-ci",
        "--data-transform",
        "gitlab-ci",
    ),
    Validator("shellcheck", re.compile(r"^deploy/[a-z-]+$"), _SCRIPTS, ("shellcheck",)),
    Validator("pipeline", _PIPELINE_READS, function=pipelines.complaints),
]


def wanted_by(facts: Collection[str]) -> list[str]:
    """Return the names of the validators that must find files in a project with these facts."""
    return [v.name for v in VALIDATORS if not v.wanted or not v.wanted.isdisjoint(facts)]


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
