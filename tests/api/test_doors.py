"""The table of doors: complete, and the page that is checked in is the one that it renders."""

import re
from pathlib import Path

import pytest

from api.app import create_app
from api.doors import Door, declared, door, undeclared
from api.doors_page import PAGE, page
from api.route import router
from api.wording import SENTENCES
from deploy.settings import Settings

ROOT = Path(__file__).parents[2]


def test_every_route_says_what_it_may_release(settings: Settings) -> None:
    app = create_app(settings)
    assert len(app.routes) > 50
    assert undeclared(app.routes) == []


def test_the_page_is_the_one_that_the_routes_render() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m api.doors_page"


def test_a_route_without_a_declaration_cannot_be_made() -> None:
    routes = router("test")

    async def leak() -> str:
        return "anything"

    with pytest.raises(TypeError, match="does not say what it may release"):
        routes.get("/leak")(leak)


def test_only_what_releases_nothing_is_public(settings: Settings) -> None:
    with pytest.raises(TypeError):
        door(Door.DISCLOSED, "a chart", public=True)
    for route in create_app(settings).routes:
        found = declared(getattr(route, "endpoint", object))
        assert found is not None
        assert not found.public or found.door is Door.NOTHING


def test_every_refusal_of_the_domain_has_a_sentence() -> None:
    raised = re.compile(r'\braise Refused\(\s*"([a-z-]+)"')
    sources = [path.read_text("utf-8") for path in (ROOT / "domain").rglob("*.py")]
    codes = {code for source in sources for code in raised.findall(source)}
    assert len(codes) > 50
    assert codes - SENTENCES.keys() == set()
