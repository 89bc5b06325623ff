"""Commands out of comments: plain lines of top-level paragraphs, and nothing that is only shown or quoted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runs.command_lines import COMMANDS_PER_COMMENT, COMMENT_LIMIT, command_lines
from tests.effort import effort


def read(body: str) -> list[str]:
    return [f"/{line.word} {line.rest}".strip() for line in command_lines(body)]


@pytest.mark.parametrize(
    ("body", "commands"),
    [
        ("/approve", ["/approve"]),
        ("/approve B01 @ab12cd3", ["/approve B01 @ab12cd3"]),
        ("  /approve  B01  ", ["/approve B01"]),
        ("/Approve b01", ["/approve b01"]),
        ("Looks good.\n\n/approve", ["/approve"]),
        ("Looks good.\n/approve\nThank you", ["/approve"]),
        ("/pause lunch\n/resume", ["/pause lunch", "/resume"]),
        ("/pause\r\n\r\n/resume\r\n", ["/pause", "/resume"]),
        ("/pause\r/resume", ["/pause", "/resume"]),
        ("see https://example.org\n/approve", ["/approve"]),
        ("hard  \n/approve", ["/approve"]),
        ("hard\\\n/approve", ["/approve"]),
        ("/approve `B01` `@ab12cd3`", ["/approve B01 @ab12cd3"]),
        ("/allow **/*.md needed", ["/allow **/*.md needed"]),
        ("/allow src/{a,b}_c/*.py *now*", ["/allow src/{a,b}_c/*.py *now*"]),
        ("/execute docs/a_b_c.md", ["/execute docs/a_b_c.md"]),
        ("/approve <!-- a note -->", ["/approve"]),
        ("\\/approve\n/pause", ["/pause"]),
        ("&#47;approve\n/pause", ["/pause"]),
        ("I like List<String>\n/approve", ["/approve"]),
        ("one <b>two</b>\n/approve", ["/approve"]),
        ("<details><summary>more</summary>\nx\n</details>\n\n/approve", ["/approve"]),
        ("<img src=x>\n\n/approve", ["/approve"]),
        ("- a list\n\nand then\n\n/approve", ["/approve"]),
    ],
)
def test_lines_of_top_level_paragraphs_are_commands(body: str, commands: list[str]) -> None:
    assert read(body) == commands


@pytest.mark.parametrize(
    "body",
    [
        "",
        "/",
        "/ approve",
        "//approve",
        "/approve/this",
        "/approve.",
        "/approve: B01",
        "/path/to/file",
        "/1password",
        "say /approve",
        "> /approve",
        "> quoted\n/approve",
        "- /approve",
        "1. /approve",
        "- item\n  /approve",
        "- item\n\n  /approve",
        "# /approve",
        "/approve\n---",
        "/approve\n===",
        "    /approve",
        "\t/approve",
        "```\n/approve\n```",
        "~~~\n/approve",
        "`/approve`",
        "`\n/approve\n`",
        "**/approve**",
        "*one\n/approve\ntwo*",
        "**one\n/approve\ntwo**",
        "[/approve](https://example.org)",
        "[one\n/approve](https://example.org)",
        "![one\n/approve](https://example.org)",
        "[ref]: /approve",
        "<b>/approve</b>",
        "/app<b>rove</b>",
        "/app<!-- x -->rove",
        "/app&#114;ove",
        "/app`r`ove",
        "/app[ro](x)ve",
        "/app![ro](x)ve",
        "<div>\n/approve\n</div>",
        "<div>\n\n/approve\n\n</div>",
        "<details><summary>x</summary>\n\n/approve\n\n</details>",
        "<blockquote>\n\n/approve\n\n</blockquote>",
        "x <del>\n/approve\n</del>",
        "<!-- /approve -->",
        "<!--\n\n/approve\n\n-->",
        "<pre>\n\n/approve\n\n</pre>",
        "| a |\n| --- |\n| /approve |",
        "\\/approve",
        "&#47;approve",
        "&sol;approve",
        "\u200b/approve",
        "\u202e/approve",
        "\ufeff/approve",
        "/approve\u2028/pause",
        "/approve\u0000",
        "/\u0430pprove",
    ],
)
def test_what_is_shown_quoted_or_hidden_is_no_command(body: str) -> None:
    assert read(body) == []


def test_only_the_first_commands_of_a_comment_count() -> None:
    assert read("/pause\n" * 50) == ["/pause"] * COMMANDS_PER_COMMENT


def test_a_comment_longer_than_github_takes_is_not_read() -> None:
    assert read("/approve\n" + "x" * COMMENT_LIMIT) == []


HOSTILE = {
    "brackets": "/a\n" + "[" * 65_000,
    "links": "/a " + "[a](" * 16_000,
    "images": "/a\n" + "![a](/" * 9_000,
    "emphasis": "/a " + "*a _b " * 10_000,
    "underscores": "/a " + "_/" * 30_000,
    "backticks": "/a " + "".join("`" * (i % 200) + "a" for i in range(600)),
    "quotes": "> " * 30_000 + "\n\n/a",
    "lists": "- " * 30_000 + "\n\n/a",
    "tags": "/a x" + "<a>" * 10_000 + "</b>" * 8_000,
    "tag block": "<div>\n" + "<a>" * 10_000 + "</b>" * 8_000 + "\n\n/a",
    "half tags": "/a\n" + "<a " * 20_000,
    "lines": "/a\n" * 21_000,
    "paragraphs": "/a\n\n" * 16_000,
    "blanks": "/a" + " " * 65_000 + "x",
    "empty lines": "\n" * 65_000 + "/a",
    "table": "/a\n\n" + "|/" * 15_000 + "\n" + "|-" * 15_000,
    "references": "/a\n\n" + "[a]: /b\n" * 8_000,
    "escapes": "/a " + "\\" * 65_000,
    "entities": "/a " + "&amp;" * 13_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_64_kib_of_anything_are_read_with_an_effort_that_grows_with_their_length(kind: str) -> None:
    text = HOSTILE[kind][:COMMENT_LIMIT]
    # The worst of these takes 146 calls of functions a character, whatever its length.
    assert effort(lambda: command_lines(text)) < 200 * len(text)


@given(st.text(alphabet=st.sampled_from("/ap \n\r\t>-*_`[]()<!#|=~&\\1."), max_size=80))
@settings(max_examples=400, deadline=None)
def test_whatever_is_written_gives_words_that_stand_at_the_beginning_of_a_line(body: str) -> None:
    lines = [line.strip().lower() for line in body.replace("\r", "\n").split("\n")]
    for command in command_lines(body):
        assert command.word and "\n" not in command.rest
        assert any(line.startswith(f"/{command.word}") for line in lines)


@given(st.text(alphabet=st.sampled_from("/ap \n>-*_`[]()<!#|=~&\\1."), max_size=60))
@settings(max_examples=300, deadline=None)
def test_quoting_a_comment_commands_nothing(body: str) -> None:
    quoted = "\n".join(f"> {line}" for line in body.split("\n"))
    assert command_lines(quoted) == ()
