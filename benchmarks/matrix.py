"""Cost of the matrix, on one machine: against an earlier commit, unchanged, and after a change.

Fresh runs are compared by the CPU time of all their processes, since seconds differ from hour to
hour. Servers that the machine has, such as PostgreSQL, do not count.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.results import tell
from proof import matrix
from proof.generation import copy_clone
from proof.units import CHECKS

# The commit that goals are compared with, its proof, and the checks that it did not have.
BASE = "89c587c"
BASE_PROOF = "tests.proving"
NEW = {"names", "modes", "gates", "documents", "licence", "interpreter", "dependabot"}
NEW |= {"recipes", "commands"}

# What is changed before the last run.
DEPLOY_FOLDER = "{{cookiecutter.project_slug}}/_options/deploy=fly/docs/deploy.md"


def cpu() -> float:
    """Return the CPU seconds of all processes that have ended and were started from here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(folder: Path, module: str, *options: str) -> dict[str, float]:
    """Run the matrix.

    Returns:
        `seconds`; `cpu_seconds` of all processes; `peak_gib`, the most memory at once: that is
        what the machine has less of, so that databases and files in memory count, too.
    """
    command = ["uv", "run", "--no-sync", "python", "-m", module, *options]
    before = least = psutil.virtual_memory().available
    started, used = time.perf_counter(), cpu()
    process = subprocess.Popen(command, cwd=folder, stdout=sys.stderr)
    while process.poll() is None:
        least = min(least, psutil.virtual_memory().available)
        time.sleep(0.5)
    if process.returncode:
        sys.exit("the matrix does not hold, so its time says nothing")
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(cpu() - used),
        "peak_gib": round((before - least) / 2**30, 2),
    }


def install(folder: Path) -> Path:
    """Install what proves, which is no part of a run's cost."""
    subprocess.run(["uv", "sync", "--quiet", "--group", "tests"], cwd=folder, check=True)
    return folder


def clone_of_base(folder: Path) -> Path:
    """Return a clone of the commit that goals are compared with."""
    clone = ["git", "clone", "--quiet", "--no-checkout", str(matrix.ROOT), str(folder)]
    subprocess.run(clone, check=True)
    subprocess.run(["git", "checkout", "--quiet", BASE], cwd=folder, check=True)
    return folder


def main() -> None:
    """Measure, and tell."""
    existing = [option for check in CHECKS if check not in NEW for option in ("--check", check)]
    found = {}
    with TemporaryDirectory() as name:
        base = install(clone_of_base(Path(name, "base")))
        ours = install(copy_clone(Path(name, "ours")))
        found["base"] = run(base, BASE_PROOF, "--fresh")
        found["checks_of_base"] = run(ours, "proof", "--fresh", "--alone", "5", *existing)
        found["all_checks"] = run(ours, "proof", "--fresh")
        found["unchanged"] = run(ours, "proof")
        with (ours / DEPLOY_FOLDER).open("a", encoding="utf-8") as file:
            file.write("\nMore.\n")
        found["one_deploy_folder"] = run(ours, "proof")
    for name in ("checks_of_base", "all_checks"):
        found[name]["of_base"] = round(found[name]["cpu_seconds"] / found["base"]["cpu_seconds"], 2)
    tell("matrix", base=BASE, runs=found)


if __name__ == "__main__":
    main()
