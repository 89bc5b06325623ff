"""The App's log of webhook deliveries on GitHub, and asking for one again. All of it is asked as the App."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.github.answers import Json, field, moment, optional, record
from bot.github.client import Client


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt; all attempts of one delivery share the `guid`, which is its `X-GitHub-Delivery`."""

    id: int
    guid: str
    delivered_at: datetime
    is_redelivery: bool
    status: str
    status_code: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None

    @property
    def was_accepted(self) -> bool:
        # An attempt without any answer is in neither of the two classes that GitHub filters by, but it is not OK.
        return self.status == "OK" or 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """What GitHub sent: headers and the payload as parsed JSON, not the bytes that were signed."""

    delivery: Delivery
    headers: dict[str, str]
    payload: Json


async def since(app: Client, oldest: datetime, limit: int = 5_000) -> tuple[list[Delivery], bool]:
    """The attempts of every outcome since a time, newest first, and whether these are all."""
    found: list[Delivery] = []
    async for page in app.each("/app/hook/deliveries{?per_page}"):
        for item in page:
            attempt = delivery(item)
            if attempt.delivered_at < oldest:
                return found, True
            if len(found) >= limit:
                return found, False
            found.append(attempt)
    return found, True


async def find(app: Client, guid: str, oldest: datetime) -> Delivery | None:
    """The newest attempt of one delivery since a time; asks page by page until it is there."""
    async for page in app.each("/app/hook/deliveries{?per_page}"):
        for item in page:
            attempt = delivery(item)
            if attempt.guid == guid:
                return attempt
            if attempt.delivered_at < oldest:
                return None
    return None


async def get(app: Client, attempt_id: int) -> DeliveryRequest:
    """One attempt with what was sent. Raises NotFound when GitHub has it no longer (after 3 days)."""
    value = await app.get("/app/hook/deliveries/{attempt_id}", attempt_id=attempt_id)
    headers = record(field(value, "request.headers", dict, "the delivery"), "the headers")
    payload = record(field(value, "request", dict, "the delivery"), "the request").get("payload")
    return DeliveryRequest(delivery(value), {name: str(text) for name, text in headers.items()}, payload)


async def redeliver(app: Client, attempt_id: int) -> None:
    """Ask GitHub to deliver again, with the same guid."""
    await app.post("/app/hook/deliveries/{attempt_id}/attempts", attempt_id=attempt_id)


def delivery(value: Json) -> Delivery:
    """An attempt from an answer."""
    of = "the delivery"
    return Delivery(
        id=field(value, "id", int, of),
        guid=field(value, "guid", str, of),
        delivered_at=moment(value, "delivered_at", of),
        is_redelivery=optional(value, "redelivery", bool, of) or False,
        status=optional(value, "status", str, of) or "",
        status_code=optional(value, "status_code", int, of) or 0,
        event=field(value, "event", str, of),
        action=optional(value, "action", str, of),
        installation_id=optional(value, "installation_id", int, of),
        repository_id=optional(value, "repository_id", int, of),
    )
