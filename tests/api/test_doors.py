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


def test_only_what_releases_nothing_or_holds_a_token_itself_is_public(settings: Settings) -> None:
    with pytest.raises(TypeError):
        door(Door.DISCLOSED, "a chart", public=True)
    for route in create_app(settings).routes:
        found = declared(getattr(route, "endpoint", object))
        assert found is not None
        by_link = found.door is Door.LINKED and getattr(route, "path", "").startswith("/external/")
        assert not found.public or found.door is Door.NOTHING or by_link


def test_every_refusal_that_the_api_can_meet_has_a_sentence() -> None:
    """Those of the modules that it takes decisions from, and of what these stand on."""
    wanted = {name for file in (ROOT / "api").glob("*.py") for name in _of_domain(file)}
    sources: dict[str, str] = {}
    while wanted:
        file = ROOT / "domain" / f"{wanted.pop()}.py"
        # The record itself refuses nothing, and is made of more than these decisions touch.
        if file.exists() and file.stem not in {"record", "streams", *sources}:
            sources[file.stem] = file.read_text("utf-8")
            wanted |= _of_domain(file)
    raised = re.compile(r'\braise Refused\(\s*"([a-z-]+)"')
    codes = {code for source in sources.values() for code in raised.findall(source)}
    assert len(codes) > 50
    assert codes - SENTENCES.keys() == set()


def _of_domain(file: Path) -> set[str]:
    """Modules of the domain that a file imports."""
    text = file.read_text("utf-8")
    together = re.findall(r"^from domain import (.+)$", text, re.MULTILINE)
    names = {one.split(" as ")[0].strip() for names in together for one in names.split(",")}
    return names | set(re.findall(r"^from domain\.(\w+) import", text, re.MULTILINE))
