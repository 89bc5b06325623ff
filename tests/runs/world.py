"""A pull request in memory: people push, comment and run CI; the core decides; effects land when they are told to.

It keeps what the store and GitHub keep, and knows the truth that the core has to find out: which commits the bot
really made, which bytes stand where. `react` holds every decision against `tests.runs.invariants`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.plans.dialects import dialect_of, read
from bot.plans.model import Dialect, Mode, Reading
from bot.runs.codec import dump_effect, dump_run, load_effect, load_run
from bot.runs.decide import Decision, decide
from bot.runs.effects import (
    CancelWorker,
    CloseOut,
    Decided,
    PlanningIssue,
    React,
    RollBack,
    Say,
    StartWorker,
    WriteRecord,
)
from bot.runs.events import ButtonPressed, ChecklistEdited, CommentCreated, Event, PullChanged, Woken
from bot.runs.facts import (
    ChangedFile,
    Commit,
    Deployment,
    Facts,
    Files,
    GateReport,
    GateState,
    History,
    Outcome,
    OutcomeState,
    Permission,
    PlanFile,
    PlanRefused,
    Progress,
    PullFacts,
    Shown,
    Unknown,
)
from bot.runs.ledger import Entry
from bot.runs.messages import Message, Notice, Problem, Refusal
from bot.runs.model import BlockState, Person, PullKey, Run, RunState
from bot.runs.needs import needs, plan_paths
from bot.runs.policy import Policy, PolicyProblem
from bot.service.writing import written
from bot.views.checklist import checklist
from tests.runs import invariants
from tests.runs.plans import BRANCH, read_session_from

KEY = PullKey(70, 12)
PLAN = "docs/exec-plans/active/2026-01-checkout.md"
COMPLETED = "docs/exec-plans/completed/2026-01-checkout.md"
START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
BASE_TREE = {"README.md": "The shop\n", "infra/main.tf": "region\n", "src/old.py": "old\n"}
TEAM = {"maria": "admin", "coda": "write", "toni": "triage", "otto": "read", "eve": "none"}

_TEMPLATE = """# {title}

**Status:** Approved
**Objective:** {objective}

## 1. Roadmap Position (Mandatory)

- **Sprint:** `S04`

## 2. Objective Lock

- **Objective (One Sentence):** {objective}
- **In Scope:** amounts in cents

## 3. Recent Changes Snapshot

- **Planning Branch:** `{branch}`
- **Base Branch:** `main`

## 4. Current Behavior Summary

- **Current Runtime Flow:** the checkout page adds the lines up by itself

## 5. Proposed Next Block

{blocks}

## 6. Validation Plan

- **Unit Tests:** `{command}`

## 7. Branch Continuity (Mandatory)

- **Execution Branch:** `{branch}`
- **Rule:** Execution must run in the same branch used during planning.

## 8. File Scope Contract (Mandatory)

### Include (Allowed to Modify)

{include}

### Exclude (Must Not Modify)

{exclude}

## 9. Executor Handoff

- **Execution Mode:** `{mode}`
- **Stop Conditions (Escalate Back to Planning):**
  - Scope drift

## 10. Progress Checkpoints (Executor Reporting)

- **Checkpoint Rule:** stop after each block in `stepwise` mode and wait for explicit validation.

## 12. Validation Record (Validator Output)

- **Validation Level:** `medium`

## 13. Closeout Checklist (Closer Output)

