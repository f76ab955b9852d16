"""What reads the files of a project that no test of it runs: images, pipelines, scripts."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = ["check-jsonschema", "--builtin-schema"]

VALIDATORS = [
    ("**/Dockerfile", ["hadolint"]),
    ("**/compose*.yaml", [*SCHEMA, "vendor.compose-spec"]),
    (".github/dependabot.yml", [*SCHEMA, "vendor.dependabot"]),
    (".github/workflows/*.yml", [*SCHEMA, "vendor.github-workflows"]),
    (".github/**/*.yml", ["zizmor", "--offline", "--no-progress", "--quiet"]),
]


def refused_by(project: Path) -> Iterator[str]:
    """Yield the commands that do not accept their files, of those that have some."""
    for pattern, command in VALIDATORS:
        files = sorted(project.glob(pattern))
        if files and subprocess.run([*command, *files], check=False).returncode:
            yield f"{' '.join(command)} {pattern}"
    scripts = sorted(shell_scripts(project))
    if scripts and subprocess.run(["shellcheck", *scripts], check=False).returncode:
        yield "shellcheck"


def shell_scripts(project: Path) -> Iterator[Path]:
    """Yield the files that a shell runs."""
    for path in project.rglob("*"):
        if path.is_file() and path.read_bytes().startswith((b"#!/bin/sh", b"#!/usr/bin/env bash")):
            yield path
