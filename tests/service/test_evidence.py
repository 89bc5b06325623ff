"""What an execution log cites besides commits and checks: artifacts of the workflow runs behind the head's gates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.github import artifacts
from bot.github.artifacts import Artifact
from bot.github.errors import NotFound
from bot.plans.model import Dialect
from bot.runs.facts import GateReport, GateState
from bot.runs.model import RunState
from bot.service.evidence import kept_by_runs
from tests.store.examples import a_run

PAGE = "https://github.test/acme/shop/actions/runs/77"
COVERAGE = Artifact(5, "coverage", 10, f"{PAGE}/artifacts/5", False, None)
ENDING = replace(a_run(), dialect=Dialect.MEMORY_BANK, state=RunState.VALIDATING)


def gate(name: str, url: str | None) -> GateReport:
    return GateReport(name, "github-actions", GateState.GREEN, "success", url)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The workflow runs that were asked for; 404 is one that is gone."""
    runs: list[int] = []

    async def of_run(_client: Any, _repo: Any, workflow_run_id: int, *, run_url: str) -> tuple[list[Artifact], bool]:
        assert run_url == PAGE or workflow_run_id != 77
        runs.append(workflow_run_id)
        if workflow_run_id == 404:
            raise NotFound("Not Found")
        return [COVERAGE, replace(COVERAGE, id=6, is_expired=True)], True

    monkeypatch.setattr(artifacts, "of_run", of_run)
    return runs


class Nowhere:
    client = repo = None


async def test_artifacts_of_the_runs_behind_the_gates_are_cited_once(asked: list[int]) -> None:
    gates = (gate("tests", f"{PAGE}/job/1"), gate("lint", f"{PAGE}/job/2"), gate("other", "https://ci.test/9"))
    found = await kept_by_runs(Nowhere(), gates, ENDING)  # type: ignore[arg-type]
    assert [(item.name, item.url) for item in found] == [("coverage", f"{PAGE}/artifacts/5")] and asked == [77]


async def test_a_run_that_is_gone_takes_no_other_with_it(asked: list[int]) -> None:
    gone = gate("old", PAGE.replace("77", "404"))
    assert len(await kept_by_runs(Nowhere(), (gone, gate("tests", PAGE)), ENDING)) == 1  # type: ignore[arg-type]
    assert asked == [404, 77]


@pytest.mark.parametrize("run", [a_run(), replace(ENDING, state=RunState.RUNNING), None])
async def test_where_no_record_has_a_place_for_them_nothing_is_asked(asked: list[int], run: Any) -> None:
    assert await kept_by_runs(Nowhere(), (gate("tests", PAGE),), run) == () and asked == []  # type: ignore[arg-type]
