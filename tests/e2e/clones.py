"""Clones that people work in: real git, pushed over HTTP with their tokens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox import Sandbox


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Executable:
    """A file that may be run."""

    content: str


@dataclass(frozen=True)
class Submodule:
    """Another repository at a commit: git keeps no file for it, only the commit's SHA."""

    commit: str


@dataclass(frozen=True)
class MovedFrom:
    """The file that stood at another path."""

    path: str


# No sample hooks in new clones, no housekeeping after each command, no waiting for the disk: clones live for one test.
_OPTIONS = {"init.templateDir": "", "gc.auto": "0", "maintenance.auto": "false", "core.fsync": "none"}
_CONFIGURED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": str(len(_OPTIONS)),
    **{f"GIT_CONFIG_KEY_{index}": key for index, key in enumerate(_OPTIONS)},
    **{f"GIT_CONFIG_VALUE_{index}": value for index, value in enumerate(_OPTIONS.values())},
}

File = str | bytes | None | Link | Executable | Submodule | MovedFrom


@dataclass
class Clones:
    """The clones of one test: one for each person and repository."""

    sandbox: Sandbox
    folder: Path
    _made: dict[tuple[str, str], Path] = field(default_factory=dict)

    async def commit(
        self, repository: str, by: str, branch: str, files: Mapping[str, File], message: str, start: str | None
    ) -> Path:
        """Commit on top of the branch as it stands on GitHub, or of `start`, or of main where there is none."""
        clone = await self._branch(repository, by, branch, start)
        submodules = {path: file.commit for path, file in files.items() if isinstance(file, Submodule)}
        for path, content in files.items():
            if path not in submodules:
                await self._write(clone, path, content)
        await self.git(clone, "add", "-A")
        for path, commit in submodules.items():
            await self.git(clone, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        await self.git(clone, "commit", "-q", "--allow-empty", "-m", message)
        return clone

    async def merge(self, repository: str, by: str, branch: str, other: str) -> Path:
        """Merge another branch of GitHub's into the branch."""
        clone = await self._branch(repository, by, branch, None)
        await self.git(clone, "merge", "-q", "--no-ff", "-m", f"Merge {other}", f"origin/{other}")
        return clone

    async def push(self, clone: Path, branch: str, *, force: bool = False) -> str:
        """Push what is checked out; its SHA."""
        flags = ["--force"] if force else []
        await self.git(clone, "push", "-q", *flags, "origin", f"HEAD:refs/heads/{branch}")
        return (await self.git(clone, "rev-parse", "HEAD")).strip()

    async def _branch(self, repository: str, by: str, branch: str, start: str | None) -> Path:
        clone = await self._clone(repository, by)
        await self.git(clone, "fetch", "-q", "--prune", "origin")
        exists = (await self.git(clone, "branch", "-r", "--list", f"origin/{branch}")).strip()
        await self.git(clone, "checkout", "-q", "-f", "-B", branch, start or f"origin/{branch if exists else 'main'}")
        return clone

    async def _write(self, clone: Path, path: str, content: File) -> None:
        file = clone / path
        file.parent.mkdir(parents=True, exist_ok=True)
        match content:
            case None:
                file.unlink()
            case MovedFrom(old):
                await self.git(clone, "mv", old, path)
            case Link(target):
                file.unlink(missing_ok=True)
                file.symlink_to(target)
            case Executable(text):
                file.write_text(text)
                file.chmod(0o755)
            case bytes():
                file.write_bytes(content)
            case str():
                file.write_bytes(content.encode())
            case Submodule():
                raise AssertionError("git keeps no file for a submodule")

    async def _clone(self, repository: str, by: str) -> Path:
        if (repository, by) not in self._made:
            clone = self.folder / f"clone-{by}-{repository.replace('/', '-')}"
            url = self.sandbox.url.replace("://", f"://x:{self.sandbox.tokens[by]}@")
            await self.git(self.folder, "clone", "-q", f"{url}/{repository}.git", str(clone))
            await self.git(clone, "config", "user.name", by)
            await self.git(clone, "config", "user.email", f"{by}@acme.example")
            self._made[repository, by] = clone
        return self._made[repository, by]

    async def git(self, folder: Path, *arguments: str) -> str:
        environment = {**os.environ, **_CONFIGURED, "HOME": str(self.folder)}
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, f"git {' '.join(arguments)}: {err.decode()}"
        return out.decode()
