"""The order in which tasks can be done, and the cycles that forbid one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.session_graph import cycles, working_order

NAMES = [f"T-{number}" for number in range(9)]
GRAPHS = st.permutations(NAMES).flatmap(
    lambda names: st.fixed_dictionaries({name: st.lists(st.sampled_from(names), max_size=3) for name in names})
)


def without_cycles(depends: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same graph with only those edges that lead from a higher number to a lower one."""
    return {task: [name for name in names if name < task] for task, names in depends.items()}


@pytest.mark.parametrize(
    ("depends", "order"),
    [
        ({"a": [], "b": [], "c": []}, "abc"),
        ({"a": ["b"], "b": ["c"], "c": []}, "cba"),
        ({"a": ["c"], "b": [], "c": [], "d": []}, "bcad"),
        ({"a": ["elsewhere"], "b": ["a", "a"]}, "ab"),
        ({"a": ["b"], "b": ["a"], "c": ["a"], "d": []}, "dabc"),
    ],
)
def test_tasks_stay_where_they_are_unless_they_wait_for_a_later_one(depends: dict[str, list[str]], order: str) -> None:
    assert "".join(working_order(depends)) == order


@pytest.mark.parametrize(
    ("depends", "expected"),
    [
        ({"a": ["b"], "b": []}, ()),
        ({"a": ["a"]}, (("a",),)),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, (("a", "b", "c"),)),
        ({"x": ["a"], "a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, (("a", "b"), ("c", "d"))),
    ],
)
def test_every_cycle_is_named_in_full(depends: dict[str, list[str]], expected: tuple[tuple[str, ...], ...]) -> None:
    assert cycles(depends) == expected


@given(GRAPHS.map(without_cycles))
def test_a_graph_without_cycles_has_an_order_that_respects_it(depends: dict[str, list[str]]) -> None:
    order = working_order(depends)
    assert cycles(depends) == ()
    assert sorted(order) == NAMES
    assert all(order.index(name) < order.index(task) for task, names in depends.items() for name in names)


@given(GRAPHS)
def test_a_graph_has_either_an_order_or_a_cycle(depends: dict[str, list[str]]) -> None:
    order = working_order(depends)
    found = cycles(depends)
    is_respected = all(order.index(name) < order.index(task) for task, names in depends.items() for name in names)
    assert is_respected == (not found)
    for cycle in found:
        assert all(after in depends[task] for task, after in zip(cycle, (*cycle[1:], cycle[0]), strict=True))


def test_a_long_chain_and_a_long_cycle_are_no_burden() -> None:
    names = [f"T{number}" for number in range(3000)]
    chain = {name: [after] for name, after in zip(names, [*names[1:], names[0]], strict=True)}
    assert cycles(chain) == (tuple(names),)
    chain[names[-1]] = []
    assert working_order(chain) == tuple(reversed(names))
