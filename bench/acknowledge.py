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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from bench.contestants import ROOT, Contestant, Server, cores, install_probot, running
from bench.load import Measured
from bench.payload import EVENT, payload
from bench.postgres import empty, postgres_in

CONNECTIONS: Final = (16, 64)
ROUNDS: Final = 3
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

    def taken(self) -> int:
        """How many syncs the processes that have ended since counted."""
        if self.counts is None or not self.counts.exists():
            return 0
        found = sum(int(line) for line in self.counts.read_text().split())
        self.counts.unlink()
        return found


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
    # Not in /tmp: that is often memory, where a sync costs nothing. PostgreSQL's user has to get in as well.
    with tempfile.TemporaryDirectory(prefix="stepwise-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        print(f"acknowledgements: {len(body)} bytes each, {ROUNDS} rounds, a sync of this disk {_sync(folder):.0f} µs")
        _measure(folder, body, ROUNDS, reason is None, Disk({}))
        library = _slow_disk(folder)
        if library is None:
            print("slowed syncs are left out: there is no C compiler (cc) on this machine")
            return
        counts = folder / "syncs"
        slowed = {"FSYNC_MICROSECONDS": str(SLOW_MICROSECONDS), "FSYNC_COUNTS": str(counts), "LD_PRELOAD": str(library)}
        print(f"\nthe same with every sync {SLOW_MICROSECONDS / 1000:.0f} ms slower, {SLOW_ROUNDS} rounds")
        _measure(folder, body, SLOW_ROUNDS, reason is None, Disk(slowed, counts))


def _measure(folder: Path, body: bytes, rounds: int, has_probot: bool, disk: Disk) -> None:
    with postgres_in(folder, disk.environment) as postgres:
        if postgres is None:
            print("PostgreSQL is left out: its server programs are not installed, and DATABASE_URL names none")
        racing = [*contestants(has_probot, postgres), *designs(postgres)]
        found, syncs = _race(racing, folder, body, rounds, disk)
    _print(found, racing)
    for name, (answers, count) in syncs.items():
        print(f"  {name}: {answers / max(count, 1):.1f} deliveries per sync ({answers} in {count})")


def _race(
    racing: Sequence[Contestant], folder: Path, body: bytes, rounds: int, disk: Disk
) -> tuple[Found, dict[str, tuple[int, int]]]:
    """What was measured, and for each that writes to a file its answers and the syncs that these took."""
    found: Found = {}
    syncs: dict[str, tuple[int, int]] = {}
    for turn in range(rounds):
        for contestant in racing:
            own = folder / f"{turn}"
            own.mkdir()
            if contestant.is_on_postgres:
                empty(contestant.url or "")
            with running(contestant, own, disk.environment if contestant.url else {}) as server:
                answers = load(server, 16, WARM_UP_SECONDS, body).answers
                for connections in CONNECTIONS:
                    measured = load(server, connections, SECONDS, body)
                    found.setdefault((contestant.name, connections), []).append(measured)
                    answers += measured.answers
            shutil.rmtree(own)
            count = disk.taken()
            if count and contestant.url is not None and contestant.design != "nothing stored":
                before = syncs.get(contestant.name, (0, 0))
                syncs[contestant.name] = (before[0] + answers, before[1] + count)
    return found, syncs


def load(server: Server, connections: int, seconds: float, body: bytes) -> Measured:
    """One run of the load in its own process, on its own core."""
    _, core = cores()
    command = [sys.executable, "-m", "bench.load", str(server.port), str(connections), str(seconds), EVENT]
    before = server.cpu_seconds
    done = subprocess.run(
        command,
        cwd=ROOT,
        input=body,
        capture_output=True,
        preexec_fn=lambda: os.sched_setaffinity(0, core),
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
