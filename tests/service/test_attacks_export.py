"""What a session's artifacts may not do to the files of the repository that they are exported into."""

from __future__ import annotations

from typing import Any

import pytest

from bot.github import trees
from bot.github.errors import UnexpectedAnswer
from bot.github.trees import Mode, Tree, TreeEntry
from bot.service.dialect_closeout import exported

SESSION = ".workflow/.team/TC-shop"
TARGET: Any = type("Nowhere", (), {"client": None, "repo": None})()


def entry(path: str, mode: Mode = Mode.FILE, sha: str = "a" * 40) -> TreeEntry:
    return TreeEntry(path, mode, sha, 5)


async def export(monkeypatch: pytest.MonkeyPatch, *entries: TreeEntry, complete: bool = True) -> list[str]:
    """What exporting one artifact, `notes/x.md`, to `docs` would write."""
    artifact = entry(f"{SESSION}/artifacts/notes/x.md", sha="b" * 40)

    async def whole(*_: object) -> Tree:
        return Tree("c" * 40, (artifact, *entries), complete)

    async def blob(*_: object) -> bytes:
        return b"words"

    monkeypatch.setattr(trees, "whole_tree", whole)
    monkeypatch.setattr(trees, "blob", blob)
    return sorted(await exported(TARGET, SESSION, "docs", "d" * 40))


async def test_what_is_free_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = entry("docs", Mode.DIRECTORY), entry("docs/notes", Mode.DIRECTORY), entry("docs/notes/y.md")
    assert await export(monkeypatch, *folders) == ["docs/notes/x.md"]


async def test_what_stands_there_already_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await export(monkeypatch, entry("docs/notes/x.md", sha="b" * 40)) == []


@pytest.mark.parametrize(
    "there",
    [
        entry("docs"),
        entry("docs", Mode.SYMLINK),
        entry("docs", Mode.SUBMODULE),
        entry("docs/notes", Mode.EXECUTABLE),
        entry("docs/notes", Mode.SYMLINK),
        entry("docs/notes/x.md"),
        entry("docs/notes/x.md", Mode.SYMLINK, "b" * 40),
        entry("docs/notes/x.md", Mode.DIRECTORY),
    ],
    ids=lambda one: f"{one.path} {one.mode.name}",
)
async def test_nothing_that_is_there_makes_way(there: TreeEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnexpectedAnswer, match="nothing is overwritten"):
        await export(monkeypatch, there)


async def test_nothing_is_written_where_not_everything_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnexpectedAnswer, match="might be overwritten"):
        await export(monkeypatch, complete=False)
