"""Accounts, and who is signed in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.auth.passwords import Passwords
from app.auth.tokens import issue_access_token
from app.core.database import Database
from app.models.base import utc_now
from app.models.session import UserSession
from app.models.user import User
from app.scopes.base import Scope
from app.services.sessions import NEW_USER_SCOPES
from tests.client import App, Client, connect
from tests.settings import make_settings

AUTH_URL = "/api/v1/auth"
ME = "/api/v1/users/me"

PASSWORD = "a password for tests"


async def register(client: Client, email: str, password: str = PASSWORD) -> str:
    """Make an account and return its id."""
    body = {"email": email, "password": password}
    response = await client.post(f"{AUTH_URL}/register", json=body)
    assert response.status_code == 201, response.text
    user_id: str = response.json()["id"]
    return user_id


async def log_in(
    client: Client,
    email: str,
    password: str = PASSWORD,
) -> dict[str, Any]:
    """Start a session and return its tokens."""
    body = {"email": email, "password": password}
    response = await client.post(f"{AUTH_URL}/login", json=body)
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def with_token(app: App, tokens: dict[str, Any]) -> Client:
    """Return a client that sends the access token."""
    return connect(app, authorization=f"Bearer {tokens['access_token']}")


async def signed_in(
    app: App,
    database: Database,
    email: str,
    scopes: list[Scope] | None = None,
) -> Client:
    """Return a client with a new account and a session, made without a request."""
    granted = NEW_USER_SCOPES if scopes is None else scopes
    auth = make_settings().auth
    password_hash = await Passwords(auth).hash(PASSWORD)
    end = utc_now() + timedelta(hours=1)
    async with database.transaction() as transaction:
        user = User(email=email, password_hash=password_hash, scopes=granted)
        transaction.add(user)
        await transaction.flush()
        session = UserSession(user_id=user.id, idle_until=end, expires_at=end)
        transaction.add(session)
        await transaction.flush()
    access_token = issue_access_token(auth, user.id, session.id)
    return with_token(app, {"access_token": access_token})


async def change_user(database: Database, email: str, **values: object) -> None:
    """Change an account behind the service's back."""
    async with database.transaction() as session:
        query = update(User).where(User.email == email).values(**values)
        await session.execute(query)
