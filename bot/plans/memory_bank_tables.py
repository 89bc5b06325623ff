"""Which tables of a memory-bank plan list tasks, and the tasks in their rows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.plans import findings as say
from bot.plans.document import Document
from bot.plans.fields import normal_name
from bot.plans.inline import plain
from bot.plans.memory_bank_candidates import Candidate
from bot.plans.memory_bank_ids import Name, Rank, milestone_in, read_name
from bot.plans.memory_bank_terms import Kind, column_kinds, row_terms
from bot.plans.model import Finding
from bot.plans.nodes import Row, Table
from bot.plans.placeholders import is_placeholder, is_template_id

_ID_COLUMN: Final = re.compile(
    r"id|ids|key|#|no|nr|num|number|t|t#|(?:task|bead|step|item|work item|sub-?task|phase|block|slice)"
    r"(?: ?(?:id|#|no|number|key))?|작업(?: ?(?:id|번호))?|번호|任务(?:编号|id)?|任務(?:編號|id)?|编号|編號|序号"
    r"|タスク(?:id|番号)?|番号"
)
_NAMES_ODD_IDS: Final = re.compile(r"id|key|(?:task|bead|item|work item|step)(?: ?(?:id|key))?|bead")
# A column of this name right behind the ids says what the rows really are.
_NO_TASKS: Final = re.compile(
    r"(?:test|risk|ticket|scenario|metric|decision|question|gate|requirement|milestone|check|criteri|deliverable|issue"
    r"|result|expected|pass|assert|case|bug|finding|option|테스트|위험|测试|風險|风险|里程碑|テスト|リスク)"
)
_ODD_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,30}-[A-Za-z0-9_.-]{1,30}")


def tasks_of_table(document: Document, table: Table, findings: list[Finding]) -> list[Candidate]:
    """The tasks in a table's rows; none if it is a table of something else, or its column of ids holds one constant."""
    names = [normal_name(plain(cell.content)) or plain(cell.content).strip() for cell in table.header.cells]
    id_column = _id_column(table, names)
    if id_column is None:
        return []
    kinds = column_kinds(table)
    title_column = _title_column(names, kinds, id_column)
    if _is_of_something_else(names, kinds, id_column):
        return []
    found: list[Candidate] = []
    milestone = None
    for row in table.rows:
        name = _name_in(row, id_column, names)
        others = [cell for index, cell in enumerate(row.cells) if index != id_column and cell.content.strip()]
        if not others and (name is None or name.rank is Rank.PHASE):
            milestone = milestone_in(row.cells[id_column].content) or milestone
            continue
        if name is None:
            _say_no_id(row, id_column, title_column, findings)
            continue
        _say_missing_cells(document, row, len(names), name, findings)
        title = name.title or (plain(row.cells[title_column].content) if title_column is not None else "")
        terms = row_terms(row, kinds, id_column, title_column)
        named = replace(name, title=title, milestone=name.milestone or milestone)
        found.append(Candidate(named, row.span, "table", table.span.start, terms))
    return found


def _id_column(table: Table, names: list[str]) -> int | None:
    """The column with an id's name that holds the most different ids."""
    best, most = None, 0
    for index, name in enumerate(names):
        if not _ID_COLUMN.fullmatch(name):
            continue
        ids = [found.id for row in table.rows if (found := _name_in(row, index, names)) is not None]
        different = len({each.casefold() for each in ids})
        is_constant = (
            len(ids) > 1 and different == 1 and len(ids) == len(table.rows) and not _titles_differ(table, index)
        )
        if different > most and not is_constant and (different > 1 or not _has_better(table, names, index)):
            best, most = index, different
    return best


def _titles_differ(table: Table, id_column: int) -> bool:
    """Whether rows of one id differ elsewhere: then the id is used twice, not left constant. Two rows may be that."""
    return len(table.rows) == 2 and len(table.header.cells) > 1 and id_column == 0


def _has_better(table: Table, names: list[str], index: int) -> bool:
    return any(
        other != index and _ID_COLUMN.fullmatch(name) and all(_name_in(row, other, names) for row in table.rows)
        for other, name in enumerate(names)
    )


def _name_in(row: Row, column: int, names: list[str]) -> Name | None:
    content = row.cells[column].content
    words = plain(content)
    if not words or is_template_id(words) or is_placeholder(content):
        return None
    if re.fullmatch(r"#?\d{1,4}(?:\.\d{1,4}){0,4}[.)]?", words):
        return Name(words.strip("#.)"), "", Rank.TASK)
    name = read_name(content)
    if name is not None and (name.rank is not Rank.NUMBER):
        return name
    if (_ODD_ID.fullmatch(words) or re.fullmatch("[A-Z]", words)) and _NAMES_ODD_IDS.fullmatch(names[column]):
        return Name(words, "", Rank.TASK)
    return None


def _title_column(names: list[str], kinds: list[Kind | None], id_column: int) -> int | None:
    """The column of titles: one with a title's name, else the first behind the ids that says nothing else."""
    named = [index for index, kind in enumerate(kinds) if kind == "title" and index != id_column]
    if named:
        strong = [index for index in named if names[index] in ("summary", "title", "task", "action", "작업", "任务")]
        return (strong or named)[0]
    free = [index for index, kind in enumerate(kinds) if kind is None and index != id_column]
    return free[0] if free else next((index for index, kind in enumerate(kinds) if kind == "steps"), None)


def _is_of_something_else(names: list[str], kinds: list[Kind | None], id_column: int) -> bool:
    """Tests, risks and tickets have ids too; a column of titles with a task's name beats what stands behind the ids."""
    others = [name for index, name in enumerate(names) if index != id_column]
    behind = names[id_column + 1] if id_column + 1 < len(names) else ""
    if any(name in ("task", "summary", "title") for name in others):
        return behind.startswith("ticket") and "task" not in others
    has_title = any(kind == "title" for index, kind in enumerate(kinds) if index != id_column)
    return _NO_TASKS.match(behind) is not None or (not has_title and any(_NO_TASKS.match(name) for name in others))


def _say_no_id(row: Row, id_column: int, title_column: int | None, findings: list[Finding]) -> None:
    title = plain(row.cells[title_column].content) if title_column is not None else ""
    written = plain(row.cells[id_column].content)
    if is_template_id(written) and written:
        findings.append(say.ID_NOT_FILLED_IN.at(row.span.start, id=written))
    elif title:
        findings.append(say.ROW_WITHOUT_ID.at(row.span.start, row=f"{written} {title}".strip()))


def _say_missing_cells(document: Document, row: Row, columns: int, name: Name, findings: list[Finding]) -> None:
    line = document.lines[row.span.start].strip()
    cells = len(re.findall(r"(?<!\\)\|", line.removeprefix("|").removesuffix("|"))) + 1
    if cells < columns:
        findings.append(say.CELLS_MISSING.at(row.span.start, id=name.id, count=cells, columns=columns))
