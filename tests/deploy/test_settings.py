"""Wrong settings are refused before anything starts, saying what to do and no secret."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.settings import Settings, WrongSettings, load_settings

SetEnvironment = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SetEnvironment:
    def set_environment(**settings: object) -> None:
        monkeypatch.setenv("TANDEM_STATE_DIR", str(tmp_path / "state"))
        for name, value in settings.items():
            monkeypatch.setenv(f"TANDEM_{name.upper()}", str(value))

    for name in Settings.model_fields:
        monkeypatch.delenv(f"TANDEM_{name.upper()}", raising=False)
    return set_environment


def private_file(path: Path) -> Path:
    path.write_text("c2VjcmV0\n")
    path.chmod(0o600)
    return path


def refusal() -> str:
    with pytest.raises(WrongSettings) as caught:
        load_settings()
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_demo_needs_no_settings_and_makes_its_own_secrets(
    environment: SetEnvironment, tmp_path: Path
) -> None:
    environment(profile="demo")
    settings = load_settings()
    assert (settings.host, settings.port, settings.queue_limit) == ("127.0.0.1", 8000, 1024)
    assert settings.api_url == "http://127.0.0.1:8000"
    assert settings.key_directory == tmp_path / "state" / "keys"
    key = settings.key_encryption_key_file
    assert key is not None
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    made = key.read_bytes()
    again = load_settings().key_encryption_key_file
    assert again is not None
    assert again.read_bytes() == made


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "care.example.org"])
def test_a_demo_is_never_served_to_other_machines(environment: SetEnvironment, host: str) -> None:
    environment(profile="demo", host=host)
    assert "leave TANDEM_HOST out" in refusal()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_demo_is_served_to_this_machine(environment: SetEnvironment, host: str) -> None:
    environment(profile="demo", host=host)
    assert load_settings().host == host


def test_production_says_what_it_misses(environment: SetEnvironment) -> None:
    environment()
    said = refusal()
    for name in ("OIDC_ISSUER", "OIDC_JWKS", "KEY_ENCRYPTION_KEY_FILE"):
        assert f"TANDEM_{name}" in said
    assert "make demo" in said


def test_production_starts_with_an_issuer_and_a_key(
    environment: SetEnvironment, tmp_path: Path
) -> None:
    environment(
        oidc_issuer="https://login.example.org",
        oidc_jwks="https://login.example.org/jwks",
        key_encryption_key_file=private_file(tmp_path / "kek"),
    )
    assert load_settings().profile == "production"


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("port", "http", "TANDEM_PORT must be a whole number from 1 to 65535 (it is 'http')"),
        ("port", "70000", "from 1 to 65535"),
        ("profile", "prod", "'demo' (this machine only) or 'production'"),
        ("queue_limit", "0", "from 1 to 65536"),
        ("log_level", "loud", "'debug'"),
        ("api_url", "ftp://care.example.org", "https://care.example.org"),
        ("oidc_issuer", "http://login.example.org", "plain http is for this machine only"),
        ("oidc_jwks", "/no/such/file", "neither a URL nor a file"),
        ("vault_address", "https://vault.example.org", "set all three or none"),
        ("key_encryption_key_file", "/no/such/file", "base64"),
        ("nats_url", "nats://nats.example.org", "tls://host:port"),
        ("nats_url", "tls://relay:hunter2@nats.example.org", "It holds no password"),
        ("nats_ca_file", "/no/such/file", "not a file"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(
    environment: SetEnvironment, name: str, value: str, advice: str
) -> None:
    environment(**({"profile": "demo"} | {name: value}))
    assert advice in refusal()


def test_a_misspelt_setting_is_refused_with_its_neighbour(environment: SetEnvironment) -> None:
    environment(profile="demo", prot="8001")
    assert "TANDEM_PROT is not a setting; did you mean TANDEM_PORT?" in refusal()


def test_a_key_that_others_may_read_is_refused(environment: SetEnvironment, tmp_path: Path) -> None:
    key = private_file(tmp_path / "kek")
    key.chmod(0o644)
    environment(profile="demo", key_encryption_key_file=key)
    assert f"chmod 600 {key}" in refusal()


def test_no_refusal_repeats_a_secret(environment: SetEnvironment) -> None:
    environment(profile="demo", database_url="postgres:hunter2@db", vault_address="hunter2")
    assert "hunter2" not in refusal()


def test_settings_shown_hide_the_password(environment: SetEnvironment) -> None:
    environment(profile="demo", database_url="postgresql://admin:hunter2@db.example.org/tandem")
    assert "hunter2" not in repr(load_settings())


def test_settings_do_not_change(environment: SetEnvironment) -> None:
    environment(profile="demo")
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]
