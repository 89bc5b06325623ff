"""Scope patterns: which of them can be used, and what they say about a path.

Patterns mean what they mean in a .gitignore, and in addition `dir/...` is everything below `dir` and `{a,b}` is either.
As there, an exclude pattern without a slash in front or in the middle matches at any depth. What allows is narrower: a
plain name such as `docs/` or `README.md` in an include list or a `/allow` is the one at the root, because whoever
approves `src/...` does not mean `infra/src`. Only wildcards float: `*.md` matches in every folder.
Matching is exact as git's: case counts, and a name in NFC is another one than the same name in NFD. But a name that
somebody's file system takes for an excluded one (`Infra/x` where `infra/` is excluded) is not let in by a wide include.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from bot.plans.placeholders import has_placeholder

LENGTH_LIMIT: Final = 500
BRACES_LIMIT: Final = 64
WILDCARDS_LIMIT: Final = 16
# Longer than any path that git checks out on a common file system.
PATH_LIMIT: Final = 4096

Reason = Literal["included", "allowed", "excluded", "disguised", "outside", "unsafe"]


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say about one path; `rule` is the pattern as the plan writes it."""

    path: str
    is_allowed: bool
    rule: str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class _PatternList:
    """Patterns none of which is negated: `any_of` says whether one matches, `each` which, the last one first."""

    any_of: re.Pattern[str] | None
    each: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def compile(cls, patterns: Sequence[str], *, is_rooted: bool = False, is_folded: bool = False) -> _PatternList:
        each = []
        for pattern in patterns:
            for line in gitignore_lines(pattern):
                regex = _compiled(_rooted(line) if is_rooted else _folded_line(line) if is_folded else line).regex
                if regex is not None:
                    each.append((regex, pattern))
        any_of = _any_of([regex.pattern for regex, _ in each]) if each else None
        return cls(any_of, tuple(reversed(each)))

    def match(self, path: str) -> str | None:
        """The pattern that a path owes it to, as pathspec's `GitIgnoreSpec` names it, in a tenth of the time.

        That is the last one that matches the path itself, else the last one that matches a directory above.
        """
        if self.any_of is None or self.any_of.match(path) is None:
            return None
        above: str | None = None
        for regex, owner in self.each:
            found = regex.match(path)
            if found is not None:
                if found.lastgroup != _DIRECTORY:
                    return owner
                above = above or owner
        return above


_DIRECTORY: Final = "ps_d"
"""The group with which pathspec's expressions mark that a directory above the path matched, and not the path itself."""
_ANYWHERE: Final = "^(?:.+?/)??"


def _any_of(regexes: Sequence[str]) -> re.Pattern[str]:
    """One expression for all, so that what matches none, as most files match no exclude pattern, costs one look.

    The ways into any directory are walked once for all of the patterns that begin with them.
    """
    unnamed = [regex.replace(f"(?P<{_DIRECTORY}>", "(?:") for regex in regexes]
    anywhere = [regex.removeprefix(_ANYWHERE) for regex in unnamed if regex.startswith(_ANYWHERE)]
    others = [regex for regex in unnamed if not regex.startswith(_ANYWHERE)]
    return re.compile("|".join([*others, f"{_ANYWHERE}(?:{'|'.join(anywhere)})"] if anywhere else others))


@dataclass(frozen=True, slots=True)
class ScopeRules:
    """Include, exclude and exceptions, compiled once. Exclude beats include; an exception (`/allow`) beats exclude."""

    include: _PatternList
    exclude: _PatternList
    folded_exclude: _PatternList
    allowed: _PatternList

    @classmethod
    def compile(cls, include: Sequence[str], exclude: Sequence[str], allowed: Sequence[str] = ()) -> ScopeRules:
        """Raises PatternError for a pattern that `pattern_problem` refuses."""
        return cls(
            _PatternList.compile(include, is_rooted=True),
            _PatternList.compile(exclude),
            _PatternList.compile(exclude, is_folded=True),
            _PatternList.compile(allowed, is_rooted=True),
        )

    def judge(self, path: str) -> Judgement:
        """Judge a repository path as git writes it (`/` between folders, nothing quoted)."""
        if _is_unsafe(path):
            return Judgement(path, False, None, "unsafe")
        rule = self.allowed.match(path)
        if rule is not None:
            return Judgement(path, True, rule, "allowed")
        rule = self.exclude.match(path)
        if rule is not None:
            return Judgement(path, False, rule, "excluded")
        rule = self.folded_exclude.match(_folded(path))
        if rule is not None:
            return Judgement(path, False, rule, "disguised")
        rule = self.include.match(path)
        if rule is not None:
            return Judgement(path, True, rule, "included")
        return Judgement(path, False, None, "outside")

    def judge_all(self, paths: Iterable[str]) -> list[Judgement]:
        return [self.judge(path) for path in paths]


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def _folded(path: str) -> str:
    """The path as the least exact of common file systems compares it.

    macOS and Windows drop case, macOS also the normal form and invisible characters, Windows blanks and dots at the end
    of a name. What such a checkout writes to `INFRA/x` ends up in `infra/x`.
    """
    text = path.lower() if path.isascii() else _folded_text(path)
    if " " in text or "." in text:
        text = "/".join(part.rstrip(". ") for part in text.split("/"))
    return text


