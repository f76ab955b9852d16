"""The rules about signing in; no database is needed to test them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from app.auth.attempt_limiter import AttemptLimiter
from app.auth.errors import InvalidTokenError
from app.auth.passwords import InvalidCredentialsError, Passwords, WeakPasswordError
from app.auth.tokens import read_access_token, refresh_token_hash
from app.core.errors import TooManyRequestsError
from app.core.ids import uuid7
from app.core.settings.auth import AuthSettings
from app.core.settings.sections import RateLimitSettings
from app.models.base import utc_now
from app.repositories.sessions import Rotation
from app.repositories.users import EmailTakenError
from app.schemas.sessions import Login, Refresh
from app.schemas.users import UserRegister
from app.services.sessions import NEW_USER_SCOPES, SessionService
from tests.settings import AUTH

if TYPE_CHECKING:
    from datetime import datetime

    from app.models.session import UserSession
    from app.models.user import User

ADA = "ada@example.org"
PASSWORD = "a password for tests"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


class SessionsInMemory:
    """A repository that is a few dictionaries."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.sessions: dict[UUID, UserSession] = {}
        self.tokens: dict[str, UUID] = {}
        self.purges = 0

    async def add_user(self, user: User) -> None:
        if user.email in self.users:
            raise EmailTakenError
        user.id = uuid7()
        user.is_active = True
        user.created_at = user.updated_at = utc_now()
        self.users[user.email] = user

    async def find_user(self, email: str) -> User | None:
        return self.users.get(email)

    async def renew_password_hash(self, user: User, password_hash: str) -> None:
        user.password_hash = password_hash

    async def start(self, user: User, session: UserSession, token_hash: str) -> bool:
        if user.email not in self.users:
            return False
        session.id = uuid7()
        self.sessions[session.id] = session
        self.tokens[token_hash] = session.id
        return True

    async def rotate(
        self,
        token_hash: str,
        successor: str,
        *,
        now: datetime,
        idle: timedelta,
        leeway: timedelta,
    ) -> Rotation | None:
        del now, idle, leeway
        session = self.sessions.get(self.tokens.get(token_hash, uuid4()))
        if session is None:
            return None
        if list(self.tokens)[-1] != token_hash:
            del self.sessions[session.id]
            return Rotation(session.id, session.user_id, reused=True)
        self.tokens[successor] = session.id
        return Rotation(session.id, session.user_id)

    async def end(self, token_hash: str) -> Rotation | None:
        session = self.sessions.pop(self.tokens.get(token_hash, uuid4()), None)
        return None if session is None else Rotation(session.id, session.user_id)

    async def purge(self, now: datetime) -> int:
        del now
        self.purges += 1
        return 0


@pytest.fixture
def repository() -> SessionsInMemory:
    return SessionsInMemory()


@pytest.fixture
def sessions(repository: SessionsInMemory) -> SessionService:
    return service(repository)


def service(repository: SessionsInMemory, **changes: object) -> SessionService:
    settings = AuthSettings.model_validate(AUTH | changes)
    limiter = AttemptLimiter(RateLimitSettings())
    return SessionService(repository, Passwords(settings), limiter, settings)


def registration(email: str = ADA, password: str = PASSWORD) -> UserRegister:
    return UserRegister.model_validate({"email": email, "password": password})


def credentials(email: str = ADA, password: str = PASSWORD) -> Login:
    return Login.model_validate({"email": email, "password": password})


def trade(refresh_token: str) -> Refresh:
    return Refresh.model_validate({"refresh_token": refresh_token})


async def test_a_new_account_has_every_scope_but_admin(
    sessions: SessionService,
) -> None:
    user = await sessions.register(registration(), HERE)
    assert user.scopes == NEW_USER_SCOPES
    assert user.is_active


