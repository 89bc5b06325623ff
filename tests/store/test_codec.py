from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runs.codec import dump_effect, dump_run, load_effect, load_run
from bot.runs.effects import CloseOut, Effect, React, Reply, WriteRecord
from bot.runs.model import BlockRun, BlockState, Run, RunState
from tests.store.examples import NOON, a_run

# A lone surrogate cannot be said in UTF-8; nothing that came as UTF-8 holds one.
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
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
)
runs = st.builds(
    a_run,
    title=words,
    state=st.sampled_from(RunState),
    terms=st.dictionaries(words, trees, max_size=4),
    blocks=st.lists(blocks, max_size=3).map(tuple),
    own_blobs=st.lists(st.tuples(words, words), max_size=2).map(tuple),
    merged_at=st.none() | st.just(NOON),
)


@given(runs)
def test_a_run_survives_being_written_and_read(run: Run) -> None:
    assert load_run(dump_run(run)) == run


@given(st.one_of(st.from_type(React), st.from_type(Reply), st.from_type(WriteRecord), st.from_type(CloseOut)))
def test_every_effect_survives_and_keeps_its_kind(effect: Effect) -> None:
    assert load_effect(dump_effect(effect)) == effect


def test_a_run_of_an_older_version_gets_the_defaults_of_what_came_later() -> None:
    tree = json.loads(dump_run(a_run()))
    del tree["reason"]
    assert load_run(json.dumps(tree)) == a_run()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "explode", "key": "k"}', "not json"])
def test_what_is_no_run_and_no_effect_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_run(text)
    with pytest.raises(ValueError, match=r"."):
        load_effect(text)
