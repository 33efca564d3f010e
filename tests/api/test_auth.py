"""Tokens: which are believed, which are not, and when the keys are asked for again."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey

from api.auth import TokenVerifier
from api.problems import Problem
from deploy.token_keys import COOLDOWN_SECONDS, MAX_AGE_SECONDS, KeyDirectory
from deploy.tokens import LEEWAY_SECONDS, TRUSTED_SECONDS, Tokens
from domain.lanes import Discipline

pytestmark = pytest.mark.anyio

PERSON = UUID("11111111-1111-4111-8111-111111111111")
ISSUER, AUDIENCE = "https://issuer.example", "tandem"
NOW = 1_800_000_000.0
KEY = OKPKey.generate_key("Ed25519", auto_kid=True)


class Issuer:
    """An issuer whose published keys can change and whose server can be away."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.away = False
        self.now = NOW
        self.directory = KeyDirectory(self._jwks, self._clock)
        self.verifier = TokenVerifier(Tokens(self.directory, ISSUER, AUDIENCE, self._clock))

    def _clock(self) -> float:
        return self.now

    async def _jwks(self) -> bytes:
        self.asked += 1
        if self.away:
            raise OSError
        return json.dumps(KeySet(self.keys).as_dict(private=False)).encode()


def claims(**changes: Any) -> dict[str, Any]:
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(PERSON),
        "exp": NOW + 600,
        "acting_as": "trainer",
    }
    merged = {**usual, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def token(key: Key = KEY, alg: str = "Ed25519", **changes: Any) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid}, claims(**changes), key, algorithms=[alg])


async def refused(issuer: Issuer, authorization: str | None) -> Problem:
    with pytest.raises(Problem) as caught:
        await issuer.verifier.verify(authorization)
    return caught.value


async def test_a_good_token_names_the_person_and_their_discipline() -> None:
    principal = await Issuer(KEY).verifier.verify(f"Bearer {token()}")
    assert (principal.person, principal.acting_as) == (PERSON, Discipline.TRAINER)


async def test_the_scheme_is_named_in_any_case_and_the_audience_may_be_a_list() -> None:
    issuer = Issuer(KEY)
    principal = await issuer.verifier.verify(f"bEARER {token(aud=['other', AUDIENCE])}")
    assert principal.person == PERSON


async def test_no_token_is_a_challenge_without_an_error_code() -> None:
    problem = await refused(Issuer(KEY), None)
    assert problem.status == 401
    assert problem.headers == {"WWW-Authenticate": 'Bearer realm="tandem"'}


BAD_CLAIMS: Mapping[str, dict[str, Any]] = {
    "expired": {"exp": NOW - LEEWAY_SECONDS - 1},
    "without expiry": {"exp": None},
    "not valid yet": {"nbf": NOW + LEEWAY_SECONDS + 1},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "without issuer": {"iss": None},
    "for another audience": {"aud": "other"},
    "without audience": {"aud": None},
    "without subject": {"sub": None},
    "subject is no id": {"sub": "priya"},
    "discipline is none": {"acting_as": "surgeon"},
    "expiry is text": {"exp": "tomorrow"},
}


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
async def test_a_token_with_wrong_claims_is_not_believed(changes: dict[str, Any]) -> None:
    problem = await refused(Issuer(KEY), f"Bearer {token(**changes)}")
    assert problem.status == 401
    assert problem.headers == {"WWW-Authenticate": 'Bearer realm="tandem", error="invalid_token"'}


@pytest.mark.parametrize("changes", [{"exp": NOW - 1}, {"nbf": NOW + 1}], ids=["exp", "nbf"])
async def test_clocks_may_differ_a_little(changes: dict[str, Any]) -> None:
    assert (await Issuer(KEY).verifier.verify(f"Bearer {token(**changes)}")).person == PERSON


def _unsigned() -> str:
    return jws.serialize_compact(
        {"alg": "none", "kid": KEY.kid}, json.dumps(claims()), None, algorithms=["none"]
    )


