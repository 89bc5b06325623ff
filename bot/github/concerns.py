"""What a delivery is about: the result types of reading one, and what all readers of payloads share."""

from __future__ import annotations

from dataclasses import dataclass

from bot.github.answers import Json, field, optional
from bot.runs.events import Event
from bot.runs.model import Person

PAYLOAD = "the payload"


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that nobody has to look at, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Concern:
    """What a delivery is about, by the first of these that is given.

    One issue or pull request (`number`; an issue if `is_issue`), the pull requests with that head (`sha`), those into
    a branch (`base_branch`), whoever dispatched that worker (`dispatch`), or, with none of them, the whole repository.
    The other fields are what the payload says of the pull request in passing, None where it says nothing.
    """

    repository_id: int
    full_name: str
    installation_id: int
    event: Event
    number: int | None = None
    sha: str | None = None
    base_branch: str | None = None
    is_open: bool | None = None
    head_sha: str | None = None
    base_ref: str | None = None
    is_issue: bool = False
    dispatch: str | None = None


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """A merge queue wants its checks on `head_sha`; both refs are bare branch names.

    `last_number` is the pull request that GitHub named the queue's branch after, the last of the group, whose others
    the payload does not tell; None when the name has another form.
    """

    repository_id: int
    full_name: str
    installation_id: int
    head_sha: str
    head_ref: str
    base_ref: str
    last_number: int | None


Result = Concern | MergeGroup | Ignored


def concern(
    payload: Json,
    event: Event,
    *,
    number: int | None = None,
    sha: str | None = None,
    base_branch: str | None = None,
    is_open: bool | None = None,
    head_sha: str | None = None,
    base_ref: str | None = None,
    is_issue: bool = False,
    dispatch: str | None = None,
) -> Concern | Ignored:
    """The concern of an event, with repository and installation as the payload has them."""
    installation_id = installation_of(payload)
    if isinstance(installation_id, Ignored):
        return installation_id
    return Concern(
        repository_id=field(payload, "repository.id", int, PAYLOAD),
        full_name=field(payload, "repository.full_name", str, PAYLOAD),
        installation_id=installation_id,
        event=event,
        number=number,
        sha=sha,
        base_branch=base_branch,
        is_open=is_open,
        head_sha=head_sha,
        base_ref=base_ref,
        is_issue=is_issue,
        dispatch=dispatch,
    )


def installation_of(payload: Json) -> int | Ignored:
    """The installation that a payload was sent for; webhooks of a repository or organisation name none."""
    installation_id = optional(payload, "installation.id", int, PAYLOAD)
    if installation_id is None:
        return Ignored("the payload names no installation: it does not come from the App's own webhook")
    return installation_id


def person(payload: Json, path: str) -> Person:
    """The account at a dotted path; accounts that were deleted are null, which GitHub shows as ghost."""
    login = optional(payload, f"{path}.login", str, PAYLOAD) or "ghost"
    is_bot = optional(payload, f"{path}.type", str, PAYLOAD) == "Bot" or login.endswith("[bot]")
    return Person(login, optional(payload, f"{path}.id", int, PAYLOAD) or 0, is_bot)


def of_no_interest(name: str, action: str) -> Ignored:
    """An action that the bot does not react to; new ones appear over time."""
    return Ignored(f"{name}.{action[:60]} is of no interest")
