from __future__ import annotations

from multiprocessing import Pipe
from signal import SIGTERM
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
        port=8000,
        inherited=0,  # it never listens
        **SERVER_OPTIONS,
    )

    def serve(*, target_loader: partial[Callable[..., Any]]) -> None:
        (receiver,) = target_loader.args
        assert not receiver.poll()
        server.signal_handler_interrupt(SIGTERM)
        assert receiver.poll(SECONDS)
        assert not server.interrupt_signal
        server.signal_handler_interrupt(SIGTERM)
        assert server.main_loop_interrupt.wait(SECONDS)

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr("multiprocessing.set_start_method", lambda *_, **__: None)
    monkeypatch.setattr("os.register_at_fork", lambda **_: None, raising=False)
    server.run(drain_seconds=600)
    assert server.interrupt_signal


@pytest.mark.usefixtures("scratch")
def test_a_worker_drains_when_the_end_is_announced() -> None:
    receiver, sender = Pipe(duplex=False)
    assert callable(load(receiver, "app.main:create_app"))
    assert not DRAINING.is_set()
    sender.close()
    assert DRAINING.wait(SECONDS)
    DRAINING.clear()
