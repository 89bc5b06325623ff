"""`/execute` on an issue: find the plan and its branch, open a draft pull request, and have the run started there.

Every step looks for what an earlier attempt left: the open pull request from the branch, the comment with its marker,
the delivery with its GUID. Who may command is asked here before anything is said, and again where the run starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from bot.github import comments, comparison, git_data, pulls, repos
from bot.github.app import GitHubApp
from bot.github.comments import Reaction
from bot.github.errors import GitHubError, NotFound, Unprocessable, UnsafeValue
from bot.github.pulls import PullRequest
from bot.github.repos import Repository
from bot.plans.model import Dialect, Level, Mode, Plan
from bot.runs.command_lines import command_lines
from bot.runs.facts import PlanFile, PlanRefused, Unknown
from bot.runs.model import PullKey
from bot.runs.policy import Policy, PolicyProblem
from bot.service.handed_over import handed_over
from bot.service.observe import Observer
from bot.service.permissions import may_command
from bot.service.target import Target
from bot.store.issue_commands import IssueCommand
from bot.store.store import Store
from bot.views.words import code, plain, subject

ATTEMPTS: Final = 300
"""With the longest wait between them that is two days."""
_FINDINGS_SHOWN: Final = 5
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: the plan, its branch if it was named, and the mode and level for the run."""

    path: str
    branch: str | None
    how: tuple[str, ...]

    @property
    def command(self) -> str:
        return " ".join(("/execute", self.path, *self.how))


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing comes of it and what to do, as Markdown."""

    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """A plan that can be executed, on its branch at `head`, for a pull request into `base`."""

    plan: Plan
    branch: str
    head: str
    base: str


class IssueDesk:
    def __init__(
        self, app: GitHubApp, app_id: int, store: Store, observer: Observer, clock: Callable[[], datetime]
    ) -> None:
        self._app = app
        self._app_id = app_id
        self._store = store
        self._observer = observer
        self._clock = clock

    async def answer(self, command: IssueCommand) -> None:
        """Carry one command out, or refuse it. Raises GitHubError for a fault that may pass: then it is tried again."""
        await self._store.begin_issue_command(command)
        client = self._app.installation(command.installation_id, command.key.repository_id)
        try:
            # By id, since a repository that was renamed meanwhile is followed when reading, but not when writing.
            repository = await repos.by_id(client, command.key.repository_id)
            target = Target(command.key, command.installation_id, client, repository.repo)
            await self._answer(command, target, repository)
        except GitHubError as error:
            if error.is_transient and command.attempts < ATTEMPTS:
                raise
            _log.warning("nothing came of a command on an issue", error=error.sentence())
            await self._store.finish_issue_command(command, self._clock(), error.sentence())

    async def _answer(self, command: IssueCommand, target: Target, repository: Repository) -> None:
        policy = await self._observer.policies.into(target, repository.default_branch, repository.default_branch)
        may = await may_command(target, policy, command.author)
        if may is False:
            await self._react(target, command, "-1")
            await self._store.finish_issue_command(command, self._clock(), "the author may not command here")
            return
        if isinstance(may, Unknown):
            reason = f"GitHub did not say what you may do in this repository: {plain(may.reason)}"
            await self._refuse(target, command, Refused(f"{reason}. Say the command again in a while."))
            return
        asked = read_asked(command.body)
        try:
            outcome = (
                asked
                if isinstance(asked, Refused)
                else await self._pull_for(target, repository, policy, asked, command)
            )
        except GitHubError as error:
            if error.is_transient:
                raise
            outcome = Refused(f"{plain(error.sentence(), 600)}. Correct that, then say the command again.")
        if isinstance(outcome, Refused) or isinstance(asked, Refused):
            assert isinstance(outcome, Refused)
            await self._refuse(target, command, outcome)
            return
        await self._link(target, outcome)
        await self._hand_over(command, asked, target, outcome)

    async def _pull_for(
        self,
        target: Target,
        repository: Repository,
        policy: Policy | PolicyProblem | Unknown,
        asked: Asked,
        command: IssueCommand,
    ) -> PullRequest | Refused:
        """The open pull request from the plan's branch, or a new draft."""
        found = await self._find(target, repository, policy, asked)
        if isinstance(found, Refused):
            return found
        known = await self._open_one(target, repository, found)
        if known is not None:
            return known
        compared = await comparison.since_branch(target.client, target.repo, found.base, found.head)
        if not compared.commits:
            where = f"There are no commits between {code(found.base)} and {code(found.branch)}"
            return Refused(f"{where}, so there is nothing to review yet. Push the plan to its branch first.")
        return await self._open(target, repository, found, asked, command)

    async def _find(
        self, target: Target, repository: Repository, policy: Policy | PolicyProblem | Unknown, asked: Asked
    ) -> Found | Refused:
        """The plan on its own branch; where no branch was named, the default branch's plan says which it is."""
        branch = asked.branch
        if branch is None:
            head = await git_data.read_ref(target.client, target.repo, repository.default_branch)
            plan = await self._readable(target, head, asked, policy, repository.default_branch)
            if isinstance(plan, Refused):
                return Refused(f"{plan.reason}\n\nOr name the branch that it is on: `/execute <path> <branch>`.")
            branch = plan.branch
            if branch is None:
                return Refused(f"{code(asked.path)} names no execution branch. Name it: `/execute <path> <branch>`.")
        head_there = await self._head_of(target, branch)
        if head_there is None:
            return Refused(f"There is no branch {code(branch)} in this repository. Push it, or name another one.")
        plan = await self._readable(target, head_there, asked, policy, branch)
        if isinstance(plan, Refused):
            return plan
        if plan.branch != branch and (plan.branch is not None or plan.dialect is Dialect.EXEC_PLAN):
            named = code(plan.branch) if plan.branch else "no branch"
            return Refused(
                f"On {code(branch)} the plan names {named} as its execution branch. Correct the plan or the command."
            )
        base = plan.base_branch or repository.default_branch
        if base == branch:
            return Refused(f"The plan is to be executed on {code(branch)}, which is what it would be merged into.")
        if await self._head_of(target, base) is None:
            return Refused(f"The plan's base branch {code(base)} does not exist. Correct the plan.")
        return Found(plan, branch, head_there, base)

    async def _readable(
        self, target: Target, head: str, asked: Asked, policy: Policy | PolicyProblem | Unknown, branch: str
    ) -> Plan | Refused:
        file = await self._observer.plans.before_a_pull(target, head, asked.path, policy)
        match file:
            case PlanRefused(reason=reason):
                return Refused(f"{code(asked.path)} on {code(branch)} {plain(reason)}.")
            case Unknown(reason=reason):
                return Refused(f"{code(asked.path)} on {code(branch)} could not be read: {plain(reason, 600)}.")
            case PlanFile(reading=reading):
                if reading.plan is not None and reading.is_executable:
                    return reading.plan
                lines = [
                    f"- line {error.line}: {plain(error.message)}" if error.line else f"- {plain(error.message)}"
                    for error in reading.errors[:_FINDINGS_SHOWN]
                ]
                more = len(reading.errors) - len(lines)
                lines += [f"- … and {more} more"] if more > 0 else []
                said = "\n".join(lines)
                return Refused(f"{code(asked.path)} on {code(branch)} cannot be executed:\n\n{said}")

    async def _head_of(self, target: Target, branch: str) -> str | None:
        try:
            return await git_data.read_ref(target.client, target.repo, branch)
        except (NotFound, UnsafeValue):
            return None

    async def _open_one(self, target: Target, repository: Repository, found: Found) -> PullRequest | None:
        """An open pull request from the branch itself, not from a fork's branch of that name."""
        listed, _ = await pulls.listed(target.client, target.repo, head_branch=found.branch)
        own = [pull for pull in listed if pull.head_repository_id == repository.id]
        fitting = [pull for pull in own if pull.base_ref == found.base]
        return next(iter(fitting or ([] if found.plan.base_branch else own)), None)

    async def _open(
        self, target: Target, repository: Repository, found: Found, asked: Asked, command: IssueCommand
    ) -> PullRequest | Refused:
        title = subject(found.plan.title or asked.path)
        body = (
            f"Executes {code(asked.path)}, as {code(command.author)} asked for in #{command.key.number}.\n\n"
            f"<!-- stepwise:issue:{command.comment_id} -->"
        )
        for is_draft in (True, False):
            try:
                return await pulls.create(
                    target.client,
                    target.repo,
                    title=title,
                    body=body,
                    head=found.branch,
                    base=found.base,
                    draft=is_draft,
                )
            except Unprocessable as error:
                # Private repositories of some plans have no drafts.
                if is_draft and "draft" in error.message.lower():
                    continue
                # Somebody was faster.
                opened = await self._open_one(target, repository, found)
                if opened is not None:
                    return opened
                return Refused(f"GitHub does not open the pull request: {plain(error.message, 600)}.")
        raise AssertionError("the loop returns or raises")

    async def _link(self, target: Target, pull: PullRequest) -> None:
        """Say on the issue where it goes on, once per pull request."""
        marker = f"<!-- stepwise:pull:{pull.number} -->"
        issue = target.key.number
        if await comments.find_own(target.client, target.repo, issue, marker=marker, app_id=self._app_id) is None:
            body = f"The plan is executed in #{pull.number}, from {code(pull.head_ref)} into {code(pull.base_ref)}."
            await comments.create(target.client, target.repo, issue, f"{body}\n\n{marker}")

    async def _hand_over(self, command: IssueCommand, asked: Asked, target: Target, pull: PullRequest) -> None:
        key = PullKey(command.key.repository_id, pull.number)
        now = self._clock()
        await self._store.remember_pull(
            key,
            installation_id=command.installation_id,
            full_name=target.repo.full_name,
            now=now,
            is_open=True,
            head_sha=pull.head_sha,
            base_ref=pull.base_ref,
        )
        await self._store.hand_over(command, handed_over(command, asked.command, now), key, now)

    async def _refuse(self, target: Target, command: IssueCommand, refused: Refused) -> None:
        await self._react(target, command, "confused")
        marker = f"<!-- stepwise:issue:{command.comment_id} -->"
        issue = command.key.number
        # An earlier attempt may have said it and died.
        is_said = command.attempts > 0 and await comments.find_own(
            target.client, target.repo, issue, marker=marker, app_id=self._app_id
        )
        if not is_said:
            said = f"{code(command.author)}: {code('/execute')} was refused. {refused.reason}\n\n{marker}"
            await comments.create(target.client, target.repo, issue, said)
        await self._store.finish_issue_command(command, self._clock(), refused.reason)

    async def _react(self, target: Target, command: IssueCommand, content: Reaction) -> None:
        try:
            await comments.react(target.client, target.repo, command.comment_id, content)
        except NotFound:
            _log.info("the comment on the issue is gone", comment=command.comment_id)


def read_asked(body: str) -> Asked | Refused:
    """Read `/execute <path> [branch] [stepwise|autonomous] [medium|high]` from a comment."""
    lines = [line for line in command_lines(body) if line.word == "execute"]
    if len(lines) != 1:
        return Refused("One comment on an issue starts one plan: say each `/execute` in a comment of its own.")
    words = lines[0].rest.replace("`", "").split()
    how = tuple(word for word in words if word in {*Mode, *Level})
    rest = [word for word in words if word not in how]
    match rest:
        case []:
            return Refused("On an issue the plan has to be named: `/execute <path> [branch]`.")
        case [path]:
            return Asked(path, None, how)
        case [path, branch]:
            return Asked(path, branch, how)
        case _:
            return Refused(f"{code(rest[2])} is more than is understood: `/execute <path> [branch]`.")
