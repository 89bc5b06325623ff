"""The bot's database, seen from outside: what is still to be tried, and what a story has left in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.databases import query

_SCHEME = "sqlite:///"
_NEXT_TRY = """
    SELECT retry_at, retry_at FROM pulls WHERE attempts > 0
    UNION ALL SELECT retry_at, retry_at FROM issue_commands WHERE handled_at IS NULL AND attempts > 0
    UNION ALL SELECT not_before, retry_at FROM effects
        JOIN pulls ON pulls.repository_id = effects.repository_id AND pulls.number = effects.number
        WHERE finished_at IS NULL
"""
_UNHANDLED = """
    SELECT guid, event FROM deliveries WHERE routed_at IS NULL
    UNION ALL SELECT deliveries.guid, event FROM deliveries
        JOIN delivery_targets ON delivery_targets.guid = deliveries.guid WHERE delivery_targets.handled_at IS NULL
"""
_LEDGER = """
    SELECT number, ordinal, seq, kind, actor, text, commit_sha, block, comment_id IS NOT NULL
    FROM ledger JOIN runs ON runs.id = run_id ORDER BY number, ordinal, seq
"""


@dataclass(frozen=True)
class Database:
    """A SQLite file or a database on a server."""

    url: str

    @classmethod
    def copied(cls, prepared: Path, folder: Path) -> Database:
        """A file for a bot of its own; `prepared` is a migrated one without anything in it."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(f"{_SCHEME}{shutil.copyfile(prepared, folder / 'stepwise.db')}")

    @property
    def file(self) -> Path:
        return Path(self.url.removeprefix(_SCHEME))

    def next_try(self) -> datetime | None:
        """When the bot tries again what has failed; None when nothing has."""
        due = [max(map(_moment, filter(None, row))) for row in query(self.url, _NEXT_TRY) if any(row)]
        return min(due, default=None)

    def unhandled(self) -> list[Any]:
        """Deliveries that were accepted and of which nothing came."""
        return query(self.url, _UNHANDLED)

    def guids(self) -> set[str]:
        return {guid for (guid,) in query(self.url, "SELECT guid FROM deliveries")}

    def ledger(self) -> list[str]:
        return [_line(row) for row in query(self.url, _LEDGER)]

    def effects(self) -> list[str]:
        return sorted(_line(row) for row in query(self.url, "SELECT kind, state FROM effects"))

    def runs(self) -> list[dict[str, Any]]:
        return [json.loads(state) for (state,) in query(self.url, "SELECT state FROM runs ORDER BY number, ordinal")]


def _moment(said: str | datetime) -> datetime:
    """SQLite keeps UTC as text without saying so."""
    return said if isinstance(said, datetime) else datetime.fromisoformat(said).replace(tzinfo=UTC)


def _line(row: Sequence[Any]) -> str:
    return " ".join("-" if item is None else str(int(item) if isinstance(item, bool) else item) for item in row)