def _signed_with_the_public_key() -> str:
    public = json.dumps(KEY.as_dict(private=False)).encode()
    secret = OctKey.import_key(public)
    header = {"alg": "HS256", "kid": KEY.kid}
    return jwt.encode(header, claims(), secret, algorithms=["HS256"])


def _signed_by_a_stranger() -> str:
    stranger = OKPKey.generate_key("Ed25519", {"kid": KEY.kid or ""})
    return token(stranger)


def _altered() -> str:
    head, _, signature = token().split(".")
    _, body, _ = token(sub="22222222-2222-4222-8222-222222222222").split(".")
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    "forge",
    [
        _unsigned,
        _signed_with_the_public_key,
        _signed_by_a_stranger,
        _altered,
        lambda: "x.y.z",
        lambda: "not-a-token",
        lambda: "a" * 9000,
        lambda: "naïve.token.ü",
    ],
)
async def test_a_forged_token_is_not_believed(forge: Callable[[], str]) -> None:
    assert (await refused(Issuer(KEY), f"Bearer {forge()}")).status == 401


async def test_a_symmetric_key_in_the_key_set_is_never_used() -> None:
    secret = OctKey.import_key(b"0123456789abcdef0123456789abcdef", {"kid": "shared"})
    issuer = Issuer(KEY, secret)
    forged = jwt.encode({"alg": "HS256", "kid": "shared"}, claims(), secret, algorithms=["HS256"])
    assert (await refused(issuer, f"Bearer {forged}")).status == 401
    assert await issuer.directory.find("shared") is None


async def test_es256_is_accepted_too() -> None:
    key = ECKey.generate_key("P-256", auto_kid=True)
    principal = await Issuer(key).verifier.verify(f"Bearer {token(key, 'ES256')}")
    assert principal.person == PERSON


async def test_a_verified_token_is_remembered_until_it_expires() -> None:
    issuer = Issuer(KEY)
    sent = f"Bearer {token(exp=NOW + 60)}"
    await issuer.verifier.verify(sent)
    issuer.keys, issuer.away = [], True
    issuer.now = NOW + 60 + LEEWAY_SECONDS - 1
    assert (await issuer.verifier.verify(sent)).person == PERSON
    issuer.now = NOW + 60 + LEEWAY_SECONDS + 1
    assert (await refused(issuer, sent)).status == 401


async def test_a_remembered_token_is_looked_at_again_once_its_key_is_gone() -> None:
    issuer = Issuer(KEY)
    sent = f"Bearer {token(exp=NOW + 10_000)}"
    await issuer.verifier.verify(sent)
    issuer.keys = [OKPKey.generate_key("Ed25519", auto_kid=True)]
    issuer.now = NOW + max(TRUSTED_SECONDS, MAX_AGE_SECONDS) + 1
    assert (await refused(issuer, sent)).status == 401


async def test_an_unknown_key_is_asked_for_once_and_then_not_for_a_while() -> None:
    issuer = Issuer(KEY)
    await issuer.verifier.verify(f"Bearer {token()}")
    new = OKPKey.generate_key("Ed25519", auto_kid=True)
    issuer.keys.append(new)
    assert (await refused(issuer, f"Bearer {token(new)}")).status == 401
    assert issuer.asked == 1
    issuer.now += COOLDOWN_SECONDS + 1
    assert (await issuer.verifier.verify(f"Bearer {token(new)}")).person == PERSON
    assert issuer.asked == 2


async def test_known_keys_remain_good_while_the_issuer_is_away() -> None:
    issuer = Issuer(KEY)
    await issuer.verifier.verify(f"Bearer {token()}")
    issuer.away, issuer.now = True, NOW + MAX_AGE_SECONDS + 1
    assert (await issuer.verifier.verify(f"Bearer {token(exp=NOW + 9999)}")).person == PERSON
    assert issuer.asked == 2


async def test_without_any_key_nobody_can_tell_and_the_answer_is_503() -> None:
    issuer = Issuer(KEY)
    issuer.away = True
    problem = await refused(issuer, f"Bearer {token()}")
    assert problem.status == 503
    assert "Retry-After" in (problem.headers or {})
