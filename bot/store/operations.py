"""The store as those see it who run the bot: besides what reactions use, what waits, and what was delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from bot.store.backlog import Backlogs
from bot.store.measured import measure
from bot.store.replays import Replays
from bot.store.store import Store


class Operations(Store, Backlogs, Replays):
    """For `stepwise doctor`, `stepwise replay` and the metrics."""

    def measured(self, tell: Callable[[str, float], None]) -> Self:
        """The same store, which tells of every transaction its kind (`read` or `write`) and its seconds."""
        measure(self._database, tell)
        return self
