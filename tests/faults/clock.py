"""The sandbox's clock in shared memory, so that a bot in another process lives by it too."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.sandbox.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SharedClock(Clock):
    """A clock that stands still until it is moved, and that tells the moment in a file."""

    def __init__(self, file: Path, at: datetime) -> None:
        super().__init__()
        file.write_bytes(bytes(8))
        self._shared = _mapped(file)
        self.freeze(at)

    def freeze(self, at: datetime | None = None) -> None:
        super().freeze(at)
        self._tell()

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._tell()

    def _tell(self) -> None:
        struct.pack_into("q", self._shared, 0, (self.precise() - _EPOCH) // _MICROSECOND)


def clock_in(file: Path) -> Callable[[], datetime]:
    """The moment that a `SharedClock` in another process tells."""
    shared = _mapped(file)

    def now() -> datetime:
        microseconds: int = struct.unpack_from("q", shared, 0)[0]
        return _EPOCH + microseconds * _MICROSECOND

    return now


def _mapped(file: Path) -> mmap.mmap:
    with file.open("r+b") as opened:
        return mmap.mmap(opened.fileno(), 8)
