"""The AsyncAPI 3 document of what practitioners are told over NATS, and say: made from the code.

`python -m workers.asyncapi` writes `docs/asyncapi.json`; a test compares the two.
"""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from deploy.nats_streams import STREAM
from projections.confirming import Confirmation, Confirmed
from projections.pointing import CONTENT_TYPE, Message

PAGE: Final = Path(__file__).parents[1] / "docs" / "asyncapi.json"
_READER: Final = {"reader": {"$ref": "#/components/parameters/reader"}}
_MESSAGES: Final[dict[str, type[BaseModel]]] = {
    "notification": Message,
    "confirmation": Confirmation,
    "confirmed": Confirmed,
}
_EXAMPLE: Final = {
    "notification": "7f1f2a4c-7b0e-5a53-9f0c-2d9b5a5f1c11",
    "sequence": 42,
}
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "notification": {
        "specversion": "1.0",
        "type": "tandem.notification.v1",
        "source": "urn:tandem:log:3f6c8a52-0a3e-4c55-8a5d-6d1f0c2f9b77",
        "id": _EXAMPLE["notification"],
        "time": "2026-03-04T09:00:01Z",
        "datacontenttype": "application/json",
        "sequence": "00000000000000000042",
        "data": _EXAMPLE,
    },
    "confirmation": {
        "notification": _EXAMPLE["notification"],
        "kind": "acknowledged",
        "seen": 8,
    },
    "confirmed": {
        "notification": _EXAMPLE["notification"],
        "kind": "acknowledged",
        "positions": [44, 45, 46],
        "recorded_at": "2026-03-04T09:00:04Z",
    },
}


def document() -> dict[str, Any]:
    """The whole document. Schemas are JSON Schema 2020-12, as the classes give them."""
    modes = [(model, "validation") for model in _MESSAGES.values()]
    _, schemas = models_json_schema(modes, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tandem notifications",
            "version": "1",
            "description": (__doc__ or "").split("\n")[0],
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "nats": {
                "host": "nats.example.org:4222",
                "protocol": "nats",
                "description": f"JetStream stream `{STREAM}`; one durable consumer for each "
                "reader, named by their id. It is a cache: GET /me/notifications has everything.",
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            }
        },
        "channels": {"pointers": _pointers(), "acknowledgements": _acknowledgements()},
        "operations": {"notify": _notify(), "confirm": _confirm()},
        "components": {
            "schemas": schemas["$defs"],
            "messages": {name: _message(name) for name in _MESSAGES},
            "parameters": {"reader": {"description": "The reader's own id: the token's `sub`."}},
            "securitySchemes": {
                "token": {
                    "type": "userPassword",
                    "description": "A practitioner's own token, as the password or the token; it "
                    "opens their consumer, their inbox and their `ack.` subject.",
                }
            },
        },
    }


def _pointers() -> dict[str, Any]:
    return {
        "address": "care.{reader}",
        "description": "Pointers to what was recorded, at least once each, numbered without a gap.",
        "parameters": _READER,
        "messages": {"notification": {"$ref": "#/components/messages/notification"}},
    }


def _acknowledgements() -> dict[str, Any]:
    return {
        "address": "ack.{reader}",
        "description": "Requests, answered once what they say is durable. A refusal is answered "
        "with the headers `Nats-Service-Error-Code` and `Nats-Service-Error`.",
        "parameters": _READER,
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"}
            for name in ("confirmation", "confirmed")
        },
    }


def _notify() -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/pointers"},
        "summary": "Tell a reader that there is something that they may know of.",
        "messages": [{"$ref": "#/channels/pointers/messages/notification"}],
    }


def _confirm() -> dict[str, Any]:
    channel = "#/channels/acknowledgements"
    return {
        "action": "receive",
        "channel": {"$ref": channel},
        "summary": "Be told that it was received, or acknowledged as it was displayed.",
        "messages": [{"$ref": f"{channel}/messages/confirmation"}],
        "reply": {
            "address": {"location": "$message.header#/replyTo"},
            "channel": {"$ref": channel},
            "messages": [{"$ref": f"{channel}/messages/confirmed"}],
        },
    }


def _message(name: str) -> dict[str, Any]:
    model = _MESSAGES[name]
    kind = CONTENT_TYPE if model is Message else "application/json"
    title = model.model_config.get("title") or model.__name__
    return {
        "name": name,
        "title": title,
        "summary": (model.__doc__ or "").strip().splitlines()[0],
        "contentType": kind,
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": [{"name": name, "payload": _EXAMPLES[name]}],
    }


def page() -> str:
    """The document as it is checked in."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
