"""The rules about keys; no database is needed to test them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from app.auth.api_keys import ApiKeyOverError
from app.auth.errors import InsufficientScopeError
from app.core.ids import uuid7
from app.models.base import utc_now
from app.schemas.api_keys import ApiKeyCreate, ApiKeyRotate
from app.scopes import ADMIN, Scope, all_scopes
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


async def test_an_expired_key_is_not_rotated(keys: ApiKeyService, clock: Clock) -> None:
    ends = clock.now + DAY
    data = ApiKeyCreate(name="ci", scopes=[ITEMS_READ], expires_at=ends)
    expired = await keys.create(data, OWNER)
    clock.now = ends
    with pytest.raises(ApiKeyOverError):
        await keys.rotate(expired.id, AT_ONCE)


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


async def test_making_a_key_forgets_those_that_ended_30_days_ago(
    keys: ApiKeyService,
    repository: KeysInMemory,
    clock: Clock,
) -> None:
    await keys.create(READ, OWNER)
    assert repository.purged_before == clock.now - 30 * DAY
    number = await keys.purge()
    assert number == 7
