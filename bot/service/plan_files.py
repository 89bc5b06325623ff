"""Plans as they stand on a commit, read once for each of their versions."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final

from cachetools import LRUCache

from bot.github import contents
from bot.github.errors import GitHubError, UnsafeValue
from bot.github.trees import blob, blob_sha
from bot.plans.dialects import Places, dialect_of, read
from bot.plans.model import PLAN_BYTES_LIMIT, Dialect
from bot.plans.team_session import read_session
from bot.runs.facts import Files, PlanFile, PlanRefused, Unknown
from bot.runs.model import Run
from bot.runs.policy import Policy, PolicyProblem
from bot.runs.records import other_place
from bot.service.gates import unknown
from bot.service.session_folder import read_folder
from bot.service.target import Target
from bot.service.weighed import Weighed

KEPT_BYTES: Final = 64 * PLAN_BYTES_LIMIT
PLANS_BYTES: Final = 8 * PLAN_BYTES_LIMIT
"""Of text; what was read from it takes some times as much."""
OVERHEAD: Final = 1024


class PlanFiles:
    """Reads plans; what was read is kept by its blob, which cannot go stale."""

    def __init__(self) -> None:
        self._blobs: LRUCache[str, bytes] = LRUCache(KEPT_BYTES, getsizeof=len)
        self._plans: Weighed[PlanFile] = Weighed(PLANS_BYTES)
        self._written: LRUCache[tuple[str, str], None] = LRUCache(1024)

    def remember(self, path: str, content: bytes) -> None:
        """The bot's own commit put these bytes there, as a regular file: its directory need not be asked about it."""
        if len(content) <= PLAN_BYTES_LIMIT:
            self._written[path, blob_sha(content)] = None

    async def before_a_pull(
        self, target: Target, commit_sha: str, path: str, policy: Policy | PolicyProblem | Unknown
    ) -> PlanFile | PlanRefused | Unknown:
        """A plan as it stands on any commit, for whoever asks before there is a pull request."""
        places = policy.plans.stated() if isinstance(policy, Policy) else {}
        return await self.at(target, commit_sha, path, Unknown("not asked for"), None, places)

    async def at(
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
        version = (path, listed.get(path) or "")
        kept = self._plans.get(version)
        if kept is not None:
            return kept
        found: contents.FileAt | contents.NotReadable
        try:
            if version in self._written:
                found = contents.FileAt(path, version[1], await blob(target.client, target.repo, version[1]))
            else:
                found = await contents.file_at(target.client, target.repo, head_sha, path, max_bytes=PLAN_BYTES_LIMIT)
        except UnsafeValue as error:
            return PlanRefused(path, f"is not a safe path: {error.message}")
        except GitHubError as error:
            return unknown(error)
        if not isinstance(found, contents.FileAt):
            return PlanRefused(path, why_not_readable(found))
        return await self._read(found, dialect)

    async def _read(self, file: contents.FileAt, dialect: Dialect) -> PlanFile:
        # Reading Markdown takes too long for the event loop that acknowledges webhooks.
        plan = PlanFile(file.path, file.blob_sha, await asyncio.to_thread(read, file.path, file.content, dialect))
        self._plans.keep((file.path, file.blob_sha), plan, len(file.content) + OVERHEAD)
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
        self._plans.keep((path, blob), plan, sum(len(text or b"") for text in files.values()) + OVERHEAD)
        return plan


def why_not_readable(found: contents.NotReadable) -> str:
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
