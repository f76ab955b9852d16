"""Which of a provider's keys are used, and for what."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448
from jwt.algorithms import OKPAlgorithm

from app.auth.jwks import find_key, read_keys
from tests.faulty_issuer import KeyFor

RSA, EC, EDWARDS = KeyFor("RS256"), KeyFor("ES256"), KeyFor("EdDSA")
ED448 = OKPAlgorithm.to_jwk(
    ed448.Ed448PrivateKey.generate().public_key(), as_dict=True
) | {"kid": "a"}
ALL = ("RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA", "HS256", "none")


def jwks(*keys: object) -> dict[str, object]:
    return {"keys": list(keys)}


@pytest.mark.parametrize(
    ("jwk", "algorithms"),
    [
        (RSA.jwk(), {"RS256"}),
        (RSA.jwk(alg=None), {"RS256", "RS512", "PS256"}),
        (RSA.jwk(alg="PS256"), {"PS256"}),
        (RSA.jwk(use=None), {"RS256"}),
        (EC.jwk(), {"ES256"}),
        (EC.jwk(alg=None), {"ES256"}),
        (KeyFor("ES384").jwk(alg=None), {"ES384"}),
        (EDWARDS.jwk(), {"EdDSA"}),
        (ED448, {"EdDSA"}),
        (RSA.jwk(use=None, key_ops=["verify"]), {"RS256"}),
        (RSA.jwk() | {"x5c": ["AQAB"], "x5t": "a", "b": {"c": 1}}, {"RS256"}),
        (RSA.jwk() | {"use": None, "key_ops": None, "d": None}, {"RS256"}),
        (RSA.jwk() | {"alg": None, "crv": None}, {"RS256", "RS512", "PS256"}),
    ],
)
def test_a_key_serves_the_algorithms_of_its_own_kind(
    jwk: dict[str, Any], algorithms: set[str]
) -> None:
    keys = read_keys(jwks(jwk))
    assert {name for name in ALL if find_key(keys, jwk["kid"], name)} == algorithms


UNUSABLE: dict[str, object] = {
    "for encryption": RSA.jwk(use="enc", alg="RSA-OAEP"),
    "without a use, for encryption": RSA.jwk(use=None, alg="RSA-OAEP"),
    "symmetric": {"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"},
    "symmetric, so to speak": RSA.jwk(alg="HS256"),
    "for an algorithm of another kind": RSA.jwk(alg="ES256"),
    "for no algorithm": RSA.jwk(alg="none"),
    "for a number": RSA.jwk(alg=1),
    "private": RSA.jwk(d="AQAB"),
    "of no kind": RSA.jwk(kty=None),
    "of a kind that is no text": RSA.jwk(kty=["RSA"]),
    "on another curve": EC.jwk(crv="secp256k1"),
    "not on its curve": EC.jwk(x="AQAB"),
    "for encryption, by its operations": RSA.jwk(key_ops=["encrypt"]),
    "for operations that are no list": RSA.jwk(key_ops="verify"),
    "of an unknown kind": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AQAB"},
    "for an unknown use": RSA.jwk(use="tls"),
    "without a part": RSA.jwk(n=None),
    "with a part that is a number": RSA.jwk(n=1),
    "with a part that is not base64url": RSA.jwk(n="é"),
    "with an absurd part": RSA.jwk(e="AA"),
    "a text": "key",
    "nothing": None,
}


@pytest.mark.parametrize("jwk", UNUSABLE.values(), ids=list(UNUSABLE))
def test_a_key_that_is_no_use_does_not_harm_the_others(jwk: object) -> None:
    keys = read_keys(jwks(jwk, EDWARDS.jwk()))
    assert [key.kid for key in keys] == [EDWARDS.kid]
    with pytest.raises(ValueError, match="no key"):
        read_keys(jwks(jwk))


@pytest.mark.parametrize("document", [{}, [], 1, None, "keys", {"keys": {}}, jwks()])
def test_no_keys_are_an_error(document: object) -> None:
    with pytest.raises(ValueError, match="no key"):
        read_keys(document)


def test_a_named_key_is_used_for_tokens_that_name_it() -> None:
    other = KeyFor("RS256")
    keys = read_keys(jwks(RSA.jwk(), other.jwk()))
    found = find_key(keys, other.kid, "RS256")
    assert found is not None
    assert found.kid == other.kid
    assert find_key(keys, "another", "RS256") is None


def test_a_token_that_names_no_key_gets_the_only_one_of_its_kind() -> None:
    keys = read_keys(jwks(RSA.jwk(kid=None), EC.jwk()))
    assert find_key(keys, None, "RS256") == keys[0]
    assert find_key(keys, None, "ES256") == keys[1]
    assert find_key(keys, RSA.kid, "RS256") is None


def test_a_token_that_names_no_key_gets_none_where_there_are_several() -> None:
    keys = read_keys(jwks(RSA.jwk(), KeyFor("RS256").jwk()))
    assert find_key(keys, None, "RS256") is None


@pytest.mark.parametrize("changes", [{}, {"alg": None}, {"kid": None}, {"kid": "b"}])
def test_a_key_that_is_listed_twice_is_one(changes: dict[str, Any]) -> None:
    keys = read_keys(jwks(RSA.jwk(), RSA.jwk(**changes), EC.jwk()))
    assert find_key(keys, RSA.kid, "RS256") == keys[0]
    assert find_key(keys, None, "RS256") == keys[0]


def test_a_name_that_is_null_is_none() -> None:
    keys = read_keys(jwks(RSA.jwk() | {"kid": None}))
    assert find_key(keys, None, "RS256") == keys[0]


def test_two_keys_of_one_name_are_told_apart_by_their_kind_only() -> None:
    one, other = KeyFor("ES256", kid="a"), KeyFor("ES256", kid="a")
    keys = read_keys(jwks(RSA.jwk(kid="a"), one.jwk(), other.jwk()))
    assert find_key(keys, "a", "RS256") == keys[0]
    assert find_key(keys, "a", "ES256") is None
