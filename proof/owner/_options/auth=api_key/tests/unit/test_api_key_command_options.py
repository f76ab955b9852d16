"""Options and refusals of `app api-keys`, and `app purge`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.auth.api_keys import make_key
from app.models.api_key import ApiKey
from tests.key_commands import create, printed, run
from tests.statements import execute, tables

if TYPE_CHECKING:
    from click.testing import Result

    from app.auth.api_keys import Key

pytestmark = pytest.mark.usefixtures("own_database")


def id_of(url: str, key: Key) -> str:
    ((api_key_id,),) = execute(url, select(ApiKey.id).where(ApiKey.key_id == key.id))
    return str(api_key_id)


def assert_is_refusal(result: Result, reason: str) -> None:
    assert result.exit_code in {1, 2}, result.output
    assert isinstance(result.exception, SystemExit)
    assert reason in result.stderr
    assert "Traceback" not in result.output


def test_a_key_is_made_on_a_fresh_database_and_printed_once(own_database: str) -> None:
    result = create("--scope", "items:write")
    key = printed(result)
    columns = (ApiKey.secret_hash, ApiKey.name, ApiKey.scopes, ApiKey.expires_at)
    ((kept, name, scopes, expires_at),) = execute(own_database, select(*columns))
    assert kept == key.secret_hash
    assert (name, scopes) == ("ci", ["admin", "items:write"])
    assert expires_at is None
    assert key.secret not in result.stderr
    assert "key_made" in result.stderr


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
    ],
)
def test_a_key_can_be_made_for_a_time(
    own_database: str, length: str, expected: timedelta
) -> None:
    printed(create("--expires-in", length))
    times = select(ApiKey.expires_at, ApiKey.created_at)
    ((ends, made),) = execute(own_database, times)
    assert abs(ends - made - expected) < timedelta(seconds=10)


@pytest.mark.parametrize(
    "length", ["", "90", "d", "1w", "-1d", "1.5h", "9d ", "9 d", "٣d", "36501d", "9e9d"]
)
def test_what_is_no_length_of_time_is_a_usage_error(length: str) -> None:
    result = create("--expires-in", length)
    assert result.exit_code == 2
    assert_is_refusal(result, "--expires-in")


def test_a_key_cannot_have_ended_already() -> None:
    assert_is_refusal(create("--expires-in", "0s"), "must be in the future")


@pytest.mark.parametrize("name", ["", "a" * 201, "a\x00"])
def test_an_impossible_name_is_refused(name: str) -> None:
    assert_is_refusal(create(name=name), "name: ")


@pytest.mark.parametrize("scope", ["", "root", "ADMIN", "items:read,items:write"])
def test_an_unknown_scope_is_a_usage_error(scope: str) -> None:
    assert_is_refusal(create(scope=scope), "--scope")


def test_a_list_shows_the_newest_first_and_no_key(own_database: str) -> None:
    first = printed(create(name="first"))
    second = printed(create("--expires-in", "90d", name="second"))
    run("api-keys", "revoke", id_of(own_database, first))
    used = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    execute(own_database, update(ApiKey).values(last_used_at=used))
    result = run("api-keys", "list")
    assert result.exit_code == 0, result.output
    newest, oldest = (line.split("\t") for line in result.stdout.splitlines())
    assert newest[0] == id_of(own_database, second)
    assert newest[1] == f"{second.prefix}_...{second.last4}"
    assert newest[2:4] == ["second", "admin"]
    assert newest[5] == "used 2026-01-02 03:04"
    assert oldest[4].startswith("ends revoked ")
    assert first.secret not in result.output


def test_a_list_of_nothing_is_empty() -> None:
    result = run("api-keys", "list")
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_long_list_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.commands._api_keys._PAGE", 2)
    keys = [printed(create()) for _ in range(5)]
    lines = run("api-keys", "list").stdout.splitlines()
    assert [line.split("\t")[1][:12] for line in lines] == [
        key.prefix for key in keys[::-1]
    ]


def test_an_overlap_has_a_longest_length(own_database: str) -> None:
    key = printed(create())
    rotate = ("api-keys", "rotate", id_of(own_database, key), "--overlap")
    assert_is_refusal(run(*rotate, "31d"), "not be longer than 30 days")
    assert run(*rotate, "30d").exit_code == 0


def test_a_key_that_is_over_is_not_rotated(own_database: str) -> None:
    api_key_id = id_of(own_database, printed(create()))
    revoked = run("api-keys", "revoke", api_key_id)
    assert revoked.exit_code == 0, revoked.output
    assert api_key_id in revoked.stdout
    assert_is_refusal(run("api-keys", "rotate", api_key_id), "revoked, expired or")


@pytest.mark.parametrize(
    "seen",
    ["{0.prefix}", "{0.prefix}_a", " {0.text}\n", "'{0.text}'", "X-API-Key: {0.text}"],
)
def test_a_key_is_rotated_by_what_is_seen_of_it(seen: str) -> None:
    old = printed(create(name="old"))
    printed(create(name="other"))
    new = printed(run("api-keys", "rotate", seen.format(old)))
    newest, *_ = run("api-keys", "list").stdout.splitlines()
    _, shown, name, *_ = newest.split("\t")
    assert (shown[:12], name) == (new.prefix, "old")


@pytest.mark.parametrize("command", ["rotate", "revoke"])
@pytest.mark.parametrize(
    "unknown",
    [
        str(UUID(int=0)),
        "app_12345678",
        pytest.param(make_key().text, id="a new key"),
    ],
)
def test_an_unknown_key_is_refused(command: str, unknown: str) -> None:
    printed(create())
    result = run("api-keys", command, unknown)
    assert_is_refusal(result, "Resource not found")
    assert unknown not in result.output


@pytest.mark.parametrize("command", ["rotate", "revoke"])
@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "app_1234567", "app_123456789", "12345678", "_app_12345678"],
)
def test_what_names_no_key_is_a_usage_error(command: str, text: str) -> None:
    result = run("api-keys", command, text)
    assert result.exit_code == 2
    assert_is_refusal(result, "must be an id, or begin like a key")


def test_a_name_cannot_imitate_a_line_of_the_list() -> None:
    made = create(name="ci\n\x1b[2Jid\tapp_12345678_...1234")
    (line,) = run("api-keys", "list").stdout.splitlines()
    assert len(line.split("\t")) == 7
    assert "\x1b" not in line + made.output


def test_purge_deletes_keys_that_ended_30_days_ago_and_no_others(
    own_database: str,
) -> None:
    good, *ended = [printed(create()).id for _ in range(5)]
    for days, (expired, revoked) in ((31, ended[:2]), (29, ended[2:])):
        moment = datetime.now(UTC) - timedelta(days=days)
        one, other = (
            update(ApiKey).where(ApiKey.key_id == id_) for id_ in (expired, revoked)
        )
        execute(
            own_database, one.values(expires_at=moment), other.values(revoked_at=moment)
        )
    result = run("purge")
    assert result.exit_code == 0, result.output
    assert "Deleted 2 API keys" in result.stdout
    found = execute(own_database, select(ApiKey.key_id))
    assert {key_id for (key_id,) in found} == {good, *ended[2:]}


def test_outside_development_commands_do_not_migrate(own_database: str) -> None:
    result = run("api-keys", "list", ENVIRONMENT="test")
    assert_is_refusal(result, "unavailable")
    assert tables(own_database) == set()


@pytest.mark.parametrize("command", ["create", "list", "rotate", "revoke"])
def test_every_command_has_help(command: str) -> None:
    result = run("api-keys", command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert command in run("api-keys", "--help").output
