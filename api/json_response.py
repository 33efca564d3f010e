"""JSON as bytes, written once."""

from typing import Any

import orjson
from starlette.responses import Response


class Json(Response):
    """A JSON answer rendered by orjson. Times are RFC 3339 in UTC."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The bytes of the answer."""
        return orjson.dumps(content, option=orjson.OPT_UTC_Z)
