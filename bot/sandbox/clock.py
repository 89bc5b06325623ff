"""The clock of the sandbox: every timestamp, token expiry and rate limit window reads it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Clock:
    """Real time plus an offset, or a moment that stands still until it is moved."""

    frozen_at: datetime | None = None
    offset: timedelta = timedelta()

    def now(self) -> datetime:
        """Give the current moment in UTC, to the second, as GitHub's timestamps are."""
        return self.precise().replace(microsecond=0)

    def precise(self) -> datetime:
        """Give the current moment in UTC with its microseconds (token ages, delivery durations)."""
        return self.frozen_at if self.frozen_at is not None else datetime.now(UTC) + self.offset

    def timestamp(self) -> float:
        return self.precise().timestamp()

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, at the given moment or now."""
        self.frozen_at = at if at is not None else self.precise()

    def advance(self, seconds: float) -> None:
        """Move ahead, frozen or not."""
        if self.frozen_at is not None:
            self.frozen_at += timedelta(seconds=seconds)
        else:
            self.offset += timedelta(seconds=seconds)

    def resume(self) -> None:
        """Run again, from the moment shown now."""
        self.offset = self.precise() - datetime.now(UTC)
        self.frozen_at = None


def stamp(moment: datetime) -> str:
    """Write a moment as GitHub does: `2026-01-02T03:04:05Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)
