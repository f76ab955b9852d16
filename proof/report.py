"""The table that ends a run: combinations x checks, and the sum that must be complete."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

KEPT, SHARED, HERE, FAILED = "kept", "shared", "here", "failed"
WEIGHT = (KEPT, SHARED, HERE, FAILED)  # of what is said of several files, the last is shown
SLOWEST = 10

LEGEND = """Seconds: run here. `shared`: the same files as a combination that ran it. `kept`: the
same as in an earlier run. `alone`: in the complete project, nothing shared."""


@dataclass
class Cell:
    """One check of one combination.

    Attributes:
        how: run here, shared with a combination that ran it, kept from an earlier run, failed.
        seconds: how long it took here.
        executed: how much it looked at.
    """

    how: str
    seconds: float = 0.0
    executed: int = 0


@dataclass
class Report:
    """What a run found.

    Attributes:
        template: the fingerprint of the template's files.
        product: how many combinations the answers make.
        selected: the combinations that this run was to prove.
        proven: cells by combination and check.
        refused: the reason for each combination that the hook refuses, as it must.
        alone: the combinations that shared nothing.
        failures: combination, check, what was found, and the command that finds it again; one
            for each combination.
        seconds: of the whole run.
        variants: combinations with another answer to a question that multiplies nothing.
        not_run: the reason for each variant that this machine cannot run.
        checks: the only checks that were asked for; all if empty.
        expected: the checks that each combination must have passed to be proven.
    """

    template: str
    product: int
    selected: list[str]
    proven: dict[str, dict[str, Cell]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    alone: list[str] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    variants: list[str] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    expected: dict[str, list[str]] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Return the combinations that were to be proven, and are not."""
        failed = {failure["combination"] for failure in self.failures}
        return [
            name
            for name in self.selected
            if name in failed or (name not in self.not_run and self.unchecked(name))
        ]

    def unchecked(self, name: str) -> list[str]:
        """Return the checks that a combination must pass and of which there is no result."""
        cells = self.proven.get(name, {})
        held = [check for check, cell in cells.items() if cell.how != FAILED]
        done = ["refused"] if name in self.refused else held
        wanted = self.expected.get(name, ["generate"])
        if self.checks:
            wanted = [check for check in wanted if check in self.checks]
        return [check for check in wanted if check not in done]

    def summary(self) -> str:
        """Return the last line; a part of the checks proves nothing."""
        failed = {*self.missing, *self.not_run}
        held = [name for name in self.selected if name not in failed]
        seconds = f"in {self.seconds:.0f} s"
        if self.checks:
            every = {check for checks in self.expected.values() for check in checks}
            some = f"{len(self.checks)} of {len(every)} checks"
            return f"{some} held for {len(held)} of {len(self.selected)} combinations, {seconds}"
        variants = [name for name in held if name in self.variants]
        refused = [name for name in held if name in self.refused]
        proven = len(held) - len(variants) - len(refused)
        sum_ = proven + len(refused)
        line = f"{proven} proven + {len(refused)} refused = {sum_} of {self.product} combinations"
        if len(self.selected) - len(self.variants) < self.product:
            line += f" ({len(self.selected)} selected)"
        if self.variants:
            line += f", {len(variants)} of {len(self.variants)} variants"
        return f"{line}, {len(self.alone)} of them alone, {seconds}"

    def table(self) -> str:
        """Return all combinations in Markdown: seconds where a check ran, else whence it is."""
        checks = list(dict.fromkeys(c for cells in self.proven.values() for c in cells))
        rows = [["combination", *checks], ["---", *("---:" for _ in checks)]]
        for name, cells in sorted(self.proven.items()):
            mark = " (alone)" if name in self.alone else ""
            unchecked = self.unchecked(name)
            shown = ["MISSING" if c in unchecked else _shown(cells.get(c)) for c in checks]
            rows.append([name + mark, *shown])
        rows += [[name, *("not run" for _ in checks)] for name in sorted(self.not_run)]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def incomplete(self) -> dict[str, str]:
        """Return what is missing of combinations in which nothing was found wrong."""
        failed = {failure["combination"] for failure in self.failures}
        return {
            name: f"no result of {', '.join(self.unchecked(name))}"
            for name in self.missing
            if name not in failed
        }

    def slowest(self) -> list[str]:
        """Return what took longest, a line each."""
        ran = [
            (cell.seconds, check, name)
            for name, cells in self.proven.items()
            for check, cell in cells.items()
        ]
        lines = sorted(ran, reverse=True)[:SLOWEST]
        return [f"{seconds:7.1f} s  {check:10} {name}" for seconds, check, name in lines]

    def markdown(self) -> str:
        """Return the report as a page."""
        reasons: dict[str, int] = {}
        for reason in self.refused.values():
            reasons[reason] = reasons.get(reason, 0) + 1
        refused = [f"* {count} refused: {reason}." for reason, count in reasons.items()]
        refused += [f"* {name} was not run: {reason}." for name, reason in self.not_run.items()]
        failed = [f"* **{f['combination']}**: {f['check']}" for f in self.failures]
        failed += [f"* **{name}**: {what}" for name, what in self.incomplete().items()]
        parts = [
            f"**{self.summary()}.**",
            "\n".join(failed),
            self.table(),
            LEGEND,
            "\n".join(refused),
            "Slowest:\n\n```text\n" + "\n".join(self.slowest()) + "\n```",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def write(self, folder: Path) -> None:
        """Write the report as JSON and as Markdown."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        (folder / "report.md").write_text(self.markdown(), encoding="utf-8")


def read(path: Path) -> Report:
    """Return a report that was written as JSON."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["proven"] = {
        name: {check: Cell(**cell) for check, cell in cells.items()}
        for name, cells in content["proven"].items()
    }
    return Report(**content)


def merge(reports: list[Report]) -> Report:
    """Return one report for the shards of one run.

    Raises:
        ValueError: they are of different templates, hold some of the checks only, or prove a
            combination twice.
    """
    first = reports[0]
    whole = Report(first.template, first.product, [])
    for report in reports:
        if (report.template, report.product) != (first.template, first.product):
            message = "the reports are of different templates"
            raise ValueError(message)
        if report.checks:
            message = f"a report holds {', '.join(report.checks)} only, not all checks"
            raise ValueError(message)
        if twice := set(whole.selected) & set(report.selected):
            message = f"more than one shard proves {min(twice)}"
            raise ValueError(message)
        whole.selected += report.selected
        whole.proven |= report.proven
        whole.refused |= report.refused
        whole.alone += report.alone
        whole.failures += report.failures
        whole.variants += report.variants
        whole.not_run |= report.not_run
        whole.expected |= report.expected
        whole.seconds = max(whole.seconds, report.seconds)
    return whole


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return f"{cell.seconds:.1f}" if cell.how == HERE else cell.how
