"""The matrix finds what is broken, names exactly those that have it, and counts honestly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proof import matrix, store
from proof.__main__ import select, shard
from proof.inputs import Template
from proof.report import HERE, Cell, Report, merge, read
from proof.run import Run, Wanted, alone_keys

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = matrix.product(matrix.read_questions())
POSSIBLE = [combination for combination in ALL if not combination.refused_because]


@dataclass(frozen=True)
class Break:
    """A change to the template, and the combinations that it breaks.

    Attributes:
        file: under the folder of the project; it is made if it is not there.
        before: a text in it; at the end if empty.
        after: what stands there instead.
        check: the check that finds it.
        says: what the check says.
        hits: the combinations.
    """

    file: str
    before: str
    after: str
    check: str
    says: str
    hits: Callable[[dict[str, str]], bool]


def apply(broken: Break, project: Path) -> None:
    """Break a copy of the template."""
    path = project / broken.file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_bytes().decode() if path.exists() else ""
    assert broken.before in text, broken.file
    changed = text.replace(broken.before, broken.after, 1) if broken.before else text + broken.after
    path.write_bytes(changed.encode())


def failures(
    combinations: list[matrix.Combination], template: Path, scratch: Path, *checks: str
) -> list[dict[str, str]]:
    """Return what the matrix finds in a template."""
    scratch.mkdir()
    return Run(Wanted(combinations, alone=0, checks=checks), template, scratch).prove().failures


API_KEY_FLASK = "_options/auth=api_key,framework=flask/src/app/api/api_keys.py"

QUICK = [
    Break(
        "_options/framework=fastapi/src/app/main.py",
        "from contextlib import asynccontextmanager\n",
        "from contextlib import asynccontextmanager, closing\n",
        "ruff",
        "F401.*closing|closing.*imported but unused",
        lambda a: a["framework"] == "fastapi",
    ),
    Break(
        "_options/auth=oidc/tests/issuer.py",
        "",
        "\n\nUNFORMATTED  =  1\n",
        "format",
        "issuer.py",
        lambda a: a["auth"] == "oidc",
    ),
    Break(
        "_options/deploy=compose/docs/deploy.md",
        "",
        "See _options/ for more.\n",
        "leftovers",
        "docs/deploy.md holds _options/",
        lambda a: a["deploy"] == "compose",
    ),
    Break(
        "_options/database=sqlite/NOTES.md",
        "",
        "On PostgreSQL this would be quicker.\n",
        "leftovers",
        "NOTES.md mentions postgres",
        lambda a: a["database"] == "sqlite",
    ),
    Break(
        "_options/auth=jwt,framework=fastapi/src/app/api/carriage.py",
        "",
        '"""Nothing."""\r\n',
        "parse",
        "carriage.py: its lines do not end as on Unix",
        lambda a: a["framework"] == "fastapi" and "jwt" in a["auth"],
    ),
    Break(
        "_options/deploy=fly/aux.txt",
        "",
        "Windows cannot have this.\n",
        "names",
        "aux.txt is no name on Windows",
        lambda a: a["deploy"] == "fly",
    ),
    Break(
        "_options/deploy=kubernetes/deploy/base/app.yaml",
        "livenessProbe:",
        "livenesProbe:",
        "target",
        "livenesProbe",
        lambda a: a["deploy"] == "kubernetes",
    ),
    Break(
        "_options/deploy=compose/compose.yaml",
        "    healthcheck:",
        "    helthcheck:",
        "compose",
        "helthcheck",
        lambda a: a["deploy"] == "compose",
    ),
    Break(
        "_options/container=yes/Dockerfile",
        "WORKDIR /srv\n",
        "WORKDIR srv\n",
        "hadolint",
        "DL3000",
        lambda a: a["deploy"] not in {"systemd", "none"},
    ),
    Break(
        "_options/ci=github/.github/workflows/ci.yml",
        "uv run pre-commit run --all-files",
        "echo ${{ github.head_ref }}",
        "zizmor",
        "zizmor refuses",
        lambda a: a["ci"] == "github",
    ),
    Break(
        "_options/ci=gitlab/.gitlab-ci.yml",
        "    - uv run pytest\n",
        "    - uv run pytest\n  skript: []\n",
        "gitlab",
        "skript",
        lambda a: a["ci"] == "gitlab",
    ),
    Break(
        "_options/deploy=systemd/deploy/release",
        "set -eu\n",
        "set -eu\necho $UNQUOTED\n",
        "shellcheck",
        "SC2086",
        lambda a: a["deploy"] == "systemd",
    ),
]


def test_the_matrix_names_exactly_the_combinations_that_a_change_breaks(
    template_copy: Path, tmp_path: Path
) -> None:
    (project,) = (path.parent for path in template_copy.glob("*/_options"))
    for broken in QUICK:
        apply(broken, project)
    found = failures(ALL, template_copy, tmp_path / "run", *(broken.check for broken in QUICK))
    for broken in QUICK:
        named = {
            failure["combination"]
            for failure in found
            if failure["check"] == broken.check and re.search(broken.says, failure["why"])
        }
        assert named == {c.id for c in POSSIBLE if broken.hits(c.answers)}, broken


def test_a_refusal_that_is_lost_is_found(template_copy: Path, tmp_path: Path) -> None:
    hook = template_copy / "hooks" / "pre_gen_project.py"
    text = hook.read_text(encoding="utf-8")
    assert 'facts.issuperset(row["if"])' in text
    hook.write_text(text.replace('facts.issuperset(row["if"])', "not row"), encoding="utf-8")
    some = [c for c in ALL if c.answers["auth"] == "none" and c.answers["ci"] == "none"]
    found = failures(some, template_copy, tmp_path / "run", "none of them")
    assert {failure["combination"] for failure in found} == {
        c.id for c in some if c.refused_because
    }
    assert {failure["why"] for failure in found} == {"it is not refused"}


LEAST = {"deploy": "none", "ci": "none", "database": "sqlite"}

PYTHON = [
    Break(  # an import that only some kinds of auth have
        "src/app/core/ids.py",
        "",
        "\nfrom app.auth import keys as keys  # noqa: E402\n",
        "mypy",
        'Module "app.auth" has no attribute "keys"',
        lambda a: "api_key" not in a["auth"],
    ),
    Break(  # a layer that knows what it must not know
        "_options/framework=flask/src/app/core/interface.py",
        "",
        "\nimport flask as flask  # noqa: E402\n",
        "layers",
        "only the API knows the web framework BROKEN",
        lambda a: a["framework"] == "flask",
    ),
    Break(  # a dependency that one framework no longer has
        "pyproject.toml",
        '  "flask-openapi3-swagger>=5.31,<6",\n',
        "",
        "sync",
        "uv lock --quiet --check",
        lambda a: a["framework"] == "flask",
    ),
    Break(  # two heads
        "_options/auth=api_key/migrations/versions/20270101_0000_second_head.py",
        "",
        '"""Second head."""\n\nrevision = "20270101_0000"\ndown_revision = "20261120_0900"\n'
        "branch_labels = None\ndepends_on = None\n\n\n"
        "def upgrade() -> None: ...\n\n\ndef downgrade() -> None: ...\n",
        "tests",
        "[Mm]ultiple head|head",
        lambda a: "api_key" in a["auth"],
    ),
]


@pytest.mark.parametrize("broken", PYTHON, ids=lambda broken: broken.check)
def test_the_matrix_names_exactly_the_combinations_whose_python_breaks(
    broken: Break, template_copy: Path, tmp_path: Path
) -> None:
    (project,) = (path.parent for path in template_copy.glob("*/_options"))
    apply(broken, project)
    some = [
        c
        for c in POSSIBLE
        if c.answers | LEAST == c.answers
        and c.answers["auth"] in {"none", "api_key"}
        # The tests of FastAPI services take longest, and nothing more is to be seen there.
        and not (broken.check == "tests" and c.answers["framework"] == "fastapi")
    ]
    found = [
        failure
        for failure in failures(some, template_copy, tmp_path / "run", broken.check)
        if failure["check"] == broken.check
    ]
    assert {failure["combination"] for failure in found} == {
        c.id for c in some if broken.hits(c.answers)
    }
    assert all(re.search(broken.says, failure["why"]) for failure in found), found


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
    report = Run(Wanted(one, alone=1, checks=("ruff",)), template_copy, tmp_path / "run").prove()
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


def test_what_looked_at_nothing_or_failed_is_not_proven() -> None:
    report = report_of(["a", "b"])
    report.failures.append({"combination": "b", "check": "tests", "why": "it looked at nothing"})
    assert report.missing == ["b"]
    assert "1 proven + 0 refused = 1 of 2" in report.summary()


# Ending early.


@pytest.mark.skipif(os.name != "posix", reason="THERE ARE NO PROCESS GROUPS ON WINDOWS")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_leaves_no_process_and_the_next_one_finishes(
    how: signal.Signals, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    for path in (*matrix.template_files(), *(matrix.ROOT / "proof").rglob("*.*")):
        if "__pycache__" not in path.parts:
            copy = checkout / path.relative_to(matrix.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    one = "flask-none-none-sqlite-none"
    command = [sys.executable, "-m", "proof", one, "--check", "mypy"]
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
    assert "1 proven + 0 refused = 1 of" in again.stdout
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
    files = {"fly.toml": "a", "src/app/main.py": "a"}
    every, of_python = alone_keys(Template(template_copy), fly, files, "alone")
    assert of_python not in alone_keys(Template(template_copy), fly, files, "unshared")
    (project / "_options" / "deploy=fly" / "new.txt").write_text("new\n", encoding="utf-8")
    changed, still = alone_keys(Template(template_copy), fly, files | {"fly.toml": "b"}, "alone")
    assert changed != every
    assert still == of_python
    others = files | {"src/app/main.py": "b"}
    _, other = alone_keys(Template(template_copy), fly, others, "alone")
    assert other != of_python
    (project / "new.txt").write_text("new\n", encoding="utf-8")
    _, other = alone_keys(Template(template_copy), fly, files, "alone")
    assert other != of_python
