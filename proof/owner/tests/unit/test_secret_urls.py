"""URLs are shown with their passwords masked."""

from __future__ import annotations

import pytest

from app.core.settings.sections import SecretUrl


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("memory://", "memory://"),
        ("sqlite:///app.db", "sqlite:///app.db"),
        ("sqlite:///C:/a@b.db", "sqlite:///C:/a@b.db"),
        ("redis://cache:6379/0", "redis://cache:6379/0"),
        ("redis://:s3cret@cache/0", "redis://:*@cache/0"),
        ("redis+unix://:s3cret@/run/redis.sock", "redis+unix://:*@/run/redis.sock"),
        ("redis://cache/0?password=s3cret&db=1", "redis://cache/0?password=*&db=1"),
        ("postgresql://app@db/app", "postgresql://app@db/app"),
        ("postgresql://app:@db/app", "postgresql://app:@db/app"),
        ("postgresql://app:s3cret%40@[::1]:5432/a", "postgresql://app:*@[::1]:5432/a"),
        ("postgresql://app:@s3/c?r:e#t@db/app", "postgresql://app:*@db/app"),
        ("postgresql://app@server:s3cret@db/app", "postgresql://app@server:*@db/app"),
        ("postgresql://a:s3cret@b:1,c:2/d", "postgresql://a:*@b:1,c:2/d"),
        ("postgresql://db/a?SSLpassword=s3cret", "postgresql://db/a?SSLpassword=*"),
        ("postgresql://db/a?p%61ssword=s3cret", "postgresql://db/a?p%61ssword=*"),
        ("postgresql://db/a?passfile=/b&c=", "postgresql://db/a?passfile=/b&c="),
        ("postgresql://db/a?options=-c a.password%3Dx", "postgresql://db/a?options=*"),
    ],
)
def test_the_passwords_of_a_url_are_masked_and_the_rest_is_shown(
    url: str, shown: str
) -> None:
    assert str(SecretUrl(url)) == shown.replace("*", "**********")
