"""The execution log as it is made and kept current."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.plans.document import read_document
from bot.plans.execution_log import (
    CRITERIA,
    Issue,
    LogRecord,
    PreFlight,
    TaskEntry,
    apply_log,
    log_path,
    read_log,
)

T001 = TaskEntry(
    id="T001",
    summary="Add the endpoint",
    status="completed",
    commit="1f2e3d4c5b6a798897a6b5c4d3e2f1a0b1c2d3e4",
    files=("src/hello.py", "src/__init__.py"),
    commands=(("pytest -q", "12 passed"), ("mypy src/", "no issues")),
    tests="pass",
    coverage="+1.5%",
    notes="kept it small",
)
T002 = TaskEntry("T002", "Greet by name", "pending", "", (), (), "", "", "")
START = LogRecord(
    topic="Greeting",
    date="2026-11-20T09:15:00Z",
    owner="maria",
    plan_path="memory-bank/plan/2026-11-20_greeting.md",
    start_commit="0e5c473",
    end_commit=None,
    target="local",
    env_notes="",
    preflight=PreFlight("feature/greeting", "0e5c473", dor=True, access=True, fixtures=None, ready=True),
    blockers=(),
    tasks=(T001, T002),
    gates=(("Tests", "12/12 passed"), ("test (3.11)", "pass"), ("test (3.12)", "fail")),
    permalinks=(),
    deployments=(),
    deployment_times="",
    post_deploy=(),
    issues=(),
    success=(),
    next_steps=(),
)
END = replace(
    START,
    end_commit="bcd7d87",
    tasks=(T001, replace(T002, status="failed", commit="7d87bcd", tests="fail", notes="the name was empty")),
    gates=(("Linters", "pass"), ("Tests", "11/12 passed, 1 failed")),
    permalinks=(("Commit T001", "https://github.com/octo/hello/commit/1f2e3d4"), ("Build log", "see `#12`")),
    deployments=(("Staging", "success"), ("Prod", "fail")),
    deployment_times="2026-11-20T10:00:00Z → 2026-11-20T10:04:00Z",
    post_deploy=(("Error rates", "0.1%"), ("Dashboard links", "https://example.com/d?x=1")),
    issues=(Issue("T002", "the name was empty", "asked user"), Issue("", "runner was slow", "")),
    success=((CRITERIA[0], False), (CRITERIA[3], True), ("Docs written", True)),
    next_steps=("Write the docs", "1. Look at the name again"),
)

CREATED = """\
---
title: "Greeting – Execution Log"
phase: Execute
date: "2026-11-20T09:15:00Z"
owner: "maria"
plan_path: "memory-bank/plan/2026-11-20_greeting.md"
start_commit: "0e5c473"
env: {target: "local", notes: ""}
---

## Pre-Flight Checks
- Branch: `feature/greeting`
- Rollback: `0e5c473`
- DoR: satisfied
- Access/secrets: present
- Fixtures/data: not known
- Ready: yes

## Task Execution
### T001 – Add the endpoint
- Status: completed
- Commit: `1f2e3d4c5b6a798897a6b5c4d3e2f1a0b1c2d3e4`
- Files: `src/hello.py`, `src/__init__.py`
- Commands: `pytest -q` → 12 passed; `mypy src/` → no issues
- Tests: pass
- Coverage delta: +1.5%
- Notes: kept it small

### T002 – Greet by name
- Status: pending
- Commit: none yet
- Files: none yet
- Commands: none yet
- Tests: not known
- Coverage delta: not known
- Notes: none

## Gate Results
- Tests: 12/12 passed
- Coverage: not known
- Type checks: not known
- Security: not known
- Linters: not known
- test (3.11): pass
- test (3.12): fail

## Issues & Resolutions
- none

## Success Criteria
- [ ] All planned gates passed
- [ ] Rollout completed or rolled back
- [ ] KPIs/SLOs within thresholds
- [ ] Execution log saved

## Next Steps
- none
"""

AT_THE_END = """\
## Gate Results
- Tests: 11/12 passed, 1 failed
- Coverage: not known
- Type checks: not known
- Security: not known
- Linters: pass

## Permalinks & Artifacts
- Commit T001: <https://github.com/octo/hello/commit/1f2e3d4>
- Build log: see `#12`

## Deployment
- Staging: success
- Prod: fail
- Timestamps: 2026-11-20T10:00:00Z → 2026-11-20T10:04:00Z

