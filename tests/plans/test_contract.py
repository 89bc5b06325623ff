"""The contract: what may change without anybody's consent, and what may not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.contract import Contract, contract_of, definition_hash, differences
from bot.plans.dialects import read
from bot.plans.exec_plan_record import Checkpoint, ExecPlanRecord, apply_record
from bot.plans.model import Plan
from tests.plans.plan_text import HANDOFF, INCLUDE, PATH, PROPOSED, plan_text

RECORD = """
## 10. Progress Checkpoints (Executor Reporting)

- **Checkpoint Record:**
  - Sprint/Block/Task: S07/B01
  - Result: `done`
  - Notes: WORDS

## 12. Validation Record (Validator Output)

- **Validated By:** WORDS
- **Commands Executed:**
  - `npm test`
- **Verdict:** `PASS`

## 13. Closeout Checklist (Closer Output)

- **Ready To Close:** `yes`
- **Closeout Blockers (if any):**
  - WORDS
"""


def read_plan(text: str) -> Plan:
    found = read(PATH, text.encode()).plan
    assert found is not None
    return found


def contract(text: str) -> Contract:
    return contract_of(read_plan(text))


BEFORE = contract(plan_text())

words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="`*_<>|#[]\\&"), max_size=40).map(
    lambda text: "x" + text
)


@given(words, st.sampled_from(["Draft", "In Progress", "Completed"]))
def test_status_and_records_are_no_part_of_the_contract(said: str, status: str) -> None:
    text = plan_text(header=f"**Status:** {status}\n**Context:** {said}\n", behind=RECORD.replace("WORDS", said))
    assert contract(text).hash == BEFORE.hash


@given(st.lists(st.booleans(), min_size=8, max_size=8))
def test_ticking_boxes_is_no_change(ticks: list[bool]) -> None:
    def boxes(chosen: list[bool]) -> str:
        bullets = [f"- [{'x' if tick else ' '}] **B0{number}:** do {number}" for number, tick in enumerate(chosen, 1)]
        return "\n".join(bullets) + "\n"

    assert contract(plan_text(proposed=boxes(ticks))).hash == contract(plan_text(proposed=boxes([False] * 8))).hash


@pytest.mark.parametrize(
    "text",
    [
        plan_text().replace("\n", "\r\n"),
        "\ufeff" + plan_text(),
        plan_text() + "\n\nMore notes.\n",
        plan_text().replace("Greet people by name.", "Greet  **people** by _name_.   "),
        plan_text().replace("Greet people by name.", "Greet people\n  by name."),
        plan_text().replace("- **Goal:**", "* __Goal__:"),
        plan_text().replace("## 6. Validation Plan", "# 9) validation plan (Mandatory)"),
        plan_text(include="- `tests/**`\n- `src/**` (all of it)\n"),
        plan_text(title="Another title", current="- **Current Runtime Flow:** other words\n"),
        plan_text().replace("`S07`", "`S08`"),
    ],
)
def test_blanks_emphasis_line_ends_order_of_patterns_and_notes_are_no_change(text: str) -> None:
    assert contract(text).hash == BEFORE.hash
    assert differences(BEFORE.terms, contract(text).terms) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            plan_text(objective="- **Objective:** Greet cats.\n"),
            "the objective changed from `Greet people by name.` to `Greet cats.`",
        ),
        (
            plan_text(handoff=HANDOFF.replace("`stepwise`", "`autonomous`")),
            "the execution mode changed from `stepwise` to `autonomous`",
        ),
        (plan_text(include=INCLUDE + "- `infra/**`\n"), "include gained `infra/**`"),
        (plan_text(include="- `src/**`\n"), "include lost `tests/**`"),
        (plan_text(exclude="- `docs/`\n"), "exclude gained `docs/`"),
        (plan_text(validation="- `pytest -q`, `make smoke`\n"), "the validation commands gained `make smoke`"),
        (plan_text(proposed="- **Block ID:** `B01`\n- **Goal:** Add the endpoint\n"), "block B02 was removed"),
        (plan_text(proposed=PROPOSED + "\n- **Block ID:** `B03`\n"), "block B03 was added"),
        (
            plan_text(proposed=PROPOSED.replace("Greet by name", "Greet")),
            "block B02: the title changed from `Greet by name` to `Greet`",
        ),
        (
            plan_text(proposed=PROPOSED.replace("answers 200", "answers")),
            "block B01: its acceptance criteria gained `GET /hello answers`",
        ),
        (
            plan_text(proposed=PROPOSED.replace("`B01`\n", "`B01`\n- **Role:** tester\n", 1)),
            "block B01: its role `tester` was added",
        ),
        (
            plan_text(proposed=PROPOSED.replace("Dependencies:** `B01`", "Dependencies:** none")),
            "block B02: its dependencies lost `B01`",
        ),
        (plan_text(handoff=HANDOFF.replace("Scope drift", "Doubt")), "the stop conditions gained `Doubt`"),
        (plan_text(handoff=HANDOFF.replace("none", "B01 + B02")), "the block groups changed from none to B01 + B02"),
        (plan_text().replace("`main`", "`develop`"), "the base branch changed from `main` to `develop`"),
        (
            plan_text().replace("`feature/greeting`", "`feature/x`"),
            "the execution branch changed from `feature/greeting` to `feature/x`",
        ),
    ],
)
def test_every_term_is_held_to_and_named_when_it_changes(text: str, sentence: str) -> None:
    after = contract(text)
    assert after.hash != BEFORE.hash
    assert sentence in differences(BEFORE.terms, after.terms)


plans = st.builds(
    Plan,
    dialect=st.just(read_plan(plan_text()).dialect),
    path=st.just(PATH),
    title=st.none(),
    objective=st.sampled_from([None, "a", "b"]),
    mode=st.sampled_from([None, *type(read_plan(plan_text()).mode or 0)]),  # type: ignore[misc]
    branch=st.sampled_from([None, "x", "y"]),
    validation_commands=st.lists(st.sampled_from(["x", "y"]), max_size=3).map(tuple),
    stop_conditions=st.lists(st.sampled_from(["x", "y"]), max_size=3).map(tuple),
    groups=st.sampled_from([(), (("B1", "B2"),)]),
    blocks=st.lists(
        st.builds(
            replace,
            st.just(read_plan(plan_text()).blocks[0]),
            id=st.sampled_from(["B1", "B2", "B3"]),
            title=st.sampled_from(["t", "u"]),
            depends_on=st.sampled_from([None, (), ("B1",)]),
            independent=st.booleans(),
            steps=st.sampled_from([(), ("s",), ("s", "t"), ("t", "s")]),
        ),
        max_size=3,
        unique_by=lambda block: block.id,
    ).map(tuple),
)


@given(plans, plans)
def test_two_contracts_are_equal_exactly_when_nothing_is_said_about_them(one: Plan, other: Plan) -> None:
    first, second = contract_of(one), contract_of(other)
    assert (first.hash == second.hash) == (not differences(first.terms, second.terms))


@given(plans)
def test_terms_survive_storage_as_json(one: Plan) -> None:
    terms = contract_of(one).terms
    assert differences(json.loads(json.dumps(terms)), terms) == ()


def test_a_step_that_changes_changes_its_block() -> None:
    before, after = (
        contract(plan_text(handoff=f"- **Ordered Steps:**\n  1. B01: {step}\n")) for step in ("write it", "buy it")
    )
    assert differences(before.terms, after.terms) == (
        "block B01: its steps gained `buy it`",
        "block B01: its steps lost `write it`",
    )


def test_what_the_record_writes_is_no_change() -> None:
    checkpoint = Checkpoint(
        block="B01",
        sprint=None,
        title="Add the endpoint",
        files_changed=("src/hello.py",),
        validation_run=("`pytest -q`: green", "make lint"),
        result="done",
        notes="- **Execution Branch:** `other`\n## File Scope Contract",
        commit="a" * 40,
        approved_by="maria",
        date="2026-01-02",
    )
    record = ExecPlanRecord(status="In Progress", checkpoints=(checkpoint,), validation=None, closeout=None)
    written = apply_record(plan_text(), record)
    assert written != plan_text()
    assert differences(BEFORE.terms, contract(written).terms) == ()
    assert read(PATH, written.encode()).is_executable


def test_a_blocks_definition_is_its_own_and_not_its_place() -> None:
    block = read_plan(plan_text()).blocks[0]
    assert definition_hash(replace(block, line=99, milestone="S09")) == definition_hash(block)
    assert definition_hash(replace(block, files=())) != definition_hash(block)
