"""GitHub's rate limits: when it said stop, nothing more is sent for that installation until it may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from gidgethub.sansio import RateLimit

from bot.github.errors import NO_CALL, Call, RateLimited

Clock = Callable[[], datetime]

# GitHub's docs: without a header that says how long, wait at least a minute, then exponentially longer.
_FIRST_WAIT = timedelta(seconds=60)
# Both of GitHub's windows are an hour at most; a longer wait is a mistake somewhere and must not silence the bot.
_LONGEST_WAIT = timedelta(hours=1)
_SHORTEST_WAIT = timedelta(seconds=1)
# A permission that is missing is a 403 too; a secondary limit without headers is known by its words only.
_LIMIT_WORDS = ("rate limit", "abuse detection")


class Gate:
    """The limits of one installation: what is left, and until when it is closed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed_until: datetime | None = None
        self._reason = ""
        self._unexplained = 0
        self.remaining: int | None = None
        self.limit: int | None = None
        self.resets_at: datetime | None = None

    @property
    def closed_until(self) -> datetime | None:
        """When the next call may be sent, or None for now."""
        if self._closed_until is not None and self._clock() >= self._closed_until:
            self._closed_until = None
        return self._closed_until

    def check(self, call: Call = NO_CALL) -> None:
        """Raise RateLimited while the gate is closed."""
        retry_at = self.closed_until
        if retry_at is not None:
            raise RateLimited(
                f"{self._reason} (nothing is sent before {retry_at:%H:%M:%S} UTC)", call, retry_at=retry_at
            )

    def observe(self, headers: Mapping[str, str]) -> None:
        """Note what an answer that was no refusal says about the limit; the last call that was free closes the gate."""
        self._unexplained = 0
        rate = _primary(headers)
        if rate is not None:
            self._note(rate)
            if rate.remaining == 0 and rate.reset_datetime > self._clock():
                self._close("The rate limit of this installation is used up", rate.reset_datetime)

    def refusal(self, status: int, headers: Mapping[str, str], message: str) -> datetime | None:
        """Close the gate if this answer is a rate limit and say until when; None if it is something else."""
        if status not in (403, 429):
            return None
        rate = _primary(headers)
        used_up = rate is not None and rate.remaining == 0
        if rate is not None:
            self._note(rate)
        told = "retry-after" in headers
        if not (status == 429 or told or used_up or any(words in message.lower() for words in _LIMIT_WORDS)):
            return None
        wait_until = self._retry_after(headers.get("retry-after"))
        if wait_until is None and used_up and rate is not None:
            wait_until = rate.reset_datetime
        if wait_until is None:
            wait_until = self._clock() + _FIRST_WAIT * 2 ** min(self._unexplained, 6)
            self._unexplained += 1
        return self._close(message, wait_until)

    def _note(self, rate: RateLimit) -> None:
        self.remaining, self.limit, self.resets_at = rate.remaining, rate.limit, rate.reset_datetime

    def _retry_after(self, header: str | None) -> datetime | None:
        if header is None:
            return None
        if header.strip().isascii() and header.strip().isdigit():
            return self._clock() + timedelta(seconds=min(int(header.strip()[:9]), 10**8))
        try:
            date = parsedate_to_datetime(header)
        except ValueError:
            return None
        return date if date.tzinfo else date.replace(tzinfo=UTC)

    def _close(self, reason: str, until: datetime) -> datetime:
        now = self._clock()
        until = min(max(until, now + _SHORTEST_WAIT), now + _LONGEST_WAIT)
        # Calls in flight answer out of order: the longest wait that GitHub asked for counts.
        self._closed_until = max(until, self._closed_until or until)
        self._reason = reason
        return self._closed_until


def _primary(headers: Mapping[str, str]) -> RateLimit | None:
    if headers.get("x-ratelimit-resource", "core") != "core":
        return None
    try:
        return RateLimit.from_http(headers)
    except (ValueError, OverflowError, OSError):
        return None
