"""Observe: fetch the facts that a batch of events needs, and no others.

Whatever hangs on commits alone is kept by their SHAs, which cannot go stale: the files and commits between two SHAs,
and a plan's reading by its blob. What can change under a SHA (the pull request itself, checks, permissions) is asked
for in every pass. A refusal that asking again would not change becomes an `Unknown` fact; a passing fault is raised,
so that the whole pass is tried again later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.github import comparison, pulls
from bot.github.app import GitHubApp
from bot.github.errors import GitHubError
from bot.plans.model import Mode
from bot.runs.assess import Situation
from bot.runs.events import Event
from bot.runs.facts import (
    ChangedFile,
    Commit,
    Facts,
    Files,
    History,
    Outcome,
    Progress,
    PullFacts,
    Shown,
    Unknown,
)
from bot.runs.model import Run, RunState
from bot.runs.needs import plan_paths
from bot.runs.policy import Policy
from bot.runs.records import CLOSEOUT_BRANCH_PREFIX
from bot.service.evidence import deployed, kept_by_runs
from bot.service.gates import gates_at, unknown
from bot.service.permissions import permission_of, team_approvers
from bot.service.plan_files import PlanFiles
from bot.service.policies import Policies
from bot.service.target import Target
from bot.service.weighed import Weighed
from bot.store.store import Store

POLICY_SECONDS: Final = 300
KEPT_ENTRIES: Final = 50_000
"""Commits and files of the comparisons that are kept."""
COMMITS_ASKED: Final = 20
CULPRIT_COMMITS: Final = 20

Clock = Callable[[], datetime]


class HeadMovedMeanwhile(Exception):  # noqa: N818 - reads as what happened
    """The head is not the one that was read at the beginning of this pass: observe anew."""


class Observer:
    """Fetches facts; holds nothing but caches of what cannot change, and of policies for a few minutes."""

    def __init__(self, app: GitHubApp, app_id: int, store: Store, clock: Clock) -> None:
        self._app_id = app_id
        self._clock = clock
        self._comparisons: Weighed[comparison.Comparison] = Weighed(KEPT_ENTRIES)
        self.plans = PlanFiles()
        self.policies = Policies(app, store.policy_generation)

    async def pull(self, target: Target) -> PullFacts:
        """The pull request as it is now. Raises NotFound when it cannot be seen any more."""
        found = await pulls.get(target.client, target.repo, target.key.number)
        return PullFacts(
            number=found.number,
            title=found.title,
            author=found.user_login,
            is_open=found.state == "open",
            is_merged=found.is_merged,
            is_draft=found.is_draft,
            head_ref=found.head_ref,
            head_sha=found.head_sha,
            is_fork=found.is_from_fork,
            base_ref=found.base_ref,
            base_sha=found.base_sha,
            changed_files=found.changed_files or 0,
            full_name=found.base_full_name or target.repo.full_name,
            html_url=found.html_url,
        )

    async def facts(
        self,
        target: Target,
        pull: PullFacts,
        *,
        run: Run | None,
        events: Sequence[Event],
        logins: frozenset[str],
        head_seen_at: datetime,
        shown: Shown | None,
        outcomes: Mapping[str, Outcome],
    ) -> Facts:
        """Everything else that the core wants to know about a pull request at its present head."""
        files = await self._changed_files(target, pull)
        # The policy may say where plans are kept, so that it comes before them.
        policy = await self.policies.of(target, pull, run)
        places = policy.plans.stated() if isinstance(policy, Policy) else {}
        # The bot's own closeout touches finished plans; that does not put them up for execution again.
        is_closeout = run is None and not pull.is_fork and pull.head_ref.startswith(CLOSEOUT_BRANCH_PREFIX)
        brought = files if isinstance(files, Files) and not is_closeout else None
        paths = plan_paths(run, brought, events, places)
        plans = tuple([await self.plans.at(target, pull.head_sha, path, files, run, places) for path in paths])
        facts = Facts(pull, policy, files, plans, None, (), head_seen_at, shown=shown, outcomes=outcomes)
        if run is None and not plans and not logins:
            return facts
        gates = await gates_at(target.client, target.repo, pull.head_sha, self._app_id)
        progress = await self._progress(target, pull, run, outcomes)
        return replace(
            facts,
            progress=progress,
            files_of=await self._files_of(target, run, progress),
            gates=gates,
            permissions={login: await permission_of(target, login) for login in sorted(logins)},
            team_approvers=await team_approvers(target, policy, logins),
            deployments=await deployed(target, pull, run),
            artifacts=await kept_by_runs(target, gates, run),
        )

    async def culprits(self, target: Target, situation: Situation, facts: Facts) -> dict[str, str]:
        """Which commit brought each file that is out of scope, as far as the newest commits tell."""
        wanted = {item.path for item in situation.scope.violations}
        if not wanted or not isinstance(facts.progress, Progress):
            return {}
        brought: dict[str, str] = {}
        commits = [commit for commit in facts.progress.commits if not commit.is_ours and not commit.is_merge]
        for commit in commits[-CULPRIT_COMMITS:]:
            try:
                found = await self._compared(target, commit.parent, commit.sha)
            except GitHubError as error:
                if error.is_transient:
                    raise
                continue
            brought |= {file.path: commit.sha for file in found.files if file.path in wanted}
            brought |= {file.previous_path: commit.sha for file in found.files if file.previous_path in wanted}
        return brought

    async def _files_of(
        self, target: Target, run: Run | None, progress: Progress | Unknown | None
    ) -> dict[str, tuple[str, ...]]:
        """What each new commit changed, where commits of several blocks may lie behind the boundary; else nothing."""
        if run is None or run.state is not RunState.RUNNING or not isinstance(progress, Progress):
            return {}
        commits = [commit for commit in progress.commits if not commit.is_ours and not commit.is_merge]
        is_mixed = run.mode is Mode.AUTONOMOUS or len(run.open_blocks) > 1
        if not is_mixed or not 1 < len(commits) <= COMMITS_ASKED:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for commit in commits:
            try:
                compared = await self._compared(target, commit.parent, commit.sha)
            except GitHubError as error:
                if error.is_transient:
                    raise
                continue
            if compared.files_complete:
                found[commit.sha] = tuple(file.path for file in compared.files)
        return found

    async def _changed_files(self, target: Target, pull: PullFacts) -> Files | Unknown:
        """The files that differ between the base branch and exactly this head.

        A comparison lists at most 300. Beyond that the pull request's own list (at most 3,000) has to do, which is of
        whatever head is newest: it only counts if the head is still the same afterwards.
        """
        try:
            if pull.is_merged:
                # The base branch holds it all by now, so that a comparison is empty; the pull request's list stands.
                items, is_complete = await pulls.files(target.client, target.repo, pull.number, pull.changed_files)
                ahead = None
            else:
                items, is_complete, ahead = await self._files_ahead(target, pull)
        except GitHubError as error:
            return unknown(error)
        changed = tuple(ChangedFile(item.path, item.status, item.previous_path, item.blob_sha) for item in items)
        return Files(changed, is_complete, ahead)

    async def _files_ahead(
        self, target: Target, pull: PullFacts
    ) -> tuple[list[comparison.ChangedFile], bool, frozenset[str] | None]:
        """The files of an open pull request, whether these are all, and the commits that it brings, if those are."""
        found = await comparison.since_branch(target.client, target.repo, pull.base_ref, pull.head_sha)
        ahead = frozenset(commit.sha for commit in found.commits) if found.commits_complete else None
        if found.files_complete:
            return list(found.files), True, ahead
        items, is_complete = await pulls.files(target.client, target.repo, pull.number, pull.changed_files)
        if (await self.pull(target)).head_sha != pull.head_sha:
            raise HeadMovedMeanwhile
        return items, is_complete, ahead

    async def _progress(
        self, target: Target, pull: PullFacts, run: Run | None, outcomes: Mapping[str, Outcome]
    ) -> Progress | Unknown | None:
        if run is None or run.state is RunState.ABORTED:
            return None
        if run.boundary == pull.head_sha:
            return Progress(History.IDENTICAL, (), (), True)
        try:
            found = await self._compared(target, run.boundary, pull.head_sha)
        except GitHubError as error:
            return unknown(error)
        if found.standing in {"gone", "diverged", "behind"}:
            return Progress(History.REWRITTEN, (), (), False)
        # A commit is noted before the branch moves to it: it is the bot's own even where a crash or a lost answer kept
        # the effect from being marked as done.
        ours = {outcome.result["commit"] for outcome in outcomes.values() if "commit" in outcome.result}
        commits = tuple(
            Commit(
                sha=item.sha,
                message=item.message,
                author=item.author_login,
                is_ours=item.sha in ours,
                is_merge=len(item.parents) > 1,
                parent=item.parents[0] if item.parents else run.boundary,
            )
            for item in found.commits
        )
        history = History.IDENTICAL if found.standing == "identical" else History.AHEAD
        return Progress(history, commits, tuple(file.path for file in found.files), found.commits_complete)

    async def _compared(self, target: Target, base: str, head: str) -> comparison.Comparison:
        key = (target.key.repository_id, base, head)
        kept = self._comparisons.get(key)
        if kept is None:
            kept = await comparison.compare(target.client, target.repo, base, head)
            if kept.standing != "gone":
                self._comparisons.keep(key, kept, 1 + len(kept.commits) + len(kept.files))
        return kept
