"""The issuer of the demo: believed by the verifier, secret on disk, refused outside the demo."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from api.auth import TokenVerifier
from api.problems import Problem
from deploy.issuer import ISSUER, LIFETIME, DemoIssuer, OnlyInDemo
from deploy.settings import Settings
from deploy.token_keys import KeyDirectory, from_file
from deploy.tokens import Tokens
from domain.lanes import Discipline

PERSON = UUID("11111111-1111-4111-8111-111111111111")


def demo(tmp_path: Path) -> Settings:
    return Settings(profile="demo", state_dir=tmp_path)


@pytest.mark.anyio
async def test_its_tokens_are_believed_until_they_expire(tmp_path: Path) -> None:
    issuer = DemoIssuer(demo(tmp_path))
    published = tmp_path / "jwks.json"
    published.write_bytes(issuer.jwks())
    verifier = TokenVerifier(Tokens(KeyDirectory(from_file(published)), ISSUER, "tandem"))
    now = datetime.now(UTC)
    principal = await verifier.verify(f"Bearer {issuer.issue(PERSON, Discipline.TRAINER, now)}")
    assert (principal.person, principal.acting_as) == (PERSON, Discipline.TRAINER)
    expired = issuer.issue(PERSON, None, now - LIFETIME - timedelta(minutes=5))
    with pytest.raises(Problem):
        await verifier.verify(f"Bearer {expired}")


def test_its_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = DemoIssuer(demo(tmp_path)), DemoIssuer(demo(tmp_path))
    assert first.jwks() == second.jwks()
    kept = tmp_path / "secrets" / "demo-issuer.jwk"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert b'"d"' in kept.read_bytes()
    assert b'"d"' not in first.jwks()


def test_outside_the_demo_it_refuses_to_work(tmp_path: Path) -> None:
    production = Settings.model_construct(profile="production", state_dir=tmp_path)
    with pytest.raises(OnlyInDemo):
        DemoIssuer(production)
