"""Answers worth keeping: by ETag per installation and media type, and git objects, which never change, by SHA."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from cachetools import LRUCache

_OVERHEAD = 512


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
    """One store for all installations, bounded by bytes; the key says whose answer in which media type it is."""

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._kept: LRUCache[Hashable, Kept] = LRUCache(max_bytes, getsizeof=_size)

    def get(self, key: Hashable) -> Kept | None:
        return self._kept.get(key)

    def keep(self, key: Hashable, kept: Kept) -> None:
        if _size(kept) <= self._kept.maxsize:
            self._kept[key] = kept

    @property
    def held_bytes(self) -> int:
        return int(self._kept.currsize)


def _size(kept: Kept) -> int:
    return len(kept.body) + _OVERHEAD
