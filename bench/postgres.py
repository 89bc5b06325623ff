"""A PostgreSQL for the race: a cluster of its own from the installed binaries, on the disk, that waits for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from bench.contestants import cores
from tests.clusters import Cluster, binaries

# What PostgreSQL comes with, above all `fsync = on`; on a socket, and with the memory that a small server gives it.
CONFIGURATION: Final = """
listen_addresses = ''
unix_socket_directories = '{folder}'
shared_buffers = 256MB
max_wal_size = 2GB
log_min_messages = fatal
"""


@contextmanager
def postgres_in(folder: Path, environment: Mapping[str, str]) -> Iterator[str | None]:
    """The address of a migrated database on the load's core; None where PostgreSQL is not installed.

    A server that `DATABASE_URL` names is taken instead: it is where it is, and nothing slows its disk.
    """
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given
        return
    programs = binaries()
    if programs is None:
        yield None
        return
    # It inherits where it may run and what is loaded into it.
    before, everywhere = dict(os.environ), os.sched_getaffinity(0)
    os.environ.update(environment)
    os.sched_setaffinity(0, cores()[1])
    try:
        cluster = Cluster.create(programs, folder, CONFIGURATION)
    finally:
        os.sched_setaffinity(0, everywhere)
        os.environ.clear()
        os.environ.update(before)
    try:
        yield cluster.migrated()
    finally:
        cluster.remove()


def empty(url: str) -> None:
    """Forget what the contestant before left there."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE deliveries CASCADE")
        connection.execute("CHECKPOINT")
