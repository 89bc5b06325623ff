"""The webhook endpoint with durable storage beside what people would use instead, which stores nothing.

Servers take turns within each round, so that a busy machine is busy for all of them; every server is new in every
round, with an empty database. A ratio is the median of the rounds' own ratios. The servers have one core, the load
the other one; PostgreSQL is with the load.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from bench.contestants import ROOT, Contestant, Server, cores, install_probot, running
from bench.load import Measured
from bench.payload import EVENT, payload

CONNECTIONS: Final = (16, 64)
ROUNDS: Final = 5
SLOW_ROUNDS: Final = 2
SECONDS: Final = 2.0
WARM_UP_SECONDS: Final = 1.0
SLOW_MICROSECONDS: Final = 2000
SQLITE: Final = "sqlite:///{folder}/bench.db"
BASES: Final = ("probot", "bedevere style")

Found = dict[tuple[str, int], list[Measured]]


@dataclass(frozen=True, slots=True)
class Disk:
    """How the disk is taken part in: the environment that slows and counts syncs, and the file of these counts."""

    environment: Mapping[str, str]
    counts: Path | None = None


def contestants(has_probot: bool, postgres: str | None) -> list[Contestant]:
    """Who can run here; a name of this bot begins with its own."""
    found = [Contestant("probot")] if has_probot else []
    found += [Contestant("bedevere style"), Contestant("stepwise, SQLite", SQLITE)]
    if postgres is not None:
        found.append(Contestant("stepwise, PostgreSQL", postgres))
    return found


def designs(postgres: str | None) -> list[Contestant]:
    """The same endpoint with a commit for each delivery, and with none."""
    found = [Contestant("stepwise, nothing stored", SQLITE, "nothing stored")]
    found.append(Contestant("stepwise, SQLite, a commit each", SQLITE, "one by one"))
    if postgres is not None:
        found.append(Contestant("stepwise, PostgreSQL, a commit each", postgres, "one by one"))
    return found


def main() -> None:
    reason = install_probot()
    if reason is not None:
        print(reason)
    body = payload()
    # Beside the project, not in /tmp: that is often memory, where a sync costs nothing.
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as name, postgres_at(Path(name)) as postgres:
        folder = Path(name)
        print(f"acknowledgements: {len(body)} bytes each, {ROUNDS} rounds, a sync of this disk {_sync(folder):.0f} µs")
        racing = [*contestants(reason is None, postgres), *designs(postgres)]
        _print(_race(racing, folder, body, ROUNDS, Disk({})), racing)
        library = _slow_disk(folder)
        if library is None:
            print("slowed syncs are left out: there is no C compiler (cc) on this machine")
            return
        counts = folder / "syncs"
        slowed = {"FSYNC_MICROSECONDS": str(SLOW_MICROSECONDS), "FSYNC_COUNTS": str(counts), "LD_PRELOAD": str(library)}
        print(f"\nthe same with every sync {SLOW_MICROSECONDS / 1000:.0f} ms slower, {SLOW_ROUNDS} rounds")
        _print(_race(racing, folder, body, SLOW_ROUNDS, Disk(slowed, counts)), racing)


@contextmanager
def postgres_at(_folder: Path) -> Iterator[str | None]:
    """The address of a PostgreSQL to write to: that of `DATABASE_URL`, else none."""
    yield os.environ.get("DATABASE_URL")


def _race(racing: Sequence[Contestant], folder: Path, body: bytes, rounds: int, disk: Disk) -> Found:
    found: Found = {}
    for turn in range(rounds):
        for contestant in racing:
            own = folder / f"{turn}"
            own.mkdir()
            with running(contestant, own, disk.environment if contestant.url else {}) as server:
                _load(server, 16, WARM_UP_SECONDS, body)
                for connections in CONNECTIONS:
                    measured = _load(server, connections, SECONDS, body)
                    found.setdefault((contestant.name, connections), []).append(measured)
            shutil.rmtree(own)
    return found


def _load(server: Server, connections: int, seconds: float, body: bytes) -> Measured:
    """One run of the load in its own process, on its own core."""
    _, load = cores()
    command = [sys.executable, "-m", "bench.load", str(server.port), str(connections), str(seconds), EVENT]
    before = server.cpu_seconds
    done = subprocess.run(
        command,
        cwd=ROOT,
        input=body,
        capture_output=True,
        preexec_fn=lambda: os.sched_setaffinity(0, load),
    )
    if done.returncode:
        raise RuntimeError(f"the load ended early: {done.stderr.decode()[-500:]}")
    found = Measured(**json.loads(done.stdout))
    return replace(found, cpu=1000 * (server.cpu_seconds - before) / found.answers)


def _print(found: Found, racing: Sequence[Contestant]) -> None:
    names = [contestant.name for contestant in racing]
    bases = [name for name in BASES if name in names]
    for connections in CONNECTIONS:
        for name in names:
            runs = found[name, connections]
            ratios = ", ".join(
                f"{_ratio(runs, found[base, connections]):.2f}x of {base}" for base in bases if base != name
            )
            what = f"{name}, {connections} connections"
            print(
                f"  {what:<52} … {ratios:<42} {_of(runs, 'rate'):6.0f}/s  p50 {_of(runs, 'p50'):6.1f} ms"
                f"  p99 {_of(runs, 'p99'):6.1f} ms"
                f"  {_of(runs, 'cpu'):5.2f} ms of CPU each"
            )


def _of(runs: Sequence[Measured], name: str) -> float:
    found: list[float] = [getattr(one, name) for one in runs]
    return median(found)


def _ratio(runs: Sequence[Measured], base: Sequence[Measured]) -> float:
    """The median of each round's own ratio: what disturbed a round disturbed both."""
    return median(one.rate / other.rate for one, other in zip(runs, base, strict=True))


def _sync(folder: Path) -> float:
    """What the disk under the database takes to make 4 KB durable, in microseconds: what a group commit shares out."""
    spans = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            spans.append(time.perf_counter() - began)
    return median(spans) * 1e6


def _slow_disk(folder: Path) -> Path | None:
    """The library that slows and counts syncs, compiled here; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "slow_disk.so"
    source = ROOT / "bench" / "slow_disk.c"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library
