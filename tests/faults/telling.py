"""One story told with its faults, and whether it ends as it does without them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.sandbox.faults import Hang
from tests.clusters import Cluster
from tests.faults import outages
from tests.faults.bot import Nursery
from tests.faults.database import Database
from tests.faults.ending import difference, ending
from tests.faults.outages import Outage
from tests.faults.points import Fault, Telling
from tests.faults.stage import Stage, Step, staged
from tests.faults.stories import STORIES


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """How a story goes when nothing is wrong."""

    end: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`met` are the faults that came about, `wrong` is what was not as it should be, empty when nothing."""

    telling: Telling
    met: int
    missed: tuple[Fault, ...] = ()
    wrong: str = ""
    deaths: int = 0


@dataclass
class Room:
    """What the tellings of one process share: a nursery, the App's key, a folder, and a database to begin with."""

    nursery: Nursery
    app_key: str
    folder: Path
    prepared: Path
    cluster: Cluster | None = None
    told: int = field(default=0)

    @contextmanager
    def place(self, *, on_small_disk: bool = False) -> Iterator[tuple[Path, Database]]:
        """A folder for one telling, and a database in it, on a disk of its own if asked for."""
        self.told += 1
        folder = self.folder / str(self.told)
        folder.mkdir()
        disk = folder / "disk"
        if on_small_disk:
            outages.mount(disk)
        database = Database(self.cluster.migrated()) if self.cluster else Database.copied(self.prepared, disk)
        try:
            yield folder, database
        finally:
            if self.cluster:
                self.cluster.drop(database.url)
            if on_small_disk:
                outages.unmount(disk)
            shutil.rmtree(folder, ignore_errors=True)


async def undisturbed(room: Room, story: str) -> Undisturbed:
    """A story without any faults. Raises AssertionError when it does not get to its end."""
    with room.place() as (folder, database):
        async with staged(room.nursery, room.app_key, folder, database) as stage:
            await STORIES[story](stage)
            await stage.settle()
            return Undisturbed(ending(stage), tuple(stage.steps))


async def tell(room: Room, telling: Telling, expected: Undisturbed) -> Outcome:
    """The story with its faults; whatever is wrong in the end is in the outcome."""
    arranged = _Arranged(telling)
    with room.place(on_small_disk=telling.outage == "full") as (folder, database):
        outage = _outage(room, telling, database)
        waits = any(isinstance(one, Hang) for one in (*telling.of_all, *(fault.strike for fault in telling.faults)))
        try:
            async with staged(
                room.nursery,
                room.app_key,
                folder,
                database,
                outage=outage,
                meet=arranged.meet,
                is_impatient=waits or telling.outage is not None,
            ) as stage:
                wrong = await _to_its_end(stage, telling, expected)
                arranged.look(stage)
                return Outcome(telling, arranged.met, tuple(arranged.missed), wrong, stage.mortal.deaths)
        except (AssertionError, TimeoutError) as error:
            return Outcome(telling, arranged.met, tuple(arranged.missed), f"{type(error).__name__}: {error}"[:4000])
        finally:
            # Whatever became of the telling, the next one needs it.
            await outage.end()


async def _to_its_end(stage: Stage, telling: Telling, expected: Undisturbed) -> str:
    try:
        await STORIES[telling.story](stage)
        await stage.settle()
        if telling.once_more_at_the_end:
            for attempt in list(stage.sandbox.hooks.attempts):
                stage.sandbox.hooks.redeliver(attempt)
            await stage.settle()
        return difference(ending(stage), expected.end)
    except (AssertionError, TimeoutError, StopIteration) as error:
        return f"{type(error).__name__}: {error}\n{stage.mortal.log[-3000:]}"


def _outage(room: Room, telling: Telling, database: Database) -> Outage:
    match telling.outage:
        case "locked":
            return outages.locked(database)
        case "full":
            return outages.full(database)
        case "gone":
            assert room.cluster is not None
            return outages.gone(room.cluster)
        case None:
            return Outage()


class _Arranged:
    """Sees to it that in each step what is told for it comes about, and whether it did."""

    def __init__(self, telling: Telling) -> None:
        self.met = 0
        self.missed: list[Fault] = []
        self._telling = telling
        self._by_step = {fault.step: fault for fault in telling.faults}
        self._now: Fault | None = None
        self._before = (0, 0, 0, 0)

    def meet(self, stage: Stage, step: int) -> None:
        """Called when a step begins, with nothing left to be done of the one before."""
        self.look(stage)
        trouble, telling = stage.trouble, self._telling
        if step == 0 and telling.seed is not None:
            trouble.chance = random.Random(telling.name)
            trouble.of_all, trouble.share = telling.of_all, telling.share
            trouble.of_all_deliveries = telling.of_all_deliveries
        self._now = fault = self._by_step.get(step)
        if fault is None:
            return
        if fault.strike is not None:
            trouble.strikes[fault.at] = fault.strike
        if fault.behaviour is not None:
            trouble.behaviours[fault.at] = fault.behaviour
        stage.doom = fault.doom
        if fault.second is not None:
            stage.mortal.dooms[stage.mortal.role_of(fault.second)] = fault.second

    def look(self, stage: Stage) -> None:
        """Whether what was told for the step that ends came about."""
        now = (stage.mortal.deaths, stage.mortal.failed, stage.outage.times, stage.trouble.times)
        changed = sum(now) - sum(self._before)
        if self._telling.seed is not None:
            self.met += changed
        elif self._now is not None:
            self.met += changed > 0
            self.missed += [] if changed else [self._now]
        self._now, self._before = None, now


def alone(telling: Telling) -> list[Telling]:
    """The same faults, each in a telling of its own."""
    return [replace(telling, faults=(fault,)) for fault in telling.faults]
