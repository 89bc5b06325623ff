"""Answers worth keeping: by ETag per installation and media type, and git objects, which never change, by SHA."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cachetools import LRUCache

KEPT_BYTES: Final = 64 * 1024 * 1024
_OVERHEAD = 512
# The first level makes a tenth of GitHub's JSON already, and takes a fraction of what parsing it does.
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it came, so that everybody who is given it reads fresh objects."""

    body: bytes
    headers: Mapping[str, str]

    @property
    def validators(self) -> dict[str, str]:
        """The request headers that ask GitHub whether this is still so; a 304 costs nothing of the rate limit."""
        asked = {"if-none-match": self.headers.get("etag"), "if-modified-since": self.headers.get("last-modified")}
        return {name: value for name, value in asked.items() if value}


class AnswerCache:
    """One store for all installations, bounded by bytes; the key says whose answer in which media type it is.

    Bodies are packed: what is looked at by turns must fit in as a whole, or the oldest always goes just before it
    would have been of use.
    """

    def __init__(self, max_bytes: int) -> None:
        self._packed: LRUCache[Hashable, Kept] = LRUCache(max_bytes, getsizeof=_size)

    def get(self, key: Hashable) -> Kept | None:
        packed = self._packed.get(key)
        return None if packed is None else replace(packed, body=zlib.decompress(packed.body))

    def keep(self, key: Hashable, kept: Kept) -> None:
        packed = replace(kept, body=zlib.compress(kept.body, _LEVEL))
        if _size(packed) <= self._packed.maxsize:
            self._packed[key] = packed

    @property
    def held_bytes(self) -> int:
        return int(self._packed.currsize)


def _size(packed: Kept) -> int:
    return len(packed.body) + _OVERHEAD
