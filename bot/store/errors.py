"""What can go wrong with the store, for those who call it."""

from __future__ import annotations


class StoreError(Exception):
    """The database cannot be used; the message is one line for the operator."""


class WrongRevision(StoreError):  # noqa: N818 - the field's word, it reads as what happened
    """The database was made by another version of Stepwise."""


class Conflict(Exception):  # noqa: N818
    """Somebody else changed the run, or handled the comment, since it was read: read again and decide again."""


class InboxUnavailable(Exception):  # noqa: N818
    """The delivery is not stored and must not be acknowledged; `retry_after` is in seconds."""

    def __init__(self, reason: str, retry_after: int = 5) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
