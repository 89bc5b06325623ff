"""The record written into a plan: it says what it should, and changes nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plans.contract import contract_of
from bot.plans.document import read_document
from bot.plans.edit import BOM
from bot.plans.exec_plan import read_exec_plan
from bot.plans.exec_plan_record import Checkpoint, CloseoutRecord, ExecPlanRecord, ValidationRecord, apply_record

PLAN = """\
# Rename the thing

**Status:** Draft
**Objective:** One name everywhere

## 1. Roadmap Position (Mandatory)

- **Sprint:** `S04`
- **Block:** `B01-B02`

## 2. Objective Lock

- **Objective (One Sentence):** One name everywhere

## 5. Proposed Next Block

- **Block ID:** `B01`
- **Goal:** Rename it

## 6. Validation Plan

- **Unit Tests:** `make test`

## 7. Branch Continuity (Mandatory)

- **Execution Branch:** `feature/rename`

## 8. File Scope Contract (Mandatory)

### Include (Allowed to Modify)

- `src/...`

### Exclude (Must Not Modify)

- `infra/...` (unless explicitly approved)

## 10. Progress Checkpoints (Executor Reporting)

- **Checkpoint Rule:** stop after each block
- **Checkpoint Record:**
  - Sprint/Block/Task:
  - Files Changed:
  - Validation Run:
  - Result: `done | blocked | pending`
  - Notes:

## 11. Open Questions

- Q1:

---

## 12. Validation Record (Validator Output)

- **Validation Level:** `medium | high`
- **Validated By:** `<agent/name>`
- **Date:** `<yyyy-mm-dd>`
- **Scope:** `<what blocks/changes were validated>`
- **Commands Executed:**
  - `<command 1>`
  - `<command 2>`
- **Results:**
  - `<pass/fail summary>`
- **Invariant Checks:**
  - Tenant isolation/authz: `<pass/fail/notes>`
  - Docs updated: `<pass/fail/notes>`
- **Verdict:** `PASS | PASS_WITH_NOTES | FAIL`
- **Residual Risks / Follow-ups:**
  - `<risk or note>`

## 13. Closeout Checklist (Closer Output)

- **Ready To Close:** `yes | no`
- **Closeout Blockers (if any):**
  - `<blocker>`
- **Moved Plan Path:** `docs/exec-plans/completed/<same-filename>.md`
- **Indexes Updated:**
  - `docs/exec-plans/active/index.md`: `<yes/no>`
  - `docs/exec-plans/completed/index.md`: `<yes/no>`
"""

B01 = Checkpoint(
    block="B01",
    sprint=None,
    title="Rename it",
    files_changed=("src/a.py", "src/b.py"),
    validation_run=("ci/test: success",),
    result="done",
    notes="as planned",
    commit="a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0",
    approved_by="maria",
    date="2026-01-02",
)
B02 = replace(B01, block="B02", title="Use it", commit="", approved_by=None, date="", result="pending", notes="")
VALIDATION = ValidationRecord(
    level="medium",
    validated_by="maria",
    date="2026-01-03",
    scope="blocks B01, B02",
    commands=("make test",),
    results=("ci/test: success", "scope: clean"),
    invariants=(("Docs updated", "pass"), ("Speed", "not measured")),
    verdict="PASS",
    residual_risks=(),
)
CLOSEOUT = CloseoutRecord(
    ready=True,
    blockers=(),
    moved_path="docs/exec-plans/completed/rename.md",
    active_index_updated=True,
    completed_index_updated=True,
)
FULL = ExecPlanRecord("Completed", (B01, B02), VALIDATION, CLOSEOUT)
NOTHING = ExecPlanRecord(None, (), None, None)


def only(**parts: Any) -> ExecPlanRecord:
    return replace(NOTHING, **parts)


def test_the_whole_record_fills_the_template() -> None:
    written = apply_record(PLAN, FULL)
    head = PLAN[: PLAN.index("- **Checkpoint Record:**")].replace("**Status:** Draft", "**Status:** Completed")
    assert (
        written
        == head
        + """\
- **Checkpoint Record:**
  - Sprint/Block/Task: `S04` / `B01` / Rename it
  - Files Changed: `src/a.py`, `src/b.py`
  - Validation Run: ci/test: success
  - Result: `done` (Stepwise: commit `a1b2c3d4e5f6`, approved by `maria`, 2026-01-02)
  - Notes: as planned
