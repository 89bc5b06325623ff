"""`python -m tests.promises`: the table as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.promises.demand import Demand
from tests.promises.table import DEMANDS, NAMES


def main() -> None:
    sys.stdout.write("\n".join(_lines()) + "\n")


def _lines() -> Iterator[str]:
    yield "# What the five documents demand, and what shows it"
    for seed, name in NAMES.items():
        rows = [demand for demand in DEMANDS if demand.seed == seed]
        yield f"\n## {name} ({len(rows)})\n"
        yield "| place | demand | shown by |"
        yield "| --- | --- | --- |"
        yield from map(_row, rows)


def _row(demand: Demand) -> str:
    shown = [f"`tests/{one}`" for one in demand.shown_by]
    why = [f"Not ours: {demand.not_ours}."] if demand.not_ours else []
    return f"| {demand.place} | {demand.says} | {'<br>'.join((*why, *shown))} |"


main()
