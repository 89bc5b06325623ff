"""Graphs of tasks that wait for each other: a working order that keeps the file's order, and cycles by name."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Final

CYCLES_LIMIT: Final = 50


def working_order(depends: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Every task after those it waits for, and otherwise as the mapping has them.

    `depends` maps each task to the tasks it waits for; names that are no task are passed over. Tasks of a cycle, and
    those that wait for one, come last.
    """
    place = {task: index for index, task in enumerate(depends)}
    names = list(depends)
    open_count = {task: len({name for name in depends[task] if name in place}) for task in names}
    waiting_for: dict[str, list[str]] = {task: [] for task in names}
    for task in names:
        for name in {name for name in depends[task] if name in place}:
            waiting_for[name].append(task)
    ready = [place[task] for task in names if not open_count[task]]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        task = names[heapq.heappop(ready)]
        order.append(task)
        for waiting in waiting_for[task]:
            open_count[waiting] -= 1
            if not open_count[waiting]:
                heapq.heappush(ready, place[waiting])
    settled = set(order)
    return (*order, *(task for task in names if task not in settled))


def cycles(depends: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Cycles that have no task in common; each task waits for the one named next, the last one for the first.

    Without a cycle nothing comes back. There may be more than CYCLES_LIMIT of them, but no more are looked for.
    """
    open_names = {task: [name for name in dict.fromkeys(depends[task]) if name in depends] for task in depends}
    found: list[tuple[str, ...]] = [(task,) for task in open_names if task in open_names[task]]
    for (task,) in found:
        del open_names[task]
    while len(found) < CYCLES_LIMIT and (open_names := _unsettled(open_names)):
        cycle = _one_cycle(open_names)
        found.append(cycle)
        for task in cycle:
            del open_names[task]
    return tuple(found)


def _unsettled(depends: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The part of a graph in which every task waits for another one of that part."""
    known = {task: [name for name in depends[task] if name in depends] for task in depends}
    order = working_order(known)
    settled: set[str] = set()
    for task in order:
        if all(name in settled for name in known[task]):
            settled.add(task)
    left = {task: known[task] for task in known if task not in settled}
    return {task: [name for name in left[task] if name in left] for task in left}


def _one_cycle(depends: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Follow the first dependency of each task: where every task has one, that ends in a cycle."""
    path: dict[str, None] = {}
    task = next(iter(depends))
    while task not in path:
        path[task] = None
        task = depends[task][0]
    names = list(path)
    return tuple(names[names.index(task) :])
