"""The merge queue: the four checks on a group's head, which say what stands on the group's pull requests.

GitHub tries a group of pull requests on a commit of its own and waits there for checks of the same names. Nothing is
judged anew: a group passes if each pull request in it passes on its own head. Which pull requests those are GitHub
does not tell, but for the last one; they are found by their heads, by groups that were made before, and by GitHub's
own list of the pull requests of a commit. A commit that is still nobody's makes the group fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from bot.github import checks, comparison, pulls
from bot.github.comparison import Comparison
from bot.github.errors import GitHubError, NotFound, Unprocessable
from bot.service.gates import unknown
from bot.service.target import Target
from bot.store.merge_groups import StoredGroup
from bot.store.store import Store
from bot.views.words import CHECK_NAMES, bare, counted, plain

_PASSING: Final = frozenset({"success", "neutral", "skipped"})
_MOST_COMMITS_ASKED: Final = 50
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the four checks of a group say; an empty `reasons` is success."""

    reasons: tuple[str, ...]
    numbers: tuple[int, ...] = ()


@dataclass(slots=True)
class _Group:
    """The commits of a group (with their parents) while it is found out whose they are.

    `members` maps pull requests to their heads, None where the group has other commits than the pull request's own
    (squashed or rebased); `pushed_to` those whose head has moved on to the commit that the group does not try.
    """

    commits: Mapping[str, tuple[str, ...]]
    members: dict[int, str | None] = field(default_factory=dict)
    pushed_to: dict[int, str] = field(default_factory=dict)
    explained: set[str] = field(default_factory=set)

    def add_head(self, number: int, head: str) -> None:
        """A pull request whose head is in the group, with all that leads to it."""
        self.members[number] = head
        waiting = [head]
        while waiting:
            sha = waiting.pop()
            if sha in self.commits and sha not in self.explained:
                self.explained.add(sha)
                waiting += self.commits[sha]

    def explain_merges(self) -> None:
        """The queue's own merges: their second parent is the head of a pull request."""
        heads = set(self.members.values())
        for sha, parents in self.commits.items():
            if len(parents) == 2 and parents[1] in heads:
                self.explained.add(sha)

    @property
    def unexplained(self) -> list[str]:
        return [sha for sha in self.commits if sha not in self.explained]


