from __future__ import annotations

import os
from multiprocessing import Pipe
from signal import SIGTERM
from threading import Event
from typing import TYPE_CHECKING

import pytest

from app.commands._server import Server, load
from app.core.server import DRAINING, SERVER_OPTIONS
from tests.processes import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from functools import partial
    from typing import Any


def test_a_signal_is_announced_and_a_second_one_obeyed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(
        "app.main:create_app",
        address="127.0.0.1",
        port=0,
        inherited=None,
        reload=False,
        shutdown_seconds=1,
        **SERVER_OPTIONS,
    )

    def serve(*, target_loader: partial[Callable[..., Any]]) -> None:
        draining, ending, _ = target_loader.args
        assert not draining.poll()
        server.signal_handler_interrupt(SIGTERM)
        assert draining.poll(SECONDS)
        assert not server.main_loop_interrupt.is_set()
        server.signal_handler_interrupt(SIGTERM)
        assert server.main_loop_interrupt.wait(SECONDS)
        assert not ending.poll()

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr("multiprocessing.set_start_method", lambda *_, **__: None)
    monkeypatch.setattr("os.register_at_fork", lambda **_: None, raising=False)
    server.run(drain_seconds=600)


@pytest.mark.usefixtures("scratch")
def test_a_worker_drains_when_told_and_ends_with_the_main_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signals = []
    ended = Event()
    monkeypatch.setattr(os, "kill", lambda *call: signals.append(call))
    monkeypatch.setattr(os, "_exit", lambda _: ended.set())
    draining, drain = Pipe(duplex=False)
    ending, end = Pipe(duplex=False)
    assert callable(load(draining, ending, 1, "app.main:create_app"))
    assert not DRAINING.is_set()
    drain.close()
    assert DRAINING.wait(SECONDS)
    assert not signals
    end.close()
    assert ended.wait(SECONDS)
    assert signals == [(os.getpid(), SIGTERM)]
    DRAINING.clear()
