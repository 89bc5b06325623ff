"""Show: compute the views, compare them with what was last shown, write only what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.github import checks as github_checks
from bot.github import comments
from bot.github.errors import NotFound
from bot.runs.assess import PlanState, Situation
from bot.runs.facts import Facts, Shown
from bot.runs.ledger import Entry
from bot.runs.model import BlockState, PullKey, Run, RunState
from bot.service.target import Target
from bot.store.store import Store
from bot.store.views import ShownCheck, ShownViews
from bot.views.checklist import checklist
from bot.views.checks import CheckView, checks
from bot.views.words import CHECKLIST_MARKER, plain


class Presenter:
    def __init__(self, store: Store, app_id: int, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._app_id = app_id
        self._clock = clock

    async def show(
        self,
        target: Target,
        run: Run | None,
        situation: Situation,
        facts: Facts,
        ledger: Sequence[Entry],
        shown: ShownViews,
    ) -> None:
        """Bring the checks of the head and the checklist comment to what they should say.

        The checks first: they hold the merge, the comment only explains it.
        """
        head = facts.pull.head_sha
        is_silent = run is None and situation.plan.state is PlanState.NONE and await self._is_held(target, head)
        beside = await self._beside(target, head)
        newest = await self._store.newest_checks(target.key.repository_id, head)
        changed = not facts.pull.is_open
        for view in () if is_silent else checks(run, situation, facts):
            known = shown.checks.get((head, view.name))
            # On a closed pull request nothing is held any more; only what was left in progress is concluded.
            if facts.pull.is_open or (known is not None and known.digest.startswith("open")):
                changed |= known is None or own_conclusion(known.digest) != (view.conclusion or _OPEN)
                said = _held_by_others(view, beside)
                is_covered = facts.pull.is_open and known is not None and _is_covered(said, known, newest[view.name])
                await self._show_check(target, head, said, None if is_covered else known, view)
        if changed:
            for key in beside:
                await self._store.set_wake_at(key, self._clock())
        if facts.pull.is_open:
            await self._store.forget_old_checks(target.key, head)
        body = checklist(run, situation, facts, ledger)
        if body is not None:
            await self._show_comment(target, body, _awaiting(run, situation), run, shown)

    async def _is_held(self, target: Target, head: str) -> bool:
        """Whether another open pull request with this head has a plan.

        Checks are a commit's, and GitHub goes by the newest of each name: "no plan in this pull request" would free
        the other one to be merged.
        """
        for key in await self._store.pulls_at_head(target.key.repository_id, head):
            if key != target.key and (await self._store.shown(key)).comment_id is not None:
                return True
        return False

    async def _beside(self, target: Target, head: str) -> dict[PullKey, ShownViews]:
        """The other open pull requests with this head, and what was last shown on them.

        Checks are a commit's: what one pull request concludes counts for all of them, so that none may conclude more
        than the others let it. A branch of somebody's own choosing, with a policy of its own, is a base as well.
        """
        keys = await self._store.pulls_at_head(target.key.repository_id, head)
        return {key: await self._store.shown(key) for key in keys if key != target.key}

    async def _show_check(
        self, target: Target, head: str, view: CheckView, known: ShownCheck | None, own: CheckView
    ) -> None:
        digest = _check_digest(view, own.conclusion)
        if known is not None and known.digest == digest:
            return
        check_run_id = await self._write_check(target, head, view, known)
        await self._store.save_check(target.key, head, view.name, check_run_id, digest, self._clock())

    async def _write_check(self, target: Target, head: str, view: CheckView, known: ShownCheck | None) -> int:
        """Edit the check run that is there, or make one where it cannot become what it should be, or is gone."""
        report = _report(view)
        if known is not None and _can_be_changed(known, view):
            try:
                changed = await github_checks.update(target.client, target.repo, known.check_run_id, report)
            except NotFound:
                pass
            else:
                return changed.id
        made = await github_checks.create(target.client, target.repo, name=view.name, head_sha=head, report=report)
        return made.id

    async def _show_comment(
        self,
        target: Target,
        body: str,
        awaiting: tuple[str, str | None] | None,
        run: Run | None,
        shown: ShownViews,
    ) -> None:
        digest = hashlib.sha256(body.encode()).hexdigest()
        if shown.comment_id is not None and shown.comment_digest == digest:
            return
        comment = await self._write_comment(target, body, shown.comment_id)
        now_awaiting = None
        if awaiting is not None:
            head, block = awaiting
            before = shown.awaiting
            since = before.at if before and (before.head, before.block) == awaiting else comment.updated_at
            now_awaiting = Shown(head, block, since)
        await self._store.save_comment(target.key, comment.id, digest, now_awaiting, run.id if run else None)

    async def _write_comment(self, target: Target, body: str, comment_id: int | None) -> comments.Comment:
        """Edit the comment that is there; make one where there is none, or where somebody deleted it."""
        if comment_id is None:
            found = await comments.find_own(
                target.client, target.repo, target.key.number, marker=CHECKLIST_MARKER, app_id=self._app_id
            )
            comment_id = found.id if found else None
        if comment_id is not None:
            try:
                return await comments.update(target.client, target.repo, comment_id, body)
            except NotFound:
                await self._store.forget_comment(target.key)
        return await comments.create(target.client, target.repo, target.key.number, body)


def _awaiting(run: Run | None, situation: Situation) -> tuple[str, str | None] | None:
    """The head, and the blocks (or None for the verdict) that the checklist shows as waiting for a person."""
    if run is None:
        return None
    waiting = [block for block in run.open_blocks if block.state is BlockState.AWAITING_APPROVAL]
    if run.state is RunState.RUNNING and waiting:
        return waiting[0].head or situation.content_head, "\n".join(block.id for block in waiting)
    if run.state in {RunState.VALIDATING, RunState.COMPLETED}:
        return situation.content_head, None
    return None


_OPEN: Final = "none"
_PASSING: Final = frozenset({"success", "neutral"})


def own_conclusion(digest: str) -> str:
    """What the pull request itself concluded, whatever others with its head made of it; "none" while in progress."""
    return digest.split(":")[1] if digest.count(":") > 1 else _OPEN


def _held_by_others(view: CheckView, beside: Mapping[PullKey, ShownViews]) -> CheckView:
    """The check as it may stand on the commit: not passing as long as another pull request with it does not pass."""
    if view.conclusion not in _PASSING:
        return view
    for key, shown in sorted(beside.items()):
        others = [check for (_, name), check in shown.checks.items() if name == view.name]
        if others and own_conclusion(others[-1].digest) not in _PASSING:
            title = f"Held by #{key.number}, which has the same commit"
            summary = f"{plain(view.title)}\n\n{view.name} does not pass on #{key.number}; checks belong to the commit."
            return replace(view, conclusion="failure", title=title, summary=summary)
    return view


def _is_covered(view: CheckView, known: ShownCheck, newest: ShownCheck) -> bool:
    """Whether a newer check run of another pull request says something else than this one has to.

    GitHub goes by the newest of a name: then editing the older one would change nothing, and a new one is made.
    """
    if newest.check_run_id <= known.check_run_id:
        return False
    return (view.conclusion in _PASSING) != (newest.digest.split(":")[2:3] == ["passing"])


def _check_digest(view: CheckView, own: str | None) -> str:
    """What a check says, and whether it is completed or annotated: GitHub cannot take either back on one run."""
    said = json.dumps(
        [
            view.conclusion,
            view.title,
            view.summary,
            [[a.path, a.line, a.level, a.title, a.message] for a in view.annotations],
            [button.identifier for button in view.buttons],
        ]
    )
    kind = ("completed" if view.conclusion else "open") + ("+annotated" if view.annotations else "")
    passing = "passing" if view.conclusion in _PASSING else "holding"
    return f"{kind}:{own or _OPEN}:{passing}:{hashlib.sha256(said.encode()).hexdigest()}"


def _can_be_changed(known: ShownCheck, view: CheckView) -> bool:
    """Whether the check run can be edited into this view.

    GitHub only appends annotations, and a completed run does not go back to being in progress: then a new run of the
    same name takes its place.
    """
    kind = known.digest.partition(":")[0]
    return "annotated" not in kind and (kind == "open" or view.conclusion is not None)


def _report(view: CheckView) -> github_checks.Report:
    annotations = tuple(
        github_checks.Annotation(item.path, item.line, item.line, item.level, item.message, item.title)
        for item in view.annotations
    )
    output = github_checks.Output(view.title, view.summary, annotations=annotations)
    if view.conclusion is None:
        return github_checks.Report("in_progress", output=output)
    actions = tuple(github_checks.Action(one.label, one.description, one.identifier) for one in view.buttons)
    return github_checks.Report("completed", view.conclusion, output, actions=actions)
