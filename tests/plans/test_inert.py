"""Untrusted words: shown, never obeyed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.plans.document import read_document
from bot.plans.inert import inert_code, inert_text
from bot.plans.inline import plain

HOSTILE = st.text(alphabet=st.sampled_from("ab1 `*_[]()<>!#@-+|~\\&:;.\n\r\t\"'$\u202e\u200b\0한"), max_size=60)
GFM = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"])


def inline_types(line: str) -> set[str]:
    tokens = GFM.parse(f"- Notes: {line}\n")
    blocks = [token.type for token in tokens if token.level < 4]
    assert blocks.count("inline") == 1 and "fence" not in blocks and "html_block" not in blocks, blocks
    return {child.type for token in tokens for child in token.children or ()}


@given(HOSTILE)
def test_a_hostile_note_is_one_line_of_words_and_code_spans(note: str) -> None:
    line = inert_text(note)
    assert "\n" not in line and "\r" not in line
    assert inline_types(line) <= {"text", "code_inline", "text_special"}


@given(HOSTILE)
def test_a_hostile_note_adds_no_field_and_no_block(note: str) -> None:
    document = read_document(f"- Notes: {inert_text(note)}\n- Next: x\n")
    assert [field.key for field in document.fields] == ["Notes", "Next"]
    assert len(document.nodes) == 1


@given(HOSTILE)
def test_outside_code_spans_nobody_is_mentioned(note: str) -> None:
    tokens = GFM.parseInline(inert_text(note))
    words = "".join(
        child.content if child.type != "code_inline" else "`" for token in tokens for child in token.children or ()
    )
    assert not re.search(r"(?<![A-Za-z0-9_`])@[A-Za-z0-9]", words)


@given(HOSTILE)
def test_code_is_one_code_span_that_shows_everything_visible(text: str) -> None:
    span = inert_code(text)
    assert "\n" not in span and "\r" not in span
    if span != "—":
        (token,) = GFM.parseInline(span)
        assert [child.type for child in token.children or ()] == ["code_inline"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ran `make test` twice", "ran `make test` twice"),
        ("thanks @maria and @org/team", "thanks `@maria` and `@org/team`"),
        ("mail a@b.c, see snake_case", "mail a@b.c, see snake_case"),
        ("[a] `b` <c>", "\\[a\\] `b` \\<c\\>"),
        ("**Status:** done", "\\*\\*Status:\\*\\* done"),
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("2026-01-02", "2026-01-02"),
        ("two\n\nlines", "two lines"),
        ("", ""),
    ],
)
def test_words_read_as_they_were_meant(text: str, expected: str) -> None:
    assert inert_text(text) == expected
    assert plain(expected) == " ".join(text.replace("`", "").split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("src/a.py", "`src/a.py`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a\nb", "`a\\nb`"),
        ("a\u202eb", "`a\\u202eb`"),
        ("  ", "—"),
    ],
)
def test_file_names_cannot_hide(text: str, expected: str) -> None:
    assert inert_code(text) == expected


def test_long_words_are_cut() -> None:
    assert len(inert_code("x" * 10_000)) < 310
    assert len(inert_text("word " * 10_000)) <= 500
