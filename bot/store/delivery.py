"""A delivery as GitHub sent it: nothing in it is parsed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

OWN_EVENT: Final = "stepwise_report"
OWN_GUIDS: Final = "report:"
"""The event, and the beginning of the GUIDs, of what the bot itself puts into the inbox; no webhook may bring them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`guid` is GitHub's X-GitHub-Delivery, the same for every redelivery; `body` the raw bytes that were signed."""

    guid: str
    event: str
    body: bytes = field(repr=False)
    received_at: datetime


class DeliveryWriter(Protocol):
    """A plain driver connection that stores a batch in one transaction."""

    def write(self, batch: Sequence[Delivery]) -> list[bool]:
        """For each delivery whether it was new; durable on return. On an error nothing of it is stored."""

    def close(self) -> None:
        """Give the connection back; a later `write` opens another."""
