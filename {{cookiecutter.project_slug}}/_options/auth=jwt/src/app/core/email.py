"""E-mail addresses: which text is one, and which of them are the same."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def email_key(address: str) -> str:
    """Return the form of an address that is compared: lower case, domain in ASCII.

    It is not case-folded: that turns `ß` into `ss`, which is another mailbox, and
    another domain (RFC 5892 section 2.6).

    Raises:
        ValueError: not an e-mail address; the message does not repeat the value.
    """
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise ValueError("this is not an e-mail address") from None
    return f"{valid.local_part.lower()}@{valid.ascii_domain}"
