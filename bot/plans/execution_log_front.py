"""The front matter of an execution log: written in the template's order, edited key by key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from bot.plans.edit import Lines, Splice, splice
from bot.plans.front_matter import FrontMatter, read_front_matter

# Together they stay below what front matter may hold, even when every character needs an escape.
_LIMITS: Final = {"title": 200, "plan_path": 500, "date": 40, "start_commit": 64, "end_commit": 64}
_ENV_LIMIT: Final = 200
_LIMIT: Final = 100

_KEYS: Final = ("title", "phase", "date", "owner", "plan_path", "start_commit", "end_commit", "env")
_KEPT: Final = frozenset({"title", "phase", "date", "owner"})
"""What people may have put differently: written when it is missing, never replaced."""

_COMMENT: Final = re.compile(r"(?<=[\"'}\w])\s+#[^\"'{}]*$")


@dataclass(frozen=True, slots=True)
class Front:
    """The values as they came from outside; `end_commit` None: not known yet, so the key is not there."""

    title: str
    phase: str
    date: str
    owner: str
    plan_path: str
    start_commit: str
    end_commit: str | None
    target: str
    notes: str

    def written(self, key: str) -> str | None:
        """The value of a key as YAML, None when there is nothing to say."""
        match key:
            case "phase":
                return self.phase
            case "env":
                return f"{{target: {quoted(self.target, _LIMIT)}, notes: {quoted(self.notes, _ENV_LIMIT)}}}"
            case _:
                words: str | None = getattr(self, key)
                return None if words is None else quoted(words, _LIMITS.get(key, _LIMIT))


def quoted(words: str, limit: int) -> str:
    """A text as a double-quoted YAML scalar of one line, in which nothing can end the scalar or hide."""
    line = " ".join(words[: 4 * limit].split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    # JSON's quoting is YAML's too, but for the characters that JSON leaves as they are and YAML calls unprintable.
    return "".join(one if one.isprintable() else _escape(one) for one in json.dumps(line, ensure_ascii=False))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def new_front_matter(front: Front) -> list[str]:
    """The lines of a whole front matter, with both markers."""
    return ["---", *(f"{key}: {value}" for key in _KEYS if (value := front.written(key)) is not None), "---"]


def bring_front_matter(text: str, front: Front) -> str:
    """Bring the keys of a log's front matter to these values; other keys, comments and order stay.

    Front matter that is not YAML is left as it is, since nobody can say what an edit in it would mean.
    """
    lines = Lines(text)
    found = read_front_matter(lines.lines)
    if found is None:
        return splice(text, [lines.insert(0, [*new_front_matter(front), ""])])
    end = lines.starts[found.span.end]
    head = text[:end]
    for key in _KEYS:
        head = _bring_key(head, key, front)
    return head + text[end:]


def _bring_key(head: str, key: str, front: Front) -> str:
    lines = Lines(head)
    found = read_front_matter(lines.lines)
    value = front.written(key)
    if found is None or found.error is not None:
        return head
    wanted = None if value is None else _loaded(value)
    present = found.values.get(key)
    if isinstance(present, dict) and isinstance(wanted, dict):
        wanted = {**present, **wanted}
        if not all(isinstance(one, str) for one in wanted.values()):
            return head
        value = "{" + ", ".join(f"{_flow_key(name)}: {quoted(one, 500)}" for name, one in wanted.items()) + "}"
    if present == wanted or (present and key in _KEPT):
        return head
    for edit in _edits(lines, found, key, value):
        changed = splice(head, [edit])
        if _is_as_wanted(found, read_front_matter(Lines(changed).lines), key, wanted):
            return changed
    return head


def _loaded(value: str) -> Any:
    return yaml.load(value, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader builds strings, lists and mappings only


def _flow_key(name: object) -> str:
    return str(name) if re.fullmatch(r"[A-Za-z_][\w-]{0,40}", str(name)) else quoted(str(name), 500)


def _is_as_wanted(before: FrontMatter, after: FrontMatter | None, key: str, wanted: object) -> bool:
    if after is None or after.error is not None:
        return False
    return {**before.values, key: wanted} == {key: None, **after.values}


def _edits(lines: Lines, found: FrontMatter, key: str, value: str | None) -> list[Splice]:
    """The edits to try, the most careful one first; what reads otherwise than wanted is not kept."""
    at = _place(lines, found, key)
    if at is None:
        return [] if value is None else [lines.insert(_behind(lines, found, key), [f"{key}: {value}"])]
    behind = range(at + 1, found.span.end - 1)
    stop = next((number for number in behind if _opens_a_key(lines.body(number))), found.span.end - 1)
    while stop > at + 1 and (lines.is_blank(stop - 1) or lines.body(stop - 1).lstrip().startswith("#")):
        stop -= 1
    if value is None:
        return [lines.remove(at, stop)]
    comment = _COMMENT.search(lines.body(at)) if stop == at + 1 else None
    with_comment = [lines.replace(at, stop, [f"{key}: {value}{comment.group()}"])] if comment else []
    return [*with_comment, lines.replace(at, stop, [f"{key}: {value}"])]


def _opens_a_key(body: str) -> bool:
    return bool(body) and not body[0].isspace() and body[0] not in "-}]#"


def _place(lines: Lines, found: FrontMatter, key: str) -> int | None:
    """The line of a top-level key in block style; flow style and quoted keys are not edited."""
    pattern = re.compile(rf"{re.escape(key)}[ \t]*:(?=\s|$)")
    numbers = range(found.span.start + 1, found.span.end - 1)
    return next((number for number in numbers if pattern.match(lines.body(number))), None)


def _behind(lines: Lines, found: FrontMatter, key: str) -> int:
    """Where a missing key goes: before the first key that follows it in the template, else at the end."""
    for later in _KEYS[_KEYS.index(key) + 1 :]:
        at = _place(lines, found, later)
        if at is not None:
            return at
    return found.span.end - 1
