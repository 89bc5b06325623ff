"""The execution logs of real teams, as a careful reader labelled them."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest

from bot.plans.execution_log import LogReading, apply_log, read_log
from bot.plans.inline import plain
from tests.corpus import CORPUS, LABELS, NOT_HERE
from tests.plans.test_execution_log import END

pytestmark = pytest.mark.skipif(not LABELS, reason=NOT_HERE)

LOGS: Final = [name for name, label in LABELS.items() if label["dialect"] == "memory-bank-log"]
FIELDS: Final = ("title", "phase", "status", "plan_path", "start_commit", "end_commit", "rollback_commit", "branch")


def text_of(name: str) -> str:
    return (CORPUS / name).read_bytes().decode()


def without_task(words: str) -> str:
    return words.removeprefix("Task ")


def found(reading: LogReading) -> dict[str, Any]:
    values: dict[str, Any] = {key: getattr(reading, key) for key in FIELDS}
    values["ids"] = [without_task(task.id) for task in reading.tasks]
    values["titles"] = [task.title for task in reading.tasks]
    values["statuses"] = [task.status for task in reading.tasks]
    values["commits"] = [list(task.commits) for task in reading.tasks]
    values["gates"] = [(gate.name, gate.result) for gate in reading.gates]
    values["further"] = list(reading.further_commits)
    return values


def wanted(label: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {key: label[key] for key in FIELDS}
    values["ids"] = [without_task(task["id"]) for task in label["tasks"]]
    values["titles"] = [plain(task["title"]) for task in label["tasks"]]
    values["statuses"] = [task["status"] for task in label["tasks"]]
    values["commits"] = [task["commits"] for task in label["tasks"]]
    values["gates"] = [(gate["name"], gate["result"]) for gate in label["gates"]]
    values["further"] = label.get("extra_commits", [])
    return values


@pytest.mark.parametrize("name", LOGS)
def test_a_log_reads_as_its_label_says(name: str) -> None:
    assert found(read_log(text_of(name))) == wanted(LABELS[name])


@pytest.mark.parametrize("name", list(LABELS))
def test_no_real_document_is_too_strange_to_read(name: str) -> None:
    file = CORPUS / name
    for one in [file] if file.is_file() else (inner for inner in sorted(file.rglob("*")) if inner.is_file()):
        text = one.read_bytes().decode(errors="replace")
        assert all(0 <= task.line <= text.count("\n") for task in read_log(text).tasks)


@pytest.mark.parametrize("name", LOGS)
def test_a_real_log_takes_a_record_and_keeps_what_its_team_wrote(name: str) -> None:
    before = text_of(name)
    after = apply_log(before, END)
    assert apply_log(after, END) == after
    there = Counter(after.splitlines())
    taken = [line for line, count in Counter(before.splitlines()).items() if there[line] < count]
    checks = tuple(f"- [x] {key}:" for key in ("Branch", "Rollback point", "Access/secrets", "Fixtures/data"))
    keys = ("plan_path", "start_commit", "end_commit", "env", "- Tests:", *checks)
    assert [line for line in taken if not line.startswith(keys)] == []
    assert read_log(after).plan_path == END.plan_path
