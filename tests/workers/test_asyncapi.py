"""The AsyncAPI document: made from the code, valid, and true of what is really published."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from deploy.nats_streams import acknowledging, subject
from projections.confirming import Confirmation, Confirmed
from projections.pointing import Message
from tests.domain.given import TRAINER
from workers.asyncapi import PAGE, document, page

HERE = Path(__file__).with_name("asyncapi")
MODELS: dict[str, type[BaseModel]] = {
    "notification": Message,
    "confirmation": Confirmation,
    "confirmed": Confirmed,
}
NO_NODE = shutil.which("node") is None or shutil.which("npm") is None


def test_the_page_is_the_one_that_the_code_makes() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m workers.asyncapi"


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    references = list(_references(whole))
    assert len(references) > 10
    for reference in references:
        found: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]


def _references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for value in node.values():
                yield from _references(value)
        case list():
            for value in node:
                yield from _references(value)


def test_its_channels_are_the_subjects_that_are_used() -> None:
    channels = document()["channels"]
    addresses = {name: each["address"] for name, each in channels.items()}
    filled = {name: text.replace("{reader}", str(TRAINER.id)) for name, text in addresses.items()}
    assert filled == {
        "pointers": subject(TRAINER.id),
        "acknowledgements": acknowledging(TRAINER.id),
    }


def test_its_examples_are_messages() -> None:
    for name, message in document()["components"]["messages"].items():
        for example in message["examples"]:
            MODELS[name].model_validate_json(json.dumps(example["payload"]))


@pytest.mark.skipif(NO_NODE, reason="NOT VALIDATED by its schema: install Node.js")
def test_it_is_what_the_official_schema_allows() -> None:
    assert _complaints(document()) == []
    wrong = document()
    wrong["operations"]["notify"]["action"] = "shout"
    assert any("/operations/notify" in each for each in _complaints(wrong))


def _complaints(whole: dict[str, Any]) -> list[str]:
    validator = _installed() / "validate.cjs"
    done = subprocess.run(
        ["node", str(validator)], input=json.dumps(whole), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def _installed() -> Path:
    """The validator beside what it needs, installed once for each lock file, outside the tree."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tandem-tests"
    lock = b"".join((HERE / name).read_bytes() for name in ("package-lock.json", "validate.cjs"))
    folder = cache / f"asyncapi-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        draft = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.copytree(HERE, draft)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=draft, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        try:
            draft.rename(folder)
        except OSError:  # another run was faster; what it has is the same
            shutil.rmtree(draft)
    return folder
