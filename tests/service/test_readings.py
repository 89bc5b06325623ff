"""A delivery is parsed once."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.github.concerns import Concern, Ignored
from bot.github.webhooks import read_delivery
from bot.runs.events import CommentCreated
from bot.service import readings
from bot.service.readings import Readings
from bot.store.delivery import Delivery

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def comment(said: str, guid: str = "g-1", at: datetime = NOON) -> Delivery:
    payload: dict[str, Any] = {
        "action": "created",
        "repository": {"id": 77, "full_name": "acme/shop"},
        "installation": {"id": 1},
        "issue": {"number": 5, "pull_request": {}, "state": "open"},
        "comment": {
            "id": 9,
            "body": said,
            "created_at": "2026-03-01T12:00:00Z",
            "user": {"login": "maria", "id": 3, "type": "User"},
        },
    }
    return Delivery(guid, "issue_comment", json.dumps(payload).encode(), at)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The events of the payloads that were parsed."""
    seen: list[str] = []

    def watched(event: str, body: bytes, app_id: int) -> Any:
        seen.append(event)
        return read_delivery(event, body, app_id)

    monkeypatch.setattr(readings, "read_delivery", watched)
    return seen


def said(read: object) -> str:
    assert isinstance(read, Concern)
    assert isinstance(read.event, CommentCreated)
    return read.event.body


def test_what_routing_read_is_not_parsed_again_for_the_reaction(parsed: list[str]) -> None:
    kept = Readings(4242)
    assert said(kept.of(comment("/approve 1"))) == said(kept.of(comment("/approve 1"))) == "/approve 1"
    assert parsed == ["issue_comment"]


def test_deliveries_are_told_apart(parsed: list[str]) -> None:
    kept = Readings(4242)
    assert said(kept.of(comment("/approve 1", "g-1"))) == "/approve 1"
    assert said(kept.of(comment("/execute", "g-2"))) == "/execute"
    assert len(parsed) == 2


def test_one_that_was_forgotten_and_came_again_is_read_again() -> None:
    kept = Readings(4242)
    assert said(kept.of(comment("/approve 1"))) == "/approve 1"
    assert said(kept.of(comment("/approve 2", at=LATER))) == "/approve 2"


def test_one_larger_than_all_that_is_kept_is_read_each_time(parsed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "KEPT_BYTES", 100)
    kept = Readings(4242)
    assert said(kept.of(comment("x" * 200))) == said(kept.of(comment("x" * 200)))
    assert len(parsed) == 2


def test_what_makes_no_sense_is_ignored_with_the_reason() -> None:
    assert isinstance(Readings(4242).of(Delivery("g", "issue_comment", b"{", NOON)), Ignored)
