"""`python -m tests.on_postgresql`: the tests that touch a database once more, on PostgreSQL, where it is installed."""

from __future__ import annotations

import sys

import pytest

from tests.clusters import binaries

LEFT_OUT = (
    "PostgreSQL's server programs are not installed here (Debian: apt-get install postgresql):\n"
    "LEFT OUT: everything that runs on PostgreSQL, with its queue and its workers. SQLite alone was tested."
)


def main(arguments: list[str]) -> int:
    """The exit code: that of pytest, 0 where nothing of it can run or none of the chosen tests touches a database."""
    if binaries() is None:
        print(LEFT_OUT)
        return 0
    print("the tests that touch a database, on PostgreSQL:", flush=True)
    outcome = pytest.main(["--database", "postgresql", *arguments])
    return 0 if outcome is pytest.ExitCode.NO_TESTS_COLLECTED else int(outcome)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
