"""A delivery as GitHub sent it: nothing in it is parsed yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """`guid` is GitHub's X-GitHub-Delivery, the same for every redelivery; `body` the raw bytes that were signed."""

    guid: str
    event: str
    body: bytes = field(repr=False)
    received_at: datetime
