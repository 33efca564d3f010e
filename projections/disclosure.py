"""The one door out. Nothing about a client leaves but through `Door.disclose`.

1. Render the view from the record as this process knows it, in the scope that policy gives.
2. Append a `Disclosed` fact, guarded by everything that the policy rested on; the exact bytes are
   kept, sealed, in the same transaction.
3. Only then let go of the bytes. No append, no bytes.

The first attempt is guarded by the whole record, so that what is shown is never stale; if the
record moved meanwhile it is read again, and from then on only what policy rests on is guarded, so
that a busy record never starves its readers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID, uuid4

import orjson

from domain.access import (
    AccessRecord,
    AuditClosed,
    Channel,
    Denied,
    Disclosed,
    Released as ReleasedItem,
    access_stream,
    ranges,
)
from domain.actor import Actor
from domain.fact import policy_topics
from domain.lanes import Discipline
from domain.ledger.command import Command, Conflicted, Guard, Kept, LedgerUnavailable, NewEvent
from domain.ledger.ledger import Ledger
from domain.policy import scope as scope_of
from domain.record import CareRecord
from domain.scope import Scope, Withheld
from projections.kept import Copy, commit_to, keep
from projections.reader import Reader
from projections.sheet import View, ViewFunction

ATTEMPTS = 5
RELEASE_WITHIN_SECONDS = 3.0
"""A response not started by then is discarded and disclosed again."""


class NotYours(Exception):
    """There is no such client, or nothing of them is this reader's to know: the two look the same."""
