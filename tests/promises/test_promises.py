"""One row per sentence of the documents that demands something: its place, and the tests that show that it is done."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.corpus import NOT_HERE, SHARED
from tests.promises.demand import Demand
from tests.promises.table import DEMANDS, FOUND

TESTS = Path(__file__).parents[1]
SEEDS = sorted((SHARED / "seeds").glob("00[0-4]_*.txt"))
ONE_LINE = 2
"""The document that is a single line: its places are offsets."""


@cache
def functions(file: str) -> dict[str, bool]:
    """The test functions of a file, and whether each is left out for good."""
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {node.name: _is_left_out(node) for node in found}


def _is_left_out(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = {ast.unparse(mark).partition("(")[0] for mark in node.decorator_list}
    return bool(marks & {"pytest.mark.skip", "pytest.mark.xfail"})


def place(demand: Demand) -> str:
    return f"{demand.seed}-{demand.place}-{demand.says[:40]}"


@pytest.mark.parametrize("demand", DEMANDS, ids=place)
def test_what_shows_a_demand_is_a_test_that_is_run(demand: Demand) -> None:
    for shown in demand.shown_by:
        file, _, name = shown.partition("::")
        assert (TESTS / file).is_file(), file
        assert name in functions(file), shown
        assert not functions(file)[name], f"{shown} is left out"


@pytest.mark.parametrize("demand", DEMANDS, ids=place)
def test_a_demand_is_shown_or_there_is_a_reason_why_it_is_not_ours(demand: Demand) -> None:
    assert demand.says
    assert demand.shown_by or len(demand.not_ours) > 20


def test_no_demand_is_there_twice() -> None:
    seen = [(demand.seed, demand.place, demand.says) for demand in DEMANDS]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("seed", FOUND)
def test_no_demand_that_was_found_is_lost(seed: int) -> None:
    assert sum(demand.seed == seed for demand in DEMANDS) >= FOUND[seed]


def test_few_demands_are_not_ours() -> None:
    assert sum(bool(demand.not_ours) for demand in DEMANDS) <= len(DEMANDS) // 12


@pytest.mark.skipif(not SEEDS, reason=NOT_HERE)
@pytest.mark.parametrize("seed", FOUND)
def test_every_place_is_in_its_document_and_says_something(seed: int) -> None:
    text = SEEDS[seed].read_text("utf-8")
    lines = text.splitlines()
    for demand in DEMANDS:
        if demand.seed != seed:
            continue
        if seed == ONE_LINE:
            assert text[demand.place : demand.place + 10].strip(), demand
            assert demand.place == 0 or not text[demand.place - 1].isalnum(), demand
        else:
            assert lines[demand.place - 1].strip(" -|`#"), demand
