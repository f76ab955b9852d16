from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.settings.database import DatabaseSettings


def test_a_file_needs_no_password() -> None:
    given = {"url": "sqlite:///app.db", "password": "secret"}
    assert DatabaseSettings.model_validate(given).address().password is None


def test_a_file_is_unsafe_where_there_is_a_server() -> None:
    with pytest.raises(ValidationError, match="use postgresql://"):
        DatabaseSettings.model_validate(
            {"url": "sqlite:////data/app.db"}, context={"deployed": True}
        )
