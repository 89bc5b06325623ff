"""Records as bytes: what each kind of record makes of the file that it is kept in."""

from __future__ import annotations

import posixpath
from typing import assert_never

from bot.plans.exec_plan_record import ExecPlanRecord, apply_record
from bot.plans.execution_log import LogRecord, apply_log
from bot.plans.progress_file import ProgressRecord, apply_progress
from bot.plans.session_state import SessionRecord, apply_session
from bot.runs.effects import Record


def written(path: str, text: str | None, record: Record) -> str | None:
    """The file's text with the record in it; None where a file that has to be there is not.

    Logs and progress files are made where there are none; a plan and a session are somebody's own and never are.
    """
    match record:
        case ExecPlanRecord():
            return None if text is None else apply_record(text, record)
        case LogRecord():
            return apply_log(text, record)
        case ProgressRecord():
            return apply_progress(text, record)
        case SessionRecord():
            if text is None:
                return None
            return apply_session({path: text}, posixpath.dirname(path), record).get(path, text)
        case _:
            assert_never(record)
