"""The checks of each deploy target, read from its files.

A module of this package for each answer to `deploy`. All have the same names, those of
`Target`, so that `tests.test_targets` asks the same questions of every one.
"""

from __future__ import annotations

import importlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Deployment:
    """How a target runs the service.

    Attributes:
        serve: the server's command, such as `["app", "serve", "--host", "0.0.0.0"]`.
        migrate: the command that runs once a release.
        settings: the environment with its values, placeholders of the target's as they are.
        secrets: names that the service gets by reference; their values are in no file.
        probes: the paths that the target asks whether the service works.
        instances: how many run at least, each with a disk of its own.
        kill_seconds: from SIGTERM to SIGKILL.
    """

    serve: list[str]
    migrate: list[str]
    settings: Mapping[str, str]
    secrets: set[str]
    probes: set[str]
    instances: int
    kill_seconds: float


@dataclass(frozen=True)
class Mutation:
    """An error to seed in a finished project, and a pattern for what is then said of it."""

    file: str
    before: str
    after: str
    complaint: str


def seeded(project: Path, copy: Path, mutation: Mutation) -> Path:
    """Copy a project, with an error in it, and return the copy."""
    shutil.copytree(project, copy)
    file = copy / mutation.file
    text = file.read_text(encoding="utf-8")
    if mutation.before not in text:
        message = f"{mutation.file} does not say {mutation.before}"
        raise ValueError(message)
    file.write_text(text.replace(mutation.before, mutation.after), encoding="utf-8", newline="\n")
    return copy


class Target(Protocol):
    """What the module of a target supplies."""

    MUTATIONS: list[Mutation]

    def complaints(self, project: Path) -> Iterator[str]:
        """Yield a line for everything in the target's own files that is wrong."""

    def deployment(self, project: Path) -> Deployment:
        """Return how the target runs the service."""


def target_of(deploy: str) -> Target:
    """Return the module of a deploy target."""
    return cast("Target", importlib.import_module(f"proof.targets.{deploy}"))
