"""A NATS server that somebody else runs: over TLS, configured with what `nats-accounts` prints."""

import asyncio
import ipaddress
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.child import free_port
from deploy.nats import greets, reachable_program
from deploy.nats_accounts import RELAY, accounts, open_nats_secrets
from deploy.nats_connection import connect
from deploy.nats_streams import STREAM, ensure_stream
from deploy.settings import Settings
from tests.workers.waiting import until


def certify(folder: Path) -> None:
    """A key and a certificate of its own for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Settings]:
    """Settings that name such a server, which runs."""
    certify(tmp_path)
    secrets, port = open_nats_secrets(tmp_path / "state" / "secrets"), free_port()
    file = tmp_path / "server.conf"
    file.touch(mode=0o600)
    file.write_text(
        f"""
        listen: "127.0.0.1:{port}"
        tls {{ cert_file: "{tmp_path}/cert.pem", key_file: "{tmp_path}/key.pem" }}
        jetstream {{ store_dir: "{tmp_path}/store", sync_interval: always }}
        """
        + accounts(secrets)
    )
    with subprocess.Popen([reachable_program(None), "-c", file], cwd=tmp_path) as server:
        url = f"tls://127.0.0.1:{port}"
        until(lambda: greets(url))
        yield Settings(
            profile="demo",
            state_dir=tmp_path / "state",
            nats_url=url,
            nats_ca_file=tmp_path / "cert.pem",
        )
        server.terminate()


def test_we_connect_over_tls_and_keep_our_stream_there(outside: Settings) -> None:
    async def work() -> int:
        async with await connect(outside, RELAY) as line:
            js = line.jetstream()
            await ensure_stream(js)
            await js.publish("care.somebody", b"a pointer")
            return (await js.stream_info(STREAM)).state.messages

    assert asyncio.run(work()) == 1


def test_a_server_that_nobody_vouches_for_is_not_talked_to(outside: Settings) -> None:
    unknown = outside.model_copy(update={"nats_ca_file": None})

    async def work() -> None:
        async with asyncio.timeout(3):
            await connect(unknown, RELAY)

    with pytest.raises(TimeoutError):
        asyncio.run(work())
