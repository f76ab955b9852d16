"""Accounts, and who is signed in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from httpx2 import Response
from sqlalchemy import update

from app.auth.credentials import Passwords
from app.auth.tokens import issue_access_token
from app.core.database import Database
from app.models.base import utc_now
from app.models.session import UserSession
from app.models.user import User
from app.scopes import Scope
from app.services.sessions import NEW_USER_SCOPES
from tests.client import App, Client, connect
from tests.settings import make_settings

AUTH_URL = "/api/v1/auth"
ME = "/api/v1/users/me"

PASSWORD = "a password for tests"

type Tokens = dict[str, Any]


async def register(client: Client, email: str, password: str = PASSWORD) -> str:
    """Make an account and return its id."""
    body = {"email": email, "password": password}
    response = await client.post(f"{AUTH_URL}/register", json=body)
    assert response.status_code == 201, response.text
    user_id: str = response.json()["id"]
    return user_id


async def log_in(client: Client, email: str, password: str = PASSWORD) -> Tokens:
    """Start a session and return its tokens."""
    body = {"email": email, "password": password}
    response = await client.post(f"{AUTH_URL}/login", json=body)
    assert response.status_code == 200, response.text
    tokens: Tokens = response.json()
    return tokens


async def can_log_in(client: Client, email: str, password: str = PASSWORD) -> bool:
    """Return whether a login with this password starts a session."""
    body = {"email": email, "password": password}
    response = await client.post(f"{AUTH_URL}/login", json=body)
    assert response.status_code in {200, 401}
    return response.status_code == 200


def with_token(app: App, tokens: Tokens) -> Client:
    """Return a client that sends the access token."""
    return connect(app, authorization=f"Bearer {tokens['access_token']}")


async def refresh(client: Client, tokens: Tokens) -> Response:
    """Use the refresh token."""
    body = {"refresh_token": tokens["refresh_token"]}
    return await client.post(f"{AUTH_URL}/refresh", json=body)


async def has_access(app: App, tokens: Tokens) -> bool:
    """Return whether the access token is accepted."""
    response = await with_token(app, tokens).get(ME)
    assert response.status_code in {200, 401}
    return response.status_code == 200


async def add_user(
    database: Database,
    email: str,
    scopes: list[Scope] | None = None,
) -> UUID:
    """Make an account without a request, and return its id."""
    user = User(
        email=email,
        password_hash=await Passwords(make_settings().auth).hash(PASSWORD),
        scopes=NEW_USER_SCOPES if scopes is None else scopes,
    )
    async with database.transaction() as transaction:
        transaction.add(user)
        await transaction.flush()
        return user.id


async def signed_in(
    app: App, database: Database, email: str, scopes: list[Scope] | None = None
) -> Client:
    """Return a client with a new account and a session, made without a request."""
    user_id = await add_user(database, email, scopes)
    end = utc_now() + timedelta(hours=1)
    session = UserSession(user_id=user_id, idle_until=end, expires_at=end)
    async with database.transaction() as transaction:
        transaction.add(session)
        await transaction.flush()
        session_id = session.id
    access_token = issue_access_token(make_settings().auth, user_id, session_id)
    return with_token(app, {"access_token": access_token})


async def change_user(database: Database, email: str, **values: object) -> None:
    """Change an account behind the service's back."""
    async with database.transaction() as session:
        query = update(User).where(User.email == email).values(**values)
        await session.execute(query)
