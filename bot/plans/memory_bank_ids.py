"""Names of memory-bank tasks: `T001: title`, `Task 1 (M1): title`, `T1 -- title [M1]`, `1. T1: title`, and so on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from string import ascii_letters
from typing import Final

from bot.plans import block_ids
from bot.plans.inline import plain

# "Task" only says what kind of thing is counted and is dropped; a step or phase keeps its word, as people refer to it.
_TASK_WORDS: Final = r"tasks?|sub-?tasks?|작업|태스크|任务|任務|タスク"
_STEP_WORDS: Final = r"steps?|beads?|slices?|increments?|work ?items?|items?|stories|story|步骤|步驟|ステップ"
_PHASE_WORDS: Final = (
    r"phases?|stages?|milestones?|sprints?|weeks?|days?|waves?|batch(?:es)?|workstreams?|iterations?|parts?|tracks?"
    r"|단계|마일스톤|阶段|階段|里程碑|フェーズ|マイルストーン"
)
_NUMBER: Final = r"\d{1,6}(?:\.\d{1,6}){0,4}[a-z]?"
_CODE: Final = r"[A-Za-z]{1,12}[-_.]?\d{1,6}(?:\.\d{1,6}){0,4}[a-z]?(?:[-_.][A-Za-z]{1,12}\d{1,6}(?:\.\d{1,6}){0,4})?"
_COUNTED: Final = re.compile(
    rf"(?:(?P<task>{_TASK_WORDS})|(?P<step>{_STEP_WORDS})|(?P<phase>{_PHASE_WORDS}))"
    rf"(?P<gap>\s*)#?(?P<id>{_NUMBER}|{_CODE}|[A-Z](?![\w'’]))(?=$|[\s:.)\]\uff1a、,(\[–—-])(?!-\w)",
    re.IGNORECASE,
)
_MILESTONE_CODE: Final = re.compile(r"(?:M|MS)-?\d{1,4}", re.IGNORECASE)
_MILESTONE: Final = rf"(?:(?:M|MS)-?\d{{1,4}}|(?:{_PHASE_WORDS})\s*(?:\d{{1,4}}|[A-Z]))"
_MILESTONE_BEFORE: Final = re.compile(rf"[(\[](?:milestone\s*[:=]\s*)?(?P<name>{_MILESTONE})[)\]]\s*", re.IGNORECASE)
_MILESTONE_BEHIND: Final = re.compile(
    rf"\s*[-–—]?\s*[(\[](?:milestone\s*[:=]\s*)?(?P<name>{_MILESTONE})[)\]]\s*$", re.IGNORECASE
)
_MILESTONE_FIRST: Final = re.compile(rf"\W*(?P<name>{_MILESTONE})(?![\w.]|-\w)", re.IGNORECASE)
_MILESTONE_NOTED: Final = re.compile(r"[(\[](?P<name>M\d{1,4})\s*[,;/][^()\[\]]*[)\]]\s*$")
_OF_MILESTONE: Final = re.compile(r"(?P<name>M\d{1,4})(?:\.\d|-[A-Za-z])", re.IGNORECASE)
_DONE: Final = "✅☑✔"
_OPEN: Final = "⬜☐▢🔲⏳🚧❌🔴🟡🟢🔄📋"
_MARKS: Final = re.compile(rf"(?:\s|[{_DONE}{_OPEN}\ufe0f]|\[[ xX]\](?=\s))+")
_NUMBERING: Final = re.compile(r"\d{1,4}(?:\.\d{1,4}){0,3}[.)]?\s+(?=\S)")
# "T1:title" and "T1：title" without a blank behind the colon
_TIGHT: Final = re.compile(r"^([A-Za-z]{1,12}[-_.]?\d[A-Za-z0-9_.-]{0,20})[:\uff1a](?=\S)")
_SEPARATORS: Final = " \t:.)]\uff1a、–—-→|"
_DEPENDS: Final = re.compile(
    r"\s*[(\[](?:depends on|dependencies:?|deps?:?|after|blocked by|needs|requires)\s+([^()\[\]]*)[)\]]", re.IGNORECASE
)
_SHORT_STEM: Final = 4


class Rank(IntEnum):
    """How surely a name is a task's: phases and bare numbers count as tasks only where nothing better does."""

    TASK = 0
    STEP = 1
    PHASE = 2
    NUMBER = 3


@dataclass(frozen=True, slots=True)
class Name:
    """What stands at the head of a task: its id, its title, and what is written beside them."""

    id: str
    title: str
    rank: Rank
    milestone: str | None = None
    depends: str | None = None
    is_done: bool = False


def read_name(text: str) -> Name | None:
    """Split the text of an item, cell or paragraph (Markdown) into id and title; None if no id begins it."""
    return name_in(plain(text))


def name_in(words: str) -> Name | None:
    """The same for words without Markdown, such as a section's title."""
    marks = _MARKS.match(words)
    is_done = _says_done(words, marks)
    if marks is not None:
        words = words[marks.end() :]
    words = _TIGHT.sub(r"\1: ", words)
    numbering = _NUMBERING.match(words)
    if numbering is not None:
        # "3. T1: title" counts the heading and names the task.
        inner = _name(words[numbering.end() :], is_done)
        if inner is not None and inner.rank in (Rank.TASK, Rank.STEP):
            return inner
    return _name(words, is_done)


