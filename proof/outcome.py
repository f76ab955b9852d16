"""The result of a check."""

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
