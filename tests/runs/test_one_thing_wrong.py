"""Everything is ready but for one thing: no approval and no verdict gets through, however it names the commit.

The invariants that `World.react` holds would catch what should not have passed; these tests say what does pass.
"""

from __future__ import annotations

import pytest

from bot.runs.model import RunState
from tests.runs.near_misses import NAMINGS, TROUBLES, all_but_one_thing, make_ready
from tests.runs.world import World, awaiting, validating

# What was shown before the comment, or is named in it, is what was meant.
LETS_THROUGH = {("push", "bare"), ("push", "live"), ("unheard push", "live")}


def is_through(trouble: str, how: str) -> bool:
    if how == "wrong" or trouble == "early":
        return False
    if trouble == "twice":
        return True
    if trouble in {"forged record", "merge of main"}:
        # Both are commits like any other: they move the head that was looked at, and are looked at themselves.
        return how != "old"
    return (trouble, how) in LETS_THROUGH


@pytest.mark.parametrize("how", NAMINGS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_block(trouble: str, how: str) -> None:
    world = awaiting()
    world.comment("/approve")
    world = make_ready(world)
    all_but_one_thing(world, trouble, how)
    assert (passed(world) > 1) == is_through(trouble, how)


@pytest.mark.parametrize("how", NAMINGS)
@pytest.mark.parametrize("trouble", [trouble for trouble in TROUBLES if trouble not in {"later block", "closed block"}])
def test_the_verdict(trouble: str, how: str) -> None:
    world = make_ready(validating())
    all_but_one_thing(world, trouble, how)
    if trouble == "record only":
        # The commits after the last block were taken back: what is left was approved block by block.
        return
    assert (world.state() is RunState.COMPLETED) == is_through(trouble, how)


def passed(world: World) -> int:
    assert world.run is not None
    return world.run.settled_count
