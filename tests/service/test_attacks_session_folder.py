"""A session's folder in a pull request of anybody's: how much of it is fetched."""

from __future__ import annotations

from typing import Any

import pytest

from bot.github import contents, trees
from bot.github.contents import Directory, Entry
from bot.plans.model import PLAN_BYTES_LIMIT
from bot.service.session_folder import FOLDER_BYTES, read_folder

SESSION = "work/team-session.json"
TARGET: Any = type("Nowhere", (), {"client": None, "repo": None})()


async def fetched(monkeypatch: pytest.MonkeyPatch, sizes: dict[str, int]) -> tuple[list[str], dict[str, bytes | None]]:
    """Which role specs of these sizes were asked for, and what came of all files."""
    asked: list[str] = []

    async def directory(_client: object, _repo: object, _head: str, place: str) -> Directory:
        entries = {
            "work": [Entry(SESSION, "file", "session", 2)],
            "work/role-specs": [Entry(f"{place}/{name}", "file", name, size) for name, size in sizes.items()],
        }
        return Directory(place, tuple(entries.get(place, [])), True)

    async def blob(_client: object, _repo: object, sha: str) -> bytes:
        asked.append(sha)
        return b"{}"

    monkeypatch.setattr(contents, "directory", directory)
    monkeypatch.setattr(trees, "blob", blob)
    _, files = await read_folder(TARGET, "a" * 40, SESSION, {})
    return [name for name in asked if name != "session"], files


async def test_a_file_that_is_too_large_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, files = await fetched(monkeypatch, {"a.md": 100, "b.md": PLAN_BYTES_LIMIT + 1, "c.md": 20_000_000})
    assert asked == ["a.md"]
    assert files["work/role-specs/b.md"] is None and files["work/role-specs/a.md"] == b"{}"


async def test_many_files_are_asked_for_only_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, files = await fetched(monkeypatch, {f"r{number:03}.md": PLAN_BYTES_LIMIT for number in range(150)})
    assert len(asked) <= FOLDER_BYTES // PLAN_BYTES_LIMIT
    assert sum(content is None for content in files.values()) > 100
