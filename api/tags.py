"""Tags: which version of an item a caller saw (If-Match), which bytes they still have (ETag).

The tag of an item is its version, in quotes, as every view shows it; the tag of a representation
adds the commitment to its bytes after a dot. A decision reads the version only: it is refused if
the item has changed, not because the same item is rendered differently now.
"""

import re
from typing import Annotated

from fastapi import Depends, Request

from api.parameters import Parameter, reads
from api.problems import Problem, invalid_field

_TAG = re.compile(r'^(?:W/)?"([0-9]{1,15})(?:\.[0-9a-f]{1,64})?"$')
_LONGEST_LIST = 2048


def item_tag(version: int, etag: str) -> str:
    """The tag of one item as represented: `"7.0a1b…"`."""
    return f'"{version}.{etag}"'


def view_tag(etag: str) -> str:
    """The tag of a view as represented."""
    return f'"{etag}"'


def has(sent: str | None, tag: str) -> bool:
    """Whether If-None-Match names `tag`: the caller still has these bytes (RFC 9110, weakly)."""
    if sent is None or len(sent) > _LONGEST_LIST:
        return False
    named = {one.strip().removeprefix("W/") for one in sent.split(",")}
    return tag in named or "*" in named


IF_MATCH = Parameter(
    "If-Match",
    "The version of the item that was displayed: its ETag, or the `version` that a view shows of "
    "it, in quotes.",
    '"7"',
    required=True,
)


@reads(IF_MATCH)
async def seen_version(request: Request) -> int:
    """The version in If-Match. Raises Problem 428 without one, 422 for what is none."""
    if_match = request.headers.get(IF_MATCH.name)
    if if_match is None:
        raise Problem(
            428,
            "if-match-required",
            "Say which version you saw: send its ETag, or its version in quotes, as If-Match.",
        )
    found = _TAG.match(if_match.strip())
    if found is None:
        raise invalid_field("If-Match", "is not a version", 'one version in quotes, such as "7"')
    return int(found[1])


Seen = Annotated[int, Depends(seen_version)]
"""The version that the caller decides on. Raises Problem 428 without one."""
