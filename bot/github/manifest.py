"""The manifest that comes with this version: what it needs to be granted and told by GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

# In a wheel it lies inside the package, in a working copy beside it.
_PLACES: Final = tuple(Path(__file__).parents[depth] / "app.yml" for depth in (1, 2))
LEVELS: Final = ("none", "read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`permissions` maps a permission to `read` or `write`."""

    permissions: Mapping[str, str]
    events: frozenset[str]


@cache
def manifest() -> Manifest:
    """What `app.yml` says."""
    path = next(place for place in _PLACES if place.exists())
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Manifest(value["default_permissions"], frozenset(value["default_events"]))


def missing(wanted: Mapping[str, str], granted: Mapping[str, str]) -> list[str]:
    """What is wanted and not granted, as `contents: write`, in the manifest's order."""
    return [f"{name}: {level}" for name, level in wanted.items() if _rank(granted.get(name)) < _rank(level)]


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else 0
