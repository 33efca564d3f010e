"""JetStream is wiped while a reader is connected: they are told again, and stay connected."""

import pytest

from deploy.nats_streams import STREAM, ensure_stream
from tests.api.clinic import scene
from tests.nats.desk import Desk
from workers.publishing import Publishing
from workers.relay import Relay

pytestmark = pytest.mark.anyio


async def test_a_connected_reader_is_told_again_after_jetstream_was_wiped(desk: Desk) -> None:
    s, tandem = await scene(desk.clinic), desk.clinic.tandem
    await desk.clinic.project()
    head, url = await tandem.ledger.log.head(), desk.clinic.urls.service_url
    await Relay(url, tandem.ledger, tandem.lists).follow(upto=head)
    publishing = Publishing(url, tandem.ledger, tandem.lists, desk.js)
    line = await desk.connect(s.trainer)
    await publishing.follow(upto=await tandem.ledger.log.head())
    first = await line.pull()
    await desk.clinic.project()

    await desk.js.delete_stream(STREAM)
    await ensure_stream(desk.js)
    await publishing.follow(upto=await tandem.ledger.log.head())

    assert await line.pull() == first