- **Checkpoint Record:**
  - Sprint/Block/Task: `S04` / `B02` / Use it
  - Files Changed: `src/a.py`, `src/b.py`
  - Validation Run: ci/test: success
  - Result: `pending` (Stepwise)
  - Notes: —

## 11. Open Questions

- Q1:

---

## 12. Validation Record (Validator Output)

- **Validation Level:** `medium`
- **Validated By:** `maria`
- **Date:** `2026-01-03`
- **Scope:** blocks B01, B02
- **Commands Executed:**
  - `make test`
- **Results:**
  - `ci/test: success`
  - `scope: clean`
- **Invariant Checks:**
  - Tenant isolation/authz: `<pass/fail/notes>`
  - Docs updated: `pass`
  - Speed: `not measured`
- **Verdict:** `PASS`
- **Residual Risks / Follow-ups:**
  - `none`

## 13. Closeout Checklist (Closer Output)

- **Ready To Close:** `yes`
- **Closeout Blockers (if any):**
  - `none`
- **Moved Plan Path:** `docs/exec-plans/completed/rename.md`
- **Indexes Updated:**
  - `docs/exec-plans/active/index.md`: `yes`
  - `docs/exec-plans/completed/index.md`: `yes`
"""
    )


def test_an_empty_record_changes_nothing() -> None:
    assert apply_record(PLAN, NOTHING) == PLAN


def test_a_block_that_goes_on_keeps_its_one_entry() -> None:
    begun = apply_record(
        PLAN, only(checkpoints=(replace(B01, result="pending", commit="", approved_by=None, date=""),))
    )
    done = apply_record(begun, only(checkpoints=(B01,)))
    assert done == apply_record(PLAN, only(checkpoints=(B01,)))
    assert done.count("Sprint/Block/Task:") == 1


def test_block_ids_that_begin_alike_are_different_blocks() -> None:
    t1, t10 = replace(B01, block="T1"), replace(B02, block="T10")
    written = apply_record(apply_record(PLAN, only(checkpoints=(t10,))), only(checkpoints=(t1,)))
    assert "`T10` / Use it" in written and "`T1` / Rename it" in written


def test_what_people_wrote_about_a_block_stays() -> None:
    theirs = PLAN.replace(
        PLAN[PLAN.index("  - Sprint/Block/Task:") : PLAN.index("\n## 11.")],
        "  - Sprint/Block/Task: S04/B01/Rename\n  - Files Changed: src\n  - Result: `done`\n  - Notes: by hand\n",
    )
    written = apply_record(theirs, only(checkpoints=(B01,)))
    at = theirs.index("\n## 11.")
    assert written.startswith(theirs[:at])
    assert written.endswith(theirs[at:])
    assert written.count("Sprint/Block/Task:") == 2
    assert apply_record(written, only(checkpoints=(B01,))) == written


def test_an_entry_that_was_prepared_for_a_block_is_used_for_it() -> None:
    prepared = PLAN.replace("  - Sprint/Block/Task:\n", "  - Sprint/Block/Task: `S04`/`B02`/Use it\n")
    written = apply_record(prepared, only(checkpoints=(B01, B02)))
    assert written.index("`B02` / Use it") < written.index("`B01` / Rename it")
    assert written.count("Sprint/Block/Task:") == 2


@pytest.mark.parametrize(
    ("style", "addition"),
    [
        ("- Sprint/Block/Task: S1/A/x\n  - Result: done\n",
         "- Sprint/Block/Task: `S04` / `B01` / Rename it\n  - Files Changed:"),
        ("* Block: A\n* Result: done\n* Block: B\n* Result: done\n",
         "* Sprint/Block/Task: `S04` / `B01` / Rename it\n* Files"),
        ("- **Checkpoint Record:**\n", "- **Checkpoint Record:**\n  - Sprint/Block/Task: `S04` / `B01` / Rename it\n"),
        ("Nothing yet.\n", "Nothing yet.\n\n- **Checkpoint Record:**\n  - Sprint/Block/Task: `S04` / `B01`"),
        ("```\nnever closed\n", "\n\n- **Checkpoint Record:**\n  - Sprint/Block/Task: `S04` / `B01`"),
    ],
)  # fmt: skip
def test_an_entry_is_written_as_the_others_are(style: str, addition: str) -> None:
    text = PLAN[: PLAN.index("- **Checkpoint Rule:**")] + style
    written = apply_record(text, only(checkpoints=(B01,)))
    assert addition in written
    assert apply_record(written, only(checkpoints=(B01,))) == written
    assert apply_record(written, only(checkpoints=(B01, B02))).count("Task: `S04`") == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# T\n\n**Status:** Draft  \n**Context:** x\n", "# T\n\n**Status:** Completed  \n**Context:** x\n"),
        ("# T\n\n**Status**: Draft\n", "# T\n\n**Status**: Completed\n"),
        ("# T\n\n- **Status:** `Draft`\n", "# T\n\n- **Status:** `Completed`\n"),
        ("# T\n\nStatus: Draft\n", "# T\n\nStatus: Completed\n"),
        ("# T\n\n**Status:**\n", "# T\n\n**Status:** Completed\n"),
        ("# T\n\n| Field | Value |\n|---|---|\n| Status | Draft |\n",
         "# T\n\n| Field | Value |\n|---|---|\n| Status | Completed |\n"),
        ("# T\n\n## Lifecycle\n\n- status: active\n- by: x\n", "# T\n\n## Lifecycle\n\n- status: completed\n- by: x\n"),
        ("# T\n\n## Status\n\nDraft\n", "# T\n\n## Status\n\nCompleted\n"),
        ("# T\n\n## Status: Draft\n", "# T\n\n## Status: Completed\n"),
        ('---\nstatus: "active" # now\n---\n# T\n', '---\nstatus: "completed" # now\n---\n# T\n'),
        ("---\r\nstatus: 'Active'\r\n---\r\n", "---\r\nstatus: 'Completed'\r\n---\r\n"),
        ("---\nstatus: Draft\nx: y\n---\n", "---\nstatus: Completed\nx: y\n---\n"),
        ("---\nx: y\n---\n# T\n", "---\nx: y\n---\n# T\n\n**Status:** Completed\n"),
        ("# T\nText\n", "# T\n\n**Status:** Completed\n\nText\n"),
        ("# T", "# T\n\n**Status:** Completed"),
        ("\ufeff# T\r\n\r\nText", "\ufeff# T\r\n\r\n**Status:** Completed\r\n\r\nText"),
        ("# Goal\n\nx\n\n# Scope\n", "**Status:** Completed\n\n# Goal\n\nx\n\n# Scope\n"),
        ("", "**Status:** Completed\n"),
        ("# T\n\n```\nStatus: Draft\n```\n", "# T\n\n**Status:** Completed\n\n```\nStatus: Draft\n```\n"),
    ],
)  # fmt: skip
def test_the_status_is_changed_in_its_own_spelling(before: str, after: str) -> None:
    assert apply_record(before, only(status="Completed")) == after
    assert apply_record(after, only(status="Completed")) == after
    plan = read_exec_plan("docs/exec-plans/active/x.md", after).plan
    assert plan is not None and plan.status is not None and plan.status.casefold() == "completed"


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("# T\n\n## 1. One\n\n## 2. Two\n", "\n## 3. Validation Record\n"),
        ("# T\n\n## 1) One\n\n## 4) Two\n", "\n## 5) Validation Record\n"),
        ("# T\n\n## One\n\n### 1. x\n\n### 2. y\n\n## Two\n", "\n## Validation Record\n"),
        ("# One\n\n# Two\n", "\n# Validation Record\n"),
        ("Text", "\n## Validation Record\n"),
        ("# T\n\n```\nnever closed\n", "# T\n\n## Validation Record\n"),
    ],
)
def test_a_missing_section_is_appended_in_the_style_of_the_document(headings: str, expected: str) -> None:
    written = apply_record(headings, only(validation=VALIDATION))
    assert expected in written
    assert apply_record(written, only(validation=VALIDATION)) == written


def test_fields_that_are_missing_are_added_to_a_section_that_is_there() -> None:
    text = "## Validation Record\n\n- **Verdict:** `FAIL`\n- **Owner:** x\n\n## Next\n"
    written = apply_record(text, only(validation=VALIDATION))
    assert "- **Verdict:** `PASS`\n- **Owner:** x\n- **Validation Level:** `medium`\n" in written
    assert written.endswith("\n\n## Next\n")
    assert apply_record(written, only(validation=VALIDATION)) == written


def test_blockers_are_written_and_go_again() -> None:
    blocked = CloseoutRecord(False, ("block B02 is pending", "no verdict"), None, False, False)
    written = apply_record(PLAN, only(closeout=blocked))
    assert "- **Ready To Close:** `no`\n" in written
    assert "  - `block B02 is pending`\n  - `no verdict`\n- **Moved Plan Path:** —\n" in written
    assert apply_record(written, only(closeout=CLOSEOUT)) == apply_record(PLAN, only(closeout=CLOSEOUT))


def test_many_files_are_counted_and_not_all_listed() -> None:
    files = tuple(f"src/{number}.py" for number in range(3000))
    written = apply_record(PLAN, only(checkpoints=(replace(B01, files_changed=files),)))
    assert "`src/49.py` and 2950 more\n" in written


def test_a_record_survives_json() -> None:
    assert ExecPlanRecord.from_json(FULL.to_json()) == FULL
    assert ExecPlanRecord.from_json(NOTHING.to_json()) == NOTHING


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("status"),
        lambda value: value.update(more=1),
        lambda value: value["checkpoints"][0].update(result="maybe"),
        lambda value: value["checkpoints"][0].update(files_changed="src"),
        lambda value: value["closeout"].update(ready="yes"),
        lambda value: value["validation"].update(invariants=[["only one"]]),
        lambda value: value["validation"].update(more=1),
    ],
)
def test_json_that_is_no_record_is_refused(change: Any) -> None:
    value = FULL.to_json()
    change(value)
    with pytest.raises(ValueError):
        ExecPlanRecord.from_json(value)


HOSTILE = st.text(
    alphabet=st.sampled_from("aB1 `*_[]()<>!#@-+|~\\:.\n\r\t/"), max_size=30
) | st.sampled_from(
    ["\n## 7. Branch Continuity\n- **Execution Branch:** `evil`", "```", "<!--", "<script>",
     "---", "- `secrets/**`", "| a |",
     "**Execution Branch:** `evil`", "Include: `**`", "# h", "1. B99: more", "@everyone", "[x]: y", "`a` / `B09` / c"]
)  # fmt: skip
WORDS = st.tuples(HOSTILE, HOSTILE) | st.tuples(HOSTILE) | st.just(())
IDS = st.sampled_from(["B01", "B02", "T1", "T10", "1", "M1-T1"])
CHECKPOINTS = st.builds(
    Checkpoint,
    block=IDS | HOSTILE.filter(str.strip),
    sprint=st.none() | HOSTILE,
    title=HOSTILE,
    files_changed=WORDS,
    validation_run=WORDS,
    result=st.sampled_from(["done", "blocked", "pending", "skipped"]),
    notes=HOSTILE,
    commit=st.sampled_from(["", "a" * 40]),
    approved_by=st.none() | HOSTILE,
    date=st.just("2026-01-02") | HOSTILE,
)
VALIDATIONS = st.builds(
    ValidationRecord,
    level=HOSTILE,
    validated_by=HOSTILE,
    date=HOSTILE,
    scope=HOSTILE,
    commands=WORDS,
    results=WORDS,
    invariants=st.lists(st.tuples(HOSTILE, HOSTILE), max_size=2).map(tuple),
    verdict=HOSTILE,
    residual_risks=WORDS,
)
CLOSEOUTS = st.builds(
    CloseoutRecord,
    ready=st.booleans(),
    blockers=WORDS,
    moved_path=st.none() | st.just("docs/exec-plans/completed/x.md") | HOSTILE,
    active_index_updated=st.booleans(),
    completed_index_updated=st.booleans(),
)
RECORDS = st.builds(
    ExecPlanRecord,
    status=st.none() | st.just("In Progress") | HOSTILE.filter(str.strip),
    checkpoints=st.lists(CHECKPOINTS, max_size=3, unique_by=lambda one: one.block.strip()).map(tuple),
    validation=st.none() | VALIDATIONS,
    closeout=st.none() | CLOSEOUTS,
)
SECTIONS = ["## " + part for part in PLAN.split("\n## ")[1:]]


@st.composite
def plans(draw: st.DrawFn) -> str:
    """The template with sections left out, moved and cut short, in any line ends, perhaps without a final one."""
    some = st.lists(st.sampled_from(SECTIONS), unique=True, max_size=len(SECTIONS))
    parts = draw(st.just(SECTIONS) | st.permutations(SECTIONS) | some)
    title = draw(
        st.sampled_from(
            ["# Rename the thing\n\n**Status:** Draft\n\n", "---\nstatus: draft\n---\n\n# T\n\n", "# T\n\n", ""]
        )
    )
    text = title + "\n".join(parts)
    text += draw(
        st.sampled_from(
            ["", "", "\n## Notes\n\nText   \n", "\n```\nnever closed\n", "\n<!-- open\n", "\n- x\n  ```\n  y\n", "> q"]
        )
    )
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 3))):
        lines.pop(draw(st.integers(0, len(lines) - 1))) if lines else None
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"]]))
    joined = "".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    mark = "\ufeff" if draw(st.booleans()) else ""
    return mark + (joined if draw(st.booleans()) else joined.rstrip("\r\n"))


@settings(deadline=None, max_examples=30)
@given(plans(), RECORDS)
def test_no_record_changes_the_contract(text: str, record: ExecPlanRecord) -> None:
    path = "docs/exec-plans/active/x.md"
    before, after = (read_exec_plan(path, one).plan for one in (text, apply_record(text, record)))
    assert before is not None and after is not None
    if "Proposed Next Block" in before.sections_missing:
        # Such a plan cannot run; its blocks are a guess that takes numbered headings into account, for showing only.
        before, after = replace(before, blocks=()), replace(after, blocks=())
    assert contract_of(after).terms == contract_of(before).terms


@settings(deadline=None, max_examples=30)
@given(plans(), RECORDS)
def test_writing_a_record_twice_equals_writing_it_once(text: str, record: ExecPlanRecord) -> None:
    once = apply_record(text, record)
    assert apply_record(once, record) == once


@settings(deadline=None, max_examples=30)
@given(plans(), RECORDS, RECORDS)
def test_a_later_record_leaves_one_entry_per_block(text: str, first: ExecPlanRecord, second: ExecPlanRecord) -> None:
    once = apply_record(text, replace(first, checkpoints=(B01,)))
    twice = apply_record(once, replace(second, checkpoints=(replace(B01, result="skipped"), B02)))
    keys = [
        field
        for field in read_document(twice).fields
        if field.name == "sprint/block/task" and "/ `B0" in field.value.content
    ]
    assert len(keys) == 2


@settings(deadline=None, max_examples=30)
@given(plans(), RECORDS)
def test_every_line_outside_the_record_stays(text: str, record: ExecPlanRecord) -> None:
    after = apply_record(text, record).removeprefix(BOM).splitlines(keepends=True)
    position = 0
    touched = ("Status", "status", "- ", "  - ")
    for line in text.removeprefix(BOM).splitlines(keepends=True)[:-1]:
        if line.startswith(touched) or "tatus" in line:
            continue
        assert line in after[position:], line
        position = after.index(line, position) + 1


SEED = Path(__file__).parents[2] / ".." / "shared" / "seeds" / "001_bcf01e9c92e0dd04.txt"
FOREIGN = sorted((Path(__file__).parents[2] / ".." / "shared" / "corpus" / "exec-plan-foreign").glob("*.md"))


@pytest.mark.parametrize("file", [SEED, *FOREIGN], ids=lambda file: file.stem)
def test_a_plan_of_a_real_team_takes_the_record(file: Path) -> None:
    if not file.exists():
        pytest.skip("the corpus is not beside this checkout")
    text = file.read_bytes().decode()
    written = apply_record(text, FULL)
    assert apply_record(written, FULL) == written
    before, after = (read_exec_plan("docs/exec-plans/active/x.md", one).plan for one in (text, written))
    assert before is not None and after is not None
    assert contract_of(after).terms == contract_of(before).terms
    assert after.status is not None and after.status.casefold() == "completed"
    assert after.verdict == "PASS"


SHUFFLED = st.lists(
    st.sampled_from([*PLAN.splitlines(), "", "  ", "```", "> ", "| Field | Value |", "|---|---|", "| Date | x |",
                     "1. a", "    b", "---", "**Results:**", "Date: x", "- Result: `done` (Stepwise)",
                     "  - Sprint/Block/Task: — / `B01` / x"])
    | HOSTILE,
    max_size=25,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(SHUFFLED, st.sampled_from(["\n", "\r\n"]))
def test_any_text_takes_a_record_and_settles(lines: list[str], end: str) -> None:
    once = apply_record(end.join(lines), FULL)
    assert apply_record(once, FULL) == once
