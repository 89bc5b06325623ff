"""Calls counted by kind, and tables as they are printed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.sandbox.hub import Logged

BOT = frozenset({"installation:stepwise", "app:stepwise"})
KINDS = {
    "/pulls": "list of pull requests",
    "/pulls/{number}": "pull request",
    "/compare/{basehead}": "comparison",
    "/commits/{ref}/check-runs": "check runs",
    "/commits/{ref}/status": "statuses",
    "/check-runs": "check shown",
    "/check-runs/{run_id}": "check shown",
    "/issues/{number}/comments": "comments",
    "/issues/comments/{comment_id}": "comments",
    "/pulls/{number}/files": "list of files",
    "/collaborators/{username}/permission": "permission",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """The bot's calls in a stretch of time. `free` reads were answered 304, which costs nothing of the rate limit."""

    reads: int
    free: int
    writes: int
    kinds: Counter[str]

    @property
    def all(self) -> int:
        return self.reads + self.writes

    @property
    def charged(self) -> int:
        return self.all - self.free


def counted(calls: Sequence[Logged]) -> Counted:
    """What of a sandbox's log the bot has called."""
    own = [call for call in calls if call.actor in BOT]
    reads = [call for call in own if call.method == "GET"]
    free = sum(call.not_modified for call in reads)
    return Counted(len(reads), free, len(own) - len(reads), Counter(_kind(call) for call in own))


def _kind(call: Logged) -> str:
    ending = call.route.rpartition("{repo}")[2] or call.route
    if ending in KINDS:
        return KINDS[ending]
    return "git objects" if ending.startswith("/git/") else f"{call.method} {ending}"


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The power of its size with which a cost grows: 0 is not at all, 1 in proportion."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(cost, 1)) for cost in costs]
    return slope(xs, ys)


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the straight line that comes closest to the points."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    below = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / below if below else 0.0


def show(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)), flush=True)


def show_kinds(counts: Counted) -> None:
    """Print what the calls were for."""
    print("  of these: " + ", ".join(f"{count} {kind}" for kind, count in counts.kinds.most_common()), flush=True)
