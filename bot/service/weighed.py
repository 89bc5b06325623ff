"""What is kept by its weight: a number of entries is no bound where one is a thousand times as long as another."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")


class Weighed(Generic[Value]):
    """The values used last, of no more than so much weight together; what is heavier than that alone is not kept."""

    def __init__(self, most: int) -> None:
        self._kept: LRUCache[Hashable, tuple[Value, int]] = LRUCache(most, getsizeof=lambda kept: kept[1])

    def get(self, key: Hashable) -> Value | None:
        kept = self._kept.get(key)
        return None if kept is None else kept[0]

    def keep(self, key: Hashable, value: Value, weight: int) -> None:
        if weight <= self._kept.maxsize:
            self._kept[key] = value, weight

    def __len__(self) -> int:
        return len(self._kept)
