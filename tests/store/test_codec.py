from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.runs.codec import dump_effect, dump_run, load_effect, load_run
from bot.runs.effects import Effect
from bot.runs.model import (
    BlockRun,
    BlockState,
    Confirmation,
    Dispatch,
    DispatchState,
    GateSeen,
    KickbackSignal,
    RollbackAsked,
    Run,
    RunState,
    WorkerKind,
)
from tests.store.examples import NOON, a_run

# A lone surrogate cannot be said in UTF-8; nothing that came as UTF-8 holds one.
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
dispatches = st.builds(
    Dispatch,
    id=words,
    kind=st.sampled_from(WorkerKind),
    worker=words,
    attempt=st.integers(1, 9),
    sent_at=st.just(NOON),
    state=st.sampled_from(DispatchState),
    workflow_run_id=st.none() | st.integers(1, 2**53),
    url=st.none() | words,
    running_since=st.none() | st.just(NOON),
    commit=st.none() | words,
    failure=st.none() | words,
)
blocks = st.builds(
    BlockRun,
    id=words,
    title=words,
    definition=words,
    state=st.sampled_from(BlockState),
    head=st.none() | words,
    commits=st.lists(words, max_size=3).map(tuple),
    reason=st.none() | words,
    closed_at=st.none() | st.just(NOON),
    dispatch=st.none() | dispatches,
    earlier=st.lists(words, max_size=2).map(tuple),
    tries=st.integers(0, 3),
    reported=st.none() | words,
    notes=words,
)
runs = st.builds(
    a_run,
    title=words,
    state=st.sampled_from(RunState),
    terms=st.dictionaries(words, trees, max_size=4),
    blocks=st.lists(blocks, max_size=3).map(tuple),
    own_blobs=st.lists(st.tuples(words, words), max_size=2).map(tuple),
    merged_at=st.none() | st.just(NOON),
    signal=st.none() | st.sampled_from(KickbackSignal),
    rollback_asked=st.none() | st.builds(RollbackAsked, words, words),
    invariants=st.lists(st.builds(Confirmation, words, words, words), max_size=2).map(tuple),
    validation=st.none() | dispatches,
    gates_seen=st.lists(st.builds(GateSeen, words, words, words, words, st.booleans()), max_size=2).map(tuple),
    readiness=st.lists(st.tuples(words, st.booleans()), max_size=2).map(tuple),
    gaps=st.lists(words, max_size=2).map(tuple),
    planning_issue=st.none() | st.integers(1, 999),
    completion=st.none() | words,
)


@given(runs)
def test_a_run_survives_being_written_and_read(run: Run) -> None:
    assert load_run(dump_run(run)) == run


@pytest.mark.parametrize("kind", get_args(Effect), ids=lambda kind: kind.__name__)
def test_every_kind_of_effect_survives_and_is_told_from_the_others(kind: type[Effect]) -> None:
    """None can be forgotten: what is listed in `Effect` is tried."""

    @given(st.from_type(kind))
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def survives(effect: Effect) -> None:
        again = load_effect(dump_effect(effect))
        assert again == effect and type(again) is kind

    survives()


def test_a_run_of_an_older_version_gets_the_defaults_of_what_came_later() -> None:
    tree = json.loads(dump_run(a_run()))
    needed = {field.name for field in fields(Run) if field.default is MISSING}
    for later in set(tree) - needed - {"exceptions", "verdict", "before_pause", "own_blobs"}:
        del tree[later]
    for block in tree["blocks"]:
        for later in ("dispatch", "earlier", "tries", "reported", "notes"):
            del block[later]
    assert load_run(json.dumps(tree)) == a_run()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "explode", "key": "k"}', "not json"])
def test_what_is_no_run_and_no_effect_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_run(text)
    with pytest.raises(ValueError, match=r"."):
        load_effect(text)
