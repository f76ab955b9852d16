"""Authentication with API keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from app.auth.api_keys import SCHEME, parse_key
from app.auth.errors import InvalidTokenError, NotAuthenticatedError
from app.auth.principal import Principal
from app.errors import BadRequestError
from app.models.base import utc_now
from app.repositories.api_keys import update_last_used
from app.repositories.key_access import find_key_access

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.core.database import Database, Session
    from app.repositories.api_keys import KeyAccess

USE_INTERVAL: Final = timedelta(minutes=1)

_NOBODYS_HASH = hashlib.sha256(secrets.token_bytes(32)).hexdigest()

audit_log = structlog.get_logger("app.audit")
logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who a key stands for.

    Attributes:
        principal: the caller.
        api_key_id: the key's row.
        last_use_is_stale: the last use on record is so long ago that this one is to be
            recorded.
    """

    principal: Principal
    api_key_id: UUID
    last_use_is_stale: bool


async def authenticate_key(
    header: str | None,
    session: Session,
    address: str,
) -> KeyHolder:
    """Return the caller that the X-API-Key header authenticates.

    Every invalid key gets the same response; the audit log has the reason.

    Args:
        header: values of the header, joined by commas.
        session: transaction of the request.
        address: address of the caller, for the audit log.

    Raises:
        NotAuthenticatedError: no key was sent.
        InvalidTokenError: the key is invalid.
        BadRequestError: several keys were sent.
    """
    if header is None:
        raise NotAuthenticatedError
    if "," in header:
        raise BadRequestError("Send one X-API-Key header.")
    key = parse_key(header)
    if key is None:
        audit_log.warning("key_refused", reason="malformed", client=address)
        raise InvalidTokenError(SCHEME)
    now = utc_now()
    access = await find_key_access(session, key.id)
    # An unknown key takes as long as a wrong secret.
    kept = _NOBODYS_HASH if access is None else access.secret_hash
    matches = hmac.compare_digest(key.secret_hash, kept)
    if access is None or not matches or access.is_over(now):
        reason = _reason(access, matches=matches)
        audit_log.warning(
            "key_refused", key_id=key.prefix, reason=reason, client=address
        )
        raise InvalidTokenError(SCHEME)
    return KeyHolder(
        Principal(access.owner_id, frozenset(access.scopes), SCHEME),
        access.id,
        last_use_is_stale=_is_stale(access.last_used_at, now),
    )


async def record_use(database: Database, api_key_id: UUID) -> None:
    """Write down that a key was used just now; what goes wrong is logged, no more."""
    now = utc_now()
    try:
        stale = now - USE_INTERVAL
        await update_last_used(database, api_key_id, now, unless_since=stale)
    except Exception:
        logger.exception("key_use_not_noted", api_key_id=str(api_key_id))


def _is_stale(last_used_at: datetime | None, now: datetime) -> bool:
    return last_used_at is None or now - last_used_at >= USE_INTERVAL


def _reason(access: KeyAccess | None, *, matches: bool) -> str:
    if access is None:
        return "unknown"
    if not matches:
        return "wrong_secret"
    return "expired" if access.revoked_at is None else "revoked"
