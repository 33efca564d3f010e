"""Every setting of Tandem: typed, read once from the environment, refused if wrong."""

import base64
import difflib
import ipaddress
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.secret_files import read_or_create

PREFIX: Final = "TANDEM_"


class WrongSettings(Exception):
    """The settings are wrong; the message says which, and what to do. It holds no secret."""


def _absolute(value: object) -> object:
    return Path(value).expanduser().absolute() if isinstance(value, str | Path) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _local_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


Location = Annotated[Path, BeforeValidator(_absolute)]


class Settings(BaseSettings):
    """What `TANDEM_…` variables say, or else the defaults; cannot change once read.

    The description of a field is what its refusal says would be right.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    profile: Literal["demo", "production"] = Field(
        default="production", description="'demo' (this machine only) or 'production'"
    )
    state_dir: Location = Field(
        default=Path(".tandem").absolute(), description="a folder that Tandem may create and write"
    )
    host: str = Field(
        default="127.0.0.1", min_length=1, description="an address or name to listen on"
    )
    port: int = Field(default=8000, ge=1, le=65535, description="a whole number from 1 to 65535")
    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql://user:password@host:port/database, of a user who may create "
        "roles; leave it out to use a server of Tandem's own",
    )
    service_url: SecretStr | None = Field(
        default=None,
        description="postgresql://tandem_service:password@host:port/database, migrated already: "
        "for a process that only serves; `tandem up` sets it for its own",
    )
    projector_url: SecretStr | None = Field(
        default=None,
        description="postgresql://tandem_projector:password@host:port/database, migrated already: "
        "for a process that only projects; `tandem up` sets it for its own",
    )
    nats_url: str | None = Field(
        default=None,
        description="tls://host:port of a NATS server of your own (nats:// for one on this "
        "machine), configured with what `tandem nats-accounts` prints; leave it out to use a "
        "server of Tandem's own",
    )
    nats_ca_file: Location | None = Field(
        default=None,
        description="a file with the certificate of who vouches for that server, if none that "
        "this machine knows does",
    )
    api_url: str = Field(
        default_factory=lambda known: _local_url(known["host"], known["port"]),
        description="the URL that people reach Tandem under, as https://care.example.org",
    )
    oidc_issuer: str | None = Field(
        default=None, description="the URL of who issues tokens, exactly as in their `iss`"
    )
    oidc_audience: str = Field(
        default="tandem", min_length=1, description="what tokens carry as `aud`"
    )
    oidc_jwks: str | None = Field(
        default=None, description="the issuer's key set: an https URL, or the path of a file"
    )
    key_encryption_key_file: Location | None = Field(
        default=None,
        description="a file of mode 0600 with 32 random bytes in base64, as made by "
        "`(umask 077; head -c 32 /dev/urandom | base64 > FILE)`",
    )
    key_directory: Location = Field(
        default_factory=lambda known: Path(known["state_dir"]) / "keys",
        description="a folder for wrapped keys, kept out of the database's backups",
    )
    vault_address: str | None = Field(
        default=None, description="the https URL of a Vault server that wraps keys"
    )
    vault_token_file: Location | None = Field(
        default=None, description="the path of a file with a Vault token"
    )
    vault_transit_key: str | None = Field(
        default=None, description="the name of a key of Vault's transit engine"
    )
    queue_limit: int = Field(
        default=1024,
        ge=1,
        le=65536,
        description="the number of commands that may wait to be appended, from 1 to 65536",
    )
    log_level: Annotated[
        Literal["critical", "error", "warning", "info", "debug"], BeforeValidator(_lower)
    ] = Field(default="info", description="'critical', 'error', 'warning', 'info' or 'debug'")

    @property
    def secrets_dir(self) -> Path:
        """Folder, mode 0700, of what Tandem generates for itself: passwords of its roles."""
        return self.state_dir / "secrets"

    @property
    def demo(self) -> bool:
        """Whether this is a demonstration, with people, tokens and keys of its own."""
        return self.profile == "demo"

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if complaints := list(_complaints(self)):
            raise ValueError("\n".join(complaints))
        return self


# Values that may be secret, or that an operator may have mistaken for one, are never repeated.
_REPEATABLE: Final = {"profile", "host", "port", "queue_limit", "log_level"}


def load_settings() -> Settings:
    """The settings of this process, from its environment.

    In the demo profile, the key-encryption key is generated into `secrets_dir` on first use.
    Raises WrongSettings.
    """
    complaints = list(_unknown_names())
    try:
        settings = Settings()
    except ValidationError as error:
        complaints += [line for each in error.errors() for line in _explain(each)]
    if complaints:
        lines = "".join(f"\n  {line}" for line in complaints)
        # Not chained: the original repeats every value it was given.
        raise WrongSettings(f"Tandem cannot start with these settings:{lines}") from None
    if settings.demo and settings.key_encryption_key_file is None:
        made = settings.secrets_dir / "key-encryption-key"
        read_or_create(made, _new_key)
        settings = settings.model_copy(update={"key_encryption_key_file": made})
    return settings


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _explain(error: Any) -> Iterator[str]:
    if not error["loc"]:
        yield from str(error["ctx"]["error"]).splitlines()
        return
    if error["type"] == "default_factory_not_called":
        return  # it follows from another setting, whose own complaint says enough
    name = str(error["loc"][0])
    value = f" (it is {error['input']!r})" if name in _REPEATABLE else ""
    yield f"{_variable(name)} must be {Settings.model_fields[name].description}{value}."


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _unknown_names() -> Iterator[str]:
    known = {_variable(name) for name in Settings.model_fields}
    for name in sorted(os.environ):
        # Kubernetes sets variables of this form for a service that is called tandem.
        links = name.startswith((f"{PREFIX}SERVICE_", f"{PREFIX}PORT_"))
        if name.startswith(PREFIX) and name not in known and not links:
            near = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {near[0]}?" if near else f"settings are {', '.join(sorted(known))}."
            )
            yield f"{name} is not a setting; {hint}"


def _complaints(settings: Settings) -> Iterator[str]:
    if settings.demo:
        if not _is_loopback(settings.host):
            yield (
                f"TANDEM_HOST is {settings.host!r}, but a demo, whose people have no passwords, is "
                "served to this machine only: leave TANDEM_HOST out, or set up "
                "TANDEM_PROFILE=production."
            )
    else:
        yield from _missing_in_production(settings)
    yield from _wrong_urls(settings)
    yield from _wrong_files(settings)
    vault = (settings.vault_address, settings.vault_token_file, settings.vault_transit_key)
    if any(vault) and not all(vault):
        yield (
            "TANDEM_VAULT_ADDRESS, TANDEM_VAULT_TOKEN_FILE and TANDEM_VAULT_TRANSIT_KEY go "
            "together: set all three or none."
        )


def _missing_in_production(settings: Settings) -> Iterator[str]:
    required = ["oidc_issuer", "oidc_jwks"]
    if not settings.vault_address:
        required.append("key_encryption_key_file")
    for name in required:
        if getattr(settings, name) is None:
            alternative = " (or TANDEM_VAULT_ADDRESS)" if name.startswith("key") else ""
            yield (
                f"{_variable(name)}{alternative} is not set, and production needs it: "
                f"{Settings.model_fields[name].description}. To only try Tandem: make demo."
            )


def _wrong_urls(settings: Settings) -> Iterator[str]:
    for name in ("api_url", "oidc_issuer", "oidc_jwks", "vault_address"):
        value = getattr(settings, name)
        if value is None or (name == "oidc_jwks" and "://" not in value):
            continue
        if name == "api_url" and settings.demo and name not in settings.model_fields_set:
            continue
        if not _is_safe_url(value):
            yield (
                f"{_variable(name)} must be {Settings.model_fields[name].description}; plain http "
                "is for this machine only."
            )
    nats = settings.nats_url
    if nats is not None and (not _is_safe_url(nats, "tls", "nats") or "@" in nats):
        yield (
            f"TANDEM_NATS_URL must be {Settings.model_fields['nats_url'].description}. It holds no "
            "password."
        )
    if settings.database_url is not None:
        try:
            conninfo_to_dict(settings.database_url.get_secret_value())
        except psycopg.ProgrammingError:
            right = Settings.model_fields["database_url"].description
            yield f"TANDEM_DATABASE_URL must be {right}."


def _wrong_files(settings: Settings) -> Iterator[str]:
    for name in ("key_encryption_key_file", "vault_token_file"):
        path: Path | None = getattr(settings, name)
        if path is None:
            continue
        if not path.is_file():
            right = Settings.model_fields[name].description
            yield f"{_variable(name)} names {path}, which is not a file: it must be {right}."
        elif path.stat().st_mode & 0o077:
            yield f"{_variable(name)} names {path}, which others may read: chmod 600 {path}"
    ca = settings.nats_ca_file
    if ca is not None and not ca.is_file():
        yield f"TANDEM_NATS_CA_FILE names {ca}, which is not a file."
    jwks = settings.oidc_jwks
    if jwks is not None and "://" not in jwks and not Path(jwks).is_file():
        yield f"TANDEM_OIDC_JWKS names {jwks}, which is neither a URL nor a file."


def _is_safe_url(value: str, safe: str = "https", plain: str = "http") -> bool:
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        return parts.scheme == safe or (parts.scheme == plain and _is_loopback(host))
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
