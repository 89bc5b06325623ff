"""URLs from templates: what people and plans write is escaped or refused, never formatted in by hand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urlsplit

import uritemplate
from gidgethub import sansio

from bot.github.errors import UnsafeValue

Value = str | int | bool | None

_MAX_VALUE = 4096
_SHA = re.compile(r"[0-9a-f]{4,64}")
_FULL_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def expand(api_url: str, template: str, values: Mapping[str, Value]) -> str:
    """The full URL of an RFC 6570 template such as `/repos/{owner}/{repo}/contents/{+path}{?ref}`.

    `{name}` is one segment, `{+name}` a path of segments, `{?name}` a query value (left out when None).
    Raises UnsafeValue for empty or overlong values, `.` and `..`, control characters and text that is no Unicode.
    """
    ready: dict[str, str] = {}
    for name, operator in _variables(template):
        value = values.get(name)
        if operator in ("?", "&"):
            if value is not None:
                ready[name] = _query_value(name, value)
        else:
            ready[name] = _path_value(name, value, is_path=operator == "+")
    return sansio.format_url(template, ready, base_url=api_url)


def without_query(url: str, api_url: str) -> str:
    """The path of a URL as people know it: no host, no API prefix, no query."""
    path = urlsplit(url).path
    return path.removeprefix(urlsplit(api_url).path.rstrip("/"))


def is_same_origin(one: str, other: str) -> bool:
    """Whether both URLs have scheme, host and port in common, default ports counted."""
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False


def full_sha(value: str) -> str:
    """The value itself if it is the whole SHA of a git object, else UnsafeValue."""
    if not _FULL_SHA.fullmatch(value):
        raise UnsafeValue(f"{_shown(value)} is not a full SHA")
    return value


def commit_sha(value: str) -> str:
    """The value itself if it is a hexadecimal object name, whole or abbreviated, else UnsafeValue."""
    if not _SHA.fullmatch(value):
        raise UnsafeValue(f"{_shown(value)} is not the SHA of a commit")
    return value


def repository_path(path: str) -> str:
    """The path itself if it names a file below the repository's root, else UnsafeValue."""
    _path_value("path", path, is_path=True)
    return path


@lru_cache(maxsize=256)
def _variables(template: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, variable.operator.value or "")
        for variable in uritemplate.URITemplate(template).variables
        for name in variable.variable_names
    )


def _path_value(name: str, value: Value, *, is_path: bool) -> str:
    text = _text(name, value)
    pieces = text.split("/")
    # Proxies and URL libraries resolve dot segments even when they are escaped, so no value may have them.
    if any(piece in (".", "..") for piece in pieces) or (is_path and "" in pieces):
        raise UnsafeValue(f"{_shown(text)} cannot be a {name}: it has empty or relative segments")
    if not text:
        raise UnsafeValue(f"The {name} is empty")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise UnsafeValue(f"{_shown(text)} cannot be a {name}: it has control characters")
    # `{+path}` keeps `?`, `#` and anything that looks like an escape, so the path is escaped before it is expanded.
    return quote(text, safe="/") if is_path else text


def _query_value(name: str, value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(name, value)


def _text(name: str, value: Value) -> str:
    if value is None:
        raise UnsafeValue(f"The {name} is missing")
    text = str(value)
    if len(text) > _MAX_VALUE:
        raise UnsafeValue(f"The {name} is {len(text)} characters long, more than {_MAX_VALUE}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnsafeValue(f"{_shown(text)} cannot be a {name}: it is not valid Unicode") from None
    return text


def _shown(text: str) -> str:
    return ascii(text[:200])


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
