"""The rules about keys; no database is needed to test them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from app.auth.api_keys import ApiKeyOverError, parse_key
from app.auth.errors import InsufficientScopeError
from app.core.errors import NotFoundError
from app.core.ids import uuid7
from app.models.base import utc_now
from app.schemas.api_keys import ApiKeyCreate, ApiKeyRotate
from app.schemas.pages import PageQuery
from app.scopes.base import ADMIN, Scope, all_scopes
from app.scopes.items import ITEMS_READ, ITEMS_WRITE
from app.services import api_keys
from app.services.api_keys import ApiKeyService

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.api_key import ApiKey

OWNER = uuid4()
HERE = "192.0.2.1"
READ = ApiKeyCreate(name="ci", scopes=[ITEMS_READ])
AT_ONCE = ApiKeyRotate()
DAY = timedelta(days=1)


class KeysInMemory:
    """A repository that is a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept: dict[UUID, ApiKey] = {}
        self.purged_before: datetime | None = None

    async def add(self, key: ApiKey) -> None:
        key.id = uuid7()
        key.created_at = key.updated_at = self._clock()
        self.kept[key.id] = key

    async def find(self, api_key_id: UUID) -> ApiKey | None:
        return self.kept.get(api_key_id)

    async def list(self, *, offset: int, limit: int) -> Sequence[ApiKey]:
        newest_first = [*self.kept.values()][::-1]
        return newest_first[offset : offset + limit]

    async def count(self) -> int:
        return len(self.kept)

    async def save(self, key: ApiKey) -> None:
        assert key.id in self.kept

    async def purge(self, before: datetime) -> int:
        self.purged_before = before
        return 7


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(api_keys, "utc_now", clock)
    return clock


@pytest.fixture
def repository(clock: Clock) -> KeysInMemory:
    return KeysInMemory(clock)


@pytest.fixture
def keys(repository: KeysInMemory) -> ApiKeyService:
    return ApiKeyService(repository, [ADMIN], HERE)


async def test_of_a_made_key_only_a_hash_is_kept(
    keys: ApiKeyService,
    repository: KeysInMemory,
) -> None:
    made = await keys.create(READ, OWNER)
    key = parse_key(made.key)
    assert key is not None
    row = repository.kept[made.id]
    assert (row.owner_id, row.key_id, row.secret_hash) == (
        OWNER,
        key.id,
        key.secret_hash,
    )
    assert (made.prefix, made.last4) == (key.prefix, key.last4)
    assert (made.name, made.scopes, made.expires_at) == ("ci", ["items:read"], None)
    assert key.secret not in str(vars(row))


async def test_scopes_are_kept_once_and_in_order(keys: ApiKeyService) -> None:
    scopes = [ITEMS_WRITE, ITEMS_READ, ITEMS_WRITE]
    made = await keys.create(ApiKeyCreate(name="ci", scopes=scopes), OWNER)
    assert made.scopes == ["items:read", "items:write"]


@pytest.mark.parametrize(
    ("held", "wanted", "missing"),
    [
        ([ITEMS_READ], [ITEMS_WRITE], "items:write"),
        ([ITEMS_READ], [ITEMS_READ, ITEMS_WRITE], "items:write"),
        ([ITEMS_READ, ITEMS_WRITE], [ADMIN], "admin"),
        ([], [ITEMS_READ], "items:read"),
    ],
)
async def test_nobody_makes_a_key_that_may_do_more_than_they_may(
    repository: KeysInMemory,
    held: list[Scope],
    wanted: list[Scope],
    missing: str,
) -> None:
    keys = ApiKeyService(repository, held, HERE)
    with pytest.raises(InsufficientScopeError) as refusal:
        await keys.create(ApiKeyCreate(name="ci", scopes=wanted), OWNER)
    assert f'scope="{missing}"' in refusal.value.headers["WWW-Authenticate"]
    assert repository.kept == {}


@pytest.mark.parametrize("wanted", all_scopes())
async def test_administrators_make_keys_of_every_scope(
    keys: ApiKeyService,
    wanted: Scope,
) -> None:
    made = await keys.create(ApiKeyCreate(name="ci", scopes=[wanted]), OWNER)
    assert made.scopes == [wanted]


async def test_a_page_shows_the_newest_first_and_no_key(keys: ApiKeyService) -> None:
    made = [await keys.create(READ, OWNER) for _ in range(3)]
    page = await keys.list(PageQuery(size=2))
    assert [key.id for key in page.items] == [made[2].id, made[1].id]
    assert (page.total, page.pages) == (3, 2)
    assert made[2].key not in page.model_dump_json()


async def test_a_rotated_key_keeps_its_owner_its_name_and_its_scopes(
    keys: ApiKeyService,
    repository: KeysInMemory,
) -> None:
    old = await keys.create(READ, OWNER)
    new = await keys.rotate(old.id, AT_ONCE)
    assert new.id != old.id
    assert new.key != old.key
    assert (new.name, new.scopes) == (old.name, old.scopes)
    assert repository.kept[new.id].owner_id == OWNER


@pytest.mark.parametrize("seconds", [0, 1, 86_400])
async def test_the_old_key_ends_with_the_overlap(
    keys: ApiKeyService,
    repository: KeysInMemory,
    clock: Clock,
    seconds: int,
) -> None:
    old = await keys.create(READ, OWNER)
    new = await keys.rotate(old.id, ApiKeyRotate(overlap_seconds=seconds))
    ends = clock.now + timedelta(seconds=seconds)
    assert repository.kept[old.id].expires_at == ends
    assert new.expires_at is None


