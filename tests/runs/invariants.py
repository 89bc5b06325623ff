"""What must hold after every single decision, judged from what the world knows and not from what the core derived."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.plans.contract import contract_of, definition_hash
from bot.plans.model import Dialect, Mode
from bot.plans.patterns import ScopeRules
from bot.runs.clicks import calls
from bot.runs.command_lines import command_lines
from bot.runs.decide import Decision, decide
from bot.runs.effects import CancelWorker, CloseOut, Decided, Say, WriteRecord
from bot.runs.events import CommentCreated, Event
from bot.runs.facts import Facts, GateState, OutcomeState
from bot.runs.ledger import EntryKind
from bot.runs.model import Approval, BlockRun, BlockState, Run, RunState
from bot.runs.policy import Policy
from bot.views.checklist import checklist
from bot.views.checks import checks
from bot.views.notices import worded
from bot.views.words import CHECK_PROGRESS, CHECKLIST_MARKER, length

if TYPE_CHECKING:
    from tests.runs.world import World

GITHUB_LIMIT = 65_536
STOPPED = frozenset({RunState.PAUSED, RunState.ESCALATED})
TAKEN_UP = frozenset({EntryKind.RESUMED, EntryKind.RELOCKED, EntryKind.STARTED})


def hold(world: World, before: Run | None, facts: Facts, events: Sequence[Event], decision: Decision) -> None:
    """All of them, for one decision."""
    key = before.pull if before else (decision.run.pull if decision.run else None)
    if key is not None:
        assert decide(key, before, facts, events, world.now) == decision, "the same input gives the same output"
    keys_are_used_once(decision.effects)
    assert all(entry.at == world.now for entry in decision.entries)
    run = decision.run
    if run is None:
        assert before is None and not decision.entries
        return
    asked = {given.comment.comment_id: given.comment for given in calls(events)}
    for entry in decision.entries:
        if entry.comment_id is not None:
            assert entry.comment_id in asked and entry.comment_id not in world.handled, "a comment acts at most once"
    earlier = before if before is not None and before.id == run.id else None
    nothing_undone(earlier, run, decision)
    blocks_are_taken_in_order(earlier, run)
    for block in run.blocks:
        was = earlier.block(block.id) if earlier else None
        if was is None and block.state is BlockState.DONE and block.approval is None:
            assert block.id in completed_in_session(world, run), f"{block.id} is done without anybody saying so"
        elif block.state is BlockState.DONE and (was is None or was.approval != block.approval):
            approval_is_of_exactly_these_bytes(world, before, run, block, facts, asked, decision)
        if block.state is BlockState.SKIPPED and (was is None or was.state is not BlockState.SKIPPED):
            was_not_stopped(before, decision, EntryKind.SKIPPED)
            policy_is_readable(facts)
            plan_is_the_locked_one(world, run)
    if run.verdict is not None and run.verdict.is_passing and (earlier is None or earlier.verdict != run.verdict):
        verdict_is_of_exactly_these_bytes(world, before, run, facts, asked, decision)
    if run.state in {RunState.COMPLETED, RunState.CLOSED}:
        assert all(block.is_settled for block in run.blocks)
        assert run.verdict is not None and run.verdict.is_passing
    for effect in decision.effects:
        if isinstance(effect, CloseOut):
            closeout_is_due(world, run, decision, effect)
        if isinstance(effect, WriteRecord):
            assert facts.pull.is_open and not facts.pull.is_fork and effect.branch == facts.pull.head_ref
    only_one_closeout(world, decision)
    views_hold(world, facts, decision)
    deciding_again_changes_nothing(world, facts, decision)


def completed_in_session(world: World, run: Run) -> tuple[str, ...]:
    """What a team session itself called completed when its run began."""
    plan = world.reading(run.plan_path).plan
    return plan.session.completed if plan is not None and plan.session is not None else ()


def nothing_undone(earlier: Run | None, run: Run, decision: Decision) -> None:
    if earlier is None:
        return
    was_relocked = any(entry.kind is EntryKind.RELOCKED for entry in decision.entries)
    assert was_relocked or [block.id for block in run.blocks] == [block.id for block in earlier.blocks]
    for old in earlier.blocks:
        new = run.block(old.id)
        if not old.is_settled:
            continue
        assert new is not None, f"the settled block {old.id} vanished"
        if was_relocked and new.definition != old.definition:
            continue
        assert new == old, f"the settled block {old.id} changed without anybody saying so"


def keys_are_used_once(effects: Sequence[Decided]) -> None:
    """Only cancelling one and the same workflow run may be asked for twice: the store keeps the first of a key."""
    known: dict[str, Decided] = {}
    for effect in effects:
        assert effect.key not in known or (isinstance(effect, CancelWorker) and known[effect.key] == effect), (
            f"the key {effect.key} is used twice"
        )
        known[effect.key] = effect


def blocks_are_taken_in_order(earlier: Run | None, run: Run) -> None:
    """What a block waits for is settled before it is opened, and only what may stand side by side does."""
    settled = {block.id for block in run.blocks if block.is_settled}
    for block in run.blocks:
        was = earlier.block(block.id) if earlier else None
        is_closed_now = block.approval is not None and (was is None or was.approval != block.approval)
        if not block.is_open and not is_closed_now:
            continue
        group = set(run.group_of(block.id))
        missing = waits_for(run, block.id) - settled - group
        assert not missing, f"{block.id} was opened before {', '.join(sorted(missing))}"
        if run.dialect is Dialect.TEAM_SESSION:
            continue
        for above in run.blocks[: run.blocks.index(block)]:
            overtaken = above.id not in settled | group and waits_for(run, above.id) <= settled - {block.id} - group
            together = above.is_open and run.dialect is Dialect.SPEC_PLAN
            assert not overtaken or together, f"{block.id} was opened before {above.id}, which is above it"
    for one, other in itertools.combinations(run.open_blocks, 2):
        may_stand_together(run, one, other)
    live = [block for block in run.blocks if block.state in {BlockState.ACTIVE, BlockState.AWAITING_APPROVAL}]
    if live:
        assert run.open_block is not None and run.open_block.is_open


def waits_for(run: Run, block_id: str) -> set[str]:
    return set(run.promise(block_id).get("depends_on") or ())


def may_stand_together(run: Run, one: BlockRun, other: BlockRun) -> None:
    """Two open blocks: of one approved group, or independent with files of their own, or of a session's graph."""
    if other.id in run.group_of(one.id) or run.dialect is Dialect.TEAM_SESSION:
        return
    said = f"{one.id} and {other.id} are open side by side"
    assert run.dialect is Dialect.SPEC_PLAN, said
    promises = [run.promise(block.id) for block in (one, other)]
    assert all(promise["independent"] and promise["files"] for promise in promises), said
    assert not set(promises[0]["files"]) & set(promises[1]["files"]), said


