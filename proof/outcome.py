"""The result of a check."""

from __future__ import annotations

import re
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proof.commands import CommandError
from proof.surroundings import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_RUN = re.compile(r"\b\d+ (?:skipped|deselected|xfailed|xpassed|warnings?)\b")


@dataclass
class Outcome:
    """How much a check looked at, and what it found wrong.

    Attributes:
        executed: files read, tests run, contracts kept; a check that looked at nothing
            has proven nothing.
        complaints: what is wrong, a line or a page each.
        seconds: how long it took.
        missing: what the check needs and did not find on this machine. It was not run, or not
            all of it, so that nothing is proven, and the result is not kept.
    """

    executed: int
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0
    missing: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Return whether something was looked at, all of it, and nothing was wrong."""
        return self.executed > 0 and not self.complaints and not self.missing

    def why(self) -> list[str]:
        """Return why it did not hold."""
        if self.complaints or self.missing:
            return [*self.complaints, *(f"NOT RUN: {what}" for what in self.missing)]
        return [] if self.executed else ["it looked at nothing"]


def tests_passed(output: str) -> int:
    """Return how many tests passed, as pytest reports it."""
    passed = re.search(r"\b(\d+) passed\b", output)
    return int(passed[1]) if passed else 0


def counted(output: str, expected: int) -> Outcome:
    """Return what pytest counted; complain of tests that were not run, or are not there."""
    outcome = Outcome(tests_passed(output))
    outcome.complaints = [f"pytest reports {found[0]}" for found in NOT_RUN.finditer(output)]
    if outcome.executed != expected:
        outcome.complaints.append(
            f"{outcome.executed} tests passed, and proof/ledger.toml says {expected}; "
            "if that is wanted, `nox -s ledger` renews it"
        )
    return outcome


def timed(step: Callable[[], Outcome]) -> Outcome:
    """Take a step of a check; return what it found, how long it took, and what it missed.

    That it breaks off is a finding, too: files that are wrong break checks in any way.
    """
    started = time.perf_counter()
    try:
        outcome = step()
    except CommandError as error:
        outcome = Outcome(1, [str(error)])
    except MissingError as missing:
        outcome = Outcome(0, missing=[str(missing)])
    except Exception:  # noqa: BLE001 -- each breaks off in its own way
        outcome = Outcome(1, [traceback.format_exc()])
    outcome.seconds = time.perf_counter() - started
    return outcome
