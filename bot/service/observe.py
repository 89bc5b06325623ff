"""Observe: fetch the facts that a batch of events needs, and no others.

Whatever hangs on commits alone is kept by their SHAs, which cannot go stale: the files and commits between two SHAs,
and a plan's reading by its blob. What can change under a SHA (the pull request itself, checks, permissions) is asked
for in every pass. A refusal that asking again would not change becomes an `Unknown` fact; a passing fault is raised,
so that the whole pass is tried again later.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from cachetools import LRUCache, TTLCache

from bot.github import comparison, contents, deployments, git_data, people, pulls, repos
from bot.github.app import GitHubApp
from bot.github.errors import GitHubError, NotFound, UnsafeValue
from bot.github.repos import Repo
from bot.plans.dialects import Places, dialect_of, read
from bot.plans.model import PLAN_BYTES_LIMIT, Dialect
from bot.plans.team_session import read_session
from bot.runs.assess import Situation
from bot.runs.decide import APPROVING_LEVELS
from bot.runs.events import Event
from bot.runs.facts import (
    ChangedFile,
    Commit,
    Deployment,
    Facts,
    Files,
    History,
    Outcome,
    Permission,
    PlanFile,
    PlanRefused,
    Progress,
    PullFacts,
    Shown,
    Unknown,
)
from bot.runs.model import Run, RunState
from bot.runs.needs import plan_paths
from bot.runs.policy import POLICY_PATH, Policy, PolicyProblem, read_policy
from bot.runs.records import CLOSEOUT_BRANCH_PREFIX, other_place
from bot.service.gates import gates_at, unknown
from bot.service.session_folder import read_folder
from bot.service.target import Target

POLICY_SECONDS: Final = 300
_DEPLOYABLE: Final = frozenset({RunState.VALIDATING, RunState.COMPLETED, RunState.CLOSED})
CULPRIT_COMMITS: Final = 20

Clock = Callable[[], datetime]


class HeadMovedMeanwhile(Exception):  # noqa: N818 - reads as what happened
    """The head is not the one that was read at the beginning of this pass: observe anew."""


class Observer:
    """Fetches facts; holds nothing but caches of what cannot change, and of policies for a few minutes."""

    def __init__(self, app: GitHubApp, app_id: int, clock: Clock) -> None:
        self._app = app
        self._app_id = app_id
        self._clock = clock
        self._comparisons: LRUCache[tuple[object, ...], comparison.Comparison] = LRUCache(512)
        self._blobs: LRUCache[str, bytes] = LRUCache(1024)
        self._plans: LRUCache[tuple[str, str], PlanFile] = LRUCache(256)
        self._policies: TTLCache[tuple[int, str], Policy | PolicyProblem] = TTLCache(1024, POLICY_SECONDS)

    def forget_policy(self, repository_id: int) -> None:
        """The policy of a repository may have changed."""
        for key in [key for key in self._policies if key[0] == repository_id]:
            self._policies.pop(key, None)

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
        policy = await self._policy(target, pull, run)
        places = policy.plans.stated() if isinstance(policy, Policy) else {}
        # The bot's own closeout touches finished plans; that does not put them up for execution again.
        is_closeout = run is None and not pull.is_fork and pull.head_ref.startswith(CLOSEOUT_BRANCH_PREFIX)
        brought = files if isinstance(files, Files) and not is_closeout else None
        paths = plan_paths(run, brought, events, places)
        plans = tuple([await self._plan(target, pull.head_sha, path, files, run, places) for path in paths])
        facts = Facts(pull, policy, files, plans, None, (), head_seen_at, shown=shown, outcomes=outcomes)
        if run is None and not plans and not logins:
            return facts
        return replace(
            facts,
            progress=await self._progress(target, pull, run, outcomes),
            gates=await gates_at(target.client, target.repo, pull.head_sha, self._app_id),
            permissions={login: await self._permission(target, login) for login in sorted(logins)},
            team_approvers=await self._team_approvers(target, policy, logins),
            deployments=await self._deployments(target, pull, run),
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

    async def plan_at(
        self, target: Target, commit_sha: str, path: str, policy: Policy | PolicyProblem | Unknown
    ) -> PlanFile | PlanRefused | Unknown:
        """A plan as it stands on any commit, for whoever asks before there is a pull request."""
        places = policy.plans.stated() if isinstance(policy, Policy) else {}
        return await self._plan(target, commit_sha, path, Unknown("not asked for"), None, places)

    async def may_command(self, target: Target, policy: Policy | PolicyProblem | Unknown, login: str) -> bool | Unknown:
        """Whether GitHub or the policy lets this person command in the repository, asked at this moment."""
        approvers = policy.approvers if isinstance(policy, Policy) else ()
        if any(name.casefold() == login.casefold() for name in approvers):
            return True
        found = await self._permission(target, login)
        if isinstance(found, Permission) and found.level in APPROVING_LEVELS:
            return True
        if login in await self._team_approvers(target, policy, frozenset({login})):
            return True
        return found if isinstance(found, Unknown) else False

    async def _plan(
        self,
        target: Target,
        head_sha: str,
        path: str,
        files: Files | Unknown,
        run: Run | None,
        places: Places,
    ) -> PlanFile | PlanRefused | Unknown:
        """A plan at the head; its blob tells, from the list of changed files, when it is the one read before."""
        # A finished plan is read where the closeout put it, and never executed from there.
        is_own = run is not None and path in {run.plan_path, other_place(run.plan_path)}
        dialect = run.dialect if run is not None and is_own else dialect_of(path, places=places)
        if dialect is None:
            return PlanRefused(path, "is not where a plan is kept (for example docs/exec-plans/active/*.md)")
        if dialect is Dialect.TEAM_SESSION:
            return await self._session(target, head_sha, path)
        listed = {file.path: file.blob for file in files.changed} if isinstance(files, Files) else {}
        kept = self._plans.get((path, listed.get(path) or ""))
        if kept is not None:
            return kept
        try:
            found = await contents.file_at(target.client, target.repo, head_sha, path, max_bytes=PLAN_BYTES_LIMIT)
        except UnsafeValue as error:
            return PlanRefused(path, f"is not a safe path: {error.message}")
        except GitHubError as error:
            return unknown(error)
        if not isinstance(found, contents.FileAt):
            return PlanRefused(path, _why_not_readable(found))
        # Reading Markdown takes too long for the event loop that acknowledges webhooks.
        plan = PlanFile(path, found.blob_sha, await asyncio.to_thread(read, path, found.content, dialect))
        self._plans[path, found.blob_sha] = plan
        return plan

    async def _session(self, target: Target, head_sha: str, path: str) -> PlanFile | PlanRefused | Unknown:
        """A team session at the head: several files, of which those that are known by their blob are not read again."""
        try:
            listing, files = await read_folder(target, head_sha, path, self._blobs)
        except UnsafeValue as error:
            return PlanRefused(path, f"is not a safe path: {error.message}")
        except GitHubError as error:
            return unknown(error)
        if files.get(path) is None:
            return PlanRefused(path, "is not there as a regular file on this branch")
        blob = hashlib.sha256(repr(sorted(listing.items())).encode()).hexdigest()
        kept = self._plans.get((path, blob))
        if kept is not None:
            return kept
        plan = PlanFile(path, blob, await asyncio.to_thread(read_session, path, files, sorted(listing)))
        self._plans[path, blob] = plan
        return plan

    async def _deployments(self, target: Target, pull: PullFacts, run: Run | None) -> tuple[Deployment, ...]:
        """Where the head was deployed to; asked for only where a record has a place for it."""
        if run is None or run.dialect is not Dialect.MEMORY_BANK or run.state not in _DEPLOYABLE:
            return ()
        try:
            found, _ = await deployments.newest_of(target.client, target.repo, pull.head_sha)
        except GitHubError as error:
            if error.is_transient:
                raise
            # An installation that was not given this permission has no deployments to speak of.
            return ()
        return tuple(
            Deployment(item.environment, item.state or "unknown", item.url, item.created_at, item.updated_at)
            for item in found
        )

    async def _team_approvers(
        self, target: Target, policy: Policy | PolicyProblem | Unknown, logins: frozenset[str]
    ) -> frozenset[str]:
        """Who of these is in a team that the policy names; a team that cannot be read lets nobody in."""
        teams = [name for name in policy.approvers if "/" in name] if isinstance(policy, Policy) else []
        found: set[str] = set()
        for team in teams:
            organization, _, slug = team.partition("/")
            for login in logins - found:
                try:
                    is_member = await people.is_team_member(target.client, organization, slug, login)
                except GitHubError as error:
                    if error.is_transient:
                        raise
                    continue
                if is_member:
                    found.add(login)
        return frozenset(found)

    async def _policy(self, target: Target, pull: PullFacts, run: Run | None) -> Policy | PolicyProblem | Unknown:
        """From the base branch, then the organisation's `.github` repository, then the defaults.

        A live run keeps to the base branch that it was started for, as long as there is one: whoever may point the
        pull request at another branch must not choose the policy with it.
        """
        base_ref = run.base_branch if run is not None and run.is_live else pull.base_ref
        return await self.policy_into(target, base_ref, pull.base_ref)

    async def policy_into(self, target: Target, base_ref: str, otherwise: str) -> Policy | PolicyProblem | Unknown:
        """The policy for pull requests into a branch; into the other one where the first is gone."""
        key = (target.key.repository_id, base_ref)
        kept = self._policies.get(key)
        if kept is not None:
            return kept
        try:
            # The payload's base SHA may be old; the policy is that of the base branch as it is now.
            try:
                base = await git_data.read_ref(target.client, target.repo, base_ref)
            except NotFound:
                base = await git_data.read_ref(target.client, target.repo, otherwise)
            found = await contents.file_at(target.client, target.repo, base, POLICY_PATH)
            policy = _policy_from(found)
            if policy is None:
                policy = await self._organisation_policy(target)
        except GitHubError as error:
            return unknown(error)
        self._policies[key] = policy
        return policy

    async def _organisation_policy(self, target: Target) -> Policy | PolicyProblem:
        """The defaults where the installation does not reach the organisation's repository, or it has no policy."""
        try:
            client, shared = self._app.installation(target.installation_id), Repo(target.repo.owner, ".github")
            repository = await repos.by_name(client, shared)
            head = await git_data.read_ref(client, shared, repository.default_branch)
            found = await contents.file_at(client, shared, head, POLICY_PATH)
        except (NotFound, UnsafeValue):
            return Policy()
        except GitHubError as error:
            if error.is_transient:
                raise
            return Policy()
        return _policy_from(found) or Policy()

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
                self._comparisons[key] = kept
        return kept

    async def _permission(self, target: Target, login: str) -> Permission | Unknown:
        try:
            found = await people.permission(target.client, target.repo, login)
        except GitHubError as error:
            return unknown(error)
        return Permission(found.level, found.role_name)


def _why_not_readable(found: contents.NotReadable) -> str:
    match found:
        case contents.Missing():
            return "is not on this branch"
        case contents.Symlink():
            return "is a symlink, or stands below one: a plan is a regular file"
        case contents.Submodule():
            return "is in a submodule"
        case contents.IsDirectory():
            return "is a directory"
        case contents.TooLarge(size=size):
            return f"is {size} bytes long; the limit is {PLAN_BYTES_LIMIT}"


def _policy_from(found: contents.FileAt | contents.NotReadable) -> Policy | PolicyProblem | None:
    match found:
        case contents.FileAt(content=content):
            return read_policy(content)
        case contents.Missing():
            return None
        case _:
            return PolicyProblem(POLICY_PATH, ((1, _why_not_readable(found)),))
