"""What a run writes back into team-session.json: three things, and every other byte as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bot.plans.model import Worker
from bot.plans.session_state import SessionRecord, apply_session

FOLDER = ".workflow/.team/TC-shop-2026-04-18"
PATH = f"{FOLDER}/team-session.json"
AT = "2026-04-18T12:00:00Z"
BEFORE = """{
  "session_id": "TC-shop-2026-04-18",
  "status":   "active",
  "cost": 1.50e+2,
  "pipeline": {"tasks_total": 2, "tasks_completed": 0},
  "active_workers": [
    {"task_id": "IMPL-001", "role": "developer", "agent": 7}
  ],
  "completed_tasks": [],
  "notes": "caf\\u00e9"
}
"""


def record(
    *completed: str, workers: tuple[Worker, ...] = (), status: str | None = None, reset: tuple[str, ...] = ()
) -> SessionRecord:
    return SessionRecord(status, completed, workers, reset, AT)


def applied(text: str, written: SessionRecord) -> str:
    return apply_session({PATH: text}, FOLDER, written).get(PATH, text)


def test_completed_tasks_workers_and_status_are_written_and_nothing_else() -> None:
    after = applied(BEFORE, record("IMPL-001", workers=(Worker("TEST-001", "tester", AT),), status="paused"))
    assert (
        after
        == """{
  "session_id": "TC-shop-2026-04-18",
  "status":   "paused",
  "cost": 1.50e+2,
  "pipeline": {"tasks_total": 2, "tasks_completed": 1},
  "active_workers": [
    {"task_id": "TEST-001", "role": "tester", "spawned_at": "2026-04-18T12:00:00Z"}
  ],
  "completed_tasks": [
    "IMPL-001"
  ],
  "notes": "caf\\u00e9"
}
"""
    )


def test_a_worker_that_stays_keeps_its_entry_with_keys_that_are_not_known() -> None:
    after = applied(BEFORE, record(workers=(Worker("TEST-001", "tester"), Worker("IMPL-001", "developer", AT))))
    assert json.loads(after)["active_workers"] == [
        {"task_id": "IMPL-001", "role": "developer", "agent": 7},
        {"task_id": "TEST-001", "role": "tester"},
    ]


def test_what_is_already_so_changes_nothing_not_even_the_time() -> None:
    before = BEFORE.replace('"notes"', '"updated_at": "2026-01-01T00:00:00Z",\n  "notes"')
    written = record(workers=(Worker("IMPL-001", "developer"),), status="active")
    assert apply_session({PATH: before}, FOLDER, written) == {}
    assert json.loads(applied(before, record()))["updated_at"] == AT
    assert "updated_at" not in applied(BEFORE, record("IMPL-001"))


def test_the_order_in_which_tasks_were_completed_is_kept() -> None:
    before = BEFORE.replace('"completed_tasks": []', '"completed_tasks": ["B-2", "A-1"]')
    assert '"completed_tasks": ["B-2", "A-1", "C-3"]' in applied(before, record("A-1", "B-2", "C-3"))
    assert '"completed_tasks": ["A-1"]' in applied(before, record("A-1"))


def test_a_task_that_is_reset_leaves_the_workers_and_the_list_of_those_in_progress() -> None:
    before = BEFORE.replace('"notes"', '"in_progress": ["IMPL-001", "TEST-001"],\n  "notes"')
    after = json.loads(applied(before, record(reset=("IMPL-001",))))
    assert after["active_workers"] == []
    assert after["in_progress"] == ["TEST-001"]


def test_a_file_in_another_style_keeps_it() -> None:
    before = '{"sessionId":"a","completedTasks":[]}'
    after = applied(before, record("A-1", workers=(Worker("B-2", "dev", AT),), status="active"))
    assert after == (
        '{"sessionId":"a","completedTasks":["A-1"],'
        f'"activeWorkers":[{{"taskId":"B-2","role":"dev","spawnedAt":"{AT}"}}],"status":"active"}}'
    )


def test_line_ends_tabs_a_byte_order_mark_and_a_missing_last_line_end_are_kept() -> None:
    before = '\ufeff{\r\n\t"a": 1,\r\n\t"completed_tasks": []\r\n}'
    after = applied(before, record("A-1", "B-2", status="active"))
    assert after == (
        '\ufeff{\r\n\t"a": 1,\r\n\t"completed_tasks": [\r\n\t\t"A-1",\r\n\t\t"B-2"\r\n\t],\r\n\t"status": "active"\r\n}'
    )


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"a": 1, "a": 2}', '{"a": NaN}'])
def test_a_file_that_cannot_be_read_safely_is_left_alone(text: str | None) -> None:
    assert apply_session({PATH: text}, FOLDER, record("A-1", status="active")) == {}
    assert apply_session({}, FOLDER, record("A-1")) == {}


def test_only_team_session_json_of_this_folder_is_written() -> None:
    other = {f"{FOLDER}/tasks.json": "{}", f"{FOLDER}/task-analysis.json": "{}", "team-session.json": "{}"}
    assert list(apply_session({**other, PATH: BEFORE}, FOLDER, record("A-1"))) == [PATH]
    assert list(apply_session(other, "", record("A-1"))) == ["team-session.json"]


def test_a_record_is_kept_as_json_and_comes_back_as_it_was() -> None:
    written = record("A-1", workers=(Worker("B-2", "tester", None),), status="paused", reset=("C-3",))
    kept = TypeAdapter(SessionRecord)
    assert kept.validate_json(kept.dump_json(written)) == written
    with pytest.raises(ValidationError):
        kept.validate_json(kept.dump_json(written).replace(b'"status"', b'"state"'))


IDS = st.sampled_from(["A-1", "B-2", "b-2", "C-3", "é", " ", "\0", "a\nb"])
WORKERS = st.builds(Worker, IDS, st.sampled_from(["dev", "", " x "]), st.sampled_from([None, "", AT]))
RECORDS = st.builds(
    SessionRecord,
    st.sampled_from([None, "", "active", "pausé"]),
    st.lists(IDS, max_size=4).map(tuple),
    st.lists(WORKERS, max_size=3).map(tuple),
    st.lists(IDS, max_size=2).map(tuple),
    st.sampled_from([AT, ""]),
)
ANY = (
    st.none()
    | st.integers()
    | IDS
    | st.lists(IDS | st.dictionaries(st.sampled_from(["task", "role"]), IDS), max_size=3)
)
KEYS = [
    "completed_tasks",
    "completedTasks",
    "active_workers",
    "status",
    "updated_at",
    "in_progress",
    "pipeline",
    "x",
    "tasks_completed",
]
SESSIONS = st.dictionaries(
    st.sampled_from(KEYS), ANY | st.dictionaries(st.sampled_from(KEYS), ANY, max_size=2), max_size=6
)


@given(SESSIONS, RECORDS, st.sampled_from([None, 2, "\t"]), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_written_twice_is_written_once_and_other_keys_are_kept(
    session: dict[str, Any], written: SessionRecord, indent: int | str | None, is_ascii: bool, end: str
) -> None:
    before = json.dumps(session, indent=indent, ensure_ascii=is_ascii).replace("\n", end) + end
    after = applied(before, written)
    assert applied(after, written) == after
    assert after.endswith(end)
    assert after.count(end) == after.count("\n")
    found = json.loads(after)
    assert list(found)[: len(session)] == list(session)
    assert found.get("x") == session.get("x")


@given(st.text(max_size=80), RECORDS)
def test_no_text_makes_the_writing_fail(text: str, written: SessionRecord) -> None:
    assert apply_session({PATH: text}, FOLDER, written).keys() <= {PATH}, "nothing else is written"