def is_permitted(facts: Facts, comment: CommentCreated, world: World) -> bool:
    if comment.author.is_bot:
        return False
    login = comment.author.login
    if isinstance(facts.policy, Policy) and login.casefold() in {name.casefold() for name in facts.policy.approvers}:
        return True
    return world.permissions_unknown is None and world.permissions.get(login) in {"admin", "write"}


def gates_let_pass(world: World, facts: Facts, run: Run, content_head: str) -> bool:
    """Green or silent at the live head; what was seen green holds below the bot's own records."""
    policy = facts.policy
    assert isinstance(policy, Policy)
    pinned = policy.gates.apps
    told = {head: [r for r in found if pinned.get(r.name) in {None, r.source}] for head, found in world.reports.items()}
    reports = [r for r in told.get(world.head, []) if r.name not in policy.gates.ignore]
    if policy.gates.required:
        reports = [r for r in reports if r.name in policy.gates.required]
    if any(report.state is GateState.RED for report in reports):
        return False
    below = [r for r in told.get(content_head, []) if r.name not in policy.gates.ignore]
    seen_green = bool(below) and all(report.state is GateState.GREEN for report in below)
    vouched = [b.approval.head for b in run.blocks if b.approval]
    if world.head != content_head and (seen_green or content_head in vouched):
        return True
    if policy.gates.required and {report.name for report in reports} < set(policy.gates.required):
        return False
    if not reports:
        return (world.now - facts.head_seen_at).total_seconds() >= policy.gates.patience_minutes * 60
    return all(report.state is GateState.GREEN for report in reports)


def scope_is_clean(world: World, run: Run) -> bool:
    if not run.terms["include"] and run.dialect is not Dialect.EXEC_PLAN:
        return True
    rules = ScopeRules.compile(run.terms["include"], run.terms["exclude"], [item.pattern for item in run.exceptions])
    for file in world.changed():
        if is_planning(world, run, file.path):
            continue
        if file.path == run.plan_path or dict(run.own_blobs).get(file.path) == (
            "" if file.status == "removed" else file.blob
        ):
            continue
        if not rules.judge(file.path).is_allowed:
            return False
    return True


def is_planning(world: World, run: Run, path: str) -> bool:
    """What was committed beside the plan before the run: a session's own folder, a spec as it was then."""
    folder = posixpath.dirname(run.plan_path) + "/"
    if not path.startswith(folder) or run.dialect not in {Dialect.SPEC_PLAN, Dialect.TEAM_SESSION}:
        return False
    start = next((commit.tree for commit in world.line if commit.sha == run.rollback), {})
    return run.dialect is Dialect.TEAM_SESSION or (path in start and world.tree.get(path) == start[path])


