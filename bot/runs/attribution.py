"""Which commits belong to which block, and whether they say so themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.runs.facts import Commit
from bot.runs.model import BlockRun, Run


def own_commits(run: Run, block: BlockRun, commits: Sequence[Commit]) -> tuple[Commit, ...]:
    """The commits behind the boundary that are this block's work.

    Where one block (or one approved group) is open, everything that nobody else was closed with is its own. Where
    several are open side by side, only what names the block or was reported for it.
    """
    taken = {sha for other in run.blocks if other.is_settled for sha in other.commits}
    left = [commit for commit in commits if commit.sha not in taken]
    beside = {other.id for other in run.open_blocks} - set(run.group_of(block.id))
    if not beside:
        return tuple(left)
    return tuple(commit for commit in left if carries(commit.message, block.id) or _is_reported(commit, block))


def may_be_reported(run: Run, block: BlockRun, commit: Commit) -> bool:
    """Whether a block may be reported as done with a commit: not with what is another block's work, by name or by word.

    A worker says what it made; it does not get to take what the worker beside it made.
    """
    if any(commit.sha in other.commits for other in run.blocks if other.is_settled):
        return False
    if carries(commit.message, block.id):
        return True
    group = run.group_of(block.id)
    others = [other for other in run.blocks if not other.is_settled and other.id not in group]
    return not any(carries(commit.message, other.id) or _is_reported(commit, other) for other in others)


def _is_reported(commit: Commit, block: BlockRun) -> bool:
    return block.reported is not None and commit.sha.startswith(block.reported)


def carries(message: str, block_id: str) -> bool:
    """Whether a commit message names the block: `T001: …` or `Task 1: …` as its subject, or a trailer.

    The trailer is `Stepwise-Block: T001`.
    """
    subject, _, rest = message.strip().partition("\n")
    if re.match(rf"(?:task\s+)?{re.escape(block_id)}(?:\s*\([^)\n]*\))?\s*:", subject, re.IGNORECASE):
        return True
    return re.search(rf"(?im)^Stepwise-Block:\s*{re.escape(block_id)}\s*$", rest) is not None


def refers_to_plan(message: str) -> bool:
    """Whether a commit message has a `Refs:` line."""
    return re.search(r"(?im)^Refs:\s*\S", message) is not None


def undisciplined(commits: Iterable[Commit], block_ids: Iterable[str]) -> tuple[str, ...]:
    """What is wrong with how commits are described: each has to carry one of the block ids and a `Refs:` line."""
    ids = tuple(block_ids)
    found: list[str] = []
    for commit in commits:
        subject = commit.message.strip().partition("\n")[0][:80]
        if not any(carries(commit.message, block_id) for block_id in ids):
            found.append(f"{commit.sha[:7]} ({subject}) does not begin with {ids[0]}:")
        elif not refers_to_plan(commit.message):
            found.append(f"{commit.sha[:7]} ({subject}) has no Refs: line")
    return tuple(found)
