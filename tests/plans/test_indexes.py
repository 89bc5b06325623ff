"""Indexes of plans: reading them, taking entries out, putting entries in, in every style."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.plans.indexes import add_entry, read_index, remove_entry

ACTIVE = "docs/exec-plans/active/index.md"
COMPLETED = "docs/exec-plans/completed/index.md"
A, B, C = (f"docs/exec-plans/active/{name}.md" for name in "abc")


def paths(text: str, index: str = ACTIVE) -> list[str]:
    return [entry.path for entry in read_index(index, text).entries]


@pytest.mark.parametrize(
    "entry",
    [
        "- [Plan A](a.md)",
        "* [Plan A](./a.md#top) — the first",
        "1. [Plan A](a.md 'title')",
        "- [`a.md`](<a.md>)",
        "- `a.md`",
        "- a.md",
        "- `docs/exec-plans/active/a.md`",
        "- [Plan A](/docs/exec-plans/active/a.md)",
        "- [Plan A](docs/exec-plans/active/a.md)",
        "- **[Plan A](a.md)** — bold",
        "- [ ] [Plan A](a.md)",
        "- Sprint 1\n  - [Plan A](a.md)",
        "| Plan | Status |\n| --- | --- |\n| [A](a.md) | active |",
        "| Status | Plan |\n| --- | --- |\n| active | `a.md` |",
    ],
)
def test_an_entry_is_read_in_every_spelling(entry: str) -> None:
    assert paths(f"# Active Plans\n\n{entry}\n") == [A]


@pytest.mark.parametrize(
    "text",
    [
        "# Active\n\nNo active plans.\n\nSee also:\n\n- `../b.md`\n",
        "# Active\n\n- _None_\n",
        "# Active\n\n- (none yet)\n\n## References\n\n- [x](../../x.md)\n",
        "# Active\n\n| Plan | Note |\n|--|--|\n| — | — |\n",
        "# Active\n\n```\n- [x](a.md)\n```\n",
        "# Active\n\nThere are currently no active plans.\n",
        "# Active\n\n현재 활성 계획이 없습니다.\n\n- `../x.md`\n",
        "# Active\n\n<!-- - [x](a.md) -->\n",
        "# Active\n\n## Recently completed\n\n- [x](../completed/x.md)\n",
        "",
    ],
)
def test_an_empty_index_is_empty_whatever_stands_below(text: str) -> None:
    assert read_index(ACTIVE, text).is_empty


def test_references_below_the_plans_are_no_entries() -> None:
    text = "# Active\n\n- `a.md`\n\nSee also:\n\n- `../x.md`\n\n## References\n\n- `b.md`\n"
    assert paths(text) == [A]


def test_lists_under_several_headings_are_all_entries() -> None:
    text = "# Active\n\n## In progress\n\n- [a](a.md)\n\n## On hold\n\n- [b](b.md)\n"
    assert paths(text) == [A, B]


def test_titles_and_states_are_read_where_they_stand() -> None:
    table = "| Plan | Title | Status |\n|--|--|--|\n| [Plan A](a.md) | x | **paused** |\n"
    (entry,) = read_index(ACTIVE, table).entries
    assert (entry.title, entry.status, entry.line, entry.path_raw) == ("Plan A", "paused", 3, "a.md")
    assert read_index(ACTIVE, "- `a.md` — the *first*\n").entries[0].title == "the first"
    assert read_index(ACTIVE, "- [`a.md`](a.md)\n").entries[0].title is None


def test_escaped_names_are_understood() -> None:
    text = "- [x](my%20plan%20%281%29.md)\n- [y](<b c.md>)\n- [z](d\\(e\\).md)\n- [k](%ED%95%9C.md)\n"
    names = ("my plan (1)", "b c", "d(e)", "한")
    assert paths(text) == [f"docs/exec-plans/active/{name}.md" for name in names]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- [a](a.md)\n- [b](b.md)\n", "- [b](b.md)\n"),
        ("# T\r\n\r\n- `a.md`\r\n- `b.md`\r\n", "# T\r\n\r\n- `b.md`\r\n"),
        ("- [b](b.md)\n- [a](a.md)", "- [b](b.md)"),
        ("- b.md\n\n- a.md\n\n- c.md\n", "- b.md\n\n- c.md\n"),
        ("- b.md\n\n- a.md\n\nend\n", "- b.md\n\nend\n"),
        ("- b.md\n\n- a.md\n\n- ./a.md\n", "- b.md\n"),
        ("- [a](a.md)\n  - a note\n  - [b](b.md)\n- [c](c.md)\n", "- a note\n- [b](b.md)\n- [c](c.md)\n"),
        ("- [a](a.md)\n  a note\n  - more\n- [c](c.md)\n", "- [c](c.md)\n"),
        ("| P |\n|--|\n| [a](a.md) |\n| [b](b.md) |\n", "| P |\n|--|\n| [b](b.md) |\n"),
        ("- [a](a.md)\n- [b](b.md)\n- [again](./a.md)\n", "- [b](b.md)\n"),
    ],
)
def test_removing_an_entry_takes_its_lines_and_no_others(before: str, after: str) -> None:
    assert remove_entry(before, ACTIVE, A) == after
    assert remove_entry(after, ACTIVE, A) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# T\n\n- [a](a.md)\n", "# T\n\n- _No active plans._\n"),
        ("# T\n\n* a.md", "# T\n\n* _No active plans._"),
        (
            "| Plan | Status |\n|---|---|\n| `a.md` | active |\n",
            "| Plan | Status |\n|---|---|\n| _No active plans._ | — |\n",
        ),
        (
            "## Now\n\n- [a](a.md)\n\n## Later\n\n- Nothing here.\n",
            "## Now\n\n- Nothing here.\n\n## Later\n\n- Nothing here.\n",
        ),
        (
            "## Now\n\n- [a](a.md)\n\n## Later\n\n- [b](b.md)\n",
            "## Now\n\n- _No active plans._\n\n## Later\n\n- [b](b.md)\n",
        ),
    ],
)
def test_the_last_entry_leaves_the_words_for_none(before: str, after: str) -> None:
    emptied = remove_entry(before, ACTIVE, A)
    assert emptied == after
    assert A not in paths(emptied)


def test_removing_what_is_not_listed_changes_nothing() -> None:
    text = "- [x](a.md.bak)\n- [y](my-a.md)\n- [z](sub/a.md)\n"
    assert remove_entry(text, ACTIVE, A) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- [Plan A](a.md)\n", "- [Plan A](a.md)\n- [Plan C](c.md)\n"),
        ("* `a.md`\n", "* `a.md`\n* `c.md`\n"),
        ("+ a.md\n", "+ a.md\n+ c.md\n"),
        ("- [`a.md`](./a.md)\n", "- [`a.md`](./a.md)\n- [`c.md`](./c.md)\n"),
        (
            "- [a](/docs/exec-plans/active/a.md)\n",
            "- [a](/docs/exec-plans/active/a.md)\n- [c](/docs/exec-plans/active/c.md)\n",
        ),
        ("- `docs/exec-plans/active/a.md`\n", "- `docs/exec-plans/active/a.md`\n- `docs/exec-plans/active/c.md`\n"),
        ("1. [A](a.md)\n2. [B](b.md)\n", "1. [A](a.md)\n2. [B](b.md)\n3. [Plan C](c.md)\n"),
        ("1. [A](a.md)\n1. [B](b.md)\n", "1. [A](a.md)\n1. [B](b.md)\n1. [Plan C](c.md)\n"),
        ("- [A](a.md) — first\n", "- [A](a.md) — first\n- [Plan C](c.md) — all green\n"),
        ("- **[A](a.md)**: first\n", "- **[A](a.md)**: first\n- **[Plan C](c.md)**: all green\n"),
        ("- [A](a.md) (active)\n", "- [A](a.md) (active)\n- [Plan C](c.md) (completed)\n"),
        ("- [ ] [A](a.md)\n", "- [ ] [A](a.md)\n- [x] [Plan C](c.md)\n"),
        ("- [A](a.md)\r\n", "- [A](a.md)\r\n- [Plan C](c.md)\r\n"),
        ("- [A](a.md)", "- [A](a.md)\n- [Plan C](c.md)"),
        ("- a.md\n\n- b.md\n", "- a.md\n\n- b.md\n\n- c.md\n"),
        ("- S1\n  - [A](a.md)\n", "- S1\n  - [A](a.md)\n  - [Plan C](c.md)\n"),
        ("- _None_\n", "- [Plan C](c.md) — all green\n"),
        ("# Plans\n\nNo active plans.\n", "# Plans\n\n- [Plan C](c.md) — all green\n"),
        ("# Active plans\n", "# Active plans\n\n- [Plan C](c.md) — all green\n"),
        (
            "|Plan|Date|Note|\n|--|--|--|\n|[a](a.md)|x|y|\n",
            "|Plan|Date|Note|\n|--|--|--|\n|[a](a.md)|x|y|\n|[c](c.md)|—|all green|\n",
        ),
        ("| Plan | Status |\n|--|--|\n", "| Plan | Status |\n|--|--|\n| [Plan C](c.md) | completed |\n"),
        ("Status | Plan\n--|--\nx | `a.md`\n", "Status | Plan\n--|--\nx | `a.md`\ncompleted | `c.md`\n"),
        ("", "# Active Execution Plans\n\n- [Plan C](c.md) — all green\n"),
    ],
)
def test_a_new_entry_is_written_as_the_others_are(before: str, after: str) -> None:
    added = add_entry(before, ACTIVE, C, "Plan C", note="all green")
    assert added == after
    assert add_entry(added, ACTIVE, C, "Plan C", note="other") == added


def test_the_newest_entry_goes_where_the_newest_are() -> None:
    old, mid = "- [2026-01-01-x](2026-01-01-x.md)\n", "- [2026-02-01-y](2026-02-01-y.md)\n"
    new = "docs/exec-plans/active/2026-03-01-z.md"
    line = "- [2026-03-01-z](2026-03-01-z.md)\n"
    assert add_entry(mid + old, ACTIVE, new, "Z") == line + mid + old
    assert add_entry(old + mid, ACTIVE, new, "Z") == old + mid + line


def test_an_entry_is_not_put_among_references() -> None:
    text = "# Completed\n\nSee also:\n\n- `../x.md`\n"
    added = add_entry(text, COMPLETED, "docs/exec-plans/completed/c.md", "C")
    assert paths(added, COMPLETED) == ["docs/exec-plans/completed/c.md"]
    assert added.endswith("See also:\n\n- `../x.md`\n")


@pytest.mark.parametrize("tail", ["```\nnever closed\n", "<!-- never closed\n", "> quote\n", "    code\n", "- other\n"])
def test_an_entry_is_read_back_whatever_ends_the_document(tail: str) -> None:
    text = f"# Done\n\n{tail}"
    added = add_entry(text, COMPLETED, "docs/exec-plans/completed/c.md", "C")
    assert paths(added, COMPLETED) == ["docs/exec-plans/completed/c.md"]


NAMES = st.from_regex(r"[a-zé한][a-z0-9 ()_.&%#'\[\]~-]{0,12}", fullmatch=True).map(
    lambda name: name.strip(" .") + ".md"
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
STYLES = st.sampled_from(
    ["- [{t}]({d})", "* `{n}`", "1. [`{n}`]({d})", "- [{t}](<{a}>) — note", "| [{t}]({d}) | active |"]
)


@st.composite
def indexes(draw: st.DrawFn) -> tuple[str, list[str]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    style = draw(STYLES)
    assume("`" not in style or all("`" not in name for name in names))
    lines = ["# Active", ""] if draw(st.booleans()) else []
    if style.startswith("|"):
        lines += ["| Plan | Status |", "|---|---|"]
    for name in names:
        encoded = "".join(
            f"%{byte:02X}" if chr(byte) in " ()%#&[]'" else chr(byte) for byte in name.encode("latin-1", "ignore")
        )
        encoded = encoded if name.isascii() else "".join(f"%{byte:02X}" for byte in name.encode())
        lines.append(style.format(t="title", d=encoded, n=name, a=encoded))
    lines += draw(st.sampled_from([[], ["", "Some words.", ""], ["", "## References", "", "- `../x.md`"]]))
    text = "".join(line + draw(ENDS) for line in lines)
    return (text if draw(st.booleans()) else text.rstrip("\r\n")), [f"docs/exec-plans/active/{name}" for name in names]


@given(indexes())
def test_an_index_reads_back_what_was_written(given_index: tuple[str, list[str]]) -> None:
    text, listed = given_index
    assert paths(text) == listed


@given(indexes(), NAMES)
def test_adding_then_removing_gives_the_original_bytes(given_index: tuple[str, list[str]], name: str) -> None:
    text, listed = given_index
    plan = f"docs/exec-plans/active/{name}"
    assume(plan not in listed)
    added = add_entry(text, ACTIVE, plan, "A title | with *marks*", note="note")
    assert sorted(paths(added)) == sorted([*listed, plan])
    assert add_entry(added, ACTIVE, plan, "t") == added
    assert remove_entry(added, ACTIVE, plan) == text


@given(indexes(), st.data())
def test_removing_then_adding_reads_the_same(given_index: tuple[str, list[str]], data: st.DataObject) -> None:
    text, listed = given_index
    plan = data.draw(st.sampled_from(listed))
    removed = remove_entry(text, ACTIVE, plan)
    assert paths(removed) == [path for path in listed if path != plan]
    assert remove_entry(removed, ACTIVE, plan) == removed
    assert sorted(paths(add_entry(removed, ACTIVE, plan, "title"))) == sorted(listed)


@given(st.text(alphabet=st.sampled_from("a b-*|[](){}`<>#:.md\n\r\t_!한/"), max_size=120))
def test_any_text_can_be_given(text: str) -> None:
    added = add_entry(text, ACTIVE, A, "Plan A", note="x")
    assert A in paths(added)
    assert add_entry(added, ACTIVE, A, "Plan A") == added
    removed = remove_entry(added, ACTIVE, A)
    assert A not in paths(removed)
    assert remove_entry(removed, ACTIVE, A) == removed


LINES = st.sampled_from(
    [
        "- [a](a.md)",
        "- `b.md`",
        "  - a.md",
        "  - b.md",
        "  words",
        "",
        "- words",
        "1. a.md",
        "    - [b](b.md)",
        "* a.md",
        "# T",
    ]
)


@given(st.lists(LINES, max_size=14), ENDS)
def test_a_plan_listed_many_times_goes_everywhere_and_others_stay(lines: list[str], end: str) -> None:
    text = end.join(lines)
    before = paths(text)
    after = remove_entry(text, ACTIVE, A)
    assert paths(after) == [path for path in before if path != A]
    assert remove_entry(after, ACTIVE, A) == after
