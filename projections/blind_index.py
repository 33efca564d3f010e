"""Search by name without storing names: keyed digests of their words.

Whoever has the table and not the key learns which rows share a word, and nothing else. Only whole
words are found: digests of prefixes would tell far more about a name than they help.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

DIGEST_BYTES: Final = 16
_WORDS: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class BlindIndex:
    """`key`: 32 random bytes from the secrets, the same wherever names are written or sought."""

    key: bytes = field(repr=False)

    def digests(self, name: str) -> list[bytes]:
        """One digest for each word of `name`, each once."""
        return [
            hmac.digest(self.key, b"tandem: a word of a name\0" + word.encode(), "sha256")[
                :DIGEST_BYTES
            ]
            for word in sorted(words(name))
        ]


def words(name: str) -> frozenset[str]:
    """The words of a name as they are compared: without case, accents or punctuation."""
    bare = (c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return frozenset(_WORDS.findall("".join(bare).casefold()))


def has_words(name: str, sought: Iterable[str]) -> bool:
    """Whether every one of the words `sought` is in `name`."""
    return frozenset(sought) <= words(name)
