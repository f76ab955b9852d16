"""The rules about accounts; no database is needed to test them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from app.auth.attempt_limiter import AttemptLimiter
from app.auth.passwords import Passwords, WeakPasswordError, WrongPasswordError
from app.core.errors import NotFoundError
from app.core.ids import uuid7
from app.core.settings.auth import AuthSettings
from app.core.settings.sections import RateLimitSettings
from app.models.base import utc_now
from app.repositories.users import EmailTakenError
from app.schemas.pages import PageQuery
from app.schemas.users import PasswordChange, ProfileUpdate, UserPublic, UserUpdate
from app.scopes.base import ADMIN
from app.scopes.items import ITEMS_READ
from app.services.users import UserService
from tests.settings import AUTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.user import User

ADA = "ada@example.org"
PASSWORD = "a password for tests"
NEW_PASSWORD = "another password for tests"


class UsersInMemory:
    """A repository that is a dictionary, and notes whose sessions it has ended."""

    def __init__(self) -> None:
        self.rows: dict[UUID, User] = {}
        self.ended: list[UUID] = []

    async def add(self, user: User) -> None:
        user.id = uuid7()
        user.is_active = True
        user.created_at = utc_now()
        await self.save(user)
        self.rows[user.id] = user

    async def find(self, user_id: UUID) -> User | None:
        return self.rows.get(user_id)

    async def find_by_email(self, email: str) -> User | None:
        found = [user for user in self.rows.values() if user.email == email]
        return found[0] if found else None

    async def list(self, *, offset: int, limit: int) -> Sequence[User]:
        return list(self.rows.values())[::-1][offset : offset + limit]

    async def count(self) -> int:
        return len(self.rows)

    async def save(self, user: User) -> None:
        others = (other for other in self.rows.values() if other is not user)
        if user.email in {other.email for other in others}:
            raise EmailTakenError
        user.updated_at = utc_now()

    async def delete(self, user: User) -> None:
        del self.rows[user.id]

    async def end_sessions(self, user_id: UUID) -> None:
        self.ended.append(user_id)


@pytest.fixture
def repository() -> UsersInMemory:
    return UsersInMemory()


@pytest.fixture
def users(repository: UsersInMemory) -> UserService:
    settings = AuthSettings.model_validate(AUTH)
    limiter = AttemptLimiter(RateLimitSettings())
    return UserService(repository, Passwords(settings), limiter, settings)


@pytest.fixture
async def ada(users: UserService) -> UserPublic:
    return await users.create(ADA, PASSWORD, [ITEMS_READ])


async def test_a_created_account_can_be_got(
    users: UserService,
    ada: UserPublic,
) -> None:
    assert (ada.email, ada.name, ada.scopes) == (ADA, None, ["items:read"])
    found = await users.get(ada.id)
    assert found == ada


async def test_an_unknown_account_is_not_found(users: UserService) -> None:
    with pytest.raises(NotFoundError):
        await users.get(uuid4())
    with pytest.raises(NotFoundError):
        await users.administer(uuid4(), UserUpdate(is_active=False))
    with pytest.raises(NotFoundError):
        await users.set_password("nobody@example.org", NEW_PASSWORD)


@pytest.mark.usefixtures("ada")
async def test_an_address_is_taken_once(users: UserService) -> None:
    with pytest.raises(EmailTakenError):
        await users.create(ADA, PASSWORD, [])


async def test_a_page_knows_how_many_there_are(users: UserService) -> None:
    for number in range(5):
        await users.create(f"user{number}@example.org", PASSWORD, [])
    page = await users.list(PageQuery(page=2, size=2))
    assert [user.email[:5] for user in page.items] == ["user2", "user1"]
    assert (page.page, page.size, page.total, page.pages) == (2, 2, 5, 3)


async def test_only_the_fields_that_are_sent_change(
    users: UserService,
    ada: UserPublic,
) -> None:
    named = await users.update_profile(ada.id, ProfileUpdate(name="Ada"))
    assert (named.email, named.name) == (ADA, "Ada")
    same = await users.update_profile(ada.id, ProfileUpdate())
    assert (same.email, same.name) == (ADA, "Ada")
    unnamed = await users.update_profile(ada.id, ProfileUpdate(name=None))
    assert unnamed.name is None


@pytest.mark.parametrize("password", [None, "", "a wrong password", NEW_PASSWORD])
async def test_a_new_address_needs_the_password(
    users: UserService,
    ada: UserPublic,
    password: str | None,
) -> None:
    sent = {"email": "new@example.org", "current_password": password}
    with pytest.raises(WrongPasswordError):
        await users.update_profile(ada.id, ProfileUpdate.model_validate(sent))
    unchanged = await users.get(ada.id)
    assert unchanged == ada


async def test_with_the_password_the_address_changes(
    users: UserService,
    ada: UserPublic,
) -> None:
    sent = {"email": "New@Example.org", "current_password": PASSWORD}
    changed = await users.update_profile(ada.id, ProfileUpdate.model_validate(sent))
    assert changed.email == "new@example.org"


async def test_the_same_address_in_another_case_is_no_change(
    users: UserService,
    ada: UserPublic,
) -> None:
    same = await users.update_profile(ada.id, ProfileUpdate(email=ADA.upper()))
    assert same.email == ADA


def change(current: str, new: str) -> PasswordChange:
    return PasswordChange.model_validate(
        {"current_password": current, "new_password": new},
    )


async def test_a_new_password_needs_the_current_one(
    users: UserService,
    repository: UsersInMemory,
    ada: UserPublic,
) -> None:
    kept = repository.rows[ada.id].password_hash
    with pytest.raises(WrongPasswordError):
        await users.change_password(ada.id, change(NEW_PASSWORD, NEW_PASSWORD))
    assert repository.rows[ada.id].password_hash == kept
    assert repository.ended == []


async def test_a_new_password_ends_every_session(
    users: UserService,
    repository: UsersInMemory,
    ada: UserPublic,
) -> None:
    await users.change_password(ada.id, change(PASSWORD, NEW_PASSWORD))
    assert repository.ended == [ada.id]
    with pytest.raises(WrongPasswordError):
        await users.delete(ada.id, PASSWORD)
    await users.delete(ada.id, NEW_PASSWORD)


@pytest.mark.parametrize("password", ["passwordpassword", ADA])
async def test_a_weak_password_is_refused(
    users: UserService,
    repository: UsersInMemory,
    ada: UserPublic,
    password: str,
) -> None:
    with pytest.raises(WeakPasswordError) as refusal:
        await users.change_password(ada.id, change(PASSWORD, password))
    (error,) = refusal.value.errors
    assert error["loc"] == ["body", "new_password"]
    with pytest.raises(WeakPasswordError):
        await users.set_password(ADA, password)
    with pytest.raises(WeakPasswordError):
        await users.create(ADA, password, [])
    assert repository.ended == []


async def test_an_account_is_deleted_with_its_password_only(
    users: UserService,
    ada: UserPublic,
) -> None:
    with pytest.raises(WrongPasswordError):
        await users.delete(ada.id, NEW_PASSWORD)
    await users.delete(ada.id, PASSWORD)
    with pytest.raises(NotFoundError):
        await users.get(ada.id)


async def test_a_password_is_set_without_the_old_one_and_ends_every_session(
    users: UserService,
    repository: UsersInMemory,
    ada: UserPublic,
) -> None:
    await users.set_password(ADA, NEW_PASSWORD)
    assert repository.ended == [ada.id]
    await users.delete(ada.id, NEW_PASSWORD)


async def test_disabling_an_account_ends_its_sessions(
    users: UserService,
    repository: UsersInMemory,
    ada: UserPublic,
) -> None:
    disabled = await users.administer(ada.id, UserUpdate(is_active=False))
    assert not disabled.is_active
    assert disabled.scopes == ada.scopes
    assert repository.ended == [ada.id]


async def test_an_account_is_promoted_and_demoted(
    users: UserService,
    repository: UsersInMemory,
    ada: UserPublic,
) -> None:
    promoted = await users.administer(ada.id, UserUpdate(scopes=[ADMIN]))
    assert promoted.scopes == ["admin"]
    demoted = await users.administer(ada.id, UserUpdate(scopes=[]))
    assert demoted.scopes == []
    assert demoted.is_active
    assert repository.ended == []
