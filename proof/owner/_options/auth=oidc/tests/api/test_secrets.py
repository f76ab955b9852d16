"""Tokens stay secret, and refusals are on record."""

from __future__ import annotations

import base64

import pytest

from app.auth.identity import principal_id
from tests.client import App, connect
from tests.faulty_issuer import FromNow, forged
from tests.issuer import ISSUER, SigningKey
from tests.logs import logged
from tests.principals import ME, bearer

ITEMS = "/api/v1/items"
CANARY = "canary-4711"


async def test_no_token_leaves_through_answers_or_logs(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = {"email": CANARY, "name": CANARY, "scope": f"items:read {CANARY}"}
    tokens = [
        forged(ISSUER, claims=claims),
        forged(ISSUER, claims=claims, header={"kid": CANARY}),
        forged(ISSUER, claims=claims, header={"typ": CANARY}),
        forged(ISSUER, claims=claims | {"exp": FromNow(-60)}),
        forged(ISSUER, claims=claims | {"exp": CANARY}),
        forged(ISSUER, claims=claims | {"sub": [CANARY]}),
        forged(ISSUER, claims=claims | {"aud": CANARY}),
        forged(ISSUER, claims=claims | {"iss": CANARY}),
        forged(ISSUER, payload='{"' + CANARY),
        forged(ISSUER, key=SigningKey(CANARY)),
        CANARY,
    ]
    answers = []
    for token in tokens:
        client = connect(app, **bearer(token))
        answers += [
            await client.get(ME),
            await client.post(ITEMS, json={"name": "chair"}),
            await client.get(f"{ME}?access_token={token}"),
        ]
    assert {response.status_code for response in answers} == {200, 401, 403, 422}
    told = [f"{response.headers} {response.text}" for response in answers]
    record = capsys.readouterr().out
    for token in tokens:
        for part in (token, *token.split(".")):
            assert part not in record
            assert part not in str(told)
    assert CANARY not in record
    assert CANARY not in str(told)
    assert base64.b64encode(CANARY.encode()).decode() not in record


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"claims": {"exp": FromNow(-60)}}, "ExpiredSignatureError"),
        ({"claims": {"aud": "another"}}, "InvalidAudienceError"),
        ({"claims": {"iss": "another"}}, "InvalidIssuerError"),
        ({"without": "sub"}, "MissingRequiredClaimError"),
        ({"header": {"alg": "none"}}, "InvalidAlgorithmError"),
        ({"header": {"typ": "id+jwt"}}, "WrongTypeError"),
        ({"header": {"kid": "another"}}, "UnknownKeyError"),
        ({"key": SigningKey(ISSUER.keys[0].kid)}, "InvalidSignatureError"),
    ],
)
async def test_why_a_token_was_refused_is_on_record_but_not_told(
    app: App,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    reason: str,
) -> None:
    client = connect(app, **bearer(forged(ISSUER, **changes)))  # type: ignore[arg-type]
    await client.get(ME)
    capsys.readouterr()
    response = await client.get(ME)
    assert reason not in response.text
    refusal, access = logged(capsys)
    assert refusal["event"] == "token_refused"
    assert refusal["level"] == "warning"
    assert refusal["reason"] == reason
    assert refusal["client"] == "127.0.0.1"
    assert refusal["request_id"] == access["request_id"]


async def test_who_asked_for_too_much_is_on_record(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    token = forged(ISSUER, claims={"sub": "mallory", "scope": "items:read"})
    client = connect(app, **bearer(token))
    await client.get(ME)
    capsys.readouterr()
    await client.post(ITEMS, json={"name": "chair"})
    refusal, _ = logged(capsys)
    assert refusal["event"] == "forbidden"
    assert refusal["level"] == "warning"
    assert refusal["principal_id"] == str(principal_id(ISSUER.url, "mallory"))
    assert refusal["client"] == "127.0.0.1"