- **Ready To Close:** `no`
{more}"""

TITLES = {"B01": "Amounts are whole cents", "B02": "Discounts", "B03": "Totals at the checkout"}


def plan_text(
    blocks: Mapping[str, str] | Iterable[str] = ("B01", "B02", "B03"),
    *,
    title: str = "Checkout Totals",
    objective: str = "Customers see an exact total at the checkout.",
    branch: str = BRANCH,
    include: Sequence[str] = ("src/...", "tests/..."),
    exclude: Sequence[str] = ("infra/...", "src/payments.py"),
    mode: str = "stepwise",
    command: str = "python -m unittest",
    more: str = "",
) -> str:
    """A plan as the template of a planning session has it, filled in."""
    named = blocks if isinstance(blocks, Mapping) else {block: TITLES.get(block, f"Work {block}") for block in blocks}
    listed = "\n\n".join(
        f"- **Block ID:** `{block}`\n- **Goal:** {goal}\n- **Dependencies:** none" for block, goal in named.items()
    )
    return _TEMPLATE.format(
        title=title,
        objective=objective,
        branch=branch,
        blocks=listed,
        command=command,
        include="\n".join(f"- `{pattern}`" for pattern in include),
        exclude="\n".join(f"- `{pattern}`" for pattern in exclude),
        mode=mode,
        more=more,
    )


@lru_cache(maxsize=512)
def reading(path: str, text: str) -> Reading:
    return read(path, text.encode(), dialect_of(path) or dialect_of(path.replace("/completed/", "/active/")))


def blob(content: str) -> str:
    raw = content.encode()
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class WorldCommit:
    """A commit as it really is: who made it, and the whole tree."""

    sha: str
    message: str
    author: str
    tree: Mapping[str, str]
    parent: str
    by_bot: bool = False
    is_merge: bool = False


@dataclass
class World:
    """One pull request with its plan, and everything that the bot has stored about it."""

    policy: Policy | PolicyProblem | Unknown = field(default_factory=Policy)
    now: datetime = START
    line: list[WorldCommit] = field(default_factory=list)
    base: dict[str, str] = field(default_factory=lambda: dict(BASE_TREE))
    reports: dict[str, list[GateReport]] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=lambda: dict(TEAM))
    run: Run | None = None
    ledger: list[Entry] = field(default_factory=list)
    effects: dict[str, Decided] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    handled: set[int] = field(default_factory=set)
    comments: dict[int, CommentCreated] = field(default_factory=dict)
    shown: Shown | None = None
    head_seen: tuple[str, datetime] = ("", START)
    last: Decision | None = None
    is_open: bool = True
    is_merged: bool = False
    is_fork: bool = False
    head_ref: str = BRANCH
    lands_by_itself: bool = True
    files_unknown: str | None = None
    files_left_out: int = 0
    progress_unknown: str | None = None
    gates_unknown: str | None = None
    plan_unknown: str | None = None
    permissions_unknown: str | None = None
    commits_made: int = 0
    next_comment: int = 1000
    plan_path: str = PLAN
    deployments: tuple[Deployment, ...] = ()
    dispatches_land: bool = True
    html_url: str = ""

    # -- what people do ------------------------------------------------------------------------------------------

    def push(
        self,
        *paths: str,
        plan: str | None = None,
        by: str = "coda",
        message: str = "Work",
        on: str | None = None,
        files: Mapping[str, str | None] | None = None,
        is_merge: bool = False,
        react: bool = True,
        by_bot: bool = False,
    ) -> str:
        """A commit that writes new bytes to `paths` (and the plan, and `files`; None removes one).

        `on` names an older commit: then it is a forced push that drops everything above.
        """
        self.tick()
        if on is not None:
            self.line = self.line[: self._index(on) + 1]
        self.commits_made += 1
        tree = dict(self.line[-1].tree if self.line else self.base)
        for path in paths:
            tree[path] = f"bytes of commit {self.commits_made}\n"
        if plan is not None:
            tree[self.plan_path] = plan
        for path, content in (files or {}).items():
            if content is None:
                tree.pop(path, None)
            else:
                tree[path] = content
        sha = hashlib.sha1(f"commit {self.commits_made}".encode(), usedforsecurity=False).hexdigest()
        parent = self.line[-1].sha if self.line else self.base_sha
        self.line.append(WorldCommit(sha, message, by, tree, parent, by_bot, is_merge))
        if react and not by_bot:
            self.react(PullChanged("synchronize", sha))
        return sha

    def rewind(self, to: str) -> None:
        """A forced push of an older commit."""
        self.tick()
        self.line = self.line[: self._index(to) + 1]
        self.react(PullChanged("synchronize", to))

    def ci(self, state: str = "green", *, name: str = "tests", on: str | None = None, source: str = "actions") -> None:
        """A check run of somebody else on a commit (the head, unless another is named)."""
        self.tick()
        sha = on or self.head
        said = {"green": "success", "red": "failure", "pending": "in progress"}[state]
        kept = [report for report in self.reports.get(sha, []) if (report.name, report.source) != (name, source)]
        self.reports[sha] = [*kept, GateReport(name, source, GateState(state), said, f"https://ci.example/{name}")]
        self.react(Woken("checks"))

    def write(self, body: str, *, by: str = "maria", is_bot: bool = False, at: datetime | None = None) -> int:
        """A comment that GitHub has and the bot has not heard of yet."""
        self.tick()
        comment_id = self.next_comment
        self.next_comment += 1
        person = Person(by, abs(hash(by)) % 1000, is_bot)
        self.comments[comment_id] = CommentCreated(comment_id, person, body, at or self.now)
        return comment_id

    def comment(self, body: str, *, by: str = "maria", is_bot: bool = False) -> Answer:
        comment_id = self.write(body, by=by, is_bot=is_bot)
        return self.deliver(comment_id)

    def deliver(self, *comment_ids: int) -> Answer:
        """The webhooks of comments arrive, together and in this order."""
        return self.answer(*[self.comments[comment_id] for comment_id in comment_ids])

    def tick_box(self, line_with: str, *, by: str = "maria") -> Answer:
        """Somebody ticks the box of the checklist whose line holds these words."""
        was = self.checklist()
        lines = [f"- [x] {line[6:]}" if line_with in line and line.startswith("- [ ] ") else line
                 for line in was.splitlines()]  # fmt: skip
        now = "\n".join(lines)
        assert now != "\n".join(was.splitlines()), f"there is no open box with {line_with}"
        return self.checklist_edited(was, now, by=by)

    def checklist_edited(self, was: str, now: str, *, by: str = "maria") -> Answer:
        self.tick()
        return self.answer(ChecklistEdited(Person(by, abs(hash(by)) % 1000), was, now, self.now))

    def press(self, identifier: str, *, by: str = "maria", head: str | None = None) -> Answer:
        """A button of one of the bot's own checks."""
        self.tick()
        person = Person(by, abs(hash(by)) % 1000)
        return self.answer(ButtonPressed(person, identifier, head or self.head, "stepwise/progress", self.now))

    def answer(self, *events: Event) -> Answer:
        """What events brought about."""
        before = set(self.effects)
        entries, run_id = len(self.ledger), self.run.id if self.run else None
        self.react(*events)
        new = [effect for key, effect in self.effects.items() if key not in before]
        is_same = self.run is not None and self.run.id == run_id
        return Answer(tuple(new), tuple(self.ledger[entries:] if is_same else self.ledger))

    def checklist(self) -> str:
        """The checklist as it stands on the pull request now."""
        decision = self.decision
        body = checklist(decision.run, decision.situation, self.facts(), self.ledger)
        assert body is not None
        return body

    def merge(self) -> None:
        self.tick()
        self.is_open, self.is_merged = False, True
        self.react(PullChanged("closed", self.head))

    def close(self) -> None:
        self.tick()
        self.is_open = False
        self.react(PullChanged("closed", self.head))

    def reopen(self) -> None:
        self.tick()
        self.is_open = True
        self.react(PullChanged("reopened", self.head))

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        self.react(Woken("timer"))

    def tick(self) -> None:
        self.now += timedelta(seconds=20)

    # -- how it stands -------------------------------------------------------------------------------------------

    @property
    def base_sha(self) -> str:
        return hashlib.sha1(json.dumps(self.base, sort_keys=True).encode(), usedforsecurity=False).hexdigest()

    @property
    def head(self) -> str:
        return self.line[-1].sha if self.line else self.base_sha

    @property
    def tree(self) -> Mapping[str, str]:
        return self.line[-1].tree if self.line else self.base

    @property
    def content_head(self) -> str:
        """The newest commit that the bot did not make."""
        return next((commit.sha for commit in reversed(self.line) if not commit.by_bot), self.base_sha)

    def state(self) -> RunState:
        assert self.run is not None
        return self.run.state

    def block(self, block_id: str) -> BlockState:
        assert self.run is not None
        found = self.run.block(block_id)
        assert found is not None
        return found.state

    @property
    def decision(self) -> Decision:
        assert self.last is not None
        return self.last

    def _index(self, sha: str) -> int:
        return next(index for index, commit in enumerate(self.line) if commit.sha == sha)

    def above(self, sha: str) -> list[WorldCommit] | None:
        """The commits above one that is on the branch; None if it is not."""
        shas = [commit.sha for commit in self.line]
        return self.line[shas.index(sha) + 1 :] if sha in shas else None

    # -- what the bot does ---------------------------------------------------------------------------------------

    def react(self, *events: Event) -> None:
        """Passes of the bot until nothing is to be done: what acting changes is decided on again, as in the service."""
        fresh = tuple(e for e in events if not isinstance(e, CommentCreated) or e.comment_id not in self.handled)
        self._pass(fresh)
        passes = 0
        while self.lands_by_itself and (waiting := self._landing()) and passes < 5:
            for key in waiting:
                self.land(key)
            self._pass((Woken("again"),))
            passes += 1

    def _pass(self, events: tuple[Event, ...]) -> None:
        facts = self.facts(events)
        before = self.run
        decision = decide(KEY, before, facts, events, self.now)
        invariants.hold(self, before, facts, events, decision)
        if before is None or (decision.run is not None and decision.run.id != before.id):
            self.ledger = []
        self.run = decision.run
        self.ledger.extend(decision.entries)
        for effect in decision.effects:
            known = self.effects.get(effect.key)
            # The store keeps the first effect of a key: asking twice to cancel the same workflow run is asking once.
            is_same_cancel = isinstance(effect, CancelWorker) and effect == known
            assert known is None or is_same_cancel, f"the key {effect.key} was used before"
            self.effects[effect.key] = effect
            if isinstance(effect, WriteRecord | CloseOut | StartWorker | PlanningIssue | RollBack):
                self.outcomes[effect.key] = Outcome(OutcomeState.PENDING, {})
        self.handled |= {event.comment_id for event in events if isinstance(event, CommentCreated)}
        self.last = decision
        if self.run is not None:
            stored = load_run(dump_run(self.run))
            assert stored == self.run, "a run comes back from JSON as it was"
            self.run = stored
        self._show(decision)

    def _show(self, decision: Decision) -> None:
        """What the service stores once the checklist stands: since when it shows what waits for a person."""
        run = decision.run
        awaiting: tuple[str, str | None] | None = None
        if run is not None:
            waiting = [block for block in run.open_blocks if block.state is BlockState.AWAITING_APPROVAL]
            if run.state is RunState.RUNNING and waiting:
                awaiting = (
                    waiting[0].head or decision.situation.content_head,
                    "\n".join(block.id for block in waiting),
                )
            elif run.state in {RunState.VALIDATING, RunState.COMPLETED}:
                awaiting = (decision.situation.content_head, None)
        if awaiting is None:
            self.shown = None
        elif self.shown is None or (self.shown.head, self.shown.block) != awaiting:
            self.shown = Shown(awaiting[0], awaiting[1], self.now)

    def waiting_effects(self) -> list[str]:
        return [key for key, outcome in self.outcomes.items() if outcome.state is OutcomeState.PENDING]

    def _landing(self) -> list[str]:
        waiting = self.waiting_effects()
        return [key for key in waiting if self.dispatches_land or not isinstance(self.effects[key], StartWorker)]

    def land(self, key: str) -> None:
        """An effect is done: the bot's commit stands on the head, the worker is dispatched, the issue is there."""
        effect = self.effects[key]
        assert load_effect(dump_effect(effect)) == effect  # type: ignore[arg-type]
        if isinstance(effect, StartWorker):
            run_id = 9000 + len([one for one in self.effects.values() if isinstance(one, StartWorker)])
            url = f"https://github.test/acme/shop/actions/runs/{run_id}"
            self.outcomes[key] = Outcome(OutcomeState.DONE, {"workflow_run_id": str(run_id), "url": url})
            return
        if isinstance(effect, PlanningIssue):
            self.outcomes[key] = Outcome(OutcomeState.DONE, {"issue": str(effect.number or 77)})
            return
        if isinstance(effect, RollBack):
            self._roll_back(key, effect)
            return
        if isinstance(effect, WriteRecord):
            assert self.run is not None
            if self.run.record_key != key:
                self.outcomes[key] = Outcome(OutcomeState.DONE, {"superseded": "yes"})
                return
            text = written(effect.path, self.tree.get(effect.path), effect.record)
            if text is None or not self.is_open:
                self.fail(key, "The plan is not on the branch any more")
                return
            if text == self.tree.get(effect.path):
                self.outcomes[key] = Outcome(OutcomeState.DONE, {"unchanged": "yes"})
                return
            sha = self.push(files={effect.path: text}, by="stepwise[bot]", message=effect.subject, by_bot=True)
            blobs = json.dumps({effect.path: blob(text)})
            self.outcomes[key] = Outcome(OutcomeState.DONE, {"commit": sha, "blobs": blobs})
            return
        assert isinstance(effect, CloseOut)
        self._close_out(key, effect)

    def _close_out(self, key: str, effect: CloseOut) -> None:
        if effect.as_pull:
            result = {"pull": "99", "url": "https://github.test/acme/shop/pull/99", "moved_path": effect.moved_path}
            self.outcomes[key] = Outcome(OutcomeState.DONE, result)
            return
        if effect.dialect is not Dialect.EXEC_PLAN:
            self._finish_in_place(key, effect)
            return
        path = effect.plan_path if effect.plan_path in self.tree else effect.moved_path
        if path not in self.tree or not self.is_open:
            self.fail(key, "The plan is not on the branch any more")
            return
        text = written(path, self.tree[path], effect.record) or ""
        changes: dict[str, str | None] = {effect.moved_path: text}
        blobs = {effect.moved_path: blob(text)}
        if path != effect.moved_path:
            changes[path] = None
            blobs[path] = ""
        sha = self.push(files=changes, by="stepwise[bot]", message=effect.title, by_bot=True)
        result = {"commit": sha, "blobs": json.dumps(blobs), "moved_path": effect.moved_path}
        self.outcomes[key] = Outcome(OutcomeState.DONE, result)

    def _finish_in_place(self, key: str, effect: CloseOut) -> None:
        text = None if effect.dialect is Dialect.SPEC_PLAN else written(
            effect.path, self.tree.get(effect.path), effect.record
        )  # fmt: skip
        sha = self.push(files={effect.path: text}, by="stepwise[bot]", message=effect.title, by_bot=True)
        blobs = json.dumps({effect.path: blob(text) if text is not None else ""})
        self.outcomes[key] = Outcome(OutcomeState.DONE, {"commit": sha, "blobs": blobs})

    def _roll_back(self, key: str, effect: RollBack) -> None:
        """One commit on exactly the head that was confirmed, with the tree of the commit where the run began."""
        if self.head != effect.head:
            self.fail(key, "The branch moved after the rollback was confirmed")
            return
        goal = self.line[self._index(effect.to)].tree
        changes: dict[str, str | None] = {path: goal.get(path) for path in {*self.tree, *goal}}
        sha = self.push(files=changes, by="stepwise[bot]", message=effect.subject, by_bot=True)
        self.outcomes[key] = Outcome(OutcomeState.DONE, {"commit": sha})

    def fail(self, key: str, error: str = "GitHub answered 403: Resource not accessible") -> None:
        self.outcomes[key] = Outcome(OutcomeState.FAILED, {}, error)

    # -- what the bot is told ------------------------------------------------------------------------------------

    def facts(self, events: Sequence[Event] = ()) -> Facts:
        if self.head_seen[0] != self.head:
            self.head_seen = (self.head, self.now)
        files = self._files()
        wanted = needs(events, has_run=self.run is not None, has_plan=True, shown_head=None)
        paths = plan_paths(self.run, files if isinstance(files, Files) else None, events)
        return Facts(
            pull=PullFacts(
                number=KEY.number, title="Checkout totals", author="coda", is_open=self.is_open,
                is_merged=self.is_merged, is_draft=False, head_ref=self.head_ref, head_sha=self.head,
                is_fork=self.is_fork, base_ref="main", base_sha=self.base_sha,
                changed_files=len(self.changed()) + self.files_left_out,
                full_name="acme/shop", html_url=self.html_url,
            ),
            policy=self.policy,
            files=files,
            plans=tuple(self._plan(path) for path in paths),
            progress=self.progress(self.run),
            files_of=self._files_of(),
            gates=Unknown(self.gates_unknown) if self.gates_unknown else tuple(self.reports.get(self.head, ())),
            head_seen_at=self.head_seen[1],
            permissions={login: self._permission(login) for login in wanted.logins},
            shown=self.shown,
            deployments=self._deployments(),
            outcomes=self.own_outcomes(self.run),
        )  # fmt: skip

    def _files_of(self) -> dict[str, tuple[str, ...]]:
        """What each commit changed, for a run in which commits of several blocks may come in one push."""
        run = self.run
        if run is None or (run.mode is not Mode.AUTONOMOUS and len(run.open_blocks) < 2):
            return {}
        found = {}
        for before, commit in itertools.pairwise(self.line):
            paths = sorted(before.tree.keys() | commit.tree.keys())
            found[commit.sha] = tuple(path for path in paths if before.tree.get(path) != commit.tree.get(path))
        return found

    def own_outcomes(self, run: Run | None) -> dict[str, Outcome]:
        """How the effects of one run went; those that start workers are named after their dispatch."""
        if run is None:
            return {}
        dispatched = {block.dispatch.id for block in run.blocks if block.dispatch is not None}
        dispatched |= {name for block in run.blocks for name in block.earlier}
        if run.validation is not None:
            dispatched.add(run.validation.id)
        mine = {f"dispatch:{name}" for name in dispatched}
        return {key: found for key, found in self.outcomes.items() if key.startswith(f"{run.id}:") or key in mine}

    def _deployments(self) -> tuple[Deployment, ...]:
        """They are asked for once every block is closed."""
        late = {RunState.VALIDATING, RunState.COMPLETED, RunState.CLOSED}
        return self.deployments if self.run is not None and self.run.state in late else ()

    def _permission(self, login: str) -> Permission | Unknown:
        if self.permissions_unknown is not None:
            return Unknown(self.permissions_unknown)
        level = self.permissions.get(login, "none")
        return Permission("read" if level == "triage" else level, level)

    def _files(self) -> Files | Unknown:
        if self.files_unknown is not None:
            return Unknown(self.files_unknown)
        return Files(tuple(self.changed()), self.files_left_out == 0)

    def changed(self) -> list[ChangedFile]:
        found: list[ChangedFile] = []
        for path in sorted({*self.base, *self.tree}):
            old, new = self.base.get(path), self.tree.get(path)
            if old == new:
                continue
            status = "removed" if new is None else "added" if old is None else "modified"
            found.append(ChangedFile(path, status, None, blob(new if new is not None else old or "")))
        return found

    def _plan(self, path: str) -> PlanFile | PlanRefused | Unknown:
        if self.plan_unknown is not None:
            return Unknown(self.plan_unknown)
        if dialect_of(path) is None and "/completed/" not in path:
            return PlanRefused(path, "is not where a plan is kept (for example docs/exec-plans/active/*.md)")
        if path not in self.tree:
            return PlanRefused(path, "is not on this branch")
        return PlanFile(path, blob(self.tree[path]), self.reading(path))

    def reading(self, path: str) -> Reading:
        """A plan as it stands on the head now."""
        if path.endswith(".json"):
            return read_session_from(self.tree, path)
        return reading(path, self.tree[path])

    def progress(self, run: Run | None) -> Progress | Unknown | None:
        if run is None or run.state is RunState.ABORTED:
            return None
        if self.progress_unknown is not None:
            return Unknown(self.progress_unknown)
        above = self.above(run.boundary)
        if above is None:
            return Progress(History.REWRITTEN, (), (), False)
        ours = {o.result.get("commit") for o in self.outcomes.values() if o.state is OutcomeState.DONE}
        commits = tuple(
            Commit(commit.sha, commit.message, commit.author, commit.sha in ours, commit.is_merge, commit.parent)
            for commit in above
        )
        below = self.line[self._index(run.boundary)].tree
        files = tuple(sorted(p for p in {*below, *self.tree} if below.get(p) != self.tree.get(p)))
        return Progress(History.AHEAD if commits else History.IDENTICAL, commits, files, True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a comment brought about."""

    effects: tuple[Decided, ...]
    entries: tuple[Entry, ...]

    @property
    def said(self) -> tuple[Message, ...]:
        return tuple(effect.message for effect in self.effects if isinstance(effect, Say))

    @property
    def refusal(self) -> Refusal:
        (message,) = self.said
        assert isinstance(message, Refusal), message
        return message

    @property
    def problem(self) -> Problem:
        return self.refusal.problem

    @property
    def notice(self) -> Notice:
        (message,) = [message for message in self.said if isinstance(message, Notice)]
        return message

    @property
    def reaction(self) -> str | None:
        found = [effect.content for effect in self.effects if isinstance(effect, React)]
        assert len(found) <= 1
        return found[0] if found else None

    @property
    def is_accepted(self) -> bool:
        return self.reaction == "+1" and not any(isinstance(message, Refusal) for message in self.said)

    @property
    def kinds(self) -> list[str]:
        return [entry.kind.value for entry in self.entries]


def planned(text: str | None = None, **more: object) -> World:
    """A branch with a plan on it, and its pull request."""
    world = World()
    for name, value in more.items():
        assert hasattr(world, name)
        setattr(world, name, value)
    world.push(plan=text if text is not None else plan_text(), message="Plan the work")
    return world


def started(text: str | None = None, **more: object) -> World:
    """The plan is being executed."""
    world = planned(text, **more)
    answer = world.comment("/execute")
    assert answer.is_accepted, answer.said
    return world


def awaiting(text: str | None = None, **more: object) -> World:
    """The first block was pushed, CI is green, and the checklist shows it as awaiting approval."""
    world = started(text, **more)
    do_block(world, "src/b01.py")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL
    return world


def do_block(world: World, *paths: str) -> str:
    sha = world.push(*paths)
    world.ci("green")
    return sha


def validating(text: str | None = None, **more: object) -> World:
    """Every block is approved; the verdict is due."""
    world = started(text, **more)
    assert world.run is not None
    for block in world.run.blocks:
        do_block(world, f"src/{block.id.lower()}.py")
        answer = world.comment(f"/approve {block.id}")
        assert answer.is_accepted, answer.said
    assert world.state() is RunState.VALIDATING
    return world


def completed(text: str | None = None, **more: object) -> World:
    world = validating(text, **more)
    answer = world.comment("/verdict PASS")
    assert answer.is_accepted, answer.said
    return world


def closed(text: str | None = None, **more: object) -> World:
    world = completed(text, **more)
    world.merge()
    assert world.state() is RunState.CLOSED
    return world
