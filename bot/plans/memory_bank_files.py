"""Files that memory-bank tasks name, and the scope of a plan that states *Files/modules touched*."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.inline import CodeSpan, Text, code_spans, plain
from bot.plans.memory_bank_terms import Term
from bot.plans.model import Finding, Pattern, Prose, Scope
from bot.plans.patterns import pattern_problem
from bot.plans.placeholders import has_placeholder, is_placeholder

# `main.py:476-490`, `research.py:27,167`, `app.py:~325`, `a.py#L10-L20`, `test_a.py::test_b`
_PLACE: Final = re.compile(r"(?:::[\w\[\]:.,-]+|:[~\d][\d,~–-]*(?::\d+)?|#L\d+(?:-L?\d+)?)$")
_PATH: Final = re.compile(r"[\w@.\-*{},\[\]/\\+$~()]+")
_SUFFIX: Final = re.compile(r"[\w*}\])]\.[A-Za-z][A-Za-z0-9]{0,5}$|^\.[a-z]\w+$")
_ROOT_FILES: Final = frozenset(
    {"Makefile", "Dockerfile", "Procfile", "LICENSE", "Jenkinsfile", "Gemfile", "Rakefile", "Justfile"}
)
_WINDOWS: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\?[\w.]|[\w.]\\\\?[\w.]")
_NEXT: Final = re.compile(r"(?:[\s,;&+/|、]|\band\b|\bor\b|\bplus\b|\([^()]*\))*", re.IGNORECASE)


def without_place(path: str) -> str:
    """A path without the lines or the test it points at."""
    return _PLACE.sub("", path.strip())


def is_path(text: str) -> bool:
    """Say whether a code span is a path or pattern: a slash, a suffix or a well-known name, and no blanks."""
    if not _PATH.fullmatch(text) or text.endswith("()") or has_placeholder(text):
        return False
    return "/" in text or "\\" in text or text in _ROOT_FILES or _SUFFIX.search(text) is not None


def files_of(term: Term | None) -> tuple[str, ...]:
    """The paths a list of files names, each once; slash commands, classes and prose are left out."""
    if term is None:
        return ()
    found = [path for text in term.texts for path in _paths(text)]
    return tuple(dict.fromkeys(path for path in found if not _WINDOWS.search(path) and not path.startswith(("/", "~"))))


def _paths(text: Text) -> Iterator[str]:
    codes = code_spans(text)
    if codes:
        yield from (path for code in codes if is_path(path := without_place(code.text)))
        return
    parts = [without_place(part) for part in re.split(r"[,;]\s*|\s+(?:and|or|&)\s+", plain(text.content))]
    if all(is_path(re.sub(r"\s*\([^()]*\)$", "", part)) for part in parts):
        yield from (re.sub(r"\s*\([^()]*\)$", "", part) for part in parts)


def windows_paths(task_id: str, term: Term | None) -> Iterator[Finding]:
    """Paths with backslashes: git never writes one, so nothing could be compared with them."""
    for text in term.texts if term else ():
        written = [code.text for code in code_spans(text)] or re.split(r"[,\s]+", plain(text.content))
        for word in written:
            if _WINDOWS.search(word):
                yield say.WINDOWS_PATH.at(text.line, path=word, id=task_id)


def scope_of(stated: Iterable[Term]) -> tuple[Scope, tuple[Finding, ...]]:
    """The union of what tasks say they touch; prose is shown to people and never made into a pattern."""
    patterns: dict[str, Pattern] = {}
    prose: list[Prose] = []
    findings: list[Finding] = []
    for term in stated:
        for text in term.texts:
            words = plain(text.content)
            if not words or block_ids.says_none(words):
                continue
            named = list(_patterns(text))
            if not named and not is_placeholder(text.content):
                prose.append(Prose(words, text.line + 1))
                findings.append(say.PROSE_IN_SCOPE.at(text.line, text=words))
            for code in named:
                _take(code, text, patterns, findings)
    if len(patterns) > say.PATTERNS_LIMIT:
        kept = list(patterns.values())[: say.PATTERNS_LIMIT]
        findings.append(say.TOO_MANY_PATTERNS.at(kept[-1].line - 1))
        patterns = {pattern.text: pattern for pattern in kept}
    return Scope(include=tuple(patterns.values()), unparsed=tuple(prose)), tuple(findings)


def _patterns(text: Text) -> Iterator[CodeSpan]:
    """The code spans at the head of an entry; those behind its words ("`a.py` - calls `b.py`") are part of its note."""
    end = 0
    for code in code_spans(text):
        between = text.content[end : code.begins]
        if _NEXT.fullmatch(between) is None if end else between.strip():
            return
        yield code
        end = code.ends


def _take(code: CodeSpan, text: Text, patterns: dict[str, Pattern], findings: list[Finding]) -> None:
    written = without_place(code.text)
    if has_placeholder(written):
        findings.append(say.PATTERN_NOT_FILLED_IN.at(code.line, pattern=written))
        return
    if written.startswith("!"):
        findings.append(say.NEGATED_PATTERN.at(code.line, pattern=written))
        return
    problem = pattern_problem(written)
    if problem is not None:
        findings.append(say.BAD_PATTERN.at(code.line, pattern=written, reason=problem))
        return
    note = re.match(r"\s*\(([^()]*)\)", text.content[code.ends :])
    patterns.setdefault(written, Pattern(written, plain(note[1]) or None if note else None, code.line + 1))
