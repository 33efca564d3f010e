"""The keys that the settings name, for every process that seals or opens facts, or finds names."""

import base64
import binascii
import secrets

from deploy.secret_files import read_or_create
from deploy.settings import Settings, WrongSettings
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper, VaultTransitWrapper
from domain.ledger.keys import KeyRing, KeyWrapper
from projections.blind_index import BlindIndex


def open_keys(settings: Settings) -> KeyRing:
    """Keys of the settings' directory, wrapped by Vault or by the key in a file.

    Raises WrongSettings for a file that holds no such key.
    """
    return KeyRing(DirectoryKeyStore(settings.key_directory, _wrapper(settings)))


def open_name_index(settings: Settings) -> BlindIndex:
    """The index under which names are found; its key is made on first use. Without that key a
    list that holds digests of names has to be rebuilt."""
    return BlindIndex(base64.b64decode(read_or_create(settings.secrets_dir / "name-index", _made)))


def _made() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _wrapper(settings: Settings) -> KeyWrapper:
    address, token_file = settings.vault_address, settings.vault_token_file
    if address and token_file and settings.vault_transit_key:
        token = token_file.read_text("utf-8").strip()
        return VaultTransitWrapper(address, token, settings.vault_transit_key)
    file = settings.key_encryption_key_file
    assert file is not None, "settings without a wrapping key are refused when they are read"
    try:
        return LocalWrapper(base64.b64decode(file.read_text("utf-8").strip(), validate=True))
    except (binascii.Error, ValueError):
        field = Settings.model_fields["key_encryption_key_file"]
        raise WrongSettings(
            f"TANDEM_KEY_ENCRYPTION_KEY_FILE names {file}, which must be {field.description}."
        ) from None
