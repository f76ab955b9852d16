"""Duration of generating a project, relative to a minimal template."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.results import tell
from proof.generation import copy_template

ROUNDS = 15


def one_file_template(folder: Path) -> Path:
    """Write the smallest template there is."""
    project = folder / "{{cookiecutter.project_slug}}"
    project.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text('{"project_slug": "my-service"}', encoding="utf-8")
    (project / "README.md").write_text("# {{ cookiecutter.project_slug }}\n", encoding="utf-8")
    return folder


def seconds(template: Path, output: Path) -> float:
    """Return how long the command takes to generate a project."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "cookiecutter", template, "--no-input", "-o", output],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def main() -> None:
    """Measure both in turn, so that a busy moment falls on both, and print JSON."""
    with TemporaryDirectory() as name:
        scratch = Path(name)
        templates = {
            "service": copy_template(scratch / "service"),
            "one_file": one_file_template(scratch / "one_file"),
        }
        runs = [
            {
                kind: seconds(template, scratch / f"{kind}{n}")
                for kind, template in templates.items()
            }
            for n in range(ROUNDS)
        ]
    medians = {kind: statistics.median(run[kind] for run in runs) for kind in templates}
    ratio = statistics.median(run["service"] / run["one_file"] for run in runs)
    tell("generate", seconds=medians, ratio=ratio)


if __name__ == "__main__":
    main()
