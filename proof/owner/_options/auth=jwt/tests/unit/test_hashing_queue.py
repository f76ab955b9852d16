from __future__ import annotations

from threading import Event, Lock

import pytest

from app.auth.hashing_queue import HashingQueue
from app.errors import UnavailableError
from tests.client import all_at_once
from tests.processes import SECONDS


async def test_whoever_finds_no_place_in_the_queue_is_told_to_come_back() -> None:
    queue, refused = HashingQueue(slots=1, places=3), Event()

    async def call() -> str:
        try:
            await queue.run(refused.wait, SECONDS)
        except UnavailableError as error:
            refused.set()
            return error.headers["Retry-After"]
        return "served"

    results = await all_at_once([call] * 4)
    assert sorted(results) == ["2", "served", "served", "served"]
    assert await queue.run(lambda: "served") == "served"


async def test_no_more_run_at_once_than_there_are_slots() -> None:
    queue, lock = HashingQueue(slots=2, places=9), Lock()

    def run() -> int:
        with lock:
            running.append(1)
            now = len(running)
        running.pop()
        return now

    running: list[int] = []

    async def call() -> int:
        return await queue.run(run)

    assert max(await all_at_once([call] * 9)) <= 2


async def test_a_hash_that_fails_leaves_its_place() -> None:
    queue = HashingQueue(slots=1, places=1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await queue.run(lambda: 1 // 0)
