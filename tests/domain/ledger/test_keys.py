"""Keys: one for each subject, never a second, gone for good once destroyed."""

import base64
import json
import multiprocessing
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from uuid import UUID, uuid4

import httpx
import pytest

from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper, VaultTransitWrapper
from domain.ledger.keys import KeyDestroyed, KeyMissing, KeyRing, KeyStoreDamaged

KEK = bytes(range(32))
TEXT = b"what is said"


def store_in(directory: Path) -> DirectoryKeyStore:
    return DirectoryKeyStore(directory, LocalWrapper(KEK))


def test_a_key_is_the_same_key_every_time(tmp_path: Path) -> None:
    subject = uuid4()
    made = store_in(tmp_path).create(subject)
    sealed = made.cipher.encrypt(bytes(12), TEXT, None)
    for again in (store_in(tmp_path).unwrap(subject), store_in(tmp_path).create(subject)):
        assert again.id == made.id
        assert again.cipher.decrypt(bytes(12), sealed, None) == TEXT
        assert again.derive(b"label", TEXT) == made.derive(b"label", TEXT)
    assert made.derive(b"label", TEXT) != made.derive(b"labe", b"l" + TEXT)
    assert store_in(tmp_path).create(uuid4()).derive(b"label", TEXT) != made.derive(b"label", TEXT)


def test_key_files_are_for_the_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    directory.mkdir(mode=0o755)
    store_in(directory).create(uuid4())
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()] == [0o600]


def test_a_destroyed_key_is_gone_from_the_file_and_never_minted_again(tmp_path: Path) -> None:
    store, subject = store_in(tmp_path), uuid4()
    store.create(subject)
    (file,) = tmp_path.iterdir()
    wrapped, inode = file.read_bytes(), file.stat().st_ino
    for _ in range(2):
        store.destroy(subject)
        assert file.stat().st_ino == inode, "overwritten in place"
        assert not any(wrapped[i : i + 8] in file.read_bytes() for i in range(len(wrapped) - 8))
        for path in (store.unwrap, store.create, store_in(tmp_path).create):
            with pytest.raises(KeyDestroyed):
                path(subject)


def test_destroying_what_never_was_keeps_it_from_ever_being(tmp_path: Path) -> None:
    store, subject = store_in(tmp_path), uuid4()
    with pytest.raises(KeyMissing):
        store.unwrap(subject)
    store.destroy(subject)
    with pytest.raises(KeyDestroyed):
        store.create(subject)


def test_an_interrupted_destruction_has_already_ended_the_key(tmp_path: Path) -> None:
    store, subject = store_in(tmp_path), uuid4()
    store.create(subject)
    (file,) = tmp_path.iterdir()
    with file.open("r+b") as handle:
        handle.write(b"DESTROY1")
    with pytest.raises(KeyDestroyed):
        store.unwrap(subject)
    store.destroy(subject)
    assert file.read_bytes() == b"DESTROY1"


def test_damage_is_not_taken_for_an_erasure(tmp_path: Path) -> None:
    store, subject, other = store_in(tmp_path), uuid4(), uuid4()
    store.create(subject)
    store.create(other)
    file, other_file = (tmp_path / f"{id.hex}.key" for id in (subject, other))
    file.write_bytes(other_file.read_bytes())
    with pytest.raises(KeyStoreDamaged):
        store.unwrap(subject)
    file.write_bytes(b"")
    with pytest.raises(KeyStoreDamaged):
        store.unwrap(subject)
    with pytest.raises(KeyStoreDamaged):
        DirectoryKeyStore(tmp_path, LocalWrapper(os.urandom(32))).unwrap(other)


def _mint(directory: Path, subject: UUID) -> tuple[UUID, bytes]:
    key = store_in(directory).create(subject)
    return key.id, key.derive(b"", b"")