class MergeQueue:
    """Answers the groups of one pull request, as often as asked: what is posted is noted, and looked for first."""

    def __init__(self, store: Store, app_id: int, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._app_id = app_id
        self._clock = clock

    async def begin(self, target: Target, groups: Iterable[StoredGroup]) -> None:
        """All four are in progress at once: a name that is never reported holds the queue up until it times out."""
        for group in groups:
            if set(group.check_runs) >= set(CHECK_NAMES):
                continue
            try:
                await self._begin(target, group)
            except (NotFound, Unprocessable) as error:
                # GitHub knows the commit no longer: the group was made anew, or the queue was cleared.
                _log.info("merge group is gone", head=group.head_sha, error=error.sentence())
                await self._store.answer_group(group, self._clock())

    async def _begin(self, target: Target, group: StoredGroup) -> None:
        known = await self._posted(target, group)
        await self._store.begin_group(group, self._clock())
        output = checks.Output("Looking at the pull requests of this group", "The answer takes a moment.")
        report = checks.Report("in_progress", output=output)
        for name in CHECK_NAMES:
            if name not in known:
                made = await checks.create(
                    target.client, target.repo, name=name, head_sha=group.head_sha, report=report
                )
                known[name] = made.id
                await self._store.note_group_checks(group, known)

    async def answer(self, target: Target) -> None:
        """Conclude every group that waits; its own pull request's checks have just been brought up to date."""
        for group in await self._store.open_groups(target.key):
            if not set(group.check_runs) >= set(CHECK_NAMES):
                # It came in while this reaction ran: the next one begins with it.
                continue
            verdict = await self._judged(target, group)
            try:
                for name, check_run_id in sorted(group.check_runs.items()):
                    await checks.update(target.client, target.repo, check_run_id, _report(name, verdict))
                _log.info("merge group answered", head=group.head_sha, passed=not verdict.reasons)
            except (NotFound, Unprocessable) as error:
                _log.info("merge group is gone", head=group.head_sha, error=error.sentence())
            await self._store.answer_group(group, self._clock())

    async def _posted(self, target: Target, group: StoredGroup) -> dict[str, int]:
        """The runs that are noted, and those that were posted and, since the process died, were not."""
        known = dict(group.check_runs)
        if not group.was_begun:
            return known
        found, _ = await checks.runs_for(target.client, target.repo, group.head_sha)
        own = {run.name: run.id for run in sorted(found, key=lambda run: run.id) if run.app_id == self._app_id}
        known = {name: run for name, run in own.items() if name in CHECK_NAMES} | known
        await self._store.note_group_checks(group, known)
        return known

    async def _judged(self, target: Target, group: StoredGroup) -> Verdict:
        """What cannot be known is a reason to fail; a passing fault is raised, and everything tried again."""
        try:
            found = await comparison.since_branch(target.client, target.repo, group.base_ref, group.head_sha)
            whose = await self._members(target, group, found)
            if isinstance(whose, str):
                return Verdict((whose,), (target.key.number,))
            reasons = [reason for number in sorted(whose) for reason in await self._standing(target, number, whose)]
        except GitHubError as error:
            return Verdict((unknown(error).reason,), (target.key.number,))
        return Verdict(tuple(reasons), tuple(sorted(whose)))

    async def _members(self, target: Target, group: StoredGroup, found: Comparison) -> dict[int, str | None] | str:
        """The pull requests of a group by number, or why they cannot be told."""
        if found.standing == "gone":
            return "GitHub does not know the commits of this group any more"
        if not found.commits_complete:
            return f"GitHub lists only {counted(len(found.commits), 'commit')} of this group"
        repository_id = target.key.repository_id
        commits = _Group({commit.sha: commit.parents for commit in found.commits})
        commits.members[target.key.number] = None
        for key in await self._store.pulls_into(repository_id, group.base_ref):
            row = await self._store.pull(key)
            if row is not None and row.head_sha in commits.commits:
                commits.add_head(key.number, row.head_sha or "")
        commits.explain_merges()
        for sha, number in (await self._store.groups_into(repository_id, group.base_ref)).items():
            # The head of a group is the last commit of the pull request that it was made for.
            if sha in commits.commits and sha not in commits.explained:
                commits.members.setdefault(number, None)
                commits.explained.add(sha)
        return await self._asked(target, group, commits)

    async def _asked(self, target: Target, group: StoredGroup, commits: _Group) -> dict[int, str | None] | str:
        """GitHub's own answer for the commits that are nobody's yet."""
        for sha in commits.unexplained[:_MOST_COMMITS_ASKED]:
            if sha in commits.explained:
                continue
            of_commit = await pulls.of_commit(target.client, target.repo, sha)
            for pull in of_commit:
                if pull.base_ref != group.base_ref or pull.base_repository_id != target.key.repository_id:
                    continue
                commits.explained.add(sha)
                commits.members.setdefault(pull.number, None)
                if pull.head_sha in commits.commits:
                    commits.add_head(pull.number, pull.head_sha)
                elif (await comparison.compare(target.client, target.repo, sha, pull.head_sha)).standing == "ahead":
                    commits.pushed_to[pull.number] = pull.head_sha
            commits.explain_merges()
        for number, head in commits.pushed_to.items():
            return f"#{number} is at {head[:7]}, which this group does not try: it was pushed to since"
        left = commits.unexplained
        if left:
            return f"The commit {left[0][:7]} of this group belongs to no pull request that is known"
        return commits.members

    async def _standing(self, target: Target, number: int, members: Mapping[int, str | None]) -> list[str]:
        """Why one pull request of the group does not pass; empty when it does."""
        pull = await pulls.get(target.client, target.repo, number)
        tried = members[number]
        if tried is not None and tried != pull.head_sha:
            return [f"#{number} is at {pull.head_sha[:7]}, and this group tries {tried[:7]}"]
        found, are_all = await checks.runs_for(target.client, target.repo, pull.head_sha)
        if not are_all:
            return [f"#{number}: GitHub listed only a part of the checks on {pull.head_sha[:7]}"]
        newest: dict[str, checks.CheckRun] = {}
        for run in sorted(found, key=lambda run: run.id):
            if run.app_id == self._app_id:
                newest[run.name] = run
        reasons = []
        for name in CHECK_NAMES:
            check = newest.get(name)
            if check is None:
                reasons.append(f"#{number}: {name} has not reported on {pull.head_sha[:7]}")
            elif check.conclusion not in _PASSING:
                state = check.conclusion or "in progress"
                reasons.append(f"#{number}: {name} is {state.replace('_', ' ')} ({bare(check.title or 'no title')})")
        return reasons


def _report(name: str, verdict: Verdict) -> checks.Report:
    """All four say the same: GitHub wants each of the names, and the group stands or falls as a whole."""
    listed = ", ".join(f"#{number}" for number in verdict.numbers)
    if not verdict.reasons:
        title = f"{counted(len(verdict.numbers), 'pull request')} in this group, each passes on its own head"
        return checks.Report("completed", "success", checks.Output(title, f"In this group: {listed}."))
    lines = "\n".join(f"- {plain(reason, 600)}" for reason in verdict.reasons[:100])
    summary = f"In this group, as far as it is known: {listed}.\n\n{lines}\n\nSee {name} on the pull request itself."
    return checks.Report("completed", "failure", checks.Output(bare(verdict.reasons[0], 200), summary))
