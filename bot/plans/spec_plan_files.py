"""The files of a task: code spans become patterns, what stands behind them is a note, prose is left to people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.plans import findings as say
from bot.plans.inline import CodeSpan, Text, code_spans, plain
from bot.plans.model import Finding, Pattern, Prose
from bot.plans.nodes import Fence, Item, ListNode, Table
from bot.plans.patterns import pattern_problem
from bot.plans.placeholders import has_placeholder
from bot.plans.spec_plan_terms import Term, has_template_part, is_template_text

_NAME: Final = re.compile(
    r"(?:files?|paths?|modules?)(?:\(s\))?(?:\s*[/&]\s*(?:files?|paths?|modules?))?"
    r"(?: (?:to be |to |that |likely )?(?:create|modify|change|edit|update|delete|touch|add|remove|created?|modified"
    r"|changed|edited|updated|deleted|touched|added|affected|involved)(?:d|s)?"
    r"(?:\s*(?:/|,|and|or)\s*(?:create|modify|change|edit|update|delete|touch|created|modified|changed|deleted))*)?"
    r"|(?:new|modified|changed|affected|target|updated|created|touched|deleted|test) files?"
    r"|ownership|touches|파일|文件"
)
# A file that is only to be looked at is not one that the task may change.
_ONLY_READ: Final = re.compile(
    r"(?:references?|read|read[- ]only|see|see also|context|consult|review|check|verify|inspect|run)"
    r"(?: only| files?)?\s*(?:[:\uff1a(].*)?",
    re.IGNORECASE | re.DOTALL,
)
_READ_NOTE: Final = re.compile(r"(?:for )?(?:reference|read[- ]only|context|unchanged)\b.{0,20}", re.IGNORECASE)
_NONE: Final = re.compile(
    r"(?:none|n/?a|-+|–|—|nothing|no (?:(?:new|code|source|other) )?(?:files?|changes?)\b.*|없음|无)"
    r"(?:\s*[(.,;:—–-].*)?",
    re.IGNORECASE,
)
_LINES: Final = re.compile(r"(?P<path>.+?)(?P<lines>:\d+(?:[-–]\d+)?(?:,\d+(?:[-–]\d+)?)*|#L\d+(?:-L?\d+)?)")
_JOINED: Final = re.compile(r"(?:[\s,;&+/|、·→]|->|\b(?:and|or|plus|also)\b)*", re.IGNORECASE)
# Words between two files; behind them, what is no path is the name of something in the first file.
_WORDS_BETWEEN: Final = re.compile(
    r"(?:[\s,;&+/|、·→]|->|\b(?:and|or|plus|also|to|in|new|creates?|modify|modifies|updates?|adds?|deletes?|removes?|edits?"
    r"|renames?|moves?|tests?|optionally)\b:?)*",
    re.IGNORECASE,
)
_ENDS_LINE: Final = re.compile(r"(?: {2}|\\)\n\s*$")
_PATH_LIKE: Final = re.compile(r"[\w@.*\-{},\[\]()+$~]*/[\w@.*\-{},\[\]()+$~/]*|[\w@-]+\.[A-Za-z][\w]{0,7}")


@dataclass(slots=True)
class TaskFiles:
    """What a task says about its files; `says_none` when it says that it touches none, or names some only to read."""

    patterns: list[Pattern] = field(default_factory=list)
    prose: list[Prose] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    says_none: bool = False


def is_files_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def read_files(found: Sequence[Term]) -> TaskFiles:
    """The files that these terms name, each once; a term that names none and is not empty is prose."""
    files = TaskFiles()
    for term in found:
        for value in term.values:
            _read_text(files, value)
        for item in term.items:
            _read_item(files, item)
        match term.block:
            case Table(rows=rows):
                for row in rows:
                    _read_text(files, row.cells[0])
            case Fence(span=span, content=content):
                for number, line in enumerate(content.splitlines(), start=span.start + 1):
                    if line.strip():
                        _say_prose(files, line.strip(), number)
            case None:
                pass
    return files


def _read_item(files: TaskFiles, item: Item) -> None:
    if item.text is not None:
        spans = code_spans(item.text)
        label = plain(item.text.content[: spans[0].begins] if spans else item.text.content)
        if _ONLY_READ.fullmatch(label):
            files.says_none = True
            return
        _read_text(files, item.text, is_label=bool(item.children) and label.endswith((":", "\uff1a")))
    for child in item.children:
        if isinstance(child, ListNode):
            for below in child.items:
                _read_item(files, below)


def _read_text(files: TaskFiles, text: Text, *, is_label: bool = False) -> None:
    words = plain(text.content)
    if not words or is_template_text(text.content):
        return
    spans = [code for code in code_spans(text) if not _is_in_parentheses(text.content, code)]
    if not spans:
        if _NONE.fullmatch(words):
            files.says_none = True
        elif not is_label:
            _say_prose(files, words, text.line)
        return
    for code, note, is_file in _split(text.content, spans):
        if note is not None and _READ_NOTE.fullmatch(note):
            files.says_none = True
        elif is_file:
            _take(files, code, note)
        elif _PATH_LIKE.fullmatch(code.text.strip()):
            _say_prose(files, f"`{code.text}`", code.line)


def _is_in_parentheses(content: str, code: CodeSpan) -> bool:
    return content.count("(", 0, code.begins) > content.count(")", 0, code.begins)


def _split(content: str, spans: Sequence[CodeSpan]) -> Iterator[tuple[CodeSpan, str | None, bool]]:
    """Each code span, the note behind it, and whether it is a file: the first one, and those joined to one before.

    In "`a.py` — as `b.py` does it" the second one is somebody else's file.
    """
    is_file = not re.search(r"\b(?:except|not|never|without|don't)\b", content[: spans[0].begins], re.IGNORECASE)
    for index, code in enumerate(spans):
        until = spans[index + 1].begins if index + 1 < len(spans) else len(content)
        behind = content[code.ends : until]
        yield code, _note(behind.split("\n", 1)[0]), is_file
        # A line that ends in a hard break is an entry of its own.
        following = spans[index + 1].text.strip() if index + 1 < len(spans) else ""
        is_file = is_file and (_joins(_outside_parentheses(behind), following) or _ENDS_LINE.search(behind) is not None)


def _joins(between: str, following: str) -> bool:
    if _JOINED.fullmatch(between) is not None:
        return True
    return _WORDS_BETWEEN.fullmatch(between) is not None and _PATH_LIKE.fullmatch(following) is not None


def _note(behind: str) -> str | None:
    note = None if _WORDS_BETWEEN.fullmatch(behind) else plain(behind).strip(" ,;—–-:") or None
    is_bracketed = note is not None and note.startswith("(") and note.endswith(")") and note.count("(") == 1
    return note[1:-1].strip() if note is not None and is_bracketed else note


def _outside_parentheses(text: str) -> str:
    return re.sub(r"\([^()]*\)", " ", text)


def _take(files: TaskFiles, code: CodeSpan, note: str | None) -> None:
    if len(files.patterns) > say.PATTERNS_LIMIT:
        return
    text = code.text.strip()
    lines = _LINES.fullmatch(text)
    if lines is not None:
        # `src/a.py:10-20` is a place in a file; what may change is the file.
        text, note = lines["path"], " ".join(filter(None, (lines["lines"].lstrip(":#"), note)))
    if has_template_part(text) or has_placeholder(text):
        files.findings.append(say.PATTERN_NOT_FILLED_IN.at(code.line, pattern=text))
    elif text.startswith("!"):
        files.findings.append(say.NEGATED_PATTERN.at(code.line, pattern=text))
    elif (problem := pattern_problem(text)) is not None:
        files.findings.append(say.BAD_PATTERN.at(code.line, pattern=text, reason=problem))
    elif all(text != pattern.text for pattern in files.patterns):
        files.patterns.append(Pattern(text, note, code.line + 1))


def _say_prose(files: TaskFiles, words: str, line: int) -> None:
    if len(files.prose) <= say.PATTERNS_LIMIT and Prose(words, line + 1) not in files.prose:
        files.prose.append(Prose(words, line + 1))
        files.findings.append(say.PROSE_IN_SCOPE.at(line, text=words))
