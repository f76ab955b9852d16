"""Count the proofs: every combination of answers is proven, or proven to be refused.

A record counts only for the very template that it was made for.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from tests import matrix

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = matrix.ROOT / ".cache" / "proof"


def record_of(name: str) -> Path:
    """Return where the proof of a combination is kept."""
    return RECORDS / f"{name}.json"


def read_records() -> dict[str, dict[str, Any]]:
    """Return the proofs of this template, by combination."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in RECORDS.glob("*-*.json")]
    current = matrix.digest()
    return {record["combination"]: record for record in records if record["template"] == current}


def table(records: dict[str, dict[str, Any]]) -> str:
    """Return combinations x checks in Markdown: the seconds that each took, or `shared`."""
    checks = list(dict.fromkeys(check for proof in records.values() for check in proof["results"]))
    rows = [
        [name, *(record["results"].get(check, "-") for check in checks)]
        for name, record in sorted(records.items())
    ]
    header = [["combination", *checks], ["---", *("---:" for _ in checks)]]
    return "\n".join(f"| {' | '.join(row)} |" for row in header + rows)


def main() -> None:
    """Print the table and the sum; fail if a combination is missing."""
    combinations = matrix.product(matrix.read_questions())
    records = read_records()
    missing = [c.id for c in combinations if c.id not in records]
    refused = [c.id for c in combinations if c.id in records and c.refused_because]
    print(table(records))
    proven = len(combinations) - len(missing) - len(refused)
    print(f"\n{len(combinations)} combinations: {proven} proven, {len(refused)} refused.")
    if missing:
        sys.exit(f"{len(missing)} not proven: {', '.join(missing)}")


if __name__ == "__main__":
    main()
