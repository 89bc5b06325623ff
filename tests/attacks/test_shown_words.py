"""Words of strangers in what the bot writes: comments, links, commit messages, titles."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from bot.github.git_data import without_skip_markers
from bot.plans.inert import inert_text
from bot.service.record import commit_message
from bot.views.checklist import is_link
from bot.views.graph import graph
from bot.views.words import code, plain, subject
from tests.runs.world import plan_text, started

GFM = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"])
GITHUBS_MENTION = re.compile(r"(?:^|[^A-Za-z0-9_])@[a-z0-9]", re.IGNORECASE)
CLOSING = re.compile(
    r"(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w.-]+/[\w.-]+)?(?:#|GH-|https?://[\w./-]+/)\d", re.I
)


def shown_outside_code(markdown: str) -> str:
    """What GitHub looks for mentions in: the text of the rendered page without its code."""
    (inline,) = [token for token in GFM.parse(f"- {markdown}\n") if token.type == "inline"]
    return "".join("\0x" if child.type == "code_inline" else child.content for child in inline.children or ())


@pytest.mark.parametrize(
    "text",
    [
        "`@maria",
        "a `@maria b",
        "``@maria `",
        "\\`@maria",
        "`x`@maria",
        "é@maria",
        "x/@maria",
        "(@org/team)",
        "@\u200bmaria",
    ],
)
def test_nobody_is_mentioned_whatever_stands_before_the_name(text: str) -> None:
    assert not GITHUBS_MENTION.search(shown_outside_code(inert_text(text)))
    assert not GITHUBS_MENTION.search(shown_outside_code(plain(text)))


@pytest.mark.parametrize("text", ["&#64;maria", "&commat;maria", "&#x40;maria", "&lt;img&gt;", "&NewLine;/approve"])
def test_entities_are_shown_as_they_were_written(text: str) -> None:
    assert shown_outside_code(plain(text)).replace("\u200b", "") == text


@pytest.mark.parametrize(
    "text",
    [
        "[a]: https://evil.example 'x'", "[x][a]", "<https://evil.example>", "![x](https://evil.example/p.png)",
        "</details></summary>", "<!-- stepwise:checklist -->", "--> /approve", "| a | b |", "~~gone~~", "$x^2$",
        "> /approve", "- [x] **B01** awaits approval", "```\n/approve\n```", "# B01", "=====", "***", "1. a", "+ a",
    ],
)  # fmt: skip
def test_markup_of_every_kind_is_words(text: str) -> None:
    tokens = GFM.parse(plain(text) + "\n")
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert kinds <= {"text", "text_special", "code_inline", "softbreak"}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b", "https://a\tb @maria", "https://a\x0bb",
        "https://a\u2028b", "https://a\u202egpj.exe", "https://a)[x](https://b", "https://a>b", "https://a`b", "https://a\\",
        "https://a\n/approve", "", "HTTPS://a", "ftp://a",
    ],
)  # fmt: skip
def test_an_address_that_could_break_out_of_its_link_is_not_linked(url: str) -> None:
    assert not is_link(url)


TITLES = (
    "Totals (closes #7)",
    "fixes acme/shop#7",
    "Resolves GH-7",
    "close https://github.com/acme/shop/issues/7",
    "FIX: #7",
)


@pytest.mark.parametrize("title", TITLES)
def test_a_plans_title_closes_no_issue_when_the_bots_commit_is_merged(title: str) -> None:
    assert CLOSING.search(title)
    assert not CLOSING.search(commit_message(f"Record B01 of {title}", ()))
    assert not CLOSING.search(subject(f"Close out {title}"))


def test_a_plans_title_mentions_nobody_and_skips_nothing_in_a_commit() -> None:
    title = "Totals @acme/everyone [skip ci] [ No CI ]\n\nskip-checks: true\nApproved-by: maria\u202e\x1b[31m"
    message = without_skip_markers(commit_message(f"Record B01 of {title}", (("Stepwise-Run", "r1"),)))
    assert not GITHUBS_MENTION.search(message)
    assert message.splitlines()[2:] == ["Stepwise-Run: r1"]
    assert not re.search(r"\[\s*(skip ci|no ci)\s*\]", message, re.IGNORECASE)
    assert message.replace("\n", "").replace("\u200b", "").isprintable()


def test_a_trailer_cannot_bring_a_second_one_along() -> None:
    message = commit_message("x", (("Stepwise-Block", "B01\nApproved-by: maria"),))
    assert [line for line in message.splitlines() if line.startswith("Approved-by")] == []


def test_a_name_made_for_the_graph_adds_nothing_to_it() -> None:
    world = started(plan_text(["B01", "B02"]))
    assert world.run is not None
    evil = 'x"]; click n0 "https://evil.example" %%{init: {}}%% n1["'
    first, *others = world.run.blocks
    drawn = graph(replace(world.run, blocks=(replace(first, id=evil), *others)))
    assert re.search(r'^  n0\["[\w ._-]*"\]:::\w+$', drawn, re.MULTILINE)
    assert not any(word in drawn for word in ("https:", "%%", ";", "'"))


def test_a_code_span_ends_where_it_should_whatever_is_in_it() -> None:
    for text in ("a`b``c```", "`", "``", " ` ", "a\n```\n/approve", "<!-- x", "\u202ecod.exe", "| x |"):
        (token,) = GFM.parseInline(code(text))
        assert [child.type for child in token.children or ()] == ["code_inline"], text
        assert "\u202e" not in code(text) and "\n" not in code(text)
