"""Splices and whole-line edits: the smallest span changes, every other byte stays."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.plans.edit import BOM, Lines, Splice, splice

TEXTS = st.text(alphabet=st.sampled_from("ab \t\r\n\ufeff\u2028\x0c"), max_size=40)


def test_splices_replace_their_spans_and_nothing_else() -> None:
    assert splice("abcdef", [Splice(4, 5, "E"), Splice(0, 1, ""), Splice(2, 2, "-")]) == "b-cdEf"


def test_splices_at_one_place_keep_their_order() -> None:
    assert splice("ab", [Splice(1, 1, "1"), Splice(1, 1, "2")]) == "a12b"


@pytest.mark.parametrize("bad", [[Splice(0, 2, ""), Splice(1, 3, "")], [Splice(2, 9, "")], [Splice(2, 1, "")]])
def test_splices_that_overlap_or_lie_outside_are_refused(bad: list[Splice]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        splice("abc", bad)


def test_only_the_line_ends_of_markdown_end_a_line() -> None:
    assert Lines("a\u2028b\x0cc\r\nd\re\nf").lines == ("a\u2028b\x0cc\r\n", "d\r", "e\n", "f")


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("a\r\nb\r\n", 1, "a\r\nnew\r\nb\r\n"),
        ("a\nb\r\nc\n", 2, "a\nb\r\nnew\r\nc\n"),
        ("a\rb", 1, "a\rnew\rb"),
        ("a\r\nb", 2, "a\r\nb\r\nnew"),
        ("a", 1, "a\nnew"),
        ("", 0, "new\n"),
        ("\ufeffa\r\n", 0, "\ufeffnew\r\na\r\n"),
    ],
)
def test_an_inserted_line_gets_the_line_end_of_its_neighbours(text: str, at: int, expected: str) -> None:
    assert splice(text, [Lines(text).insert(at, ["new"])]) == expected


@pytest.mark.parametrize(
    ("text", "start", "stop", "expected"),
    [
        ("a\nb\r\nc\n", 1, 2, "a\nc\n"),
        ("a\r\nb", 1, 2, "a"),
        ("a\nb\n", 1, 2, "a\n"),
        ("\ufeffa\nb\n", 0, 1, "\ufeffb\n"),
        ("a", 0, 1, ""),
    ],
)
def test_removing_lines_keeps_the_end_of_the_text_as_it_was(text: str, start: int, stop: int, expected: str) -> None:
    assert splice(text, [Lines(text).remove(start, stop)]) == expected


def test_a_replaced_line_keeps_the_line_end_of_its_place() -> None:
    text = "a\r\nb\nc\r\nd"
    assert splice(text, [Lines(text).replace(1, 3, ["x"])]) == "a\r\nx\r\nd"
    assert splice(text, [Lines(text).replace(3, 4, ["x", "y"])]) == "a\r\nb\nc\r\nx\r\ny"


@given(TEXTS, st.data())
def test_inserting_a_line_and_removing_it_gives_the_same_bytes(text: str, data: st.DataObject) -> None:
    lines = Lines(text)
    at = data.draw(st.integers(0, len(lines)))
    inserted = splice(text, [lines.insert(at, ["new"])])
    after = Lines(inserted)
    assert after.body(at) == "new"
    if text:
        assert splice(inserted, [after.remove(at, at + 1)]) == text


@given(TEXTS, st.data())
def test_every_line_not_edited_stays(text: str, data: st.DataObject) -> None:
    assume(text != BOM)  # its one line has no words to keep
    lines = Lines(text)
    at = data.draw(st.integers(0, len(lines)))
    kept = Lines(splice(text, [lines.insert(at, ["new", "lines"])]))
    bodies = [kept.body(number) for number in range(len(kept))]
    assert bodies[:at] + bodies[at + 2 :] == [lines.body(number) for number in range(len(lines))]
