"""A sample of the matrix: each story is told a few times with another kind of fault in each of its steps.

`make faults` tries every point of every kind; the points here are always the same ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.store.migrate import prepare
from tests.clusters import Cluster
from tests.faults.bot import Nursery
from tests.faults.outages import may_mount
from tests.faults.points import BY_NAME, KINDS, Fault, Telling
from tests.faults.stories import STORIES
from tests.faults.telling import Room, Undisturbed, tell, undisturbed

SINGLE = [kind for kind in KINDS if kind.tellings is None and kind.outage is None]
TURNS = {"main": 2, "workers": 1, "mention": 1, "issue": 2, "rollback": 1, "queue": 2}


@pytest.fixture(scope="module")
def room(app_key: str, server: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("faults")
    prepared = folder / "prepared.db"
    prepare(f"sqlite:///{prepared}")
    nursery = Nursery()
    yield Room(nursery, app_key, folder, prepared, server)
    nursery.close()


@pytest.fixture(scope="module")
def stories(room: Room) -> dict[str, Undisturbed]:
    """The stories told so far without faults."""
    return {}


def story_of(room: Room, stories: dict[str, Undisturbed], name: str) -> Undisturbed:
    if name not in stories:
        stories[name] = asyncio.run(undisturbed(room, name))
    return stories[name]


def mixed(story: str, found: Undisturbed, turn: int) -> Telling:
    """In each step one point of one kind; the next turn takes other kinds and other points."""
    faults: list[Fault] = []
    for number in range(len(found.steps)):
        kind = SINGLE[(number * 5 + turn * 7) % len(SINGLE)]
        points = [fault for fault in kind.points(found.steps) if fault.step == number]
        if points:
            faults.append(points[(turn * 13 + number * 3) % len(points)])
    return Telling(f"mixed, turn {turn}", story, tuple(faults))


@pytest.mark.parametrize("story", STORIES)
def test_a_story_with_a_fault_in_every_step_ends_as_it_does_without(
    story: str, room: Room, stories: dict[str, Undisturbed]
) -> None:
    found = story_of(room, stories, story)
    for turn in range(TURNS[story]):
        telling = mixed(story, found, turn)
        outcome = asyncio.run(tell(room, telling, found))
        assert outcome.wrong == "", telling.name
        assert outcome.met > len(telling.faults) * 0.7


@pytest.mark.parametrize("kind", ["locked", "full disk"])
def test_a_database_that_is_away_for_a_while_loses_nothing(
    kind: str, room: Room, stories: dict[str, Undisturbed]
) -> None:
    if kind == "full disk" and not may_mount():
        pytest.skip("needs root, who may mount a small disk")
    found = story_of(room, stories, "main")
    telling = BY_NAME[kind].told("main", BY_NAME[kind].points(found.steps))[4]
    outcome = asyncio.run(tell(room, telling, found))
    assert outcome.wrong == "", telling.name
    assert outcome.met > len(telling.faults) * 0.7


@pytest.mark.parametrize(
    ("kind", "story"),
    [
        ("killed twice in every step", "main"),
        ("lost, doubled, reordered, delayed at random", "main"),
        ("any of these at random", "workers"),
    ],
)
def test_faults_everywhere_at_once_leave_no_trace(
    kind: str, story: str, room: Room, stories: dict[str, Undisturbed], database: str
) -> None:
    found = story_of(room, stories, story)
    told = BY_NAME[kind].tellings
    assert told is not None
    outcome = asyncio.run(tell(room, told(BY_NAME[kind], story, 0), found))
    assert outcome.wrong == ""
    assert outcome.met > 10


EFFECTS = {
    "main": ("react", "reply", "write_record", "close_out"),
    "workers": ("start_worker", "cancel_worker"),
    "issue": ("planning_issue", "close_issue"),
    "rollback": ("roll_back",),
}


@pytest.mark.parametrize("story", EFFECTS)
def test_the_stories_have_every_kind_of_effect_in_them(story: str, room: Room, stories: dict[str, Undisturbed]) -> None:
    done = {line.split()[1] for line in story_of(room, stories, story).end.splitlines() if line.startswith("effect: ")}
    assert set(EFFECTS[story]) <= done
