"""As much of JSON Schema as this project's schemas use; a keyword that is not known here fails the test."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
_WORDS_ONLY = {"$schema", "$defs", "title", "description", "default"}


def problems(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None, place: str = "$") -> list[str]:
    """What about a value the schema does not allow."""
    root = root or schema
    found: list[str] = []
    for keyword, wanted in schema.items():
        if keyword not in _WORDS_ONLY:
            found += _problems_of(keyword, wanted, schema, value, root, place)
    return found


def _problems_of(
    keyword: str, wanted: Any, schema: dict[str, Any], value: Any, root: dict[str, Any], place: str
) -> list[str]:
    match keyword:
        case "$ref":
            return problems(root["$defs"][wanted.rpartition("/")[2]], value, root, place)
        case "type":
            return [] if _is_of_type(value, wanted) else [f"{place} is not {wanted}"]
        case "enum" | "const":
            allowed = wanted if keyword == "enum" else [wanted]
            fits = any(type(item) is type(value) and item == value for item in allowed)
            return [] if fits else [f"{place} is not one of {allowed}"]
        case "anyOf" | "oneOf":
            fitting = sum(not problems(option, value, root, place) for option in wanted)
            return [] if fitting == 1 or (keyword == "anyOf" and fitting) else [f"{place} fits {fitting} options"]
        case "items":
            items = value if isinstance(value, list) else []
            return [p for n, item in enumerate(items) for p in problems(wanted, item, root, f"{place}[{n}]")]
        case "properties" | "patternProperties" | "additionalProperties" | "required":
            return _problems_of_keys(keyword, wanted, schema, value, root, place) if isinstance(value, dict) else []
        case "pattern":
            return [f"{place} is not written so"] if isinstance(value, str) and not re.search(wanted, value) else []
        case "minLength" | "maxLength" | "maxItems" | "minimum" | "maximum" | "maxProperties":
            return _problems_of_size(keyword, wanted, value, place)
    raise AssertionError(f"{keyword} is not known here")


def _is_of_type(value: Any, wanted: str) -> bool:
    if wanted == "null":
        return value is None
    return isinstance(value, _TYPES[wanted]) and not (wanted == "integer" and isinstance(value, bool))


def _problems_of_keys(
    keyword: str, wanted: Any, schema: dict[str, Any], value: dict[str, Any], root: dict[str, Any], place: str
) -> list[str]:
    patterns = schema.get("patternProperties", {})
    if keyword == "required":
        return [f"{place}.{name} is missing" for name in wanted if name not in value]
    if keyword == "additionalProperties":
        assert wanted is False
        known = schema.get("properties", {})
        return [f"{place}.{n} is extra" for n in value if n not in known and not any(re.search(p, n) for p in patterns)]
    if keyword == "properties":
        return [p for name, part in wanted.items() if name in value for p in problems(part, value[name], root, name)]
    return [p for pattern, part in wanted.items() for n in value if re.search(pattern, n)
            for p in problems(part, value[n], root, n)]  # fmt: skip


def _problems_of_size(keyword: str, wanted: int, value: Any, place: str) -> list[str]:
    kind = {"L": str, "I": list, "P": dict}.get(keyword[3], int)
    if not isinstance(value, kind):
        return []
    size = value if isinstance(value, int) else len(value)
    fits = size >= wanted if keyword.startswith("min") else size <= wanted
    return [] if fits else [f"{place}: {keyword} {wanted}"]
