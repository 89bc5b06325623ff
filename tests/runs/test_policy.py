"""The policy file: strict, with the line of what is wrong, and never a surprise from YAML."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runs.policy import POLICY_BYTES_LIMIT, POLICY_PATH, Policy, PolicyProblem, read_policy
from tests.effort import effort


def problems(text: str | bytes) -> tuple[tuple[int, str], ...]:
    found = read_policy(text.encode() if isinstance(text, str) else text)
    assert isinstance(found, PolicyProblem), found
    assert found.path == POLICY_PATH
    return found.problems


@pytest.mark.parametrize(
    "text", [None, b"", b"\n\n", b"# only a comment\n", b"---\n", b"null\n", b"~", b"{}", b"\xef\xbb\xbf"]
)
def test_no_policy_and_an_empty_one_are_the_defaults(text: bytes | None) -> None:
    assert read_policy(text) == Policy()


def test_everything_can_be_said() -> None:
    policy = read_policy(
        b"approvers: [maria, 0xdeadbeef-cafe]\n"
        b"record: end\ncloseout: commit\n"
        b"gates:\n  required: [tests, 'build (3.11)']\n  ignore: [lint]\n  patience_minutes: 0\n"
    )
    assert isinstance(policy, Policy)
    assert policy.approvers == ("maria", "0xdeadbeef-cafe")
    assert (policy.record, policy.closeout) == ("end", "commit")
    assert policy.gates.required == ("tests", "build (3.11)")
    assert (policy.gates.ignore, policy.gates.patience_minutes) == (("lint",), 0)


@pytest.mark.parametrize("text", ["record: off", "record: 'off'", "record: Off", "record: OFF"])
def test_off_is_a_word_although_yaml_thinks_it_is_false(text: str) -> None:
    policy = read_policy(text.encode())
    assert isinstance(policy, Policy) and policy.record == "off"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("record: block\nrecrod: end\n", 2, "`recrod` is not a known key"),
        ("gates:\n  required: []\n  requird: []\n", 3, "`gates.requird` is not a known key"),
        ("\n\nrecord: sometimes\n", 3, "`record`"),
        ("closeout: [pull]\n", 1, "`closeout`"),
        ("closeout: true\n", 1, "`closeout`"),
        ("approvers: maria\n", 1, "`approvers`"),
        ("approvers:\n  - maria\n  - 'not a login'\n", 3, "`approvers.1`"),
        ("approvers:\n  - -dash\n", 2, "`approvers.0`"),
        ("approvers:\n  - 7\n", 2, "`approvers.0`"),
        ("approvers: [~]\n", 1, "`approvers.0`"),
        ("gates: []\n", 1, "`gates`"),
        ("gates: 5\n", 1, "`gates`"),
        ("gates:\n  patience_minutes: '10'\n", 2, "`gates.patience_minutes`"),
        ("gates:\n  patience_minutes: -1\n", 2, "`gates.patience_minutes`"),
        ("gates:\n  patience_minutes: 1.5\n", 2, "`gates.patience_minutes`"),
        ("gates:\n  patience_minutes: true\n", 2, "`gates.patience_minutes`"),
        ("gates:\n  patience_minutes: 100000\n", 2, "`gates.patience_minutes`"),
        ("gates:\n  required: ['']\n", 2, "`gates.required.0`"),
        ("- a\n- b\n", 1, "mapping"),
        ("just words\n", 1, "mapping"),
        ("42\n", 1, "mapping"),
        ("record: end\nrecord: off\n", 2, "twice"),
        ("gates:\n  ignore: []\n  ignore: []\n", 3, "twice"),
        ("a: &x [1]\nb: *x\n", 2, "alias"),
        ("record: [\n", 2, "not valid YAML"),
        ("record: end\n\tcloseout: pull\n", 2, "not valid YAML"),
        ("a: b: c\n", 1, "not valid YAML"),
        ("record: end\n---\nrecord: off\n", 2, "not valid YAML"),
        ("record: !!python/object/apply:os.system ['true']\n", 1, "not valid YAML"),
        ("? [a]\n: b\n", 1, "key"),
        ("1: a\n", 1, "key"),
        ("~: a\n", 1, "key"),
        ("on: a\n", 1, "key"),
        ("? {a: b}\n: c\n", 1, "key"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, words: str) -> None:
    found = problems(text)
    assert found[0][0] == line and words in found[0][1], found


def test_every_problem_is_said_at_once() -> None:
    assert [line for line, _ in problems("record: x\ncloseout: y\nunknown: z\n")] == [1, 2, 3]


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"record: \xe9nd\n", "record: end".encode("utf-16")])
def test_what_is_not_utf8_is_refused(raw: bytes) -> None:
    assert "UTF-8" in problems(raw)[0][1]


def test_control_characters_are_no_yaml() -> None:
    assert "YAML" in problems("record: \x00end\n")[0][1]


def test_a_huge_file_is_refused_unread() -> None:
    text = b"# " + b"x" * POLICY_BYTES_LIMIT
    assert str(len(text)) in problems(text)[0][1]


def test_bombs_are_refused_in_no_time() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join(f'*{old}' for _ in range(9))}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    # Unfolded it would be nine to the power of nine.
    assert effort(lambda: problems(bomb)) < 100_000
    assert "alias" in problems(bomb)[0][1]


@pytest.mark.parametrize(
    "text", ["[" * 30_000, "{" * 30_000, "a: " * 20_000, "- " * 30_000, "? " * 30_000, f"a: {'[' * 9000}{']' * 9000}"]
)
def test_nesting_without_end_is_a_problem_and_no_crash(text: str) -> None:
    assert problems(text)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates())
KEYS = st.one_of(st.sampled_from(["record", "closeout", "approvers", "gates", "required"]), SCALARS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_yaml_is_a_policy_or_a_problem_with_a_line(tree: dict[object, object]) -> None:
    text = yaml.safe_dump(tree)
    found = read_policy(text.encode("utf-8", "surrogatepass"))
    if isinstance(found, PolicyProblem):
        assert found.problems and all(1 <= line <= len(text.splitlines()) + 1 for line, _ in found.problems)
        assert all(words and "\n" not in words for _, words in found.problems)


@given(st.binary(max_size=60) | st.text(alphabet="aprove:[]{}&*!|>-?#'\"\n\t ,%@`0\u2028", max_size=60).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_policy_or_a_problem(raw: bytes) -> None:
    found = read_policy(raw)
    assert isinstance(found, Policy) or found.problems


@pytest.mark.parametrize(
    "value",
    [
        *("2026-99-99", "2026-02-30 25:61:61", "0b_", "0x_", "1" * 5000, "!!int many", "!!float much", "="),
        *("!!bool perhaps", "!!timestamp soon", "!!binary '%'", "!!python/object/apply:os.system [id]"),
    ],
)
@pytest.mark.parametrize("at", ["gates: {{required: [{}]}}", "record: {}", "{}: 1", "workers: {{roles: {{x: {}}}}}"])
def test_a_value_that_yaml_chokes_on_is_a_problem_with_its_line(at: str, value: str) -> None:
    ((line, words), *_) = problems("# one\n" + at.format(value) + "\n")
    assert line in {1, 2} and words
