"""One bare repository: objects and references, by hex text.

Everything here is in-process and synchronous: the objects of a sandbox repository are small and local, and a
subprocess per REST call would cost more than the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dulwich.objects import Blob, Commit, ShaFile, Tag, Tree
from dulwich.repo import Repo

if TYPE_CHECKING:
    from bot.sandbox.git.diff import FileChange

ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
GITLINK = 0o160000
SYMLINK = 0o120000
DIRECTORY = 0o040000


@dataclass(frozen=True, slots=True)
class Entry:
    """A path in a tree; `mode` is the number git keeps."""

    path: str
    mode: int
    sha: str

    @property
    def type(self) -> str:
        return "tree" if self.mode == DIRECTORY else "commit" if self.mode == GITLINK else "blob"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    at: datetime


class GitStore:
    """A bare repository on disk, spoken to through dulwich."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repo = Repo(str(path))
        self._read: dict[str, Commit | Tree] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self.differences: dict[tuple[str, str], list[FileChange]] = {}

    @classmethod
    def create(cls, path: Path, default_branch: str) -> GitStore:
        """Make an empty bare repository; pushes over HTTP are switched on."""
        path.mkdir(parents=True)
        repo = Repo.init_bare(str(path))
        repo.refs.set_symbolic_ref(cast("Any", b"HEAD"), cast("Any", f"refs/heads/{default_branch}".encode()))
        config = repo.get_config()
        config.set((b"http",), b"receivepack", b"true")
        config.set((b"uploadpack",), b"allowAnySHA1InWant", b"true")
        config.set((b"receive",), b"denyDeleteCurrent", b"true")
        config.set((b"transfer",), b"hideRefs", b"refs/sandbox")
        # Nothing here has to outlive the machine or grows old: no waiting for the disk, no looking for garbage.
        config.set((b"core",), b"fsync", b"none")
        config.set((b"gc",), b"auto", b"0")
        config.set((b"receive",), b"autogc", b"false")
        config.write_to_path()
        # A first commit is compared with the empty tree, which git knows without storing it and dulwich does not.
        repo.object_store.add_object(Tree())
        repo.close()
        return cls(path)

    def close(self) -> None:
        self.repo.close()

    # objects

    def get(self, sha: str) -> ShaFile | None:
        """Give an object by its full id, which names its bytes for good: commits and trees are read from disk once."""
        if (known := self._read.get(sha)) is not None:
            return known
        try:
            found = self.repo.object_store[cast("Any", sha.encode())]
        except (KeyError, ValueError, AssertionError):
            return None
        if isinstance(found, Commit | Tree):
            self._read[sha] = found
        return found

    def commit(self, sha: str) -> Commit | None:
        found = self.get(sha)
        return found if isinstance(found, Commit) else None

    def tree(self, sha: str) -> Tree | None:
        found = self.get(sha)
        return found if isinstance(found, Tree) else None

    def blob(self, sha: str) -> bytes | None:
        found = self.get(sha)
        return found.data if isinstance(found, Blob) else None

    def add(self, thing: ShaFile) -> str:
        self.repo.object_store.add_object(thing)
        return thing.id.decode()

    def add_blob(self, content: bytes) -> str:
        return self.add(Blob.from_string(content))

    def add_tree(self, entries: dict[str, tuple[int, str]]) -> str:
        """Write nested trees for a flat mapping of path to (mode, sha); an empty mapping is the empty tree."""
        tree = Tree()
        folders: dict[str, dict[str, tuple[int, str]]] = {}
        for path, (mode, sha) in entries.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = (mode, sha)
            else:
                tree.add(head.encode(), mode, cast("Any", sha.encode()))
        for name, inside in folders.items():
            tree.add(name.encode(), DIRECTORY, cast("Any", self.add_tree(inside).encode()))
        return self.add(tree)

    def add_commit(
        self,
        tree: str,
        parents: list[str],
        message: str,
        author: Person,
        committer: Person,
        signature: str | None = None,
    ) -> str:
        commit = Commit()
        commit.tree = cast("Any", tree.encode())
        commit.parents = [cast("Any", parent.encode()) for parent in parents]
        commit.author = f"{author.name} <{author.email}>".encode()
        commit.committer = f"{committer.name} <{committer.email}>".encode()
        commit.author_time, commit.commit_time = int(author.at.timestamp()), int(committer.at.timestamp())
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8" if not message.isascii() else None
        commit.message = message.encode()
        if signature is not None:
            commit.gpgsig = signature.encode()
        return self.add(commit)

    # references

    def ref(self, name: str) -> str | None:
        """Give the object a full reference name points to."""
        try:
            return bytes(self.repo.refs[cast("Any", name.encode())]).decode()
        except (KeyError, ValueError):
            return None

    def branch(self, name: str) -> str | None:
        return self.ref(f"refs/heads/{name}")

    def set_ref(self, name: str, sha: str) -> None:
        self.repo.refs[cast("Any", name.encode())] = cast("Any", sha.encode())

    def set_head(self, branch: str) -> None:
        """Name the branch that a clone checks out."""
        self.repo.refs.set_symbolic_ref(cast("Any", b"HEAD"), cast("Any", f"refs/heads/{branch}".encode()))

    def delete_ref(self, name: str) -> None:
        del self.repo.refs[cast("Any", name.encode())]

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Give all references under a prefix, sorted by name."""
        names = sorted(bytes(name).decode() for name in self.repo.refs.allkeys())
        found = {name: self.ref(name) for name in names if name.startswith(prefix)}
        return {name: sha for name, sha in found.items() if sha is not None}

    def resolve(self, name: str) -> str | None:
        """Give the commit that a branch, tag, full reference or (short) object id names."""
        for full in (f"refs/heads/{name}", f"refs/tags/{name}", name if name.startswith("refs/") else f"refs/{name}"):
            if (sha := self.ref(full)) is not None:
                return self.peel(sha)
        if name == "HEAD" and (head := self.ref("HEAD")) is not None:
            return head
        if len(name) == 40 and self.commit(name) is not None:
            return name
        if 7 <= len(name) < 40 and all(letter in "0123456789abcdef" for letter in name):
            found = [bytes(sha).decode() for sha in self.repo.object_store.iter_prefix(name.encode())]
            commits = [sha for sha in found if self.commit(sha) is not None]
            return commits[0] if len(commits) == 1 else None
        return None

    def peel(self, sha: str) -> str | None:
        """Follow annotated tags to the commit."""
        thing = self.get(sha)
        while isinstance(thing, Tag):
            sha = thing.object[1].decode()
            thing = self.get(sha)
        return sha if isinstance(thing, Commit) else None

    # history

    def parents(self, sha: str) -> tuple[str, ...]:
        if sha not in self._parents:
            commit = self.commit(sha)
            self._parents[sha] = tuple(parent.decode() for parent in commit.parents) if commit is not None else ()
        return self._parents[sha]

    def tree_of(self, commit_sha: str) -> str:
        commit = self.commit(commit_sha)
        return commit.tree.decode() if commit is not None else EMPTY_TREE

    def ancestors(self, sha: str) -> set[str]:
        """Give a commit and everything it descends from."""
        seen: set[str] = set()
        waiting = [sha]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting.extend(self.parents(current))
        return seen

    def is_ancestor(self, older: str, newer: str) -> bool:
        return older == newer or older in self.ancestors(newer)

    def merge_base(self, one: str, other: str) -> str | None:
        """Give the best common ancestor: one that no other common ancestor descends from."""
        common = self.ancestors(one) & self.ancestors(other)
        covered = {parent for sha in common for parent in self.parents(sha)}
        best = [sha for sha in common if sha not in covered]
        return min(best, default=None)

    def between(self, base: str, head: str) -> list[str]:
        """Give the commits of head that base lacks, parents before children."""
        hidden = self.ancestors(base)
        order: list[str] = []
        seen: set[str] = set()
        stack: list[tuple[str, bool]] = [(head, False)]
        while stack:
            sha, parents_done = stack.pop()
            if parents_done:
                order.append(sha)
            elif sha not in hidden and sha not in seen:
                seen.add(sha)
                stack.append((sha, True))
                stack.extend((parent, False) for parent in reversed(self.parents(sha)))
        return order

    # trees

    def lookup(self, tree_sha: str, path: str) -> Entry | None:
        """Find one path in a tree; the empty path is the tree itself."""
        entry = Entry("", DIRECTORY, tree_sha)
        for part in [part for part in path.split("/") if part]:
            tree = self.tree(entry.sha)
            if tree is None or part.encode() not in tree:
                return None
            mode, sha = tree[part.encode()]
            entry = Entry(f"{entry.path}/{part}" if entry.path else part, mode, sha.decode())
        return entry

    def list_tree(self, tree_sha: str, *, recursive: bool = False) -> Iterator[Entry]:
        """Yield entries in git's order; recursively, folders come right before what they hold."""
        tree = self.tree(tree_sha)
        if tree is None:
            return
        for item in tree.iteritems():
            name = item.path.decode("utf-8", "replace")
            entry = Entry(name, item.mode, item.sha.decode())
            yield entry
            if recursive and item.mode == DIRECTORY:
                for inner in self.list_tree(entry.sha, recursive=True):
                    yield Entry(f"{name}/{inner.path}", inner.mode, inner.sha)

    def flat(self, tree_sha: str) -> dict[str, tuple[int, str]]:
        """Give every path that is not a folder."""
        return {e.path: (e.mode, e.sha) for e in self.list_tree(tree_sha, recursive=True) if e.mode != DIRECTORY}
