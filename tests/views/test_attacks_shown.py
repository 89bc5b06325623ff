"""What people must be able to see before they say yes."""

from __future__ import annotations

from bot.runs.model import RunState
from tests.runs.plans import SESSION, session_files
from tests.runs.worlds import execute, with_files


def test_tasks_that_a_session_calls_completed_are_shown_as_such_before_it_is_executed() -> None:
    files = session_files({"IMPL-1": (), "TEST-1": ()}, completed=("TEST-1",))
    lines = with_files(SESSION, files).checklist().splitlines()
    (done,) = [line for line in lines if "**TEST-1**" in line]
    (left,) = [line for line in lines if "**IMPL-1**" in line]
    assert "the session says that it is completed" in done
    assert "completed" not in left


def test_a_session_that_calls_everything_completed_still_waits_for_a_verdict() -> None:
    files = session_files({"IMPL-1": (), "TEST-1": ()}, completed=("IMPL-1", "TEST-1"))
    world = with_files(SESSION, files)
    assert world.checklist().count("the session says that it is completed") == 2
    assert execute(world).state() is RunState.VALIDATING
