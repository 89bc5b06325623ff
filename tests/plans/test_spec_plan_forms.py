"""The ways in which people write the tasks of a plan, and what stands in each."""

from __future__ import annotations

import pytest

from bot.plans.model import Block
from bot.plans.spec_plan import read_spec_plan

TERMS = "\n**Files**: `a.py`\n**Verify**: x\n\n"


def blocks_of(text: str) -> tuple[Block, ...]:
    found = read_spec_plan("specs/x/PLAN.md", text).plan
    assert found is not None
    return found.blocks


def named(text: str) -> list[tuple[str, str]]:
    return [(block.id, block.title) for block in blocks_of(text)]


HEADINGS = {
    "### Task 1: Add it": ("1", "Add it"),
    "## Task 1 - Add it": ("1", "Add it"),
    "### Task 1 — Add it": ("1", "Add it"),
    "### Task 1—Add it": ("1", "Add it"),
    "#### Task 1.2: Add `it`": ("1.2", "Add it"),
    "### TASK 01) Add it": ("01", "Add it"),
    "### Task T1: **Add** it": ("T1", "Add it"),
    "### Task M1-T1: Add it": ("M1-T1", "Add it"),
    "### Task #4: Add it": ("4", "Add it"),
    "### Task A: Add it": ("A", "Add it"),
    "### Task 1 (M1): Add it": ("1", "Add it"),
    "### Task 1 Add it": ("1", "Add it"),
    "### Task 1": ("1", ""),
    "### 3.1 Task 1: Add it": ("1", "Add it"),
    "### ✅ Task 1: Add it": ("1", "Add it"),
    "### Task 1: Add it ✅": ("1", "Add it"),
    "### [x] Task 1: Add it": ("1", "Add it"),
    "### Task 1\uff1aAdd it": ("1", "Add it"),
    "### 작업 1: 추가": ("1", "추가"),
}


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_heading_of_a_task(heading: str) -> None:
    assert named(f"# Plan\n\n{heading}\n{TERMS}") == [HEADINGS[heading]]


@pytest.mark.parametrize(
    "heading",
    [
        "### Task list",
        "### Tasks 1-3 at a glance",
        "### Task 1 depends on much",
        "### Task force: us",
        "### Taskrunner 1",
    ],
)
def test_a_heading_that_only_begins_like_a_task(heading: str) -> None:
    assert named(f"# Plan\n\n{heading}\n\n### Task 9: It\n{TERMS}") == [("9", "It")]


OTHER = {
    "codes below Tasks": "## Tasks\n\n### T1: One\n{0}### T2: Two\n{0}## Notes\n",
    "numbers below Tasks": "## Tasks\n\n### 1. One\n{0}### 2. Two\n{0}",
    "codes anywhere": "## T1: One\n{0}## T2: Two\n{0}",
    "ticked items": "- [ ] **Task 1: One**\n  - Files: `a.py`\n- [x] **Task 2: Two**\n  - Files: `a.py`\n",
    "numbered items": "## Tasks\n\n1. One\n   - Files: `a.py`\n2. Two\n   - Files: `a.py`\n",
    "bold paragraphs": "## Tasks\n\n**Task 1: One**\n{0}**Task 2: Two**\n{0}",
    "bold keys": "## Tasks\n\n**Task 1:** One\n{0}**Task 2:** Two\n{0}",
    "a table": "| # | Task | Files | Verify |\n|--|--|--|--|\n| 1 | One | `a.py` | x |\n| 2 | Two | `a.py` | x |\n",
    "a table of ids": "| Task | Action | Files |\n|--|--|--|\n| T1 | One | `a.py` |\n| T2 | Two | `a.py` |\n",
}


@pytest.mark.parametrize("name", OTHER)
def test_tasks_that_are_no_headings_with_the_word(name: str) -> None:
    blocks = blocks_of(f"# Plan\n\n{OTHER[name].format(TERMS)}")
    assert [(block.id.removeprefix("T"), block.title) for block in blocks] == [("1", "One"), ("2", "Two")]
    assert all(block.files == ("a.py",) for block in blocks)


def test_headings_in_fences_and_quotes_are_no_tasks() -> None:
    text = f"# Plan\n\n### Task 1: One\n{TERMS}```markdown\n### Task 2: No\n```\n\n> ### Task 3: No\n"
    assert named(text) == [("1", "One")]


def test_tasks_that_a_summary_repeats_are_counted_once() -> None:
    text = f"# Plan\n\n## Summary\n\n### Task 1: One\n\n## Tasks\n\n### Task 1: One\n{TERMS}### Task 2: Two\n{TERMS}"
    assert named(text) == [("1", "One"), ("2", "Two")]


def test_of_nested_tasks_those_with_files_are_the_tasks() -> None:
    outer = f"# Plan\n\n## Task 1: One\n{TERMS}### Task 1.1: Part\n\nwords\n"
    assert named(outer) == [("1", "One")]
    inner = f"# Plan\n\n## Task 1: One\n\n### Task 1.1: Part\n{TERMS}### Task 1.2: Rest\n{TERMS}"
    assert named(inner) == [("1.1", "Part"), ("1.2", "Rest")]


def test_phases_are_milestones() -> None:
    text = f"# Plan\n\n## Phase 1: Model\n\n### Task 1: One\n{TERMS}## Phase 2 — View\n\n### Task 2: Two\n{TERMS}"
    assert [block.milestone for block in blocks_of(text)] == ["Phase 1", "Phase 2"]


def only(terms: str) -> Block:
    return blocks_of(f"# Plan\n\n### Task 1: One\n\n{terms}")[0]


