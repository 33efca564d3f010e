"""The NATS server of our own: it resumes after anything, belongs to one owner, never lingers."""

import asyncio
import os
import signal
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from deploy.child import free_port
from deploy.nats import EmbeddedNats, NatsFailed, open_nats
from deploy.nats_accounts import RELAY, open_nats_secrets
from deploy.nats_connection import connect
from deploy.nats_streams import STREAM, ensure_consumer, ensure_stream, subject
from deploy.settings import Settings

READER = UUID("11111111-1111-4111-8111-111111111111")
Work = Callable[[JetStreamContext], Awaitable[None]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(profile="demo", state_dir=tmp_path / "state")


@pytest.fixture
def server(settings: Settings) -> Iterator[EmbeddedNats]:
    made = EmbeddedNats(settings.state_dir / "nats", open_nats_secrets(settings.secrets_dir))
    made.start()
    yield made
    made.erase()


def as_relay(settings: Settings, server: EmbeddedNats, work: Work) -> None:
    async def run() -> None:
        line = await connect(settings.model_copy(update={"nats_url": server.url}), RELAY)
        try:
            await work(line.jetstream())
        finally:
            await line.close()

    asyncio.run(run())


def remember(settings: Settings, server: EmbeddedNats) -> None:
    async def work(js: JetStreamContext) -> None:
        await ensure_stream(js)
        await js.publish(subject(READER), b"remembered")

    as_relay(settings, server, work)


def remembers(settings: Settings, server: EmbeddedNats) -> bool:
    found: list[int] = []

    async def work(js: JetStreamContext) -> None:
        found.append((await js.stream_info(STREAM)).state.messages)

    as_relay(settings, server, work)
    return found == [1]


def test_a_server_stops_cleanly_and_resumes_what_it_stored(
    settings: Settings, server: EmbeddedNats
) -> None:
    remember(settings, server)
    pid = server.pid
    assert pid is not None
    server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert server.pid is None
    server.start()
    assert remembers(settings, server)


def test_a_killed_server_comes_back_with_what_it_stored_on_the_same_port(
    settings: Settings, server: EmbeddedNats
) -> None:
    remember(settings, server)
    url, pid = server.url, server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert server.wait(10)
    server.start()
    assert server.url == url
    assert remembers(settings, server)


def test_a_connection_of_ours_outlives_a_killed_server(
    settings: Settings, server: EmbeddedNats
) -> None:
    async def work(js: JetStreamContext) -> None:
        await ensure_stream(js)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert await asyncio.to_thread(server.wait, 10)
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(20):
            while True:
                try:
                    await js.publish(subject(READER), b"later", timeout=1)
                    return
                except nats.errors.Error:
                    continue

    as_relay(settings, server, work)


def test_what_was_acknowledged_to_us_is_on_disk(server: EmbeddedNats) -> None:
    configuration = server.data / "server.conf"
    assert "sync_interval: always" in configuration.read_text()
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


def test_only_this_machine_is_listened_to_and_nobody_unknown_gets_in(server: EmbeddedNats) -> None:
    assert urlsplit(server.url).hostname == "127.0.0.1"

    async def stranger(**how: str) -> None:
        await nats.connect(server.url, allow_reconnect=False, **how)

    for how in ({}, {"token": "guess"}, {"user": RELAY, "password": "guess"}):
        with pytest.raises((nats.errors.Error, TimeoutError)):
            asyncio.run(stranger(**how))


def test_a_second_owner_is_refused(settings: Settings, server: EmbeddedNats) -> None:
    other = EmbeddedNats(settings.state_dir / "nats", open_nats_secrets(settings.secrets_dir))
    with pytest.raises(NatsFailed, match=rf"process {os.getpid()}\).*stop it first"):
        other.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to see it given up")
def test_root_hands_the_server_to_an_unprivileged_user(server: EmbeddedNats) -> None:
    status = Path(f"/proc/{server.pid}/status").read_text()
    ids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert "0" not in ids
    assert str(server.data.stat().st_uid) == ids[0]


def test_a_port_taken_meanwhile_is_no_obstacle(
    server: EmbeddedNats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = iter([urlsplit(server.url).port, free_port()])
    monkeypatch.setattr("deploy.embedded.free_port", lambda: next(ports))
    with EmbeddedNats(tmp_path / "other", open_nats_secrets(tmp_path / "secrets")) as other:
        assert other.url != server.url
        other.erase()


def test_a_server_that_cannot_start_says_its_last_words(server: EmbeddedNats) -> None:
    server.stop()
    store = server.data / "store"
    (store / "jetstream").rename(server.data / "moved")
    store.rmdir()
    store.write_text("not a folder\n")
    with pytest.raises(NatsFailed, match="ended while starting"):
        server.start()


def test_the_stream_and_a_consumer_are_made_once_and_made_again_when_wiped(
    settings: Settings, server: EmbeddedNats
) -> None:
    async def work(js: JetStreamContext) -> None:
        for _ in range(2):
            await ensure_stream(js)
            await ensure_consumer(js, READER)
        consumer = await js.consumer_info(STREAM, str(READER))
        assert consumer.config.filter_subject == subject(READER)
        await js.delete_stream(STREAM)
        await ensure_consumer(js, READER)
        assert (await js.consumer_info(STREAM, str(READER))).config.filter_subject

    as_relay(settings, server, work)


def test_a_stream_of_another_shape_is_brought_to_ours(
    settings: Settings, server: EmbeddedNats
) -> None:
    async def work(js: JetStreamContext) -> None:
        await js.add_stream(StreamConfig(name=STREAM, subjects=["care.*"], max_age=60))
        await ensure_stream(js)
        assert (await js.stream_info(STREAM)).config.max_age == 30 * 24 * 3600

    as_relay(settings, server, work)


def test_an_outside_server_is_left_to_whoever_runs_it(tmp_path: Path) -> None:
    outside = Settings(profile="demo", state_dir=tmp_path, nats_url="tls://nats.example.org:4222")
    with open_nats(outside) as found:
        assert (found.url, found.server) == ("tls://nats.example.org:4222", None)
    assert not (tmp_path / "nats").exists()
