"""One pass over a run: what is known, and what has been decided so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.runs.assess import Situation, assess
from bot.runs.effects import Decided
from bot.runs.events import CommentCreated
from bot.runs.facts import Facts, History, Progress
from bot.runs.ledger import Entry, EntryKind
from bot.runs.messages import Refusal
from bot.runs.model import PullKey, Run, RunState
from bot.runs.policy import Policy


@dataclass(frozen=True, slots=True)
class Call:
    """A command as somebody gave it: `/word rest` in `comment`, the `index`-th command there."""

    word: str
    rest: str
    comment: CommentCreated
    index: int

    @property
    def by(self) -> str:
        return self.comment.author.login


@dataclass(frozen=True, slots=True)
class Turn:
    key: PullKey
    run: Run | None
    facts: Facts
    now: datetime
    situation: Situation
    entries: tuple[Entry, ...] = ()
    effects: tuple[Decided, ...] = ()

    @classmethod
    def begin(cls, key: PullKey, run: Run | None, facts: Facts, now: datetime) -> Turn:
        return cls(key, run, facts, now, assess(run, facts, now))

    @property
    def policy(self) -> Policy:
        """The policy, or the defaults where it is broken (nothing advances then, see `decide`)."""
        return self.facts.policy if isinstance(self.facts.policy, Policy) else Policy()

    def to(self, run: Run) -> Turn:
        """The same turn with the run changed and everything derived from it evaluated anew."""
        if self.run is None or run.boundary != self.run.boundary:
            progress = _behind(self.facts.progress, run.boundary)
            facts = replace(self.facts, progress=progress)
        else:
            facts = self.facts
        known = self.situation.scope if self.run is not None and _has_same_scope(run, self.run) else None
        return replace(self, run=run, facts=facts, situation=assess(run, facts, self.now, known))

    def note(
        self, kind: EntryKind, actor: str, text: str = "", *, block: str | None = None, comment_id: int | None = None
    ) -> Turn:
        entry = Entry(self.now, kind, actor, text, self.situation.content_head, block, comment_id)
        return replace(self, entries=(*self.entries, entry))

    def do(self, *effects: Decided) -> Turn:
        return replace(self, effects=(*self.effects, *effects))


def _has_same_scope(run: Run, before: Run) -> bool:
    """Whether nothing has changed that the scope is judged by: judging every file again is what costs."""
    return (
        (run.id, run.contract, run.plan_path) == (before.id, before.contract, before.plan_path)
        and run.exceptions == before.exceptions
        and run.own_blobs == before.own_blobs
        and run.planned == before.planned
        and all((run.state is one) == (before.state is one) for one in (RunState.ABORTED, RunState.ESCALATED))
    )


Refused = tuple[Turn, Refusal]
"""A refusal that leaves something behind all the same, such as a note in the plan."""


def _behind(progress: object, boundary: str) -> Progress:
    """What is left of the commits once the boundary has moved up to one of them (or to the head)."""
    if not isinstance(progress, Progress):
        return Progress(History.IDENTICAL, (), (), True)
    shas = [commit.sha for commit in progress.commits]
    if boundary not in shas:
        return Progress(History.IDENTICAL, (), (), True)
    rest = progress.commits[shas.index(boundary) + 1 :]
    return Progress(History.AHEAD if rest else History.IDENTICAL, rest, (), progress.is_complete)
