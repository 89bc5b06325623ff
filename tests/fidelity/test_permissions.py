"""The App's manifest grants what the bot calls and hears, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from bot.github.webhooks import READERS
from tests.fidelity import permissions
from tests.fidelity.calls import ROOT, called
from tests.fidelity.description import extract

GRANTED: Final[dict[str, str]] = permissions.manifest()["default_permissions"]
EVENTS: Final[list[str]] = permissions.manifest()["default_events"]
LEVELS: Final = {"read": 1, "write": 2}
# These come to every App, and a manifest that lists one is refused.
ALWAYS_SENT: Final = {
    "installation",
    "installation_repositories",
    "installation_target",
    "github_app_authorization",
    "ping",
    "meta",
}


def test_what_each_operation_needs_is_known_of_those_that_are_called_and_no_others() -> None:
    assert set(permissions.needed()) == set(called())


@pytest.mark.parametrize("operation", sorted(called()))
def test_every_operation_is_granted(operation: str) -> None:
    needs = permissions.needed()[operation]
    if needs.permission:
        assert LEVELS[GRANTED[needs.permission]] >= LEVELS[needs.level]


def test_nothing_is_granted_that_no_operation_and_no_event_needs() -> None:
    wanted = {event: (permissions.needed_for_event(event), "read") for event in EVENTS}
    wanted |= {name: (one.permission, one.level) for name, one in permissions.needed().items() if one.permission}
    highest: dict[str, str] = {}
    for name, level in wanted.values():
        highest[name] = max(highest.get(name, level), level, key=lambda one: LEVELS[one])
    assert highest == GRANTED


def test_every_event_is_one_of_githubs_and_backed_by_a_permission() -> None:
    described = {name.partition(".")[0] for name in extract()["webhooks"]}
    assert set(EVENTS) <= described
    assert [event for event in EVENTS if permissions.needed_for_event(event) not in GRANTED] == []


def test_no_event_is_listed_that_every_app_gets_anyway() -> None:
    assert not ALWAYS_SENT & set(EVENTS)
    assert len(EVENTS) == len(set(EVENTS))


def test_the_events_are_those_that_are_read() -> None:
    assert set(EVENTS) == set(READERS) - ALWAYS_SENT


def test_the_rows_are_those_of_the_table_that_they_were_taken_from() -> None:
    path = ROOT / ".." / "shared" / "github-permissions.json"
    if not path.exists():
        pytest.skip("the table of all endpoints is not beside the repository")
    whole = json.loads(path.read_text())
    kept: Any = json.loads(Path(permissions.FILE).read_text())
    assert kept["operations"] == permissions.rows(whole)
    events = {event: needs.partition(":")[0] for event, needs in whole["event_permissions"].items()}
    assert {event: permissions.needed_for_event(event) for event in EVENTS if event in events} == {
        event: events[event] for event in EVENTS if event in events
    }
