"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """How much a check looked at, and what it found wrong.

    Attributes:
        executed: files read, tests run, contracts kept; a check that looked at nothing
            has proven nothing.
        complaints: what is wrong, a line or a page each.
        seconds: how long it took.
    """

    executed: int
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Return whether something was looked at and nothing was wrong."""
        return self.executed > 0 and not self.complaints

    def why(self) -> list[str]:
        """Return what is to be said of it."""
        return self.complaints or ([] if self.executed else ["it looked at nothing"])