## Post-Deploy Verification
- Error rates: 0.1%
- Dashboard links: <https://example.com/d?x=1>

## Issues & Resolutions
- T002 – the name was empty → asked user
- runner was slow → not known

## Success Criteria
- [ ] All planned gates passed
- [ ] Rollout completed or rolled back
- [ ] KPIs/SLOs within thresholds
- [x] Execution log saved
- [x] Docs written

## Next Steps
- Write the docs
- 1\\. Look at the name again
"""


def front_of(text: str) -> dict[str, Any]:
    front = read_document(text).front_matter
    assert front is not None and front.error is None
    return dict(front.values)


def test_a_new_log_has_the_form_of_the_template() -> None:
    assert apply_log(None, START) == CREATED


def test_a_finished_log_has_every_section_in_the_order_of_the_template() -> None:
    created = apply_log(None, END)
    assert created.endswith(AT_THE_END)
    assert list(front_of(created)) == [
        "title", "phase", "date", "owner", "plan_path", "start_commit", "end_commit", "env",
    ]  # fmt: skip


def test_front_matter_is_what_any_reader_of_yaml_understands() -> None:
    front = yaml.safe_load(apply_log(None, END).split("---\n")[1])
    assert front["env"] == {"target": "local", "notes": ""}
    assert front["title"] == "Greeting – Execution Log"


def test_a_log_kept_current_equals_one_made_at_the_end() -> None:
    start = replace(START, gates=())
    assert apply_log(apply_log(None, start), END) == apply_log(None, END)


def test_a_log_reads_back_as_what_was_recorded() -> None:
    reading = read_log(apply_log(None, END))
    assert reading.plan_path == END.plan_path
    assert (reading.start_commit, reading.end_commit, reading.rollback_commit) == ("0e5c473", "bcd7d87", "0e5c473")
    assert (reading.branch, reading.phase, reading.owner) == ("feature/greeting", "Execute", "maria")
    assert [(task.id, task.title, task.status, task.commits) for task in reading.tasks] == [
        ("T001", "Add the endpoint", "completed", (T001.commit,)),
        ("T002", "Greet by name", "failed", ("7d87bcd",)),
    ]
    assert [(gate.name, gate.result) for gate in reading.gates] == [
        ("Tests", "FAIL"), ("Coverage", None), ("Type checks", None), ("Security", None), ("Linters", "PASS"),
    ]  # fmt: skip


def test_what_nobody_knows_is_called_so() -> None:
    unknown = replace(
        START,
        preflight=PreFlight("", "", None, None, None, ready=True),
        tasks=(replace(T002, status="completed"),),
        gates=(("Tests", " "),),
    )
    text = apply_log(None, unknown)
    assert "- Branch: not known\n- Rollback: not known\n- DoR: not known\n- Access/secrets: not known" in text
    assert "- Commit: not known\n- Files: not known\n- Commands: not known\n- Tests: not known" in text
    assert "pass" not in text.partition("## Task Execution")[2].partition("## Success")[0]


def test_a_task_begun_anew_no_longer_says_that_its_tests_passed() -> None:
    done = apply_log(None, START)
    again = replace(T001, status="in progress", commit="", files=(), commands=(), tests="", coverage="")
    text = apply_log(done, replace(START, tasks=(again, T002), gates=(("Tests", ""),)))
    assert (
        "- Status: in progress\n- Commit: none yet\n- Files: none yet\n- Commands: none yet\n- Tests: not known" in text
    )
    assert "- Tests: 12/12" not in text


@pytest.mark.parametrize(
    ("checks", "reason"),
    [
        (PreFlight("b", "c", dor=False, access=True, fixtures=True, ready=True), "The definition of ready"),
        (PreFlight("b", "c", dor=True, access=False, fixtures=True, ready=True), "Access or secrets are missing"),
        (PreFlight("b", "c", dor=True, access=True, fixtures=False, ready=True), "Fixtures or data are not ready"),
        (PreFlight("b", "c", dor=None, access=True, fixtures=True, ready=False), "The plan is not ready"),
    ],
)
def test_a_failed_pre_flight_check_brings_the_blockers_section(checks: PreFlight, reason: str) -> None:
    failed = replace(START, preflight=checks)
    text = apply_log(None, failed)
    assert f"- Ready: {'yes' if checks.ready else 'no'}\n\n## Blockers\n- State: open\n- {reason}" in text
    assert apply_log(apply_log(None, START), failed) == text
    named = replace(failed, blockers=("`Ready` box 2 is open",))
    assert "## Blockers\n- State: open\n- `Ready` box 2 is open\n" in apply_log(None, named)


def test_blockers_stay_on_record_when_the_checks_pass_later() -> None:
    failed = replace(START, preflight=replace(START.preflight, ready=False), blockers=("no access",))
    text = apply_log(apply_log(None, failed), START)
    assert "## Blockers\n- State: resolved, the pre-flight checks passed\n- no access\n" in text
    assert apply_log(text, failed) == apply_log(None, failed)


def test_a_run_that_goes_on_has_no_end_commit() -> None:
    text = apply_log(apply_log(None, END), START)
    assert "end_commit" not in front_of(text)


def test_what_people_wrote_stays() -> None:
    written = (
        apply_log(None, START)
        .replace("owner: ", "reviewer: jo # asked on Monday\nowner: ")
        .replace("- Notes: none", "- Notes: we asked the team first\n- Reviewed by: jo\n\nA free paragraph.   ")
        .replace("- Ready: yes", "- Ready: yes\n- Disk space: enough")
        .replace("## Issues", "## Lessons\n\nTalk earlier.\n\n## Issues")
        .replace("- [ ] Rollout completed", "- [x] Rollout completed")
        .replace("## Next Steps\n- none", "## Next Steps\n- Ask jo")
    )
    text = apply_log(written, END)
    for words in (
        "reviewer: jo # asked on Monday\n",
        "- Notes: we asked the team first; the name was empty\n- Reviewed by: jo\n\nA free paragraph.   \n",
        "- Disk space: enough\n",
        "## Lessons\n\nTalk earlier.\n",
        "- [x] Rollout completed or rolled back\n",
        "## Next Steps\n- Ask jo\n- Write the docs\n",
    ):
        assert words in text
    assert apply_log(text, END) == text


def test_line_ends_of_the_text_are_kept() -> None:
    written = apply_log(None, START).replace("\n", "\r\n")
    text = apply_log(written, END)
    assert "\n" not in text.replace("\r\n", "")
    assert text.replace("\r\n", "\n") == apply_log(apply_log(None, START), END)


def test_a_task_that_the_plan_gained_stands_in_its_place() -> None:
    text = apply_log(None, START)
    between = replace(T002, id="T001.5", summary="In between")
    behind = replace(T002, id="T003", summary="At the end")
    more = replace(START, tasks=(T001, between, T002, behind))
    assert apply_log(text, more) == apply_log(None, more)


def test_a_renamed_task_keeps_its_section_and_what_somebody_put_behind_its_name() -> None:
    text = apply_log(None, START).replace("Greet by name", "Greet by name ⏳")
    assert apply_log(text, START) == text
    renamed = apply_log(text, replace(START, tasks=(T001, replace(T002, summary="Greet everybody #"))))
    assert "### T002 – Greet everybody \\#\n- Status" in renamed
    assert renamed.count("### T002") == 1


def test_ids_that_begin_alike_do_not_share_a_section() -> None:
    tasks = tuple(replace(T002, id=one) for one in ("T1", "T10", "T1.1", "M1-T1", "Task 1", "B02", "odd id", "M1"))
    text = apply_log(None, replace(START, tasks=tasks))
    assert [task.id for task in read_log(text).tasks] == [task.id for task in tasks]
    done = replace(START, tasks=(replace(tasks[0], status="completed"), *tasks[1:]))
    assert [task.status for task in read_log(apply_log(text, done)).tasks] == ["completed"] + ["pending"] * 7


def test_gates_that_differ_in_a_note_only_are_kept_apart_and_equal_ones_hide_nothing() -> None:
    gates = (("test (3.11)", "pass"), ("test (3.12)", "fail"), ("lint", "pass"), ("Lint", "fail"))
    text = apply_log(apply_log(None, START), replace(START, gates=gates))
    assert "- test (3.11): pass\n- test (3.12): fail\n- lint: pass; fail\n" in text


def test_a_log_in_the_style_of_a_team_is_brought_up_to_date_where_it_stands() -> None:
    text = (
        '---\ntitle: "Mine"\nplan_path: "x"\nenv:\n  target: prod\n  python: "3.11"\n---\n\n'
        "## Execution Progress\n\n### Task T001: Add the endpoint\n\n**Status:** STARTED\n**Commit:** `aaa`\n\nWords.\n"
    )
    after = apply_log(text, START)
    assert front_of(after)["env"] == {"target": "local", "notes": "", "python": "3.11"}
    assert front_of(after)["title"] == "Mine"
    assert "### Task T001: Add the endpoint\n" in after
    assert f"**Status:** completed\n**Commit:** `{T001.commit}`\n\nWords.\n" in after
    assert apply_log(after, START) == after


def test_front_matter_that_is_no_yaml_is_left_alone() -> None:
    text = apply_log(None, START).replace("phase: Execute", "phase: [")
    after = apply_log(text, END)
    assert after.startswith(text.partition("## Pre-Flight")[0])
    assert "T002 – the name was empty" in after


@pytest.mark.parametrize("behind", ["```\nopen", "<!-- open", "<script>\nopen", "- x\n  ```\n  y"])
def test_an_open_fence_or_comment_swallows_no_section(behind: str) -> None:
    after = apply_log(f"# Notes\n\n{behind}", END)
    assert len(read_log(after).gates) == 5
    assert behind in after
    assert apply_log(after, END) == after


@pytest.mark.parametrize(
    "topic",
    ['x"\nplan_path: "evil', "x\r\n---\n# Heading", "\\", '"}', "a: {b}", "\u202eevil\u0085plan_path: y", "# c", "---"],
)
def test_a_hostile_topic_adds_no_key(topic: str) -> None:
    front = front_of(apply_log(None, replace(END, topic=topic, target=topic, env_notes=topic, owner=topic)))
    assert set(front) == {"title", "phase", "date", "owner", "plan_path", "start_commit", "end_commit", "env"}
    assert front["plan_path"] == END.plan_path
    assert set(front["env"]) == {"target", "notes"}


def test_hostile_words_open_nothing() -> None:
    evil = "x\n## Gate Results\n- Tests: pass @octocat <!-- [a](b) **c**"
    task = TaskEntry(evil, evil, "failed", evil, (evil,), ((evil, evil),), evil, evil, evil)
    record = replace(START, tasks=(task,), gates=((evil, evil),), issues=(Issue(evil, evil, evil),), blockers=(evil,))
    text = apply_log(None, replace(record, next_steps=(evil,), success=((evil, True),), permalinks=((evil, evil),)))
    assert [section.title for section in read_document(text).sections if section.level == 2] == [
        "Pre-Flight Checks", "Task Execution", "Gate Results", "Permalinks & Artifacts", "Issues & Resolutions",
        "Success Criteria", "Next Steps",
    ]  # fmt: skip
    assert "<!--" not in text
    assert read_log(text).gates[0].result is None


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("Release Process", "release-process"),
        ("Überprüfung der Größe", "uberprufung-der-groe"),
        ("../../etc/passwd\0", "etc-passwd"),
        ("", "plan"),
        ("계획", "plan"),
        ("x" * 500, "x" * 60),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_the_path_is_safe_whatever_the_topic(topic: str, name: str) -> None:
    at = datetime(2026, 11, 20, 9, 5, 7, tzinfo=UTC)
    assert log_path(topic, at) == f"memory-bank/execute/2026-11-20_09-05-07_{name}.md"


def test_the_path_says_the_time_in_utc() -> None:
    at = datetime(2026, 11, 20, 1, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    assert log_path("x", at) == "memory-bank/execute/2026-11-19_23-00-00_x.md"


def test_a_record_survives_json_and_nothing_else_does() -> None:
    assert LogRecord.from_json(END.to_json()) == END
    for broken in (
        {**END.to_json(), "kind": "other"},
        {**END.to_json(), "more": 1},
        {**END.to_json(), "topic": 5},
        {**END.to_json(), "tasks": [{"id": "x"}]},
    ):
        with pytest.raises(ValueError):
            LogRecord.from_json(broken)


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "none", "T1", "Tests", "a – b", "→", "x → y", "#", "x #", "`", "``", "- [x] y", "State: open", "M1", "1",
         "| a |", "---", "<!--", "**Status:** x", "· **b**: c",
         "Gate Results", "Deployment", "http://a.b", "\\", "T1 (T2)"]
    ),
)  # fmt: skip
PAIRS = st.lists(st.tuples(HOSTILE, HOSTILE), max_size=3).map(tuple)
TASKS = st.builds(
    TaskEntry,
    id=HOSTILE, summary=HOSTILE, status=st.sampled_from(["pending", "in progress", "completed", "skipped", "failed"]),
    commit=HOSTILE, files=st.lists(HOSTILE, max_size=3).map(tuple), commands=PAIRS, tests=HOSTILE, coverage=HOSTILE,
    notes=HOSTILE,
)  # fmt: skip
CHECK = st.sampled_from([True, False, None])
RECORDS = st.builds(
    LogRecord,
    topic=HOSTILE, date=HOSTILE, owner=HOSTILE, plan_path=HOSTILE, start_commit=HOSTILE,
    end_commit=st.none() | HOSTILE, target=HOSTILE, env_notes=HOSTILE,
    preflight=st.builds(PreFlight, HOSTILE, HOSTILE, CHECK, CHECK, CHECK, st.booleans()),
    blockers=st.lists(HOSTILE, max_size=2).map(tuple), tasks=st.lists(TASKS, max_size=3).map(tuple), gates=PAIRS,
    permalinks=PAIRS, deployments=PAIRS, deployment_times=HOSTILE, post_deploy=PAIRS,
    issues=st.lists(st.builds(Issue, HOSTILE, HOSTILE, HOSTILE), max_size=3).map(tuple),
    success=st.lists(st.tuples(HOSTILE, st.booleans()), max_size=3).map(tuple),
    next_steps=st.lists(HOSTILE, max_size=3).map(tuple),
    kind=st.just("execution_log"),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(RECORDS)
def test_writing_any_record_twice_equals_writing_it_once(record: LogRecord) -> None:
    once = apply_log(None, record)
    assert apply_log(once, record) == once


@settings(deadline=None, max_examples=100)
@given(RECORDS)
def test_no_word_of_a_record_becomes_a_section_a_key_or_a_task(record: LogRecord) -> None:
    text = apply_log(None, record)
    front = front_of(text)
    assert set(front) - {"end_commit"} == {"title", "phase", "date", "owner", "plan_path", "start_commit", "env"}
    known = "Pre-Flight Checks,Blockers,Task Execution,Gate Results,Permalinks & Artifacts,Deployment,"
    known += "Post-Deploy Verification,Issues & Resolutions,Success Criteria,Next Steps"
    sections = read_document(text).sections
    assert {section.title for section in sections if section.level == 2} <= set(known.split(","))
    assert len([section for section in sections if section.level > 2]) <= len(record.tasks)


@settings(deadline=None, max_examples=150)
@given(RECORDS, RECORDS)
def test_a_later_record_settles_at_once(first: LogRecord, second: LogRecord) -> None:
    once = apply_log(apply_log(None, first), second)
    assert apply_log(once, second) == once


LINES = st.lists(
    st.sampled_from([*apply_log(None, END).splitlines(), "", "  ", "```", "> ", "| Status | x |", "|---|---|", "1. a",
                     "    b", "===", "**Status:** x", "- Status:", "  - Commit: x", "<!--", "-->", "<div>", "* none"])
    | st.text(max_size=30),
    max_size=30,
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([START, END]))
def test_any_text_takes_a_record_and_settles(lines: list[str], end: str, record: LogRecord) -> None:
    once = apply_log(end.join(lines), record)
    assert apply_log(once, record) == once


@settings(deadline=None, max_examples=200)
@given(LINES, st.sampled_from([START, END]))
def test_no_line_that_people_wrote_is_taken_away(lines: list[str], record: LogRecord) -> None:
    free = [f"{line} (mine {number})" for number, line in enumerate(lines) if ":" not in line and "→" not in line]
    free = [line for line in free if not line.startswith(("###", "---"))]
    after = apply_log("\n".join(free), record).splitlines()
    for line in "\n".join(free).splitlines():
        assert line.removeprefix("\ufeff").replace("[x]", "[ ]") in [one.replace("[x]", "[ ]") for one in after]


@settings(deadline=None, max_examples=300)
@given(LINES | st.lists(st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")), max_size=10))
@example(["---", "env: [", "---"])
def test_any_text_is_read(lines: list[str]) -> None:
    assert_lines_are_in_range("\n".join(lines))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_read(raw: bytes) -> None:
    assert_lines_are_in_range(raw.decode(errors="surrogateescape"))
    assert_lines_are_in_range(raw.decode(errors="replace"))


def assert_lines_are_in_range(text: str) -> None:
    """Whatever is read stands somewhere in the text."""
    last = len(re.split("\r\n|\r|\n", text))
    assert all(0 <= task.line < last for task in read_log(text).tasks)
