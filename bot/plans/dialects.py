"""Which files are plans, in which dialect, and reading one from its bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.plans import findings as say
from bot.plans.exec_plan import read_exec_plan
from bot.plans.memory_bank import read_memory_bank
from bot.plans.model import PLAN_BYTES_LIMIT, Dialect, Finding, Reading
from bot.plans.patterns import PatternError, ScopeRules
from bot.plans.spec_plan import read_spec_plan

PATH_LIMIT: Final = 1024

# A file whose name begins with an underscore (`_template.md`) lies beside the plans and is none.
_PLACES: Final = {
    Dialect.EXEC_PLAN: r"docs/exec-plans/active/(?!index\.md$)(?!_)[^/]+\.md",
    Dialect.MEMORY_BANK: r"memory-bank/plan/(?!(?i:index|readme)\.md$)(?!_)[^/]+\.md",
    Dialect.SPEC_PLAN: r"specs/(?:.+/)?PLAN\.md",
    Dialect.TEAM_SESSION: r"(?:(?!_)[^/]+/)*team-session\.json",
}
_INDEX: Final = r"docs/exec-plans/(?:active|completed)/index\.md"
_READERS: Final[dict[Dialect, Callable[[str, str], Reading]]] = {
    Dialect.EXEC_PLAN: read_exec_plan,
    Dialect.MEMORY_BANK: read_memory_bank,
    Dialect.SPEC_PLAN: read_spec_plan,
}

READABLE: Final = tuple(_READERS)


def path_problem(path: str) -> str | None:
    """Why a path is not safe to look up in a repository, or None."""
    if not path:
        return "it is empty"
    if len(path) > PATH_LIMIT:
        return f"it is longer than {PATH_LIMIT} characters"
    if re.search(r"[\x00-\x1f\x7f]", path):
        return "it has control characters in it"
    if "\\" in path:
        return "it has a backslash in it"
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "it is absolute"
    if any(part in ("", ".", "..") for part in path.split("/")):
        return 'it has ".", ".." or an empty part'
    return None


Places = Mapping[Dialect, Sequence[str]]
"""Where a repository keeps its plans, as patterns like a .gitignore's; dialects not named keep their own place."""

_BESIDE_PLANS: Final = re.compile(r"(?:_.*|index\.md|readme\.md)$", re.IGNORECASE)


def dialect_of(path: str, *, anywhere: bool = False, places: Places | None = None) -> Dialect | None:
    """The dialect of the plan kept at this path from the root of its repository; None if no plan is kept there.

    With `anywhere` the repository may lie somewhere below: `work/shop/docs/exec-plans/active/x.md`.
    """
    for dialect, place in _PLACES.items():
        patterns = places.get(dialect) if places else None
        if patterns is None and _is_at(path, place, anywhere):
            return dialect
        if patterns and _is_in(path, patterns, dialect):
            return dialect
    return None


def _is_in(path: str, patterns: Sequence[str], dialect: Dialect) -> bool:
    if path_problem(path) is not None or _BESIDE_PLANS.match(path.rpartition("/")[2]):
        return False
    if not path.endswith(".json" if dialect is Dialect.TEAM_SESSION else ".md"):
        return False
    try:
        rules = ScopeRules.compile(patterns, ())
    except PatternError:
        return False
    return rules.judge(path).is_allowed


def is_index(path: str, *, anywhere: bool = False) -> bool:
    """Say whether this is the index of a folder of plans."""
    return _is_at(path, _INDEX, anywhere)


def _is_at(path: str, place: str, anywhere: bool) -> bool:
    if not anywhere and path_problem(path) is not None:
        return False
    return re.fullmatch(f"(?:.*/)?{place}" if anywhere else place, path, re.DOTALL) is not None


def read(path: str, content: bytes, dialect: Dialect | None = None) -> Reading:
    """Read a plan from its bytes; without a dialect the path says which. Nothing that is in a file raises."""
    problem = path_problem(path)
    if problem is not None:
        return Reading(None, (say.UNSAFE_PATH.at(None, path=path, reason=problem),))
    dialect = dialect or dialect_of(path)
    if dialect is None or dialect not in _READERS:
        return Reading(None, (say.NOT_A_PLAN.at(None, path=path),))
    text = decode(content)
    if isinstance(text, Finding):
        return Reading(None, (text,))
    return _READERS[dialect](path, text)


def decode(content: bytes) -> str | Finding:
    """The text of a plan or index, or why its bytes are none."""
    if len(content) > PLAN_BYTES_LIMIT:
        return say.TOO_LARGE.at(None, size=len(content))
    nul = content.find(b"\0")
    if nul >= 0:
        return say.BINARY.at(_line_of(content, nul), offset=nul)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_of(content, error.start)
        return say.NOT_UTF8.at(line, offset=error.start, byte=f"0x{content[error.start]:02x}")
    if not text.strip("\ufeff \t\r\n"):
        return say.EMPTY.at(0)
    return text


def _line_of(content: bytes, offset: int) -> int:
    """The 0-based line of a byte; CR LF, LF and CR end a line."""
    before = content[:offset]
    return before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