def _folded_text(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text).casefold()
    visible = "".join(one for one in decomposed if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFC", visible)


def _folded_line(line: str) -> str:
    """The line for comparing with folded paths; as it is if it cannot be folded, such as the range `[Z-a]`."""
    folded = _folded_text(line)
    try:
        _compiled(folded)
    except (GitIgnorePatternError, re.error):
        return line
    return folded


def _is_unsafe(path: str) -> bool:
    # "." in a regular expression stops at a line feed: a name with one in it could slip past an exclude pattern.
    if not path or len(path) > PATH_LIMIT or path.startswith("/") or _CONTROL.search(path):
        return True
    return (".." in path or "//" in path or "./" in path) and any(part in ("", ".", "..") for part in path.split("/"))


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern is refused, in words for the plan's author; None if it can be used."""
    try:
        lines = gitignore_lines(pattern)
    except PatternError as error:
        return str(error)
    if all(_compiled(line).include is None for line in lines):
        return "it matches nothing"
    return None


def gitignore_lines(pattern: str) -> list[str]:
    """A pattern as lines of a .gitignore: braces expanded, `dir/...` made `dir/`. Raises PatternError."""
    text = pattern.strip()
    _check_text(text)
    lines = [_gitignore_line(alternative) for alternative in _expand_braces(text)]
    for line in lines:
        _check_wildcards(line)
        try:
            _compiled(line)
        except (GitIgnorePatternError, re.error) as error:
            raise PatternError("it is not a pattern that git understands") from error
    return lines


def _check_text(text: str) -> None:
    if not text:
        raise PatternError("it is empty")
    if len(text) > LENGTH_LIMIT:
        raise PatternError(f"it is longer than {LENGTH_LIMIT} characters")
    if text.startswith("!"):
        raise PatternError("it is negated")
    if has_placeholder(text):
        raise PatternError("it is a placeholder")
    if _CONTROL.search(text):
        raise PatternError("it has control characters in it")
    if re.search(r"\\(?=[\w.])", text) or re.match(r"[A-Za-z]:[\\/]", text) or text.startswith("\\\\"):
        raise PatternError("it is a Windows path; write forward slashes from the root of the repository")
    if text.startswith(("//", "~")) or "://" in text:
        raise PatternError("it is absolute; write it from the root of the repository")


def _gitignore_line(text: str) -> str:
    while text.startswith("./"):
        text = text[2:]
    if text.endswith("/..."):
        text = text[:-3]
    if text.startswith(("#", "!")):
        text = "\\" + text
    parts = text.split("/")
    if any(part in ("..", "...", ".") for part in parts):
        raise PatternError('it has "." or ".." as a part')
    if any(not part for part in parts[1:-1]):
        raise PatternError("it has an empty part")
    if not text.strip("/"):
        raise PatternError("it matches nothing")
    # "**" beside other characters is "*" to git, and a row of "**" is one: fewer wildcards, the same meaning.
    collapsed: list[str] = []
    for part in parts:
        part = part if part == "**" else re.sub(r"(?<!\\)\*{2,}", "*", part)
        if not (part == "**" and collapsed and collapsed[-1] == "**"):
            collapsed.append(part)
    return "/".join(collapsed)


def _rooted(line: str) -> str:
    """A plain name made the one at the root; a pattern with wildcards, or with a slash that anchors it, as it is."""
    if any(one in line for one in "*?[") or "/" in line.rstrip("/"):
        return line
    return f"/{line}"


def _compiled(line: str) -> GitIgnoreSpecPattern:
    regex, include = GitIgnoreSpecPattern.pattern_to_regex(line)
    return GitIgnoreSpecPattern(None if regex is None else re.compile(_from_the_start(regex)), include)


def _from_the_start(regex: str) -> str:
    """The expression for matching at a path's first character, in time that is linear in the path.

    pathspec searches; all it has that is not anchored is `**/`, a slash anywhere.
    """
    return _without_backtracking(regex) if regex.startswith("^") else f"^.*?{regex}"


def _without_backtracking(regex: str) -> str:
    """The same expression with the first place that fits taken for good: matching is linear in the path.

    pathspec writes `[^/]*` for `*` and `(?:/.+)?` for `**`; a few in a row take minutes on a path made for it.
    Wherever an earlier place fits, a later one leaves less room for the rest, so trying others never helps.
    """
    parts = [_first_fit_in_names(part) for part in regex.split(_INNER_DEEP)]
    parts[0] = parts[0].replace("^(?:.+/)?", "^(?:.+?/)??", 1)
    if len(parts) == 1:
        return parts[0]
    fixed = "".join(f"(?>(?:/.+?)??{part}(?=/))" for part in parts[1:-1])
    return f"(?>{parts[0]}(?=/)){fixed}(?:/.+?)??{parts[-1]}"


_INNER_DEEP: Final = "(?:/.+)?"
_STAR: Final = "[^/]*"


def _first_fit_in_names(regex: str) -> str:
    pieces = regex.split(_STAR)
    out = [pieces[0]]
    for index, piece in enumerate(pieces[1:], start=1):
        ends_name = index + 1 == len(pieces) or "/" in piece.replace("[^/]", "")
        out.append(f"{_STAR}{piece}" if ends_name else f"(?>[^/]*?{piece})")
    return "".join(out)


def _check_wildcards(line: str) -> None:
    if line.count("*") > WILDCARDS_LIMIT * 2:
        raise PatternError(f"it has more than {WILDCARDS_LIMIT} wildcards")


def _expand_braces(text: str) -> list[str]:
    """`a{b,c}d` -> `abd`, `acd`; nested too. Braces without a comma or without an end stand for themselves."""
    done: list[str] = []
    waiting = [text]
    while waiting:
        current = waiting.pop()
        group = _first_group(current)
        if group is None:
            done.append(current)
        else:
            begin, end, alternatives = group
            waiting += [current[:begin] + part + current[end:] for part in reversed(alternatives)]
        if len(done) + len(waiting) > BRACES_LIMIT:
            raise PatternError(f"its braces stand for more than {BRACES_LIMIT} patterns")
    return done


def _first_group(text: str) -> tuple[int, int, list[str]] | None:
    """The first brace group with alternatives: where it begins and ends, and what is in it."""
    open_groups: list[tuple[int, list[int]]] = []
    complete: list[tuple[int, int, list[int]]] = []
    is_escaped = False
    for index, character in enumerate(text):
        if is_escaped:
            is_escaped = False
            continue
        is_escaped = character == "\\"
        if character == "{":
            open_groups.append((index, []))
        elif character == "," and open_groups:
            open_groups[-1][1].append(index)
        elif character == "}" and open_groups:
            begin, commas = open_groups.pop()
            if commas:
                complete.append((begin, index, commas))
    if not complete:
        return None
    begin, end, commas = min(complete)
    bounds = [begin, *commas, end]
    return begin, end + 1, [text[left + 1 : right] for left, right in pairwise(bounds)]


def may_overlap(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a path could exist that a pattern of each side includes; when that cannot be told, it could."""
    right = [_fixed_part(line) for pattern in others for line in _lines_or_anything(pattern)]
    left = [_fixed_part(line) for pattern in some for line in _lines_or_anything(pattern)]
    return any(_is_within(one, other) or _is_within(other, one) for one in left for other in right)


def _lines_or_anything(pattern: str) -> list[str]:
    try:
        return gitignore_lines(pattern)
    except PatternError:
        return ["*"]


def _fixed_part(line: str) -> tuple[str, ...]:
    """The folders and name before the first wildcard; case is dropped, since some file systems drop it too."""
    parts: list[str] = []
    for part in line.strip("/").split("/"):
        if any(one in part for one in "*?[\\"):
            break
        parts.append(part.casefold())
    return tuple(parts)


def _is_within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return inner[: len(outer)] == outer
