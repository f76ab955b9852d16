"""Test every combination of answers, or some of them.

Combinations with the same files share the results of checks that read only these; results are
stored in .cache/matrix until their inputs change. The report is there, too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from threading import Thread

from proof import matrix, report, store
from proof.generation import copy_template
from proof.inputs import Template
from proof.machines import postgres
from proof.machines import redis as redis_server
from proof.run import Run, Wanted
from proof.units import CHECKS, expected

SCRATCH = "proving-"
ROOM = 4 * 2**30  # bytes


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="nox -s matrix --", description=__doc__)
    parser.add_argument(
        "what", nargs="*", help="combinations by name, or answers such as auth=oidc; all by default"
    )
    parser.add_argument("--fresh", action="store_true", help="ignore stored results")
    parser.add_argument(
        "--every-python",
        action="store_true",
        help="fail if a Python version that services can choose is not installed",
    )
    parser.add_argument("--unshared", action="store_true", help="share no results")
    parser.add_argument(
        "--alone",
        type=int,
        metavar="N",
        help=f"also test N combinations that share no results ({Wanted.alone}; 0 with --check)",
    )
    parser.add_argument(
        "--check",
        action="append",
        default=[],
        choices=CHECKS,
        metavar="NAME",
        help=f"run this check only; one of {', '.join(CHECKS)}",
    )
    parser.add_argument("--seed", help="seed for selecting these")
    parser.add_argument("--shard", metavar="K/N", help="test the K-th of N parts")
    parser.add_argument(
        "--jobs", type=int, default=Wanted.jobs, metavar="N", help="parallel jobs (%(default)s)"
    )
    parser.add_argument("--merge", metavar="DIR", help="merge the reports of all shards in DIR")
    return parser.parse_args(given)


def select(what: list[str], combinations: list[matrix.Combination]) -> list[matrix.Combination]:
    """Return the combinations with one of the names, or with all of the answers."""
    names = {wish for wish in what if "=" not in wish}
    wanted: dict[str, set[str]] = {}
    for wish in what:
        if "=" in wish:
            wanted.setdefault(wish.partition("=")[0], set()).add(wish)
    known = {c.id for c in combinations} | {tag for c in combinations for tag in c.tags}
    if unknown := set(what) - known:
        sys.exit(f"unknown combination or answer: {', '.join(sorted(unknown))}")
    return [
        c
        for c in combinations
        if (not names or c.id in names)
        and all(answers & set(c.tags) for answers in wanted.values())
    ]


def shard(
    text: str, combinations: list[matrix.Combination], questions: list[str]
) -> list[matrix.Combination]:
    """Return the K-th of N parts; combinations with the same Python are in the same part."""
    try:
        number, count = map(int, text.split("/"))
    except ValueError:
        sys.exit(f"--shard {text}: must be like 3/8")
    if not 1 <= number <= count:
        sys.exit(f"--shard {text}: there is no such part")

    def group(combination: matrix.Combination) -> str:
        return store.digest([combination.answers[question] for question in questions])

    groups = sorted({group(combination) for combination in combinations})
    return [c for c in combinations if groups.index(group(c)) % count == number - 1]


def end_with_parent() -> None:
    """Stop when the parent process has ended, as after a kill."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True).start()


def place() -> Path:
    """Return the folder for temporary files: in memory, if there is room."""
    memory = Path("/dev/shm")  # noqa: S108 -- names in it are unique
    fit = (
        memory.is_dir()
        and shutil.disk_usage(memory).free > ROOM
        and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    )
    return memory if fit else Path(gettempdir())


def remove_what_was_left() -> None:
    """Remove the scratch folders of killed runs."""
    for folder in place().glob(f"{SCRATCH}*"):
        _, pid, *_ = folder.name.split("-")
        if not store.is_alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def stop(*_: object) -> None:
    """End as if the user had pressed Ctrl-C."""
    raise KeyboardInterrupt


def prove(options: argparse.Namespace) -> report.Report:
    """Run the checks, with PostgreSQL and Redis started if needed."""
    combinations = select(options.what, matrix.everything())
    if options.fresh and (others := store.forget()):
        print(f"environments are kept: process {others[0]} uses them")
    remove_what_was_left()
    with (
        store.in_use(),
        TemporaryDirectory(
            prefix=f"{SCRATCH}{os.getpid()}-", dir=place(), ignore_cleanup_errors=True
        ) as scratch,
        postgres.server() as database,
        redis_server.server() as counts,
    ):
        template = copy_template(Path(scratch, "template"))
        if options.shard:
            questions = Template(template).questions_of_python()
            combinations = shard(options.shard, combinations, questions)
        found = {"TMPDIR": scratch, "POSTGRES_URL": database, "REDIS_URL": counts}
        os.environ |= {name: value for name, value in found.items() if value}
        default = 0 if options.check else Wanted.alone
        wanted = Wanted(
            combinations,
            alone=default if options.alone is None else options.alone,
            shared=not options.unshared,
            seed=options.seed,
            jobs=options.jobs,
            checks=tuple(options.check),
        )
        return Run(wanted, template, Path(scratch)).prove()


def hold_against_template(whole: report.Report) -> None:
    """Replace the expectations in merged reports by those of the template."""
    combinations = matrix.everything()
    whole.selected = [c.id for c in combinations]
    with TemporaryDirectory() as scratch:
        template = Template(copy_template(Path(scratch, "template")))
        if whole.template != template.fingerprint:
            sys.exit("the reports are of another version of the template")
        whole.expected = {c.id: expected(c, template.facts(c)) for c in combinations}
    refused = {c.id for c in combinations if c.refused_because}
    may_lack = {c.id for c in combinations if c.variant and c.whole}
    whole.refused = {name: why for name, why in whole.refused.items() if name in refused}
    whole.not_run = {name: why for name, why in whole.not_run.items() if name in may_lack}


def main(given: list[str]) -> None:
    """Test or merge, and print the report; fail if a combination is not proven."""
    options = arguments(given)
    signal.signal(signal.SIGTERM, stop)
    if options.merge:
        found = [report.read(path) for path in sorted(Path(options.merge).rglob("report.json"))]
        if not found:
            sys.exit(f"--merge {options.merge}: there is no report.json in this folder")
        whole = report.merge(found)
        hold_against_template(whole)
    else:
        end_with_parent()
        try:
            whole = prove(options)
        except KeyboardInterrupt:
            sys.exit("stopped; results are stored, so the next run continues from here")
    whole.write(store.FOLDER)
    tell(whole)
    missing = whole.missing + (list(whole.not_run) if options.every_python else [])
    if missing:
        what = "did not pass" if whole.checks else "not proven"
        sys.exit(f"{len(missing)} {what}: {', '.join(missing)}")


def tell(whole: report.Report) -> None:
    """Print a report: the table, slowest checks, failures, and the summary."""
    print(whole.table())
    print("\nSlowest:", *whole.slowest(), "", sep="\n")
    for failure in whole.failures:
        print(f"FAILED {failure['combination']}: {failure['check']}; {failure['again']}")
    for name, what in whole.incomplete().items():
        print(f"FAILED {name}: {what}")
    for name, why in whole.not_run.items():
        print(f"NOT RUN {name}: {why}")
    print(f"{whole.summary()}.")


if __name__ == "__main__":
    main(sys.argv[1:])
