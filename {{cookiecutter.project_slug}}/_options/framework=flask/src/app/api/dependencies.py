"""Dependencies of views."""

from __future__ import annotations

from flask import current_app, g, request

from app.core.database import Database, Session
from app.core.headers import Client
from app.core.rate_limit import RateLimiter
from app.core.settings import Settings


def get_settings() -> Settings:
    """Return the settings of the application."""
    settings: Settings = current_app.extensions["settings"]
    return settings


def get_database() -> Database:
    """Return the application's database."""
    database: Database = current_app.extensions["database"]
    return database


def get_rate_limiter() -> RateLimiter:
    """Return the application's rate limiter."""
    limiter: RateLimiter = current_app.extensions["rate_limiter"]
    return limiter


def get_client() -> Client:
    """Return the client of the request."""
    client: Client = request.environ["app.client"]
    return client


def get_session() -> Session:
    """Return the request's transaction; the operation commits it."""
    session: Session = g.session
    return session


def limit_requests() -> None:
    """Count the request against the general limit of its client."""
    rule, limiter = get_settings().rate_limit.requests, get_rate_limiter()
    network = limiter.network_of(get_client().address)
    allowance = limiter.hit(rule, "api", network)
    if allowance is not None:
        request.environ["app.headers"].update(allowance.headers)
