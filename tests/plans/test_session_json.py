"""JSON read with places: what every reader agrees on is read alike, what readers differ on is a problem with a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.strict_json import DEPTH_LIMIT, Array, Json, Object, Scalar, read_json, words_for


def plain(value: Json) -> Any:
    match value:
        case Scalar():
            return value.value
        case Array():
            return [plain(item) for item in value.items]
        case Object():
            return {member.key: plain(member.value) for member in value.members}


LEAVES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    LEAVES | TEXTS, lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4), max_leaves=20
)


@given(VALUES, st.sampled_from([None, 1, 2, "\t"]), st.booleans())
def test_what_the_standard_reader_reads_is_read_alike(value: Any, indent: int | str | None, is_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    found = read_json(text)
    assert found.root is not None
    assert found.problems == ()
    assert plain(found.root) == json.loads(text)


@given(st.text(st.sampled_from('{}[]",:\\ \n0123456789.eE+-truefalsnNaIity\ufeff\x00\x1fé'), max_size=60))
def test_no_text_makes_the_reader_fail_or_read_more_than_the_standard_reader(text: str) -> None:
    found = read_json(text)
    assert (found.root is None) == any(problem.kind == "syntax" for problem in found.problems)
    if found.root is not None:
        json.loads(text.removeprefix("\ufeff"))


@given(VALUES.filter(lambda value: isinstance(value, dict | list)), st.data())
def test_every_value_stands_where_its_place_says(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value, indent=1)
    waiting = [read_json(text).root]
    while waiting:
        node = waiting.pop()
        assert node is not None
        assert json.loads(text[node.start : node.end]) == plain(node)
        assert node.line == text.count("\n", 0, node.start)
        if isinstance(node, Array):
            waiting += node.items
        elif isinstance(node, Object):
            waiting += [member.value for member in node.members]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 0, "it ends where a value is expected"),
        ('{"a": 1,\n "b" 2}', 1, '":" is expected before `2`'),
        ('{"a": 1\n "b": 2}', 1, '"," or "}" is expected before `"`'),
        ('{"a": [1,\n2', 1, '"," or "]" is expected before the end'),
        ("[1,\n]", 1, "`]` is no value"),
        ('{"a": 1,\n}', 1, "a key in double quotes is expected before `}`"),
        ("{'a': 1}", 0, "a key in double quotes is expected before `'`"),
        ('\n"a\nb"', 1, "text in double quotes does not end in its line, or has a bad escape in it"),
        ('["\\x41"]', 0, "text in double quotes does not end in its line, or has a bad escape in it"),
        ("// note\n{}", 0, "`/` is no value"),
        ("{}\n{}", 1, "something stands behind its end"),
        ("[True]", 0, "`True` is no value"),
        ("[٣]", 0, "`٣` is no value"),
        ("[" * 100_000, 0, f"it is nested deeper than {DEPTH_LIMIT}"),
    ],
)
def test_what_is_not_json_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    found = read_json(text)
    assert found.root is None
    assert [(problem.kind, problem.line, problem.reason) for problem in found.problems] == [("syntax", line, reason)]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("NaN", "NaN is no number in JSON"),
        ("-Infinity", "-Infinity is no number in JSON"),
        ("1e999", "the number 1e999 is too large"),
        ("9" * 5000, "a number has 5000 characters; at most 40 are read"),
    ],
)
def test_a_number_that_not_everybody_reads_is_a_problem_and_the_rest_is_read(written: str, reason: str) -> None:
    found = read_json(f'{{"a": {written},\n "b": 2}}')
    assert found.root is not None
    assert plain(found.root) == {"a": None, "b": 2}
    assert [(problem.kind, problem.line, problem.reason) for problem in found.problems] == [("number", 0, reason)]


def test_a_key_that_is_there_twice_is_a_problem_and_the_rest_is_read() -> None:
    found = read_json('{\n "a": 1,\n "b": 2,\n "a": 3}')
    assert [(problem.kind, problem.line, problem.reason) for problem in found.problems] == [
        ("duplicate", 3, 'the key "a" is there twice, first in line 2')
    ]
    assert isinstance(found.root, Object)
    member = found.root.member("a")
    assert member is not None
    assert plain(member.value) == 1


def test_what_no_database_keeps_is_replaced() -> None:
    found = read_json('["\\u0000\\ud800", "\\ud83d\\ude00"]')
    assert found.root is not None
    assert plain(found.root) == ["\ufffd\ufffd", "😀"]


def test_a_key_in_another_spelling_is_found_and_the_exact_one_first() -> None:
    found = read_json('{"completedTasks": 1, "active_workers": 2, "activeWorkers": 3}').root
    assert isinstance(found, Object)
    assert [found.member(name).key for name in ("completed_tasks", "active_workers")] == [  # type: ignore[union-attr]
        "completedTasks",
        "active_workers",
    ]
    assert found.member("status") is None


def test_every_kind_of_value_has_words() -> None:
    found = read_json('[{}, [], true, null, "a", 1, 1.5]').root
    assert isinstance(found, Array)
    kinds = ["an object", "a list", "true or false", "null", "text", "a number", "a number"]
    assert [words_for(item) for item in found.items] == kinds
