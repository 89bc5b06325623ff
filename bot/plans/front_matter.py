"""YAML front matter: read safely, within bounds, with its errors as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from bot.plans.nodes import Span

BYTES_LIMIT: Final = 16 * 1024
DEPTH_LIMIT: Final = 10
EVENTS_LIMIT: Final = 4000


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The mapping between two `---` lines; all scalars are strings. `span` covers both marker lines.

    With an `error`, `values` is empty and `error_line` is the 0-based line at fault.
    """

    span: Span
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    error_line: int | None = None

    def text(self, *keys: str) -> str | None:
        """The first of these keys that holds a non-empty scalar, compared without regard to case."""
        by_name = {key.casefold(): value for key, value in self.values.items()}
        for key in keys:
            value = by_name.get(key.casefold())
            if isinstance(value, str) and value.strip() and value.strip() not in ("~", "null"):
                return value.strip()
        return None


class _RefusedError(Exception):
    """YAML that is legal but not wanted in front matter."""


def read_front_matter(lines: Sequence[str]) -> FrontMatter | None:
    """The front matter of a file, or None when the file does not open with a mapping between `---` lines."""
    span = _find(lines)
    if span is None:
        return None
    source = "".join(lines[span.start + 1 : span.end - 1])
    try:
        if len(source.encode("utf-8", "surrogatepass")) > BYTES_LIMIT:
            raise _RefusedError(f"it is larger than {BYTES_LIMIT // 1024} KiB")
        _check_events(yaml.parse(source, Loader=yaml.BaseLoader))
        values = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader builds strings, lists and mappings only
    except _RefusedError as refused:
        return FrontMatter(span, error=str(refused), error_line=span.start)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = span.start + 1 + (mark.line if mark else 0)
        return FrontMatter(span, error=error.problem or "it is not YAML", error_line=min(at, span.end - 1))
    except (yaml.YAMLError, ValueError) as error:
        return FrontMatter(span, error=str(error).splitlines()[0], error_line=span.start)
    if values is None or values == "":
        return FrontMatter(span)
    if not isinstance(values, dict):
        return None  # two thematic breaks with prose between them
    return FrontMatter(span, {str(key): value for key, value in values.items()})


def _find(lines: Sequence[str]) -> Span | None:
    if not lines or lines[0].removeprefix("\ufeff").rstrip() != "---":
        return None
    for number in range(1, min(len(lines), EVENTS_LIMIT)):
        if lines[number].rstrip() in ("---", "..."):
            return Span(0, number + 1)
    return None


def _check_events(events: Iterator[yaml.Event]) -> None:
    depth = 0
    for count, event in enumerate(events):
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError("it uses aliases")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise _RefusedError(f"it is nested deeper than {DEPTH_LIMIT}")
        if count > EVENTS_LIMIT:
            raise _RefusedError("it has too many entries")
