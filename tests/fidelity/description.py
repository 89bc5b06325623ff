"""GitHub's published description, as far as it is kept here: operations by method and path, webhooks by event."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

Json = Any

FILE: Final = Path(__file__).parent / "github.json.gz"
_MANY_SEGMENTS: Final = frozenset({"basehead", "branch", "path", "ref", "tree_sha"})
_BY_ID: Final = re.compile(r"/repositories/\d+((?:/.*)?)$")
_ROOT: Final = re.compile(r"/repos/[^/]+/[^/]+/contents")
_NAME: Final = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One endpoint as GitHub describes it; `pattern` matches its raw path, escapes and all."""

    id: str
    method: str
    path: str
    pattern: re.Pattern[str]
    parameters: dict[tuple[str, str], Json]
    """by place (`path`, `query`, `header`) and name"""
    required: frozenset[tuple[str, str]]
    body: Json
    answers: frozenset[int]

    def values(self, path: str) -> dict[str, str]:
        found = self.pattern.match(path)
        assert found is not None
        return {name: unquote(value) for name, value in found.groupdict().items()}


def same_path(template: str) -> str:
    """Give a path template without its names: two that differ in them only are one, as `contents` and its root."""
    plain = _NAME.sub("{}", template)
    return f"{plain}/{{}}" if plain.endswith("/contents") else plain


@cache
def extract() -> Json:
    return json.loads(gzip.decompress(FILE.read_bytes()))


@cache
def operations() -> tuple[Operation, ...]:
    """Give every operation, the most literal paths first: `commits/{ref}/status` comes before `commits/{ref}`."""
    made = [_operation(name, one) for name, one in extract()["operations"].items()]
    return tuple(sorted(made, key=lambda one: -len(_NAME.sub("", one.path))))


def _operation(name: str, described: Json) -> Operation:
    pieces = _NAME.split(described["path"])
    pattern = "".join(
        re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>{'.*' if piece in _MANY_SEGMENTS else '[^/]+'})"
        for place, piece in enumerate(pieces)
    )
    parameters = {(one["in"], one["name"]): one for one in described["parameters"]}
    return Operation(
        name,
        described["method"],
        described["path"],
        re.compile(f"{pattern}$"),
        {key: one["schema"] for key, one in parameters.items()},
        frozenset(key for key, one in parameters.items() if one["required"]),
        described["body"],
        frozenset(int(status) for status in described["answers"]),
    )


@cache
def find(method: str, path: str) -> Operation | None:
    """Find the operation of a request by its raw path."""
    return next((one for one in operations() if one.method == method and one.pattern.match(path)), None)


def canonical(path: str) -> str:
    """Give the path as it is described, where GitHub knows two.

    `/repositories/{id}` is where redirects of renamed repositories lead; `contents` without a path is the root.
    """
    by_id = _BY_ID.match(path)
    named = path if by_id is None else f"/repos/by/id{by_id[1]}"
    return f"{named}/" if _ROOT.fullmatch(named) else named
