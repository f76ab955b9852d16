"""Tests that are laid over a service: which, how, and that nothing of them stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proof import matrix, plumbing
from proof.generation import context

if TYPE_CHECKING:
    from pathlib import Path

MODULES = {
    "common": "tests/unit/test_a.py",
    "common,database": "_options/database=postgresql/tests/unit/test_b.py",
    "jwt": "_options/auth=jwt/tests/unit/test_c.py",
    "any kind": "_options/authenticated=yes/tests/unit/test_d.py",
    "helper": "_options/auth=jwt/tests/helper.py",
}
SOURCE = "async def test() -> None:\n    assert await it()\n"


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of tests to lay, instead of the real one."""
    folder = tmp_path / "owner"
    for name in MODULES.values():
        module = folder / name
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(plumbing, "OWNER", folder)
    monkeypatch.setattr(plumbing, "OPTIONS", folder / "_options")
    return folder


def facts(**answers: str) -> set[str]:
    """Return the facts of some answers."""
    found: set[str] = plumbing.hook().facts(context(matrix.ROOT, answers)["cookiecutter"])
    return found


@pytest.mark.usefixtures("owner")
def test_what_is_laid_depends_on_answers_and_is_taken_away(tmp_path: Path) -> None:
    service = tmp_path / "service"
    (service / "tests").mkdir(parents=True)
    with plumbing.laid(service, facts(auth="jwt+api_key", database="sqlite")) as modules:
        assert modules.common == ["tests/unit/test_a.py"]
        assert modules.auth == ["tests/unit/test_c.py", "tests/unit/test_d.py"]
        assert (service / "tests/helper.py").read_text("utf-8") == SOURCE
    assert [path for path in service.rglob("*") if path.is_file()] == []
    with plumbing.laid(service, facts(auth="none", database="postgresql")) as modules:
        assert modules.common == ["tests/unit/test_a.py", "tests/unit/test_b.py"]
        assert modules.auth == []


@pytest.mark.usefixtures("owner")
def test_tests_are_synchronous_where_the_service_is(tmp_path: Path) -> None:
    with plumbing.laid(tmp_path, facts(framework="flask")):
        text = (tmp_path / "tests/unit/test_a.py").read_text("utf-8")
        assert text == "def test() -> None:\n    assert it()\n"


@pytest.mark.usefixtures("owner")
def test_a_file_of_the_service_is_never_replaced(tmp_path: Path) -> None:
    own = tmp_path / "tests/unit/test_a.py"
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="utf-8")
    clash = pytest.raises(FileExistsError, match=r"tests/unit/test_a\.py")
    with clash, plumbing.laid(tmp_path, facts()):
        pytest.fail("they are laid")
    assert own.read_text("utf-8") == "mine"


def test_a_result_is_kept_until_what_was_laid_changes(owner: Path) -> None:
    def told() -> str:
        plumbing.digest_of_laid.cache_clear()  # as in the next run
        answers = {"framework": "fastapi", "auth": "none", "database": "sqlite"}
        return str(plumbing.told_of(answers, facts(**answers))["sources"])

    before = told()
    (owner / MODULES["jwt"]).write_text("", encoding="utf-8")
    assert told() == before
    (owner / MODULES["common"]).write_text("", encoding="utf-8")
    assert told() != before
