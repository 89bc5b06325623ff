"""A crash: what was raised or took too long, where, and the smallest input that still brings it about."""

from __future__ import annotations

import hashlib
import logging
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from tests.fuzz.broken import Broken

SLOW_SECONDS: Final = 10.0
"""CPU seconds for one input of a few KiB that no reader of ours should need, however busy the machine is."""
MINIMISING_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Crash:
    """`place` is the kind of the error and the line that raised it: crashes with one place are one crash."""

    place: str
    words: str
    data: bytes

    @property
    def name(self) -> str:
        return hashlib.sha256(self.place.encode()).hexdigest()[:12]


def silence() -> None:
    """What the targets log is not what is looked for, and writing it takes most of the time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    warnings.simplefilter("ignore")


def crash_of(run: Callable[[bytes], None], data: bytes) -> Crash | None:
    """Run a target on one input."""
    began = time.process_time()
    try:
        run(data)
    except Exception as error:  # noqa: BLE001 - whatever a target lets out is what is looked for
        if isinstance(error, Broken):
            return Crash(f"Broken: {error}", str(error), data)
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Crash(f"{type(error).__name__} in {last.name} ({last.filename}:{last.lineno})", str(error)[:300], data)
    took = time.process_time() - began
    if took > SLOW_SECONDS:
        return Crash("too slow", f"{took:.0f} s of CPU", data)
    return None


def minimised(run: Callable[[bytes], None], crash: Crash) -> Crash:
    """The crash with as little of its input as still has the same place, by leaving pieces out."""
    if crash.place == "too slow":
        return crash
    until = time.monotonic() + MINIMISING_SECONDS
    data, size = crash.data, max(1, len(crash.data) // 2)
    while size:
        at = 0
        while at < len(data) and time.monotonic() < until:
            shorter = data[:at] + data[at + size :]
            found = crash_of(run, shorter)
            if found is not None and found.place == crash.place:
                data = shorter
            else:
                at += size
        size //= 2
    return crash_of(run, data) or crash
