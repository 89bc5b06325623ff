"""The store as those see it who run the bot: besides what reactions use, what waits, and what was delivered."""

from __future__ import annotations

from bot.store.backlog import Backlogs
from bot.store.replays import Replays
from bot.store.store import Store


class Operations(Store, Backlogs, Replays):
    """For `stepwise doctor`, `stepwise replay` and the metrics."""