async def test_the_password_is_kept_as_a_hash_only(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    await sessions.register(registration(), HERE)
    user = repository.users[ADA]
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in str(vars(user))


@pytest.mark.parametrize("password", ["passwordpassword", ADA])
async def test_a_weak_password_is_refused(
    sessions: SessionService,
    repository: SessionsInMemory,
    password: str,
) -> None:
    with pytest.raises(WeakPasswordError) as refusal:
        await sessions.register(registration(password=password), HERE)
    (error,) = refusal.value.errors
    assert error["loc"] == ["body", "password"]
    assert repository.users == {}


async def test_an_address_in_another_case_is_the_same(
    sessions: SessionService,
) -> None:
    await sessions.register(registration(), HERE)
    with pytest.raises(EmailTakenError):
        await sessions.register(registration(ADA.upper()), HERE)
    await sessions.login(credentials(ADA.upper()), HERE)


async def test_the_access_token_names_the_user_and_the_session(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    user = await sessions.register(registration(), HERE)
    tokens = await sessions.login(credentials(), HERE)
    claims = read_access_token(AuthSettings.model_validate(AUTH), tokens.access_token)
    assert claims.sub == user.id
    assert list(repository.sessions) == [claims.sid]
    assert tokens.expires_in == claims.exp - claims.iat


async def test_the_refresh_token_is_kept_as_a_hash_only(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    await sessions.register(registration(), HERE)
    tokens = await sessions.login(credentials(), HERE)
    assert list(repository.tokens) == [refresh_token_hash(tokens.refresh_token)]


async def test_a_session_ends_when_it_is_idle_and_in_any_case_one_day(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    await sessions.register(registration(), HERE)
    before = utc_now()
    await sessions.login(credentials(), HERE)
    (session,) = repository.sessions.values()
    started = session.expires_at - timedelta(days=90)
    assert before <= started <= utc_now()
    assert session.idle_until == started + timedelta(days=14)


async def test_a_session_is_never_idle_for_longer_than_it_may_live(
    repository: SessionsInMemory,
) -> None:
    sessions = service(repository, refresh_absolute_seconds=60)
    await sessions.register(registration(), HERE)
    await sessions.login(credentials(), HERE)
    (session,) = repository.sessions.values()
    assert session.idle_until == session.expires_at


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ADA, "another password"),
        ("nobody@example.org", PASSWORD),
        ("no address at all", PASSWORD),
        ("", PASSWORD),
    ],
)
async def test_who_is_wrong_is_told_the_same_after_the_same_work(
    sessions: SessionService,
    monkeypatch: pytest.MonkeyPatch,
    email: str,
    password: str,
) -> None:
    await sessions.register(registration(), HERE)
    verified: list[str] = []
    verify = Passwords.verify

    async def noting(passwords: Passwords, kept: str | None, given: str) -> bool:
        verified.append(given)
        return await verify(passwords, kept, given)

    monkeypatch.setattr(Passwords, "verify", noting)
    with pytest.raises(InvalidCredentialsError) as refusal:
        await sessions.login(credentials(email, password), HERE)
    assert str(refusal.value) == InvalidCredentialsError.default_detail
    assert verified == [password]


async def test_a_disabled_account_is_told_the_same_as_a_wrong_password(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    await sessions.register(registration(), HERE)
    repository.users[ADA].is_active = False
    with pytest.raises(InvalidCredentialsError):
        await sessions.login(credentials(), HERE)
    assert repository.sessions == {}


async def test_a_login_renews_a_hash_of_earlier_parameters(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    await sessions.register(registration(), HERE)
    stronger = service(repository, password_time_cost=2)
    await stronger.login(credentials(), HERE)
    renewed = repository.users[ADA].password_hash
    assert "t=2" in renewed
    await stronger.login(credentials(), HERE)
    assert repository.users[ADA].password_hash == renewed


async def test_too_many_failures_of_one_account_at_one_address_are_refused(
    repository: SessionsInMemory,
) -> None:
    sessions = service(repository, attempts_per_account_and_address="2/day")
    await sessions.register(registration(), HERE)
    wrong = credentials(password="wrong")
    for _ in range(2):
        with pytest.raises(InvalidCredentialsError):
            await sessions.login(wrong, HERE)
    with pytest.raises(TooManyRequestsError):
        await sessions.login(credentials(), HERE)
    await sessions.login(credentials(), ELSEWHERE)


async def test_too_many_failures_of_one_account_are_refused_whatever_the_address(
    repository: SessionsInMemory,
) -> None:
    sessions = service(repository, attempts_per_account="2/day")
    await sessions.register(registration(), HERE)
    wrong = credentials(password="wrong")
    for address in (HERE, ELSEWHERE):
        with pytest.raises(InvalidCredentialsError):
            await sessions.login(wrong, address)
    with pytest.raises(TooManyRequestsError):
        await sessions.login(credentials(), "192.0.2.3")


async def test_failures_of_an_account_are_counted_whatever_the_spelling(
    repository: SessionsInMemory,
) -> None:
    sessions = service(repository, attempts_per_account_and_address="2/day")
    for email in (ADA, ADA.upper()):
        with pytest.raises(InvalidCredentialsError):
            await sessions.login(credentials(email), HERE)
    with pytest.raises(TooManyRequestsError):
        await sessions.login(credentials(ADA.title()), HERE)


async def test_a_success_forgives_earlier_failures(
    repository: SessionsInMemory,
) -> None:
    sessions = service(
        repository,
        attempts_per_account_and_address="2/day",
        attempts_per_account="2/day",
    )
    await sessions.register(registration(), HERE)
    for _ in range(3):
        with pytest.raises(InvalidCredentialsError):
            await sessions.login(credentials(password="wrong"), HERE)
        await sessions.login(credentials(), HERE)


async def test_all_that_takes_a_secret_counts_against_its_address(
    repository: SessionsInMemory,
) -> None:
    sessions = service(repository, attempts_per_address="3/day")
    await sessions.register(registration(), HERE)
    tokens = await sessions.login(credentials(), HERE)
    await sessions.refresh(trade(tokens.refresh_token), HERE)
    with pytest.raises(TooManyRequestsError):
        await sessions.register(registration("bob@example.org"), HERE)
    with pytest.raises(TooManyRequestsError):
        await sessions.login(credentials(), HERE)
    with pytest.raises(TooManyRequestsError):
        await sessions.refresh(trade("unknown"), HERE)
    await sessions.login(credentials(), ELSEWHERE)


async def test_a_refresh_token_is_traded_for_another(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    await sessions.register(registration(), HERE)
    first = await sessions.login(credentials(), HERE)
    second = await sessions.refresh(trade(first.refresh_token), HERE)
    assert second.refresh_token != first.refresh_token
    assert second.access_token != first.access_token
    assert len(repository.sessions) == 1
    await sessions.refresh(trade(second.refresh_token), HERE)


async def test_a_refresh_token_that_was_used_or_is_unknown_is_refused(
    sessions: SessionService,
) -> None:
    await sessions.register(registration(), HERE)
    first = await sessions.login(credentials(), HERE)
    await sessions.refresh(trade(first.refresh_token), HERE)
    for token in (first.refresh_token, "unknown"):
        with pytest.raises(InvalidTokenError):
            await sessions.refresh(trade(token), HERE)


async def test_logout_ends_the_session_and_can_be_repeated(
    sessions: SessionService,
    repository: SessionsInMemory,
) -> None:
    await sessions.register(registration(), HERE)
    tokens = await sessions.login(credentials(), HERE)
    for token in (tokens.refresh_token, tokens.refresh_token, "unknown"):
        await sessions.logout(trade(token), HERE)
    assert repository.sessions == {}
    with pytest.raises(InvalidTokenError):
        await sessions.refresh(trade(tokens.refresh_token), HERE)


@pytest.mark.parametrize(("drawn", "purges"), [(0, 1), (1, 0), (99, 0)])
async def test_now_and_then_a_login_clears_away_what_is_over(
    sessions: SessionService,
    repository: SessionsInMemory,
    monkeypatch: pytest.MonkeyPatch,
    drawn: int,
    purges: int,
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: drawn)
    await sessions.register(registration(), HERE)
    await sessions.login(credentials(), HERE)
    assert repository.purges == purges
