"""A PostgreSQL of the tests' own: a cluster made from the installed binaries, on a socket in a temporary folder.

PostgreSQL does not run as root; then it runs as an unprivileged user of the machine. It does not wait for the disk:
what these tests kill is processes, never the operating system.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from bot.store.migrate import migrate

MEMORY = Path("/dev/shm")
UNPRIVILEGED = ("postgres", "nobody")
SUPERUSER = "stepwise"
TEMPLATE = "stepwise_template"
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 200
autovacuum_naptime = 10s
log_min_messages = fatal
"""


def binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl`; None where PostgreSQL's server is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*reversed(installed), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "pg_ctl").exists()), None)


@dataclass
class Cluster:
    """One server. `folder` holds its data and its socket."""

    folder: Path
    bin: Path
    user: str | None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def create(cls, bin_folder: Path, within: Path | None = None, configuration: str = CONFIGURATION) -> Cluster:
        """Make a cluster and start it; in memory unless a folder is given."""
        within = within or (MEMORY if MEMORY.is_dir() else None)
        folder = Path(tempfile.mkdtemp(prefix="stepwise-pg-", dir=within))
        user = next((name for name in UNPRIVILEGED if _exists(name)), None) if os.geteuid() == 0 else None
        if user is not None:
            shutil.chown(folder, user)
        cluster = cls(folder, bin_folder, user)
        cluster._run("initdb", "--username", SUPERUSER, "--auth", "trust", "--no-sync", "--encoding", "UTF8")
        (folder / "data" / "postgresql.conf").write_text(configuration.format(folder=folder))
        cluster.start()
        return cluster

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "--silent", "--log", str(self.folder / "server.log"))

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is what a crash of the server looks like; `fast` what an orderly restart does."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", mode)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, name: str) -> str:
        return f"postgresql://{SUPERUSER}@/{name}?host={self.folder}"

    def migrated(self) -> str:
        """A new database with all tables in it, copied from one that was migrated once."""
        name = f"stepwise_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
                migrate(self.url(TEMPLATE))
            _create(connection, name, TEMPLATE)
        return self.url(name)

    def empty(self) -> str:
        """A new database with nothing in it."""
        name = f"stepwise_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            _create(connection, name, "template1")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Forget a database, whoever is still connected to it."""
        name = url.removeprefix(f"postgresql://{SUPERUSER}@/").partition("?")[0]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(self.bin / program), "--pgdata", str(self.folder / "data"), *arguments]
        subprocess.run(
            command,
            check=True,
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if program == "pg_ctl" else None,
        )


def _create(connection: psycopg.Connection, name: str, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for as long as the block lasts. RuntimeError where PostgreSQL is not installed."""
    folder = binaries()
    if folder is None:
        raise RuntimeError("PostgreSQL's server programs are not installed")
    made = Cluster.create(folder)
    try:
        yield made
    finally:
        made.remove()