def _mint_or_destroy(directory: Path, subject: UUID, turn: int) -> bool:
    if turn % 4 == 3:
        store_in(directory).destroy(subject)
        return False
    try:
        store_in(directory).create(subject)
    except KeyDestroyed:
        return False
    return True


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_processes_that_race_never_mint_two_keys(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    for subject in (uuid4() for _ in range(10)):
        minted = list(processes.map(partial(_mint, tmp_path), [subject] * 8))
        assert len(set(minted)) == 1
    assert len(list(tmp_path.iterdir())) == 10, "no drafts are left"


def test_processes_that_race_an_erasure_never_bring_a_key_back(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    for subject in (uuid4() for _ in range(10)):
        list(processes.map(partial(_mint_or_destroy, tmp_path, subject), range(8)))
        with pytest.raises(KeyDestroyed):
            store_in(tmp_path).create(subject)


class Counting(DirectoryKeyStore):
    """Counts what it is asked for."""

    unwrapped = 0

    def unwrap(self, subject: UUID) -> Any:
        self.unwrapped += 1
        return super().unwrap(subject)


class Clock:
    """A monotonic clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_ends_whether_the_key_is_used_or_not(tmp_path: Path) -> None:
    clock = Clock()
    store, subject = Counting(tmp_path, LocalWrapper(KEK)), uuid4()
    ring = KeyRing(store, 5.0, clock=clock)
    ring.create(subject)
    asked = store.unwrapped
    for clock.now in (101.0, 103.0, 104.9):
        ring.key(subject)
    assert store.unwrapped == asked
    clock.now = 105.0
    assert not ring.leased(subject)
    ring.key(subject)
    assert store.unwrapped == asked + 1
    clock.now = 109.0
    assert ring.sweep() == 1
    clock.now = 110.0
    assert ring.sweep() == 0


def test_a_key_destroyed_elsewhere_stops_working_when_the_lease_ends(tmp_path: Path) -> None:
    clock = Clock()
    subject = uuid4()
    ring = KeyRing(store_in(tmp_path), 5.0, clock=clock)
    ring.create(subject)
    store_in(tmp_path).destroy(subject)
    ring.key(subject)
    clock.now = 105.0
    with pytest.raises(KeyDestroyed):
        ring.key(subject)


def test_an_erased_subject_is_not_looked_up_for_every_fact(tmp_path: Path) -> None:
    store, subject = Counting(tmp_path, LocalWrapper(KEK)), uuid4()
    ring = KeyRing(store)
    ring.create(subject)
    ring.destroy(subject)
    asked = store.unwrapped
    for _ in range(3):
        with pytest.raises(KeyDestroyed):
            ring.key(subject)
    assert store.unwrapped == asked


def test_a_missing_key_is_looked_for_again(tmp_path: Path) -> None:
    subject = uuid4()
    ring = KeyRing(store_in(tmp_path))
    with pytest.raises(KeyMissing):
        ring.key(subject)
    made = store_in(tmp_path).create(subject)
    assert ring.key(subject).id == made.id


class Vault(BaseHTTPRequestHandler):
    """The part of Vault's transit engine that is documented and needed, with its own check."""

    TOKEN: ClassVar = "s.token"
    wrapper: ClassVar = LocalWrapper(KEK)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Vault-Token"] != self.TOKEN:
            return self._answer(403, {"errors": ["permission denied"]})
        context = base64.b64decode(body["associated_data"])
        try:
            if self.path == "/v1/transit/encrypt/tandem":
                key = base64.b64decode(body["plaintext"])
                wrapped = base64.b64encode(self.wrapper.wrap(key, context)).decode()
                return self._answer(200, {"data": {"ciphertext": f"vault:v1:{wrapped}"}})
            if self.path == "/v1/transit/decrypt/tandem":
                wrapped = body["ciphertext"].removeprefix("vault:v1:")
                key = self.wrapper.unwrap(base64.b64decode(wrapped), context)
                plain = base64.b64encode(key).decode()
                return self._answer(200, {"data": {"plaintext": plain}})
        except KeyStoreDamaged:
            return self._answer(400, {"errors": ["cipher: message authentication failed"]})
        return self._answer(404, {"errors": []})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def vault() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Vault)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_vault_wraps_and_unwraps(vault: str, tmp_path: Path) -> None:
    wrapper = VaultTransitWrapper(vault, Vault.TOKEN, "tandem")
    subject = uuid4()
    made = DirectoryKeyStore(tmp_path, wrapper).create(subject)
    (file,) = tmp_path.iterdir()
    assert b"vault:v1:" in file.read_bytes()
    assert DirectoryKeyStore(tmp_path, wrapper).unwrap(subject).id == made.id
    with pytest.raises(KeyStoreDamaged):
        wrapper.unwrap(file.read_bytes()[24:], uuid4().bytes)
    wrapper.close()


def test_a_refusal_of_vault_is_not_taken_for_an_erasure(vault: str) -> None:
    wrapper = VaultTransitWrapper(vault, "wrong", "tandem")
    with pytest.raises(httpx.HTTPStatusError):
        wrapper.unwrap(b"vault:v1:eA==", b"")
    wrapper.close()


def test_a_wrapping_key_has_its_full_length() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        LocalWrapper(b"short")
