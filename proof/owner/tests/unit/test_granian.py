from __future__ import annotations

import pytest
from granian.server import MPServer
from granian.server.common import AbstractServer

from app.commands._server import check_granian
from app.errors import ConfigurationError


def test_a_version_of_granian_that_differs_is_refused_by_what_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_granian()
    monkeypatch.setattr(MPServer, "_spawn_worker", lambda self: self._shd)
    with pytest.raises(ConfigurationError, match=r"_spawn_worker lacks _sso$"):
        check_granian()
    monkeypatch.delattr(AbstractServer, "_respawn_workers")
    with pytest.raises(ConfigurationError, match=r"_respawn_workers is missing$"):
        check_granian()
