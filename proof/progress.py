"""Telling how far a run is: a line that changes on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time

EVERY_SECONDS = 10


class Progress:
    """Counts what is done of some work whose duration is guessed from earlier runs."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._started = time.monotonic()
        self._told = 0.0
        self._live = sys.stdout.isatty()
        self._now = ""

    def begin(self, what: str, expected: list[float]) -> None:
        """Begin with work whose parts take so many seconds each."""
        self._what = what
        self._count = len(expected)
        self._done = 0
        self._left = sum(expected)
        self._tell(force=True)

    def finish(self, expected: float, now: str) -> None:
        """Tell that a part is done, and which one."""
        self._done += 1
        self._left -= expected
        self._now = now
        self._tell(force=self._done == self._count)

    def say(self, text: str) -> None:
        """Write something that stays."""
        if self._live:
            print("\r\x1b[K", end="")
        print(text, flush=True)

    def _tell(self, *, force: bool) -> None:
        elapsed = time.monotonic() - self._started
        if not (force or self._live or elapsed - self._told > EVERY_SECONDS):
            return
        self._told = elapsed
        left = max(self._left, 0.0) / self._jobs
        line = f"[{elapsed:4.0f} s] {self._what}: {self._done} of {self._count}"
        if self._done < self._count:
            line += f", about {left:.0f} s left"
        if self._live:
            print(f"\r\x1b[K{line}  {self._now[:60]}", end="\n" if force else "", flush=True)
        else:
            print(line, flush=True)
