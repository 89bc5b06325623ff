"""People who push without a clone: what comes of a push is what counts here, and there are thousands of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox import Sandbox
from bot.sandbox.git.store import ZERO, Person
from bot.sandbox.pushes import RefUpdate, move
from tests.e2e.clones import Clones, File


@dataclass
class Pushes(Clones):
    """Commits made in the repository itself; announced when they are pushed."""

    _ready: dict[Path, tuple[str, str, str]] = field(default_factory=dict)

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(sandbox, folder)
        self._ready = {}

    async def commit(
        self, repository: str, by: str, branch: str, files: Mapping[str, File], message: str, start: str | None
    ) -> Path:
        git = self.sandbox.repo(repository).git
        tip = git.branch(branch) if start is None else git.branch(start.removeprefix("origin/"))
        parent = tip or git.branch("main")
        assert parent is not None
        entries = dict(git.flat(git.tree_of(parent)))
        for path, content in files.items():
            match content:
                case None:
                    del entries[path]
                case str() | bytes():
                    raw = content.encode() if isinstance(content, str) else content
                    entries[path] = (0o100644, git.add_blob(raw))
                case _:
                    raise AssertionError("only plain files are pushed here")
        person = Person(by, f"{by}@acme.example", self.sandbox.clock.now())
        sha = git.add_commit(git.add_tree(entries), [parent], f"{message}\n", person, person)
        place = self.folder / by
        self._ready[place] = (repository, by, sha)
        return place

    async def push(self, clone: Path, branch: str, *, force: bool = False) -> str:
        repository, by, sha = self._ready.pop(clone)
        repo = self.sandbox.repo(repository)
        update = RefUpdate(f"refs/heads/{branch}", repo.git.branch(branch) or ZERO, sha)
        move(self.sandbox.hub, repo, update, self.sandbox.user(by))
        return sha
