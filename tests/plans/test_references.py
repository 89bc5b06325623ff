"""References follow a plan that moves; its own links keep their targets."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.plans.document import read_document
from bot.plans.links import document_references
from bot.plans.references import rebase_links, retarget
from bot.plans.repository_paths import folder_of, resolve_link
from tests.effort import effort

OLD = "docs/exec-plans/active/plan.md"
NEW = "docs/exec-plans/completed/plan.md"


@pytest.mark.parametrize(
    ("document", "before", "after"),
    [
        ("docs/a.md", "[x](exec-plans/active/plan.md)", "[x](exec-plans/completed/plan.md)"),
        ("docs/a.md", "[x](./exec-plans/active/plan.md#top)", "[x](./exec-plans/completed/plan.md#top)"),
        ("docs/a.md", "[x](/docs/exec-plans/active/plan.md 'T')", "[x](/docs/exec-plans/completed/plan.md 'T')"),
        ("docs/a.md", "[x](<exec-plans/active/plan.md>)", "[x](<exec-plans/completed/plan.md>)"),
        ("docs/a.md", "[x](docs/exec-plans/active/plan.md)", "[x](docs/exec-plans/completed/plan.md)"),
        ("docs/a.md", "[x]: exec-plans/active/plan.md 'T'", "[x]: exec-plans/completed/plan.md 'T'"),
        ("docs/exec-plans/active/b.md", "[x](plan.md)", "[x](../completed/plan.md)"),
        ("docs/exec-plans/completed/b.md", "[x](../active/plan.md)", "[x](plan.md)"),
        ("docs/a.md", f"`{OLD}`", f"`{NEW}`"),
        ("docs/a.md", "`exec-plans/active/plan.md`", "`exec-plans/completed/plan.md`"),
        ("docs/a.md", f"`` {OLD} ``", f"`` {NEW} ``"),
        ("docs/a.md", f"see {OLD}.", f"see {NEW}."),
        ("docs/a.md", f"**{OLD}** ({OLD}), {OLD}#top", f"**{NEW}** ({NEW}), {NEW}#top"),
        ("docs/a.md", f"[{OLD}](exec-plans/active/plan.md)", f"[{NEW}](exec-plans/completed/plan.md)"),
        ("docs/a.md", f"---\nplan: {OLD}\n---\n", f"---\nplan: {NEW}\n---\n"),
        ("docs/a.md", f"| a | b |\n|--|--|\n| `x\\|y` `{OLD}` | [p](exec-plans/active/plan.md) |\n",
         f"| a | b |\n|--|--|\n| `x\\|y` `{NEW}` | [p](exec-plans/completed/plan.md) |\n"),
        ("docs/a.md", f"> - [x](exec-plans/active/plan.md)\r\n>   `{OLD}`\r",
         f"> - [x](exec-plans/completed/plan.md)\r\n>   `{NEW}`\r"),
        ("docs/a.md", f"\ufeff{OLD}", f"\ufeff{NEW}"),
        ("README.md", f"[x]({OLD})", f"[x]({NEW})"),
    ],
)  # fmt: skip
def test_a_reference_follows_and_nothing_else_changes(document: str, before: str, after: str) -> None:
    assert retarget(before, document, OLD, NEW) == after
    assert retarget(after, document, OLD, NEW) == after


@pytest.mark.parametrize(
    "text",
    [
        f"```\ngit mv {OLD} x\n```\n",
        f"    {OLD}\n",
        f"{OLD}.bak x{OLD} my-{OLD} {OLD}x other/{OLD} {OLD}/x",
        "[x](exec-plans/active/my-plan.md) [y](exec-plans/active/plan.md.bak) `plan.md`",
        f"https://github.com/o/r/blob/main/{OLD} <https://example.org/{OLD}>",
        f"![x](exec-plans/active/plan.md)\n\n<div>{OLD}</div>\n",
        f"`git mv {OLD} x` \\[x](exec-plans/active/plan.md)",
        f"## 8. File Scope Contract (Mandatory)\n\n### Include\n\n- `{OLD}`\n- {OLD}\n",
        f"<!-- `{OLD}`\n\n{OLD} -->\n",
        "[x](mailto:plan.md) [y](#plan.md) [z](//docs/exec-plans/active/plan.md)",
    ],
)
def test_what_is_no_reference_stays(text: str) -> None:
    assert retarget(text, "docs/a.md", OLD, NEW) == text


def test_a_path_that_reads_both_ways_is_followed_once() -> None:
    once = retarget("`a/x.md`", "a/y.md", "a/x.md", "x.md")
    assert once == "`x.md`"
    assert retarget(once, "a/y.md", "a/x.md", "x.md") == once


def test_names_with_blanks_and_brackets_keep_their_spelling() -> None:
    old, new = "docs/exec-plans/active/my plan (1).md", "docs/exec-plans/completed/my plan (1).md"
    encoded = "my%20plan%20%281%29.md"
    for before, after in (
        (f"[a](exec-plans/active/{encoded})", f"[a](exec-plans/completed/{encoded})"),
        ("[a](<exec-plans/active/my plan (1).md>)", "[a](<exec-plans/completed/my plan (1).md>)"),
        ("[a](exec-plans/active/my%20plan%20\\(1\\).md)", f"[a](exec-plans/completed/{encoded})"),
    ):
        assert retarget(before, "docs/a.md", old, new) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[x](other.md)", "[x](../active/other.md)"),
        ("[x](../completed/done.md#a)", "[x](done.md#a)"),
        ("![x](./img/a.png)", "![x](../active/img/a.png)"),
        ("[x]: other.md", "[x]: ../active/other.md"),
        ("[x](../../PLANS.md)", "[x](../../PLANS.md)"),
        ("[x](plan.md#goal)", "[x](plan.md#goal)"),
        ("[x](#goal) [y](https://x.y/z) [z](/docs/z.md) [w](docs/w.md)", None),
        ("[x](a%20b.md 't') [y](sub/)", "[x](../active/a%20b.md 't') [y](../active/sub/)"),
        ("```\n[x](other.md)\n```\n", None),
        ("`other.md` other.md", None),
    ],
)
def test_the_links_of_the_moved_plan_keep_their_targets(before: str, after: str | None) -> None:
    assert rebase_links(before, OLD, NEW) == (before if after is None else after)


def test_links_follow_to_a_folder_of_another_depth() -> None:
    assert rebase_links("[x](../../a.md) [y](b.md)", OLD, "archive/plan.md") == (
        "[x](../docs/a.md) [y](../docs/exec-plans/active/b.md)"
    )


SEGMENTS = st.sampled_from(["a", "b c", "d(e)", "한", "f%g", "h_i", "j#k", "l&m", "n[o]"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".md")
PIECES = st.sampled_from(
    [
        "word ",
        "`code` ",
        "- ",
        "\n",
        "\r\n",
        "\n\n",
        "```\n",
        "> ",
        "| a | b |\n|--|--|\n| ",
        " | ",
        "\\",
        "[",
        "](",
        "<!-- ",
        "    ",
    ]
)


@given(PATHS, PATHS, PATHS, st.lists(PIECES, max_size=8), st.lists(PIECES, max_size=8))
def test_in_any_text_references_move_once(here: str, old: str, new: str, before: list[str], behind: list[str]) -> None:
    assume(old != new and not old.startswith(new) and not new.startswith(old))
    text = "".join(before) + f"[x](/{'/'.join(map(_quoted, old.split('/')))}) `{old}` {old} " + "".join(behind)
    moved = retarget(text, here, old, new)
    assert retarget(moved, here, old, new) == moved
    references = list(document_references(read_document(moved)))
    targets = [resolve_link(one.destination, folder_of(here)) for one in references if one.kind == "link"]
    assert old not in targets
    assert len(moved.splitlines()) == len(text.splitlines())


def _quoted(segment: str) -> str:
    return "".join(f"%{ord(one):02X}" if one in " ()%#&[]" else one for one in segment)


def targets_of(text: str, folder: str) -> list[str | None]:
    references = document_references(read_document(text))
    return [resolve_link(one.destination, folder) for one in references if one.kind == "link"]


@given(PATHS, PATHS, st.lists(PATHS, min_size=1, max_size=5))
def test_moving_a_plan_breaks_none_of_its_links(old: str, new: str, targets: list[str]) -> None:
    up = "../" * old.count("/")
    text = "".join(f"- [x]({up}{'/'.join(map(_quoted, target.split('/')))}) `x`\r\n" for target in targets)
    assert targets_of(text, folder_of(old)) == targets
    moved = rebase_links(text, old, new)
    assert targets_of(moved, folder_of(new)) == [new if target == old else target for target in targets]


@pytest.mark.parametrize(
    "piece",
    [
        "[x](",
        "[",
        "](",
        "`",
        "`a``b",
        "<!--",
        "<a b='",
        "![",
        "\\",
        "[x](a(",
        "[a]: b\n",
        f"`{OLD}` ",
        f"[x]({OLD}) ",
        "| a ",
        "(",
        "<x:",
    ],
)
def test_a_large_hostile_text_is_walked_in_linear_time(piece: str) -> None:
    def walk(size: int) -> int:
        text = (piece * (size // len(piece)))[:size] + OLD
        return effort(lambda: retarget(text, "docs/a.md", OLD, NEW))

    small, large = walk(10_000), walk(40_000)
    assert large < 5 * small, (small, large)