def policy_is_readable(facts: Facts) -> None:
    assert isinstance(facts.policy, Policy), "nothing advances under a policy that cannot be read"


def plan_is_the_locked_one(world: World, run: Run) -> None:
    assert world.plan_unknown is None, "nothing advances on a plan that could not be read"
    assert run.plan_path in world.tree, "nothing advances without the plan on the branch"
    found = world.reading(run.plan_path)
    assert found.plan is not None and found.is_executable, "nothing advances on a plan that cannot be executed"
    assert contract_of(found.plan).hash == run.contract, "nothing advances on a changed contract"
    assert [definition_hash(block) for block in found.plan.blocks] == [block.definition for block in run.blocks]


def was_not_stopped(before: Run | None, decision: Decision, kind: EntryKind) -> None:
    if before is None or before.state not in STOPPED:
        return
    kinds = [entry.kind for entry in decision.entries]
    first = min((kinds.index(taken) for taken in TAKEN_UP if taken in kinds), default=len(kinds))
    early = [entry for entry in decision.entries[:first] if entry.kind is kind]
    if kind is EntryKind.SKIPPED and before.state is RunState.PAUSED:
        # What stopped a run is put right before it goes on: a block that is held may be left out, and nothing opens.
        held = {block.id for block in before.blocks if block.state in {BlockState.BLOCKED, BlockState.FAILED}}
        early = [entry for entry in early if entry.block not in held]
    assert not early, "nothing advances while paused or escalated"


def bytes_were_meant(
    world: World, facts: Facts, comment: CommentCreated, words: frozenset[str], subject: str | None
) -> bool:
    """Whether a command of the comment names the live commit, or the checklist showed it before the comment."""
    for line in command_lines(comment.body):
        if line.word not in words:
            continue
        named = re.search(r"@([0-9a-fA-F]{7,40})(?![0-9a-zA-Z])", line.rest)
        if named is not None:
            sha = named[1].lower()
            if world.content_head.startswith(sha) or world.head.startswith(sha):
                return True
            continue
        shown = facts.shown
        if shown and shown.head == world.content_head and shown.covers(subject) and shown.at <= comment.at:
            return True
    return False


def facts_are_known(world: World) -> None:
    unknown = [world.files_unknown, world.gates_unknown, world.progress_unknown, world.plan_unknown]
    assert unknown == [None] * 4, "what is not known is never success"


def approval_is_of_exactly_these_bytes(
    world: World,
    before: Run | None,
    run: Run,
    block: BlockRun,
    facts: Facts,
    asked: dict[int, CommentCreated],
    decision: Decision,
) -> None:
    approval = block.approval
    assert isinstance(approval, Approval), f"{block.id} is done without an approval"
    said = f"the approval of {block.id}"
    assert approval.block == block.id
    assert approval.head == world.content_head == block.head, f"{said} is for bytes that are not the live ones"
    if approval.comment_id == 0:
        block_closed_by_itself(world, before, run, block, approval)
    else:
        comment = asked[approval.comment_id]
        assert comment.author.login == approval.by
        assert is_permitted(facts, comment, world), f"{said} is by somebody who may not approve"
        assert bytes_were_meant(world, facts, comment, frozenset({"approve"}), block.id), f"{said} meant other bytes"
    policy_is_readable(facts)
    facts_are_known(world)
    assert approval.contract == run.contract
    plan_is_the_locked_one(world, run)
    assert facts.pull.is_open
    as_judged = before if before is not None and before.id == run.id else None
    assert as_judged is not None, "a block cannot be done in the reaction that starts its run"
    above = world.above(as_judged.boundary)
    assert above is not None, f"{said} stands on a rewritten history"
    assert any(not c.by_bot and not c.is_merge for c in above), f"{said} is for a block without a commit of its own"
    assert gates_let_pass(world, facts, as_judged, world.content_head), f"{said} stands on gates that do not hold"
    assert scope_is_clean(world, run), f"{said} stands on a change out of scope"
    was_not_stopped(before, decision, EntryKind.APPROVED)
    entries = [e for e in decision.entries if e.kind is EntryKind.APPROVED and e.block == block.id]
    said_by = (approval.head, approval.comment_id or None, approval.by)
    assert [(e.commit, e.comment_id, e.actor) for e in entries] == [said_by]