async def test_the_overlap_does_not_prolong_the_old_key(
    keys: ApiKeyService,
    repository: KeysInMemory,
    clock: Clock,
) -> None:
    ends = clock.now + timedelta(hours=1)
    data = ApiKeyCreate(name="ci", scopes=[ITEMS_READ], expires_at=ends)
    old = await keys.create(data, OWNER)
    await keys.rotate(old.id, ApiKeyRotate(overlap_seconds=7200))
    assert repository.kept[old.id].expires_at == ends


async def test_the_new_key_lives_as_long_as_the_old_one_was_to(
    keys: ApiKeyService,
    clock: Clock,
) -> None:
    ends = clock.now + 90 * DAY
    data = ApiKeyCreate(name="ci", scopes=[ITEMS_READ], expires_at=ends)
    old = await keys.create(data, OWNER)
    clock.now += 80 * DAY
    new = await keys.rotate(old.id, AT_ONCE)
    assert new.expires_at == clock.now + 90 * DAY


async def test_a_life_until_the_end_of_time_gets_no_longer(
    keys: ApiKeyService,
    clock: Clock,
) -> None:
    last = datetime.max.replace(tzinfo=UTC)
    data = ApiKeyCreate(name="ci", scopes=[ITEMS_READ], expires_at=last)
    old = await keys.create(data, OWNER)
    clock.now += DAY
    new = await keys.rotate(old.id, AT_ONCE)
    assert new.expires_at == last


async def test_a_key_is_rotated_once(keys: ApiKeyService) -> None:
    old = await keys.create(READ, OWNER)
    await keys.rotate(old.id, ApiKeyRotate(overlap_seconds=60))
    with pytest.raises(ApiKeyOverError):
        await keys.rotate(old.id, ApiKeyRotate(overlap_seconds=60))


async def test_what_is_over_is_not_rotated(keys: ApiKeyService, clock: Clock) -> None:
    revoked = await keys.create(READ, OWNER)
    await keys.revoke(revoked.id)
    ends = clock.now + DAY
    data = ApiKeyCreate(name="ci", scopes=[ITEMS_READ], expires_at=ends)
    expired = await keys.create(data, OWNER)
    clock.now = ends
    for key in (revoked, expired):
        with pytest.raises(ApiKeyOverError):
            await keys.rotate(key.id, AT_ONCE)


async def test_nobody_rotates_a_key_that_may_do_more_than_they_may(
    keys: ApiKeyService,
    repository: KeysInMemory,
) -> None:
    strong = await keys.create(ApiKeyCreate(name="ci", scopes=[ADMIN]), OWNER)
    weaker = ApiKeyService(repository, [ITEMS_READ], HERE)
    with pytest.raises(InsufficientScopeError):
        await weaker.rotate(strong.id, AT_ONCE)
    assert repository.kept[strong.id].rotated_at is None


async def test_a_revoked_key_stays_revoked_since_then(
    keys: ApiKeyService,
    repository: KeysInMemory,
    clock: Clock,
) -> None:
    made = await keys.create(READ, OWNER)
    revoked_at = clock.now
    await keys.revoke(made.id)
    clock.now += DAY
    await keys.revoke(made.id)
    assert repository.kept[made.id].revoked_at == revoked_at


async def test_an_unknown_key_is_not_found(keys: ApiKeyService) -> None:
    with pytest.raises(NotFoundError):
        await keys.rotate(uuid4(), AT_ONCE)
    with pytest.raises(NotFoundError):
        await keys.revoke(uuid4())


async def test_making_a_key_forgets_those_that_ended_30_days_ago(
    keys: ApiKeyService,
    repository: KeysInMemory,
    clock: Clock,
) -> None:
    await keys.create(READ, OWNER)
    assert repository.purged_before == clock.now - 30 * DAY
    number = await keys.purge()
    assert number == 7


async def test_what_happens_to_keys_is_on_record_without_them(
    keys: ApiKeyService,
) -> None:
    with capture_logs() as events:
        old = await keys.create(READ, OWNER)
        new = await keys.rotate(old.id, AT_ONCE)
        await keys.revoke(new.id)
        await keys.revoke(new.id)
    told = [(event["event"], event["key_id"], event["client"]) for event in events]
    assert told == [
        ("key_made", old.prefix, HERE),
        ("key_rotated", new.prefix, HERE),
        ("key_revoked", new.prefix, HERE),
    ]
    assert events[1]["rotated"] == old.prefix
    for key in (old.key, new.key):
        assert key[13:] not in str(events)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a" * 201},
        {"name": "a\x00"},
        {"scopes": []},
        {"scopes": ["root"]},
        {"scopes": ["admin"] * 100},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2100-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"expires_at": "soon"},
        {"expires_at": 1e300},
        {"owner_id": str(OWNER)},
    ],
)
def test_an_impossible_key_is_refused(changes: dict[str, Any]) -> None:
    valid = {"name": "ci", "scopes": ["items:read"]}
    ApiKeyCreate.model_validate(valid)
    with pytest.raises(ValidationError):
        ApiKeyCreate.model_validate(valid | changes)


@pytest.mark.parametrize("seconds", [-1, 2_592_001, 0.5, "soon", None])
def test_an_impossible_overlap_is_refused(seconds: object) -> None:
    with pytest.raises(ValidationError):
        ApiKeyRotate.model_validate({"overlap_seconds": seconds})
