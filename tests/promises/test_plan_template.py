"""The plan template of the handoff: its fields are the project's own template's, and planning's words stay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bot
from bot.runs.messages import Problem
from tests.cli.filled_template import filled
from tests.corpus import NOT_HERE, TEMPLATE
from tests.promises.worlds import finished
from tests.runs.plans import BRANCH
from tests.runs.world import PLAN, World, do_block, planned, started

OURS = Path(bot.__file__).parent / "templates/exec-plan/template.md"
RECORDED = ("10. ", "12. ", "13. ")


def plan() -> str:
    return filled("exec-plan", OURS.read_text("utf-8")).replace("feature/totals", BRANCH)


def ended(world: World) -> str:
    """The plan as it stands at the end of its run."""
    assert world.run is not None
    for block in [block.id for block in world.run.blocks]:
        do_block(world, f"src/{block.lower()}.py")
        assert world.comment(f"/approve {block}").is_accepted
    finished(world)
    return world.tree[PLAN]


def sections(text: str) -> dict[str, str]:
    return {part.partition("\n")[0]: part.strip() for part in re.split(r"(?m)^## ", text)[1:]}


def fields(text: str) -> set[str]:
    return set(re.findall(r"(?m)^\s*- \*\*([^*]+):\*\*", text))


@pytest.mark.skipif(not TEMPLATE.exists(), reason=NOT_HERE)
def test_the_template_that_is_handed_out_has_every_section_and_field_of_the_documents() -> None:
    theirs, ours = TEMPLATE.read_text("utf-8"), OURS.read_text("utf-8")
    assert set(sections(theirs)) <= set(sections(ours))
    # Blocks under "Proposed Next Block" are the project's own form of the ordered steps: both would be two lists.
    assert fields(theirs) - {"Ordered Steps"} <= fields(ours)


def test_what_planning_filled_in_stays_as_it_is() -> None:
    before = plan()
    after = sections(ended(started(before)))
    for name, words in sections(before).items():
        if not name.startswith(RECORDED):
            assert after[name].rstrip("- \n") == words.rstrip("- \n"), name


def test_the_status_follows_the_run() -> None:
    world = started(plan())
    assert "**Status:** In Progress" in world.tree[PLAN]
    assert "**Status:** Completed" in ended(world)


def test_every_field_of_the_records_is_filled_in_at_the_end() -> None:
    after = sections(ended(started(plan())))
    for name, words in after.items():
        if name.startswith(RECORDED):
            assert not re.search(r"<[^>\n]+>|\w \| \w", words), words


def test_a_plan_that_is_only_the_template_is_not_executed() -> None:
    assert planned(OURS.read_text("utf-8")).comment("/execute").problem is Problem.PLAN_REFUSED
