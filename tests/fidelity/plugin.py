"""Every test that talks to a sandbox is held to GitHub's published description, on both sides of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox.watching import WATCHERS
from tests.fidelity import report
from tests.fidelity.report import never_seen, not_parsed
from tests.fidelity.watch import OF_OTHERS, WATCH

WATCHERS.append(WATCH)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker of xdist saw to the process that prints; there, a run that misses an operation fails."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["fidelity"] = WATCH.dump()
    elif config.getoption("--fidelity") and session.exitstatus == 0 and (never_seen(WATCH) or not_parsed(WATCH)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    WATCH.add(getattr(node, "workeroutput", {}).get("fidelity", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--fidelity"):
        terminalreporter.section("held to GitHub's published description")
        for line in report.lines(WATCH):
            terminalreporter.line(line)


@pytest.fixture(autouse=True)
def as_github_describes_it(request: pytest.FixtureRequest) -> Iterator[None]:
    """What does not conform fails the test that made it. A test that asks for refusals on purpose is marked so."""
    WATCH.take()
    yield
    violations = WATCH.take()
    if request.node.get_closest_marker("malformed") is not None:
        meant = [one for one in violations if (one.kind, one.who) == ("request", OF_OTHERS)]
        WATCH.allow(meant)
        violations = [one for one in violations if one not in meant]
    if violations:
        pytest.fail("\n".join(sorted({str(one) for one in violations})), pytrace=False)
