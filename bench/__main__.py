"""`make bench`: every measurement, side by side in one run. Names as arguments choose some."""

from __future__ import annotations

import asyncio
import inspect
import sys

from bench import acknowledge, calls, growth, parsing, retention, scope
from bot.logs import configure_logs

MEASUREMENTS = {
    "calls": calls.main,
    "parsing": parsing.main,
    "scope": scope.main,
    "acknowledge": acknowledge.main,
    "retention": retention.main,
    "growth": growth.main,
}
# Takes two minutes and a gigabyte of disk.
ON_REQUEST = frozenset({"retention"})


def run() -> None:
    chosen = sys.argv[1:] or [name for name in MEASUREMENTS if name not in ON_REQUEST]
    unknown = [name for name in chosen if name not in MEASUREMENTS]
    if unknown:
        sys.exit(f"no such measurement: {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}")
    configure_logs("error")
    for name in chosen:
        outcome = MEASUREMENTS[name]()
        if inspect.isawaitable(outcome):
            asyncio.run(outcome)
        print()


run()
