"""The whole matrix: every kind of fault at every n-th of its points, told by several processes, as one table."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

import structlog

from bot.sandbox import generate_key
from bot.store.migrate import prepare
from tests.clusters import Cluster, binaries
from tests.faults.bot import Nursery
from tests.faults.outages import may_mount
from tests.faults.points import Fault, Kind, Telling
from tests.faults.telling import Outcome, Room, Undisturbed, alone, tell, undisturbed

MEMORY = Path("/dev/shm")


@dataclass
class Row:
    """What came of one kind of fault."""

    kind: Kind
    exist: int = 0
    tried: int = 0
    tellings: int = 0
    failed: list[Outcome] = field(default_factory=list)
    note: str = ""


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for everything that tellings leave lying about."""
    folder = Path(tempfile.mkdtemp(prefix="stepwise-faults-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_room(workplace: Path, server: Cluster | None = None) -> Room:
    """A room for one process. Its nursery ends with the process."""
    folder = Path(tempfile.mkdtemp(dir=workplace))
    prepared = folder / "prepared.db"
    prepare(f"sqlite:///{prepared}")
    return Room(Nursery(), generate_key(), folder, prepared, server)


def points_of(kind: Kind, story: str, found: Undisturbed, every: int, offset: int = 0) -> tuple[int, list[Telling]]:
    """How many points a kind of fault has in a story, and the tellings that carry every n-th of them."""
    if kind.tellings is not None:
        seeds = range(max(1, kind.seeds // every))
        return kind.seeds, [kind.tellings(kind, story, seed) for seed in seeds]
    points = kind.points(found.steps)
    return len(points), kind.told(story, points[offset::every])


class Matrix:
    """Runs tellings in `processes` processes, and those that end otherwise once more, point by point."""

    def __init__(self, processes: int, workplace: Path, database: str) -> None:
        self._pool = ProcessPoolExecutor(
            processes, get_context("spawn"), initializer=_begin, initargs=(workplace, database)
        )

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def undisturbed(self, stories: Iterable[str]) -> dict[str, Undisturbed]:
        found = {story: self._pool.submit(_undisturbed, story) for story in stories}
        return {story: future.result() for story, future in found.items()}

    def run(self, kinds: Sequence[Kind], stories: dict[str, Undisturbed], every: int, repeat: int) -> Iterator[Row]:
        """Each row as soon as it is done."""
        for kind in kinds:
            row = Row(kind)
            if kind.outage == "full" and not may_mount():
                row.note = "needs root, who may mount a small disk"
                yield row
                continue
            planned: list[tuple[Telling, Undisturbed]] = []
            for number, (story, found) in enumerate(stories.items()):
                exist, tellings = points_of(kind, story, found, every * kind.every, number % (every * kind.every))
                row.exist += exist
                planned += [(telling, found) for telling in tellings * repeat]
            self._tell(row, planned)
            yield row

    def _tell(self, row: Row, planned: list[tuple[Telling, Undisturbed]]) -> None:
        again: list[tuple[Telling, Undisturbed]] = []
        for outcome, found in self._outcomes(planned):
            row.tellings += 1
            row.tried += outcome.met
            if outcome.wrong and len(outcome.telling.faults) > 1 and outcome.telling.seed is None:
                again += [(telling, found) for telling in alone(outcome.telling)]
                row.tried -= outcome.met
            elif outcome.wrong:
                row.failed.append(outcome)
            elif outcome.missed:
                again.append((replace(outcome.telling, faults=outcome.missed), found))
        for outcome, _ in self._outcomes(again):
            row.tellings += 1
            row.tried += outcome.met
            if outcome.wrong:
                row.failed.append(outcome)

    def _outcomes(self, planned: list[tuple[Telling, Undisturbed]]) -> Iterator[tuple[Outcome, Undisturbed]]:
        futures = [(self._pool.submit(_tell, telling, found), found) for telling, found in planned]
        for future, found in futures:
            yield future.result(), found


def table(database: str, rows: Sequence[Row], seconds: float) -> str:
    """Markdown, so that it can be put into the docs as it is."""
    lines = [
        f"| fault, on {database} | at | points | tried | tellings | failed |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        name = f"{row.kind.group}: {row.kind.name}"
        tried = row.note or str(row.tried)
        lines.append(f"| {name} | {row.kind.where} | {row.exist} | {tried} | {row.tellings} | {len(row.failed)} |")
    total = [sum(column) for column in zip(*((r.exist, r.tried, r.tellings, len(r.failed)) for r in rows), strict=True)]
    lines.append(f"| all | | {total[0]} | {total[1]} | {total[2]} | {total[3]} |")
    return "\n".join([*lines, "", f"In {seconds / 60:.0f} minutes."])


_room: list[Room] = []


def _begin(workplace: Path, database: str) -> None:
    """In a process of the pool, which has a server of its own: others shall not miss it when it is stopped."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    server = None
    if database == "postgresql":
        folder = binaries()
        assert folder is not None, "PostgreSQL's server programs are not installed"
        server = Cluster.create(folder)
        Finalize(None, server.remove, exitpriority=10)
    _room.append(new_room(workplace, server))


def _undisturbed(story: str) -> Undisturbed:
    return asyncio.run(undisturbed(_room[0], story))


def _tell(telling: Telling, found: Undisturbed) -> Outcome:
    return asyncio.run(tell(_room[0], telling, found))


def run_and_print(
    database: str, kinds: Sequence[Kind], stories: Sequence[str], every: int, repeat: int, processes: int
) -> bool:
    """Run, print each row and in the end the table; whether nothing failed."""
    began = time.monotonic()
    rows = []
    with workplace() as folder:
        matrix = Matrix(processes, folder, database)
        try:
            for row in matrix.run(kinds, matrix.undisturbed(stories), every, repeat):
                rows.append(row)
                so_far = f"{row.kind.name}: {row.tried} tried, {len(row.failed)} failed"
                print(f"{time.monotonic() - began:5.0f}s {so_far}", flush=True)
                for outcome in row.failed:
                    print(f"\nFAILED {again(database, outcome.telling)}\n{outcome.wrong}\n", flush=True)
        finally:
            matrix.close()
    print("\n" + table(database, rows, time.monotonic() - began))
    return not any(row.failed for row in rows)


def again(database: str, telling: Telling) -> str:
    """The command that runs exactly this telling."""
    what = "; ".join(fault.name for fault in telling.faults) if telling.seed is None else f"seed {telling.seed}"
    where = f'--database {database} --kind "{telling.kind}" --story {telling.story}'
    return f'python -m tests.faults {where} --point "{what}"'


def named(kind: Kind, story: str, found: Undisturbed, what: str) -> Telling:
    """The telling that such a command names."""
    if kind.tellings is not None:
        return kind.tellings(kind, story, int(what.removeprefix("seed ")))
    by_name: dict[str, Fault] = {fault.name: fault for fault in kind.points(found.steps)}
    return Telling(kind.name, story, tuple(by_name[one] for one in what.split("; ")), outage=kind.outage)


def one_again(database: str, kind: Kind, story: str, what: str) -> bool:
    """Run one telling as it was printed; whether it ends as it should."""
    with workplace() as folder:
        _begin(folder, database)
        found = _undisturbed(story)
        outcome = _tell(named(kind, story, found, what), found)
    print(f"{outcome.met} came about, {outcome.deaths} deaths\n{outcome.wrong or 'It ends as it should.'}")
    return not outcome.wrong
