"""What every log line of a reaction carries: the deliveries that it takes, repository, pull request and run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from bot.runs.model import Run
from bot.store.delivery import Delivery
from bot.store.pulls import PullRow

MOST_NAMED: Final = 10
"""In a storm hundreds are taken at once; the line that says so names all of them, the others the first few."""


def bind_reaction(row: PullRow, deliveries: Sequence[Delivery], run: Run | None) -> None:
    """From here on, in this task, every line says whose it is.

    Nothing is unbound at the end: the lines that tell how a reaction failed come after it, in the same task.
    `delivery` is a text with the GUIDs in it, as it is where there is one only; empty for a sweep or a timer.
    """
    named = " ".join(delivery.guid for delivery in deliveries[:MOST_NAMED])
    more = len(deliveries) - MOST_NAMED
    structlog.contextvars.bind_contextvars(
        delivery=f"{named} and {more} more" if more > 0 else named,
        repository=row.full_name,
        pull=row.key.number,
        run=run.id if run is not None else None,
    )


def bind_run(run: Run | None) -> None:
    """The run that was decided on, which may have begun just now."""
    structlog.contextvars.bind_contextvars(run=run.id if run is not None else None)
