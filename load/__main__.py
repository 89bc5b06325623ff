"""`make load`: what much traffic, many and large pull requests cost. A name chooses one measurement."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bot.logs import configure_logs
from load import huge, memory, storm, sweep
from load.bots import deployed, told
from load.world import world_on
from tests.clusters import cluster
from tests.databases import migrated

WORKERS = 2


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database with all its tables."""
    if kind == "postgresql":
        with cluster() as server:
            yield server.migrated()
        return
    url = f"sqlite:///{folder / 'load.db'}"
    migrated(url)
    yield url


async def _storm(arguments: argparse.Namespace, folder: Path, url: str) -> None:
    workers = WORKERS if arguments.database == "postgresql" else 0
    async with world_on(url, partial(deployed, workers=workers), folder) as world:
        await storm.measure(world, arguments.pulls or 100, arguments.deliveries or 10_000)


async def _sweep(arguments: argparse.Namespace, folder: Path, url: str) -> None:
    async with world_on(url, told, folder) as world:
        await sweep.measure(world, arguments.pulls or 1000)


async def _huge(arguments: argparse.Namespace, folder: Path, url: str) -> None:
    async with world_on(url, told, folder) as world:
        await huge.measure(world, huge.Size(arguments.files, arguments.commits, arguments.comments))


async def _memory(arguments: argparse.Namespace, folder: Path, url: str) -> None:
    async with world_on(url, partial(told, shrunk=arguments.shrunk), folder) as world:
        print(f"\nWhat is kept in memory is bounded by 1/{arguments.shrunk} of what it is bounded by otherwise")
        await memory.measure(world, arguments.pulls or 60, arguments.deliveries or 3600, arguments.hours)


MEASUREMENTS = {"storm": _storm, "sweep": _sweep, "huge": _huge, "memory": _memory}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m load", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", *MEASUREMENTS])
    parser.add_argument("--deliveries", type=int, help="how many deliveries a storm or an hour has")
    parser.add_argument("--pulls", type=int, help="how many pull requests there are")
    parser.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql"])
    parser.add_argument("--hours", type=int, default=2, help="of traffic, for memory")
    parser.add_argument("--shrunk", type=int, default=16, help="bound memory by so many times less, to fill it sooner")
    parser.add_argument("--files", type=int, default=3000, help="of the huge pull request")
    parser.add_argument("--commits", type=int, default=250)
    parser.add_argument("--comments", type=int, default=1000)
    arguments = parser.parse_args()
    configure_logs("error")
    for name in MEASUREMENTS if arguments.what == "all" else [arguments.what]:
        with tempfile.TemporaryDirectory(prefix="load-") as made, database(arguments.database, Path(made)) as url:
            asyncio.run(MEASUREMENTS[name](arguments, Path(made), url))


main()
