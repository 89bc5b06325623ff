"""The policy that a pull request is held to: from its base branch, else the organisation's, else the defaults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from cachetools import TTLCache

from bot.github import contents, git_data, repos
from bot.github.app import GitHubApp
from bot.github.errors import GitHubError, NotFound, UnsafeValue
from bot.github.repos import Repo
from bot.runs.facts import PullFacts, Unknown
from bot.runs.model import Run
from bot.runs.policy import POLICY_PATH, Policy, PolicyProblem, read_policy
from bot.service.gates import unknown
from bot.service.plan_files import why_not_readable
from bot.service.target import Target

POLICY_SECONDS: Final = 300


class Policies:
    """Reads policies, and keeps each for a few minutes.

    `generation` says whether a repository's policy may have changed since, in whichever process that was noticed.
    """

    def __init__(self, app: GitHubApp, generation: Callable[[int], Awaitable[int]]) -> None:
        self._app = app
        self._generation = generation
        self._kept: TTLCache[tuple[int, str, int], Policy | PolicyProblem] = TTLCache(1024, POLICY_SECONDS)

    async def of(self, target: Target, pull: PullFacts, run: Run | None) -> Policy | PolicyProblem | Unknown:
        """From the base branch, then the organisation's `.github` repository, then the defaults.

        A live run keeps to the base branch that it was started for, as long as there is one: whoever may point the
        pull request at another branch must not choose the policy with it.
        """
        base_ref = run.base_branch if run is not None and run.is_live else pull.base_ref
        return await self.into(target, base_ref, pull.base_ref)

    async def into(self, target: Target, base_ref: str, otherwise: str) -> Policy | PolicyProblem | Unknown:
        """The policy for pull requests into a branch; into the other one where the first is gone."""
        repository_id = target.key.repository_id
        # Asked before GitHub is: a change that is noticed meanwhile makes the next reader read again.
        key = (repository_id, base_ref, await self._generation(repository_id))
        kept = self._kept.get(key)
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
        self._kept[key] = policy
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


def _policy_from(found: contents.FileAt | contents.NotReadable) -> Policy | PolicyProblem | None:
    match found:
        case contents.FileAt(content=content):
            return read_policy(content)
        case contents.Missing():
            return None
        case _:
            return PolicyProblem(POLICY_PATH, ((1, why_not_readable(found)),))