FILES = {
    "**Files**: `a.py`, `b/c.py`": ("a.py", "b/c.py"),
    "**Files:** `a.py` and `b/c.py`": ("a.py", "b/c.py"),
    "Files: `a.py` (new), `b/c.py` (changed)": ("a.py", "b/c.py"),
    "- **Files**: `a.py`": ("a.py",),
    "**Files:**\n- Create: `a.py`\n- Modify: `b/c.py:10-20`\n- Test: `t.py`": ("a.py", "b/c.py", "t.py"),
    "**Files:**\n\n- Create:\n  - `a.py`\n- Reference:\n  - `b.py`": ("a.py",),
    "**Files:**\n- Modify: `a.py`\n- Read only: `b.py`\n- See `c.py`": ("a.py",),
    "**Files to create**: `a.py`\n**Files to modify**: `b.py`": ("a.py", "b.py"),
    "**Files**:\n\n| File | Change |\n|--|--|\n| `a.py` | new, like `b.py` |": ("a.py",),
    "#### Files\n\n- `a.py`\n- `Makefile`": ("a.py", "Makefile"),
    "**Files**: `a.py` — as `b.py` does it": ("a.py",),
    "**Files**: `a.py` (like `b.py`)": ("a.py",),
    "**Files**: `a.py`, `b.py` (reference only)": ("a.py",),
    "**Files**: `Session` in `a.py`": ("Session", "a.py"),
    "**Files**: `a.py#L3-L9`": ("a.py",),
    "**Files**:\n- `a.py` — add `Foo` and `b/c`\n- `d.py` - add `Bar`\n- `e.py`, add `baz()`": ("a.py", "d.py", "e.py"),
    "**Files**: create `a.py`, modify `b.py`": ("a.py", "b.py"),
    "**Files likely touched:**\n- `a.py` (modified, +25 lines)\n- `b/` (new)": ("a.py", "b/"),
    "**Files**: `a.py` — new\\\n`b.py` — new": ("a.py", "b.py"),
    "**Files**: `a.py` — as in\n`b.py` before": ("a.py",),
    "**Files**: `a.py`\n**Action**:\n- Files created: `b.py`": ("a.py",),
    "**Modified files**: `src/{a,b}/**`, `c/...`": ("src/{a,b}/**", "c/..."),
    "파일: `a.py`": ("a.py",),
    "**Files**: everything but `a.py`": ("a.py",),
    "**Files**: not `a.py`": (),
}


@pytest.mark.parametrize("terms", FILES)
def test_the_files_of_a_task(terms: str) -> None:
    assert only(terms).files == FILES[terms]


VERIFY = {
    "**Verify**: `make test` is green": "make test is green",
    "**Verification:**\n- `make test`\n- look": "make test; look",
    "**Verify**:\n\n```bash\nmake test\nmake lint\n```": "make test; make lint",
    "- **Verify**:\n  ```\n  make test\n  ```": "make test",
    "#### Verification criteria\n\n- it works": "it works",
    "**Action**:\n- do it\n**Verify**: look": "look",
    "Verify with: a look": "a look",
}


@pytest.mark.parametrize("terms", VERIFY)
def test_the_verification_of_a_task(terms: str) -> None:
    assert only(terms).verify == VERIFY[terms]


def test_an_action_ends_where_the_next_field_begins() -> None:
    assert only("**Action**:\n- one\n- two\n**Verify**: look").steps == ("one", "two")


def test_counted_steps_are_the_action_of_a_task_without_one() -> None:
    text = "**Step 1: Write the test**\n\nwords\n\n**Step 2:** Run `it`\n\n- [ ] **Step 3: Commit**\n"
    assert only(text).steps == ("Write the test", "Run it", "Commit")


DEPENDS = {
    "**Depends on**: Task 1, 2": ("1", "2"),
    "**Dependencies**: Tasks 1-2": ("1", "2"),
    "**Depends on**: none": (),
    "- Blocked by: Task 2": ("2",),
    "Depends on Task 2. Then do it.": ("2",),
    "It depends on the weather.": None,
    "words": None,
}


@pytest.mark.parametrize("terms", DEPENDS)
def test_the_dependencies_of_a_task(terms: str) -> None:
    others = f"### Task 1: One\n{TERMS}### Task 2: Two\n{TERMS}"
    assert blocks_of(f"# Plan\n\n{others}### Task 3: Three\n\n{terms}\n")[2].depends_on == DEPENDS[terms]


@pytest.mark.parametrize(
    "section",
    [
        "- Task 2 depends on Task 1\n- Task 3: 1, 2\n- Task 1: none\n",
        "- Tasks 2 and 3 require Task 1.\n- Task 3 needs Task 2\n- Task 1: none\n",
        "| Task | Depends on |\n|--|--|\n| Task 1 | none |\n| Task 2 | Task 1 |\n| 3 | 1, 2 |\n",
    ],
)
def test_dependencies_that_are_stated_apart_from_the_tasks(section: str) -> None:
    tasks = "".join(f"### Task {number}: x\n{TERMS}" for number in (1, 2, 3))
    blocks = blocks_of(f"# Plan\n\n## Tasks\n\n{tasks}## Dependencies\n\n{section}")
    assert [block.depends_on for block in blocks] == [(), ("1",), ("1", "2")]


def test_a_task_that_is_marked_as_done_is_shown_as_done() -> None:
    text = f"# Plan\n\n### ✅ Task 1: One\n{TERMS}### Task 2: Two\n{TERMS}**Status**: done\n\n### Task 3: x\n{TERMS}"
    assert [block.is_done for block in blocks_of(text)] == [True, True, False]