def block_closed_by_itself(world: World, before: Run | None, run: Run, block: BlockRun, approval: Approval) -> None:
    """Only where a person said autonomous, on green gates, for a block that its commits or a report name."""
    said = f"{block.id} closed by itself"
    assert run.mode is Mode.AUTONOMOUS, said
    assert run.started_by in approval.by, f"{said}, and nobody answers for it"
    assert approval.gate_note is None, f"{said} without a gate"
    assert world.reports.get(world.head) or world.reports.get(world.content_head), f"{said} without a gate"
    assert before is not None
    above = [commit for commit in world.above(before.boundary) or () if not commit.by_bot and not commit.is_merge]
    assert block.reported is not None or any(names(commit.message, block.id) for commit in above), said


def names(message: str, block_id: str) -> bool:
    """Whether a commit says that it is this block's, by its subject or by a trailer."""
    subject, *rest = message.splitlines() or [""]
    is_subject = subject.casefold().startswith(block_id.casefold()) and ":" in subject
    trailer = f"stepwise-block: {block_id}".casefold()
    return is_subject or any(line.strip().casefold() == trailer for line in rest)


def verdict_is_of_exactly_these_bytes(
    world: World,
    before: Run | None,
    run: Run,
    facts: Facts,
    asked: dict[int, CommentCreated],
    decision: Decision,
) -> None:
    verdict = run.verdict
    assert verdict is not None and before is not None
    comment = asked[verdict.comment_id]
    assert is_permitted(facts, comment, world)
    assert verdict.head == world.content_head, "a verdict is for the live bytes"
    assert all(block.is_settled for block in run.blocks), "a verdict follows the last block"
    assert bytes_were_meant(world, facts, comment, frozenset({"verdict"}), None), "the verdict meant other bytes"
    policy_is_readable(facts)
    facts_are_known(world)
    plan_is_the_locked_one(world, run)
    assert gates_let_pass(world, facts, run, world.content_head) and scope_is_clean(world, run)
    assert world.above(run.boundary) is not None
    was_not_stopped(before, decision, EntryKind.VERDICT)


def stands(world: World, run: Run) -> bool:
    """Whether a passing verdict is for exactly the content that the branch holds."""
    return run.verdict is not None and run.verdict.is_passing and run.verdict.head == world.content_head


def closeout_is_due(world: World, run: Run, decision: Decision, effect: CloseOut) -> None:
    assert all(block.is_settled for block in run.blocks)
    assert stands(world, run), "a closeout needs a passing verdict on the live content"
    assert run.state in {RunState.COMPLETED, RunState.CLOSED}, f"nothing is closed out in state {run.state}"
    assert effect.as_pull == (world.is_merged or world.is_fork)
    assert world.is_merged or not world.is_fork


def only_one_closeout(world: World, decision: Decision) -> None:
    """A second closeout while one is under way would open a second pull request."""
    new = [effect.key for effect in decision.effects if isinstance(effect, CloseOut)]
    assert len(new) <= 1, "one closeout at a time"
    assert decision.run is not None
    if new:
        mine = f"{decision.run.id}:closeout:"
        waiting = [k for k, o in world.outcomes.items() if k.startswith(mine) and o.state is OutcomeState.PENDING]
        assert not waiting, "one closeout at a time"


def views_hold(world: World, facts: Facts, decision: Decision) -> None:
    run, situation = decision.run, decision.situation
    ledger = [*world.ledger, *decision.entries]
    body = checklist(run, situation, facts, ledger)
    if body is not None:
        assert length(body) < GITHUB_LIMIT and body.count(CHECKLIST_MARKER) == 1
        assert not command_lines(body), "what the bot writes is no command"
    for view in checks(run, situation, facts):
        assert view.title and "\n" not in view.title and len(view.title) <= 255 and length(view.summary) < GITHUB_LIMIT
        if view.name == CHECK_PROGRESS and view.conclusion == "success" and run is not None:
            assert all(block.is_settled for block in run.blocks)
            assert stands(world, run), "progress succeeds on a verdict of exactly these bytes"
    for effect in decision.effects:
        if isinstance(effect, Say):
            said = worded(effect, run, situation, facts, ledger)
            assert said.strip() and length(said) < GITHUB_LIMIT - 200
            assert not command_lines(said), "what the bot says is no command"


def deciding_again_changes_nothing(world: World, facts: Facts, decision: Decision) -> None:
    run = decision.run
    assert run is not None
    outcomes = {key: value for key, value in facts.outcomes.items() if key in world.own_outcomes(run)}
    again_facts = replace(facts, progress=world.progress(run), outcomes=outcomes)
    again = decide(run.pull, run, again_facts, (), world.now)
    assert (again.run, again.entries, again.effects) == (run, (), ()), "deciding twice changes nothing"
