"""Many pull requests at little cost: one that went the whole way, copied on both sides, GitHub's and the bot's.

A thousand runs that are started one after another take longer than everything that is measured with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from bot.plans.contract import contract_of
from bot.plans.dialects import read
from bot.plans.model import Dialect, Plan
from bot.sandbox.git.store import Person
from bot.sandbox.pushes import fetch_head, open_suite
from bot.sandbox.state import Comment, Pull
from bot.store.backends import backend_of
from bot.store.tables import checklists, checks, effects, ledger, pulls, runs
from load.world import World
from tests.e2e.scenario import PLAN

TABLES = (pulls, runs, ledger, effects, checklists, checks)


def copied(world: World, pattern: int, count: int) -> None:
    """So many copies of a pull request that is being executed; no bot runs meanwhile."""
    engine = backend_of(world.database_url).migrating_engine(world.database_url)
    with engine.begin() as connection:
        rows = {table.name: _rows(connection, table, pattern) for table in TABLES}
        for _ in range(count):
            words, numbers, body = _on_github(world, pattern)
            for table in TABLES:
                made = [_changed(row, words, numbers) for row in rows[table.name]]
                if table is checklists:
                    made = [row | {"digest": hashlib.sha256(body.encode()).hexdigest()} for row in made]
                connection.execute(insert(table), made)
    engine.dispose()


def _rows(connection: Connection, table: Any, number: int) -> list[dict[str, Any]]:
    of_pull = select(runs.c.id).where(runs.c.number == number)
    where = table.c.run_id.in_(of_pull) if table is ledger else table.c.number == number
    found = [dict(row._mapping) for row in connection.execute(select(table).where(where))]
    if table is checks:
        newest = max(row["check_run_id"] for row in found)
        head = next(row["head_sha"] for row in found if row["check_run_id"] == newest)
        found = [row for row in found if row["head_sha"] == head]
    return found


def _changed(row: Mapping[str, Any], words: Sequence[tuple[str, str]], numbers: Mapping[str, Mapping[int, int]]) -> Any:
    made = dict(row)
    for name, value in row.items():
        if isinstance(value, str):
            for old, new in words:
                made[name] = made[name].replace(old, new)
        elif name in numbers and value is not None:
            made[name] = numbers[name].get(value, value)
    return made


def _on_github(world: World, pattern: int) -> tuple[list[tuple[str, str]], dict[str, dict[int, int]], str]:
    """The copy on GitHub; which words and numbers are others in it, and the checklist's text."""
    repo, hub = world.repo, world.sandbox.hub
    model = repo.issue(pattern)
    assert model.pull is not None
    number, old_branch = max(repo.issues) + 1, world.branches[pattern]
    branch = f"feature/part-{number}"
    words = [(old_branch, branch)]
    head = _branch(world, pattern, branch, words)
    issue = replace(model, id=hub.world.next_id("issue"), number=number, comments=[], pull=None)
    label = f"{repo.owner.login}:{branch}"
    issue.pull = Pull(
        hub.world.next_id("pull"), issue, repo, label, branch, head, "main", model.pull.base_sha, False, False
    )
    repo.issues[number] = issue
    fetch_head(issue.pull)
    world.branches[number] = branch
    ids = {one.id: hub.world.next_id("comment") for one in model.comments}
    commanded = next(one for one in model.comments if one.user.type == "User")
    words = [
        (f"-{pattern}-{commanded.id}", f"-{number}-{ids[commanded.id]}"),
        (f":{pattern}:{commanded.id}", f":{number}:{ids[commanded.id]}"),
        (f'"number":{pattern}}}', f'"number":{number}}}'),
        (str(commanded.id), str(ids[commanded.id])),
        *words,
    ]
    body = ""
    for one in model.comments:
        text = one.body
        for old, new in words:
            text = text.replace(old, new)
        body = text if one.user.type == "Bot" and not body else body
        made = Comment(ids[one.id], issue, one.user, one.via, text, one.created_at, one.updated_at)
        issue.comments.append(made)
        repo.comments[made.id] = made
    numbers = {"number": {pattern: number}, "comment_id": ids, "check_run_id": _checks(world, model.pull, head)}
    return words, numbers, body


def _branch(world: World, pattern: int, branch: str, words: list[tuple[str, str]]) -> str:
    """The same commits with the branch's name in the plan; adds what is called otherwise now. The copy's head."""
    git, coda = world.repo.git, world.sandbox.user("coda")
    by = Person(coda.name, coda.email, world.sandbox.clock.now())
    base = git.branch("main")
    assert base is not None
    parent, old_branch = base, world.branches[pattern]
    for sha in git.between(base, world.head(pattern)):
        tree = git.flat(git.tree_of(sha))
        before = git.blob(tree[PLAN][1])
        commit = git.commit(sha)
        assert before is not None and commit is not None
        text = before.decode().replace(old_branch, branch)
        blob = git.add_blob(text.encode())
        old, new = _contract(before.decode()), _contract(text)
        words += [(old, new), (old[:12], new[:12]), (tree[PLAN][1], blob)]
        made = git.add_commit(git.add_tree(tree | {PLAN: (0o100644, blob)}), [parent], commit.message.decode(), by, by)
        words += [(sha, made), (sha[:7], made[:7])]
        parent = made
    git.set_ref(f"refs/heads/{branch}", parent)
    return parent


def _contract(text: str) -> str:
    plan = read(PLAN, text.encode(), Dialect.EXEC_PLAN).plan
    assert isinstance(plan, Plan)
    return contract_of(plan).hash


def _checks(world: World, model: Pull, head: str) -> dict[int, int]:
    """The bot's check runs on the copy's head: old id to new one."""
    made: dict[int, int] = {}
    repo = world.repo
    for run in [one for one in repo.check_runs.values() if one.suite.head_sha == model.head_sha]:
        again = copy(run)
        again.id = made[run.id] = world.sandbox.hub.world.next_id("check_run")
        again.suite, _ = open_suite(world.sandbox.hub, repo, run.suite.app, head, None)
        again.suite.runs.append(again)
        repo.check_runs[again.id] = again
    return made
