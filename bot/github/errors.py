"""What can go wrong between the bot and GitHub: a small tree, each leaf with GitHub's own words."""

# ruff: noqa: N818 - the names are what happened, as GitHub calls it; that they are errors is said by the module

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Call:
    """Which call an error belongs to. `path` has no query and no host, so that no secret can be in it."""

    method: str = ""
    path: str = ""
    status: int | None = None
    request_id: str | None = None
    documentation_url: str | None = None

    @property
    def is_write(self) -> bool:
        return self.method not in ("", "GET", "HEAD")


NO_CALL = Call()


class GitHubError(Exception):
    """A call that did not give what was asked for.

    `message` is in GitHub's own words where GitHub said something; `may_have_happened` is true only for a write
    whose answer was lost, so that the caller looks before doing it again.
    """

    is_transient = False

    def __init__(self, message: str, call: Call = NO_CALL, *, may_have_happened: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.call = call
        self.may_have_happened = may_have_happened

    @property
    def status(self) -> int | None:
        return self.call.status

    @property
    def method(self) -> str:
        return self.call.method

    @property
    def path(self) -> str:
        return self.call.path

    @property
    def request_id(self) -> str | None:
        return self.call.request_id

    @property
    def documentation_url(self) -> str | None:
        return self.call.documentation_url

    def sentence(self) -> str:
        """One line for people; it repeats what GitHub and the path say, so a page or comment has to escape it."""
        if not self.method:
            return self.message
        if self.status is None:
            return f"GitHub did not answer {self.method} {self.path}: {self.message}"
        return f"GitHub answered {self.status} to {self.method} {self.path}: {self.message}"

    def __str__(self) -> str:
        return self.sentence()


class UnsafeValue(GitHubError):
    """A name, ref or path that may not become part of a URL; nothing was sent."""


class UnexpectedAnswer(GitHubError):
    """GitHub answered, but not in the shape that its documentation promises."""


class AnswerTooLarge(UnexpectedAnswer):
    """The answer was longer than the client is willing to hold."""


class Unauthorized(GitHubError):
    """401: the token or the App's key is not accepted."""


class Forbidden(GitHubError):
    """403: mostly a permission that the installation does not grant."""


class NotFound(GitHubError):
    """404: not there, or not visible to this installation; GitHub does not tell which."""


class Gone(GitHubError):
    """410: switched off, such as the issues of a repository."""


class Conflict(GitHubError):
    """409: an empty repository, a parallel write, a rule of the repository."""


class Unprocessable(GitHubError):
    """422: GitHub understood and refuses."""


class AlreadyExists(Unprocessable):
    """What was to be created is there already."""


class HeadMoved(GitHubError):
    """The branch is not where the caller thought; `actual` is its head now, or None when the branch is gone."""

    def __init__(self, branch: str, expected: str, actual: str | None, call: Call = NO_CALL) -> None:
        now = f"is at {actual}" if actual else "is gone"
        super().__init__(f"The branch {branch} {now}, not at {expected}", call)
        self.branch = branch
        self.expected = expected
        self.actual = actual


class NotAFile(GitHubError):
    """A path to be written is a symlink, a submodule or a directory, or leads through one that is no directory."""


class RateLimited(GitHubError):
    """GitHub's primary or secondary limit; nothing may be sent for this installation before `retry_at` (UTC)."""

    is_transient = True

    def __init__(self, message: str, call: Call = NO_CALL, *, retry_at: datetime) -> None:
        super().__init__(message, call)
        self.retry_at = retry_at


class Unavailable(GitHubError):
    """5xx, a time-out, or a connection that broke."""

    is_transient = True


class Moved(GitHubError):
    """A redirect that was not followed: any of a write, or one to another host; `location` is where it points."""

    def __init__(self, message: str, call: Call = NO_CALL, *, location: str) -> None:
        super().__init__(message, call)
        self.location = location


_BY_STATUS: dict[int, type[GitHubError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Unprocessable,
}


def for_status(message: str, call: Call) -> GitHubError:
    """The error of an answer that is neither a success, nor a redirect, nor a limit."""
    if call.status is not None and call.status >= 500:
        # A gateway's 502 or 504 says nothing about whether the write behind it went through.
        return Unavailable(message, call, may_have_happened=call.is_write)
    return _BY_STATUS.get(call.status or 0, GitHubError)(message, call)
