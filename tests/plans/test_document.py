"""The reader: places are exact, nothing is lost, no text makes it fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.document import Document, read_document
from bot.plans.fields import normal_name
from bot.plans.front_matter import read_front_matter
from bot.plans.inline import code_spans, line_starts, links, plain
from bot.plans.nodes import ListNode, Table, walk

PIECES = [
    "# ", "## ", "- ", "* ", "1. ", "2) ", "> ", "```", "```sh", "~~~", "    ", "\t", "\n", "\n\n", "\r\n",
    "\r", "|", " | ", "|-|-|\n", "| a | b |\n", "`", "``", "**", "__", "*", "_", ":", "**Key:** ",
    "- **Key:** value\n", "Key: value\n", "[ ] ", "[x] ", "[", "]", "](", ")", "<!--", "-->", "<b>",
    "<placeholder>", "---", "---\n", "===\n", "\\", "\\|", "word ", "α", "목적", "\xa0", "\u2028", "\x0b",
    "\x0c", "\ufeff", "\0", "😀", "a: b\n", "&amp;", "!", "~~", " ", "  \n",
]  # fmt: skip
markdown = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@given(markdown | st.text(max_size=200))
def test_every_line_with_words_belongs_to_exactly_one_block(text: str) -> None:
    document = read_document(text)
    owners = [0] * len(document.lines)
    for node in document.nodes:
        for line in range(node.span.start, node.span.end):
            owners[line] += 1
    first = document.front_matter.span.end if document.front_matter else 0
    assert max(owners[first:], default=0) <= 1
    for number in range(first, len(document.lines)):
        if document.lines[number].replace("\ufeff", "").strip():
            assert owners[number] == 1, (number, document.lines[number])


@given(markdown | st.text(max_size=200))
def test_lines_and_their_offsets_rebuild_the_text(text: str) -> None:
    lines, starts = line_starts(text)
    assert "".join(lines) == text
    assert all(text[start : start + len(line)] == line for line, start in zip(lines, starts, strict=True))


@given(markdown)
def test_sections_follow_each_other_and_own_what_is_between_them(text: str) -> None:
    document = read_document(text)
    for section, following in zip(document.sections, document.sections[1:], strict=False):
        assert section.own.end == following.heading.start
        assert section.own.end <= section.body.end <= len(document.lines)
    if document.sections:
        assert document.sections[-1].own.end == len(document.lines)


@given(markdown)
def test_children_lie_within_their_list_items(text: str) -> None:
    for node in walk(read_document(text).nodes):
        if isinstance(node, ListNode):
            for item in node.items:
                assert node.span.start <= item.span.start < item.span.end <= node.span.end
                for child in item.children:
                    assert item.span.start <= child.span.start and child.span.end <= item.span.end


@given(markdown)
def test_field_values_stand_where_they_say(text: str) -> None:
    document = read_document(text)
    for field in document.fields:
        assert 0 <= field.value.start <= field.value.end <= len(text)
        if field.style != "table" and "\n" not in field.value.content:
            assert text[field.value.start : field.value.end].replace("\0", "\ufffd") == field.value.content


@given(markdown)
def test_code_spans_stand_where_they_say(text: str) -> None:
    document = read_document(text)
    tables = [node for node in walk(document.nodes) if isinstance(node, Table)]
    for found in document.texts_in(document.all):
        if any(found.line in table.span for table in tables):
            continue
        for code in code_spans(found):
            assert text[code.start] == "`" == text[code.end - 1]
            assert code.line == document.line_of(code.start)


def test_a_comment_in_a_fence_is_no_heading() -> None:
    document = read_document("# Title\n\n```sh\n# not a heading\n```\n\n    # nor this\n\n## Real\n")
    assert [section.title for section in document.sections] == ["Title", "Real"]


@pytest.mark.parametrize(
    "title",
    [
        "2. Objective Lock",
        "Objective Lock",
        "objective lock (Mandatory)",
        "7) Objective Lock:",
        "**Objective Lock**",
        "§2 Objective Lock",
        "🎯 Objective Lock ✅",
        "Section 2: Objective Lock",
        "2.1 Objective Lock",
        "Objective Lock [done] (a)",
    ],
)
def test_a_section_is_found_by_name_whatever_its_decoration(title: str) -> None:
    document = read_document(f"### {title}\n\ntext\n")
    assert document.section("Objective Lock") is not None


def test_letters_of_any_alphabet_are_part_of_a_name() -> None:
    assert normal_name("3. 실행 순서 (필수)") == "실행 순서"
    assert normal_name("10-Step 우선순위") == "10-step 우선순위"


@pytest.mark.parametrize(
    "written",
    [
        "**Execution Branch:** `main`",
        "**Execution Branch**: `main`",
        "- **Execution Branch:** `main`",
        "* __Execution Branch:__ `main`",
        "- Execution Branch: `main`",
        "Execution Branch: `main`",
        "1. *Execution Branch*: `main`",
        "- [ ] **Execution Branch (required):** `main`",
        "**Owner:** me | **Execution Branch:** `main`",
        "Words before.\n**Execution Branch:** `main`",
        "| Field | Value |\n| --- | --- |\n| Execution Branch | `main` |",
        "- outer\n  - **execution branch :** `main`",
        "**Execution Branch:**`main`",
        "**Execution Branch：** `main`",
    ],
)
def test_a_field_is_read_in_every_spelling(written: str) -> None:
    document = read_document(written + "\n")
    field = document.field(document.all, "Execution Branch")
    assert field is not None
    assert field.value.content == "`main`"
    assert document.text[field.value.start : field.value.end] == "`main`"


def test_a_value_on_the_items_below_belongs_to_the_field() -> None:
    document = read_document("- **Steps:**\n  1. one\n  2. two\n\n**Ownership:**\n\n- `a/`\n- `b/`\n")
    steps, ownership = document.fields
    assert [item.text.content for item in steps.items if item.text] == ["one", "two"]
    assert [item.text.content for item in ownership.items if item.text] == ["`a/`", "`b/`"]
    assert (steps.span.start, steps.span.end) == (0, 3)


def test_an_empty_value_has_the_place_where_it_would_be_written() -> None:
    document = read_document("- **Goal:**\n- **Why:**   \n")
    goal, why = document.fields
    assert (goal.value.content, goal.value.start) == ("", 11)
    assert document.lines[1].startswith("- **Why:**") and why.value.start == 12 + 10


def test_a_value_continues_on_the_lines_that_belong_to_it() -> None:
    document = read_document("- **Goal:** first\n  second\n- **Why:** third\n")
    assert document.fields[0].value.content == "first\nsecond"
    assert document.fields[1].value.content == "third"


@pytest.mark.parametrize(
    "hidden",
    [
        "> **Status:** Done\n",
        "```\n**Status:** Done\n```\n",
        "<!--\n**Status:** Done\n-->\n",
        "a <!--\n**Status:** Done\n-->\n",
    ],
)
def test_quotes_fences_and_comments_hold_no_fields(hidden: str) -> None:
    assert read_document(hidden).fields == ()


def test_offsets_are_exact_in_crlf_bom_tabs_and_table_cells() -> None:
    text = "\ufeff# T\r\n\r\n-\t**A:** `x`\r\n\r\n| Plan | B |\r\n|---|---|\r\n|  `p\\|q` | [`l`](m.md) |\r\n"
    document = read_document(text)
    assert document.sections[0].title == "T"
    field = document.fields[0]
    assert text[field.value.start : field.value.end] == "`x`"
    table = document.nodes[-1]
    assert isinstance(table, Table)
    link = links(table.rows[0].cells[1])[0]
    assert text[link.start : link.end] == "[`l`](m.md)"
    assert (link.label, link.target) == ("l", "m.md")
    assert text[table.rows[0].cells[0].start :].startswith("`p\\|q`")


def test_what_looks_like_a_link_definition_stays_in_sight() -> None:
    assert len(read_document("[B01]: docs/a.md\n").nodes) == 1


def test_plain_words_keep_placeholders_and_drop_marks() -> None:
    assert (
        plain("**Bold** and `code` with [a link](x) <placeholder> &amp; \\*")
        == "Bold and code with a link <placeholder> & *"
    )


def test_a_checkbox_is_no_part_of_an_items_text() -> None:
    node = read_document("- [x] done\n- [ ] open\n- [y] none\n").nodes[0]
    assert isinstance(node, ListNode)
    assert [(item.checked, item.text.content if item.text else None) for item in node.items] == [
        (True, "done"), (False, "open"), (None, "[y] none"),
    ]  # fmt: skip


def front(text: str) -> Document:
    return read_document(text)


def test_front_matter_is_read_and_is_no_markdown() -> None:
    document = front('---\ntitle: "A plan"\nstatus: hold\nn: 3\n---\n\n# Goal\n')
    assert document.front_matter is not None
    assert document.front_matter.text("Title") == "A plan"
    assert document.front_matter.text("n") == "3"
    assert document.sections[0].heading.start == 6


@pytest.mark.parametrize(
    "source",
    [
        "a: [\n",
        "a: &x 1\nb: *x\n",
        "a: " + "[" * 30 + "]" * 30 + "\n",
        "a: |\n" + "  x\n" * 9000,
        "\ta: 1\n",
        "? [a]\n: b\n",
    ],
)
def test_front_matter_that_is_broken_or_hostile_is_an_error_value(source: str) -> None:
    found = read_front_matter([line + "\n" for line in f"---\n{source}---\n".split("\n")])
    assert found is None or found.error is not None or not found.values


def test_a_yaml_tag_builds_nothing() -> None:
    found = read_front_matter(["---\n", "a: !!python/object/apply:os.getcwd []\n", "---\n"])
    assert found is not None and dict(found.values) == {"a": []}


def test_two_rules_with_prose_between_them_are_no_front_matter() -> None:
    document = read_document("---\n\nJust words.\n\n---\n")
    assert document.front_matter is None
    assert len(document.nodes) > 1
