"""Reading answers: bytes to JSON, and out of the JSON the few fields that are needed, of the type they must have."""

from __future__ import annotations

import http
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from gidgethub import sansio

from bot.github.errors import NO_CALL, Call, UnexpectedAnswer

T = TypeVar("T")
Json = Any
_LONGEST_MESSAGE = 1000
_LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: `headers` have lower-case keys, `url` is the one that gave it in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def decode(answer: Answer, call: Call) -> tuple[Json, str | None]:
    """The JSON of a success (None for an empty body) and the URL of the next page, if any.

    Raises UnexpectedAnswer for HTML, text, JSON that is cut off, and bytes that are not UTF-8.
    """
    lost = call.is_write
    if answer.body and not _is_json(answer.headers):
        said = answer.headers.get("content-type", "no content type")
        raise UnexpectedAnswer(f"The answer is not JSON but {said[:100]}", call, may_have_happened=lost)
    # The media types of GitHub (`application/vnd.github…+json`) are JSON, which gidgethub knows by its plain name only.
    headers = {"content-type": "application/json; charset=utf-8"}
    if "link" in answer.headers:
        headers["link"] = answer.headers["link"]
    try:
        value, _, following = sansio.decipher_response(200, headers, answer.body)
    except (ValueError, RecursionError):
        raise UnexpectedAnswer("The answer is not the JSON it claims to be", call, may_have_happened=lost) from None
    return value, following


def words(answer: Answer) -> tuple[str, str | None]:
    """GitHub's words about an error, on one line (the status's name if there are none), and a page that explains it."""
    said: Json = None
    if _is_json(answer.headers):
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError):
            said = None
    if not isinstance(said, dict):
        return _status_name(answer.status), None
    message = said.get("message")
    details = _details(said.get("errors"))
    line = ": ".join(part for part in (message if isinstance(message, str) else "", details) if part)
    documentation = said.get("documentation_url")
    return _one_line(line) or _status_name(answer.status), documentation if isinstance(documentation, str) else None


def _details(errors: Json) -> str:
    # GitHub sends `errors` as a string, a list of strings, or a list of objects with a message or a field and a code.
    if isinstance(errors, str):
        return errors
    if not isinstance(errors, list):
        return ""
    told: list[str] = []
    for error in errors[:10]:
        if isinstance(error, str):
            told.append(error)
        elif isinstance(error, dict):
            told.append(str(error.get("message") or f"{error.get('field', 'a field')} is {error.get('code', 'wrong')}"))
    return "; ".join(told)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_MESSAGE]


def _status_name(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"


def _is_json(headers: Mapping[str, str]) -> bool:
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def record(value: Json, of: str) -> dict[str, Json]:
    """The value as a JSON object; `of` names it in the error."""
    if not isinstance(value, dict):
        raise UnexpectedAnswer(f"{of} is {_kind(value)}, not an object", NO_CALL)
    return value


def records(value: Json, of: str) -> list[dict[str, Json]]:
    """The value as a list of JSON objects."""
    if not isinstance(value, list):
        raise UnexpectedAnswer(f"{of} is {_kind(value)}, not a list", NO_CALL)
    return [record(item, f"an entry of {of}") for item in value]


def field(value: Json, path: str, kind: type[T], of: str) -> T:
    """The field at a dotted path, which has to be there and of that type (a bool is no int)."""
    found = optional(value, path, kind, of)
    if found is None:
        raise UnexpectedAnswer(f"{of} has no {path}", NO_CALL)
    return found


def optional(value: Json, path: str, kind: type[T], of: str) -> T | None:
    """The field at a dotted path, or None when it or anything on the way to it is null or missing."""
    found = value
    for name in path.split("."):
        if found is None:
            return None
        found = record(found, of).get(name)
    if found is None:
        return None
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise UnexpectedAnswer(f"{path} of {of} is {_kind(found)}, not {kind.__name__}", NO_CALL)
    if isinstance(found, int) and abs(found) > _LARGEST_NUMBER:
        raise UnexpectedAnswer(f"{path} of {of} is a number beyond 64 bits", NO_CALL)
    if isinstance(found, str) and not found.isascii():
        # JSON can spell halves of surrogate pairs, which neither a database nor a request can carry.
        found = found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return found  # type: ignore[no-any-return]


def moment(value: Json, path: str, of: str) -> datetime:
    """The timestamp at a dotted path, in UTC."""
    found = optional_moment(value, path, of)
    if found is None:
        raise UnexpectedAnswer(f"{of} has no {path}", NO_CALL)
    return found


def optional_moment(value: Json, path: str, of: str) -> datetime | None:
    """The timestamp at a dotted path in UTC, or None when it is null or missing."""
    text = optional(value, path, str, of)
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        # The first and the last hours that a datetime can hold have no equal in another zone.
        raise UnexpectedAnswer(f"{path} of {of} is not a time: {text[:40]!r}", NO_CALL) from None


def _kind(value: Json) -> str:
    return "null" if value is None else type(value).__name__
