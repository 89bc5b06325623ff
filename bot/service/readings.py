"""What stored deliveries say, each parsed once per process: routing reads it, and the reaction has what was read."""

from __future__ import annotations

from typing import Final

from bot.github.webhooks import Result, read_delivery
from bot.service.weighed import Weighed
from bot.store.delivery import Delivery

KEPT_BYTES: Final = 8 * 1024 * 1024


class Readings:
    """The readings of the deliveries read last. `app_id` is the App's own, whose checks and comments are told apart."""

    def __init__(self, app_id: int) -> None:
        self._app_id = app_id
        self._kept: Weighed[Result] = Weighed(KEPT_BYTES)

    def of(self, delivery: Delivery) -> Result:
        """What a delivery says. Never raises for what a payload holds."""
        # A GUID is stored once; when it was forgotten and came again, it has another time.
        key = (delivery.guid, delivery.received_at)
        read = self._kept.get(key)
        if read is None:
            read = read_delivery(delivery.event, delivery.body, self._app_id)
            self._kept.keep(key, read, len(delivery.body))
        return read