def _says_done(words: str, marks: re.Match[str] | None) -> bool:
    before = marks.group() if marks else ""
    return any(mark in before for mark in (*_DONE, "[x]", "[X]")) or words.rstrip(" \ufe0f").endswith(tuple(_DONE))


def _name(words: str, is_done: bool) -> Name | None:
    counted = _COUNTED.match(words)
    if counted is not None and (counted["gap"] or not words[0].isascii()):
        return _rest(_counted_id(counted), words[counted.end() :], _counted_rank(counted), is_done)
    entry = block_ids.leading_entry(words, numbers=True)
    if entry.id is None:
        return None
    written = re.match(rf"\W*#?{re.escape(entry.id)}", words, re.IGNORECASE)
    behind = words[written.end() :] if written else entry.title
    letters = len(entry.id) - len(entry.id.lstrip(ascii_letters))
    if not _is_marked(behind) and letters > _SHORT_STEM:
        return None  # "Python3 support" begins with a word that ends in a digit
    rank = Rank.NUMBER if entry.id[0].isdigit() else Rank.TASK
    if _MILESTONE_CODE.fullmatch(entry.id):
        rank = Rank.PHASE
    return _rest(entry.id, behind, rank, is_done)


def _is_marked(behind: str) -> bool:
    return not behind.strip() or behind.lstrip()[0] in ":.)]\uff1a、–—-→([|"


def _counted_id(counted: re.Match[str]) -> str:
    written = counted["id"]
    if counted["task"] or (len(written) > 1 and written[0].isalpha()):
        return written
    return " ".join(counted.group().replace("#", "").split())


def _counted_rank(counted: re.Match[str]) -> Rank:
    if counted["task"]:
        return Rank.TASK
    return Rank.STEP if counted["step"] else Rank.PHASE


def _rest(name_id: str, behind: str, rank: Rank, is_done: bool) -> Name:
    """The name with the rest of its line: milestone, title, milestone again, dependencies in parentheses."""
    behind = behind.lstrip(_SEPARATORS)
    milestone = None
    before = _MILESTONE_BEFORE.match(behind)
    if before is not None:
        milestone, behind = before["name"], behind[before.end() :].lstrip(_SEPARATORS)
    depends = _DEPENDS.search(behind)
    if depends is not None:
        behind = behind[: depends.start()] + behind[depends.end() :]
    after = _MILESTONE_BEHIND.search(behind)
    if after is not None and rank is not Rank.PHASE:
        milestone, behind = milestone or after["name"], behind[: after.start()]
    noted = _MILESTONE_NOTED.search(behind)
    milestone = milestone or (noted["name"] if noted else None)
    title = behind.strip().strip(_DONE + _OPEN + "\ufe0f ").strip()
    return Name(name_id, title, rank, milestone, depends[1] if depends else None, is_done)


def milestone_in(text: str) -> str | None:
    """The milestone that a value begins with: `M1`, `M2 - Core`, `Phase A`; None if it names none."""
    match = _MILESTONE_FIRST.match(plain(text))
    return match["name"] if match else None


def milestone_of_id(task_id: str) -> str | None:
    """`M1` for the ids `M1.1` and `M1-T1`."""
    match = _OF_MILESTONE.match(task_id)
    return match["name"] if match else None


def is_range(text: str) -> bool:
    """Say whether a text begins with several ids (`T1-T2 (Add bindings)`): that describes tasks and defines none."""
    words = plain(text).lstrip(" *")
    return re.match(
        rf"(?:{_TASK_WORDS})?\s*({_CODE}|{_NUMBER})\s*(?:[-–—~,&+/]|to\b|and\b|through\b)\s*({_CODE}|\d+\b(?!\s*\w))",
        words,
        re.IGNORECASE,
    ) is not None and _names_two(words)


def _names_two(words: str) -> bool:
    head = re.split(r"[:(\uff1a]|\s[–—]\s|\s-\s", words, maxsplit=1)[0]
    try:
        return len(block_ids.ids_in(head)) > 1
    except block_ids.RangeError:
        return True


def stem(task_id: str) -> str:
    """The letters that tell kinds of ids apart: `t` for `T1.2` and `M1-T1`, "task" for a bare number."""
    last = re.split(r"(?<=\d)[-_.](?=[A-Za-z])", task_id)[-1]
    letters = re.match(r"[^\W\d_]*", last.casefold())
    return (letters.group() if letters else "") or "task"


def is_task_stem(letters: str) -> bool:
    return letters in ("t", "task", "tsk", "tk")


def number_key(task_id: str) -> str | None:
    """The number that `T1`, `T001`, `Task 1` and "Step 1" share; None for ids that say more than a number."""
    match = re.fullmatch(
        rf"(?:t|tsk|(?:{_TASK_WORDS}|{_STEP_WORDS}|{_PHASE_WORDS})\s+)?-?0*(\d+(?:\.\d+)*)", task_id, re.I
    )
    return match[1] if match else None


def spoken(task_id: str) -> str:
    """An id as one word, the way a command names it: `Phase-0` for "Phase 0"."""
    return "-".join(task_id.split())
