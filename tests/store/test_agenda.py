"""What there is to do, in one question, is what the single questions say."""

from __future__ import annotations

from bot.runs.model import PullKey
from bot.store.agenda import Agenda
from bot.store.inbox import Inbox
from bot.store.issue_commands import IssueCommand
from bot.store.store import Store
from tests.store.examples import NOON, PULL, later


async def test_nothing_waits_in_a_new_database(store: Store) -> None:
    assert await store.agenda(NOON) == Agenda(has_unrouted=False, pulls=(), issues=(), next_due=None)


async def test_a_delivery_is_unrouted_and_then_its_pull_request_waits(store: Store, inbox: Inbox) -> None:
    await inbox.accept("g1", "push", b"{}")
    assert await store.agenda(NOON) == Agenda(has_unrouted=True, pulls=(), issues=(), next_due=None)
    await store.route("g1", [PULL], NOON)
    assert await store.agenda(NOON) == Agenda(has_unrouted=False, pulls=(PULL,), issues=(), next_due=None)


async def test_a_pull_request_that_wakes_later_is_what_comes_next(store: Store) -> None:
    await store.set_wake_at(PULL, later(minutes=5))
    assert await store.agenda(NOON) == Agenda(False, (), (), later(minutes=5))
    assert await store.agenda(later(minutes=5)) == Agenda(False, (PULL,), (), None)


async def test_one_that_backs_off_waits_for_its_time_whatever_came_in(store: Store, inbox: Inbox) -> None:
    await inbox.accept("g1", "push", b"{}")
    await store.route("g1", [PULL], NOON)
    await store.note_failure(PULL, "502", later(minutes=1))
    assert await store.agenda(NOON) == Agenda(False, (), (), later(minutes=1))
    assert (await store.agenda(later(minutes=1))).pulls == (PULL,)


async def test_commands_on_an_issue_are_one_issue_until_they_back_off(store: Store) -> None:
    issue = PullKey(77, 40)
    commands = [IssueCommand(issue, number, 1, "acme/shop", "maria", 5, "/execute", NOON) for number in (1, 2)]
    for command in commands:
        await store.add_issue_command(f"g{command.comment_id}", command, NOON)
    assert await store.agenda(NOON) == Agenda(False, (), (issue,), None)
    for command in commands:
        await store.postpone_issue_command(command, "502", later(minutes=command.comment_id))
    assert await store.agenda(NOON) == Agenda(False, (), (), later(minutes=1))
    assert (await store.agenda(later(minutes=1))).issues == (issue,)
