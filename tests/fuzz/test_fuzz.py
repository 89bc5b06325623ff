"""The fuzzer's targets on a small fixed sample, and the fuzzer itself; `make fuzz` is the long version."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from tests.fuzz.broken import hold
from tests.fuzz.crash import minimised, silence
from tests.fuzz.mutation import fuzz
from tests.fuzz.targets import TARGETS, Target


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    silence()
    yield
    structlog.configure(**before)


SAMPLE = {"reader": 60, "session": 100, "commands": 300, "policy": 300, "patterns": 400, "webhook": 300, "oidc": 150}


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_of_the_sample_crashes_a_target(name: str) -> None:
    done = fuzz(TARGETS[name], executions=SAMPLE[name])
    assert done.executions == SAMPLE[name]
    assert [(crash.place, crash.words, crash.data[:200]) for crash in done.crashes] == []


def hates_seven(data: bytes) -> None:
    if b"7" in data:
        raise KeyError("7")
    hold(b"8" not in data, "there is no eight")


FRAGILE = Target("fragile", "for this test", hates_seven, lambda: [b"123456", b"abcdef"], (b"7", b"8", b"x"))


def test_the_fuzzer_finds_what_a_target_lets_out_and_what_is_wrong_and_makes_it_small() -> None:
    done = fuzz(FRAGILE, executions=500)
    assert sorted(minimised(FRAGILE.run, crash).data for crash in done.crashes) == [b"7", b"8"]
    assert len({crash.name for crash in done.crashes}) == 2


def test_the_same_number_gives_the_same_inputs() -> None:
    assert fuzz(FRAGILE, executions=200).crashes == fuzz(FRAGILE, executions=200).crashes
