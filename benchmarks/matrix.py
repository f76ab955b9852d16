"""Duration of the matrix: fresh, unchanged, and after a change, on one machine."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.results import tell
from proof.generation import copy_clone

PROJECT = "{{cookiecutter.project_slug}}"

# What is changed before each run, and how; each change stays for those that follow.
RUNS = {
    "fresh": None,
    "unchanged": None,
    "one_deploy_folder": (f"{PROJECT}/_options/deploy=fly/docs/deploy.md", "\nMore.\n"),
    "a_base_module": (f"{PROJECT}/src/app/core/ids.py", "\n\n# More.\n"),
}


def run(folder: Path, *options: str) -> tuple[float, int]:
    """Return the seconds that a run takes, and the most memory (bytes) that it takes at once.

    That is what the machine has less of, so that databases and files in memory count, too.
    """
    command = [sys.executable, "-m", "proof", *options]
    before = least = psutil.virtual_memory().available
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=sys.stderr)
    while process.poll() is None:
        least = min(least, psutil.virtual_memory().available)
        time.sleep(0.5)
    if process.returncode:
        sys.exit("the matrix does not hold, so its time says nothing")
    return time.perf_counter() - started, before - least


def main() -> None:
    """Measure, and tell."""
    found: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as name:
        folder = copy_clone(Path(name))
        for label, change in RUNS.items():
            if change:
                path, text = change
                with (folder / path).open("a", encoding="utf-8") as file:
                    file.write(text)
            seconds, memory = run(folder)
            found[label] = {
                "seconds": round(seconds, 1),
                "of_fresh": round(seconds / found["fresh"]["seconds"], 3) if found else 1.0,
                "peak_gib": round(memory / 2**30, 2),
            }
            print(f"{label}: {found[label]}", file=sys.stderr)
    tell("matrix", runs=found)


if __name__ == "__main__":
    main()
