"""The matrix finds what is broken, names exactly those that have it, and counts honestly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proof import matrix, store, surroundings
from proof.__main__ import hold_against_template, select, shard
from proof.environments import servers
from proof.generation import copy_clone, copy_template
from proof.inputs import Template
from proof.machines import redis
from proof.outcome import Outcome, counted, timed
from proof.report import FAILED, HERE, Cell, Report, merge, read
from proof.run import Run, Wanted, alone_keys
from proof.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.environments import How

ALL = matrix.product(matrix.read_questions())
POSSIBLE = [combination for combination in ALL if not combination.refused_because]


def failures(
    combinations: list[matrix.Combination], template: Path, scratch: Path, *checks: str
) -> list[dict[str, str]]:
    """Return what the matrix finds in a template."""
    scratch.mkdir()
    return Run(Wanted(combinations, alone=0, checks=checks), template, scratch).prove().failures


def test_a_refusal_that_is_lost_is_found(template_copy: Path, tmp_path: Path) -> None:
    hook = template_copy / "hooks" / "pre_gen_project.py"
    text = hook.read_text(encoding="utf-8")
    assert 'facts.issuperset(row["if"])' in text
    hook.write_text(text.replace('facts.issuperset(row["if"])', "not row"), encoding="utf-8")
    some = [c for c in ALL if c.answers["auth"] == "none" and c.answers["ci"] == "none"]
    found = failures(some, template_copy, tmp_path / "run", "generate")
    assert {failure["combination"] for failure in found} == {
        c.id for c in some if c.refused_because
    }
    assert {failure["why"] for failure in found} == {"it is not refused"}


def test_a_combination_alone_is_compared_with_what_was_shared(
    template_copy: Path, tmp_path: Path
) -> None:
    """A hook that behaves otherwise as a process of its own is what sharing could hide."""
    hook = template_copy / "hooks" / "post_gen_project.py"
    text = hook.read_text(encoding="utf-8")
    with_difference = text.replace(
        "    write_env(project)\n",
        "    write_env(project)\n"
        '    if "proof" not in __import__("sys").modules:\n'
        '        (project / "DIFFERENT").write_text("so\\n", encoding="utf-8")\n',
    )
    assert with_difference != text
    hook.write_text(with_difference, encoding="utf-8")
    one = [c for c in POSSIBLE if c.id == "flask-none-none-sqlite-none"]
    (tmp_path / "run").mkdir()
    report = Run(
        Wanted(one, alone=1, checks=("generate",)), template_copy, tmp_path / "run"
    ).prove()
    assert ("generate", "the command does not generate the same") in {
        (failure["check"], failure["why"]) for failure in report.failures
    }


# Counting.


def test_shards_are_stable_and_their_union_is_everything(template: Path) -> None:
    questions = Template(template).questions_of_python()
    assert questions == ["framework", "auth", "database"]
    parts = [shard(f"{number}/8", ALL, questions) for number in range(1, 9)]
    names = [combination.id for part in parts for combination in part]
    assert sorted(names) == sorted(combination.id for combination in ALL)
    assert parts == [shard(f"{number}/8", ALL[::-1], questions)[::-1] for number in range(1, 9)]
    assert min(map(len, parts)) > 0


@pytest.mark.parametrize("text", ["3", "0/8", "9/8", "a/b", "1/0"])
def test_a_shard_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(SystemExit, match="--shard"):
        shard(text, ALL, ["framework"])


def test_a_slice_is_all_that_has_the_answers_and_a_wrong_name_is_refused() -> None:
    chosen = select(["auth=oidc", "framework=flask", "framework=fastapi", "ci=none"], ALL)
    assert [c for c in ALL if c.answers["auth"] == "oidc" and c.answers["ci"] == "none"] == chosen
    with pytest.raises(SystemExit, match="auth=moon"):
        select(["auth=moon"], ALL)


def report_of(names: list[str], *, product: int = 2) -> Report:
    """Return a report in which everything holds."""
    report = Report("digest", product, names)
    for name in names:
        report.proven[name] = {"generate": Cell(HERE, 1.0, 3)}
    return report


def test_shards_are_merged_and_a_missing_one_is_missed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        report_of([name]).write(tmp_path / name)
    reports = [read(tmp_path / name / "report.json") for name in ("a", "b")]
    assert merge(reports).summary().startswith("2 proven + 0 refused = 2 of 2 combinations")
    alone = merge(reports[:1])
    alone.selected = ["a", "b"]
    assert alone.missing == ["b"]


def test_reports_that_do_not_belong_together_are_not_merged() -> None:
    with pytest.raises(ValueError, match="more than one shard proves a"):
        merge([report_of(["a"]), report_of(["a"])])
    with pytest.raises(ValueError, match="different templates"):
        merge([report_of(["a"]), report_of(["b"], product=3)])


def test_a_part_of_the_checks_is_never_called_proven() -> None:
    report = report_of(["a", "b"])
    report.checks = ["generate"]
    report.expected = {"a": ["generate", "tests"], "b": ["generate", "tests"]}
    assert report.summary().startswith("1 of 2 checks held for 2 of 2 combinations")
    assert "proven" not in report.summary()
    with pytest.raises(ValueError, match="generate only"):
        merge([report])


def test_a_check_without_a_result_is_missed() -> None:
    report = report_of(["a", "b"])
    report.expected = {"a": ["generate"], "b": ["generate", "hadolint"]}
    assert report.missing == ["b"]
    assert report.incomplete() == {"b": "no result of hadolint"}
    assert "MISSING" not in report.table()


def test_what_looked_at_nothing_or_failed_is_not_proven() -> None:
    report = report_of(["a", "b"])
    failure = {"combination": "b", "check": "tests", "why": "it looked at nothing", "again": ""}
    report.failures.append(failure)
    assert report.missing == ["b"]
    assert "1 proven + 0 refused = 1 of 2" in report.summary()


# Ending early.


@pytest.mark.skipif(os.name != "posix", reason="THERE ARE NO PROCESS GROUPS ON WINDOWS")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_leaves_no_process_and_the_next_one_finishes(
    how: signal.Signals, tmp_path: Path
) -> None:
    checkout = copy_clone(tmp_path / "checkout")
    one = "flask-none-none-sqlite-none"
    command = [sys.executable, "-m", "proof", one, "--check", "pre-commit"]
    # Where a shell has put us in the background, we ignore Ctrl-C, and what we start would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    first = subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True)
    assert first.stdout
    until = next(line for line in first.stdout if "prove:" in line)
    assert "0 of" in until
    workers = children_of(first.pid)
    assert workers
    first.send_signal(how)
    first.wait()
    first.stdout.close()
    assert first.returncode
    wait_until_gone(workers)
    again = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True)
    assert re.search(r"1 of \d+ checks held for 1 of 1 combinations", again.stdout)
    assert "| kept |" in again.stdout


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    parents = {int(child): int(parent) for child, parent in rows}
    found = {pid}
    for _ in range(5):
        found |= {child for child, parent in parents.items() if parent in found}
    return sorted(found - {pid})


def wait_until_gone(processes: list[int]) -> None:
    """Return once none of the processes runs; a test that waits for ever fails, too."""
    for pid in processes:
        while (
            Path(f"/proc/{pid}").exists()
            or subprocess.run(["ps", "-p", str(pid)], check=False, capture_output=True).returncode
            == 0
        ):
            time.sleep(0.05)


def test_a_key_changes_with_what_decides_it(template_copy: Path) -> None:
    by_name = {combination.id: combination for combination in ALL}
    fly, none = by_name["flask-none-fly-postgresql-none"], by_name["flask-none-none-sqlite-none"]
    before = Template(template_copy)
    (project,) = (path.parent for path in template_copy.glob("*/_options"))
    (project / "_options" / "deploy=fly" / "new.txt").write_text("new\n", encoding="utf-8")
    after = Template(template_copy)
    assert before.key(fly) != after.key(fly)
    assert before.key(none) == after.key(none)
    (project / "new.txt").write_text("new\n", encoding="utf-8")
    assert Template(template_copy).key(none) != before.key(none)
    assert store.digest("a") != store.digest("b")


def test_who_is_proven_alone_is_so_again_when_python_or_the_base_changes(
    template_copy: Path,
) -> None:
    (fly,) = (c for c in ALL if c.id == "flask-none-fly-postgresql-none")
    (project,) = (path.parent for path in template_copy.glob("*/_options"))

    def keys(
        how: How = "alone", told: int = 1, fly_toml: str = "a", main: str = "a"
    ) -> tuple[str, str]:
        files = {"fly.toml": fly_toml, "src/app/main.py": main}
        return alone_keys(Template(template_copy), fly, {"files": files}, {"tests": told}, how)

    every, of_python = keys()
    assert of_python not in keys("unshared")
    assert of_python not in keys(told=2)
    (project / "_options" / "deploy=fly" / "new.txt").write_text("new\n", encoding="utf-8")
    changed, still = keys(fly_toml="b")
    assert changed != every
    assert still == of_python
    assert of_python not in keys(main="b")
    (project / "new.txt").write_text("new\n", encoding="utf-8")
    assert of_python not in keys()


def test_a_new_fact_in_the_hook_is_seen_at_once(template_copy: Path) -> None:
    hook = template_copy / "hooks" / "post_gen_project.py"
    (first, *_) = POSSIBLE
    before = Template(template_copy)
    assert "moon=full" not in before.facts(first)
    before.keep_facts()
    text = hook.read_text(encoding="utf-8")
    changed = text.replace("    return set().union(\n", '    return {"moon=full"}.union(\n', 1)
    assert changed != text
    hook.write_text(changed, encoding="utf-8")
    assert "moon=full" in Template(template_copy).facts(first)


@pytest.mark.skipif(os.name != "posix", reason="MODES MEAN NOTHING ON WINDOWS")
def test_modes_decide_keys(template_copy: Path) -> None:
    (first, *_) = POSSIBLE
    before = Template(template_copy).key(first)
    (project,) = (path.parent for path in template_copy.glob("*/_options"))
    (project / "README.md").chmod(0o755)
    assert Template(template_copy).key(first) != before


# What a machine lacks.


def test_what_a_machine_has_decides_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for found in ({}, {"postgresql": "15"}, {"postgresql": "16"}):
        monkeypatch.setattr(surroundings, "found", lambda found=found: found)
        keys.add(Unit("python", (("src/app/main.py", "digest"),)).key)
    assert len(keys) == 3


def test_a_check_that_misses_a_server_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def nothing() -> Iterator[None]:
        yield None

    monkeypatch.setattr(redis, "server", nothing)

    def tests() -> Outcome:
        with servers("sqlite"):
            return Outcome(1)

    outcome = timed(tests)
    assert not outcome.held
    assert "redis" in outcome.why()[0].lower()
    report = report_of(["a"])
    report.expected["a"] = ["generate", "tests"]
    assert report.missing == ["a"]


def test_a_test_that_is_skipped_or_not_there_proves_nothing() -> None:
    assert counted("12 passed in 1.0s", 12).held
    assert "1 skipped" in counted("12 passed, 1 skipped in 1.0s", 12).why()[0]
    assert "2 deselected" in counted("12 passed, 2 deselected in 1.0s", 12).why()[0]
    assert "11 tests passed" in counted("11 passed in 1.0s", 12).why()[0]


def test_a_variant_whose_interpreter_is_missing_is_not_run_and_not_proven(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {n: v for n, v in surroundings.found().items() if n != "python3.14"}
    monkeypatch.setattr(surroundings, "found", lambda: found)
    (variant,) = (
        c
        for c in matrix.variants(matrix.read_questions())
        if c.whole and c.answers["python_version"] == "3.14"
    )
    report = Run(Wanted([variant], alone=0), template, tmp_path).prove()
    assert report.not_run == {variant.id: "there is no Python 3.14 on this machine"}
    assert "0 proven" in report.summary()
    assert "0 of 1 variants" in report.summary()
    assert "not run" in report.table() or not report.proven


# Keeping.


@pytest.mark.parametrize("spoilt", ["", "{", "\0\0\0"])
def test_a_result_that_a_power_cut_spoilt_is_found_out_again(spoilt: str) -> None:
    key = store.digest("spoilt", spoilt)
    store.keep(key, {"held": True})
    (path,) = (store.FOLDER / "results").rglob(f"{key}.json")
    path.write_text(spoilt, encoding="utf-8")
    assert store.read(key) is None
    assert not path.exists()


def test_a_fresh_run_keeps_the_environments_that_another_run_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    (tmp_path / "environments" / "one").mkdir(parents=True)
    (tmp_path / "running").mkdir()
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (tmp_path / "running" / str(other.pid)).touch()
        with store.in_use():
            assert store.forget() == [other.pid]
        assert (tmp_path / "environments" / "one").exists()
    finally:
        other.communicate()
    assert store.forget() == []
    assert not (tmp_path / "environments").exists()


def test_merged_reports_are_held_against_the_template(tmp_path: Path) -> None:
    one, other = report_of(["a"]), report_of(["b"])
    other.expected = {}
    other.refused = {"b": "so it says"}
    for name, said in (("one", one), ("other", other)):
        said.template = Template(copy_template(tmp_path / f"template-{name}")).fingerprint
        said.write(tmp_path / name)
    whole = merge([read(tmp_path / name / "report.json") for name in ("one", "other")])
    hold_against_template(whole)
    assert whole.refused == {}
    assert len(whole.missing) == len(whole.selected) > len(ALL)


def test_a_cell_that_failed_is_missed_even_if_no_failure_is_told() -> None:
    report = report_of(["a"])
    report.proven["a"]["generate"].how = FAILED
    assert report.missing == ["a"]


def test_a_check_that_breaks_off_has_found_something() -> None:
    def breaks_off() -> Outcome:
        raise IndexError

    outcome = timed(breaks_off)
    assert not outcome.held
    assert "IndexError" in outcome.why()[0]
