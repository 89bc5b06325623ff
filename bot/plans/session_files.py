"""The files of a team session: where its folder is, which files are read, and one JSON file while it is read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from bot.plans import findings as say
from bot.plans.findings import Kind
from bot.plans.model import PLAN_BYTES_LIMIT, Finding
from bot.plans.strict_json import Array, Json, Member, Object, Problem, Scalar, folded, read_json, words_for

SESSION_FILE: Final = "team-session.json"
ANALYSIS_FILE: Final = "task-analysis.json"
TASKS_FILE: Final = "tasks.json"
ROLE_SPECS: Final = "role-specs/"
ARTIFACTS: Final = "artifacts/"
WORK_FOLDERS: Final = (ROLE_SPECS, ARTIFACTS, "discoveries/", "discussions/", "explorations/", "wisdom/", ".msg/")
FILES_LIMIT: Final = 200
ARTIFACTS_LIMIT: Final = 500


def session_folder(path: str) -> str:
    """The folder of a session from the path of its team-session.json or of the folder itself; "" is the root."""
    path = path.rstrip("/")
    return posixpath.dirname(path) if posixpath.basename(path) == SESSION_FILE else path


def wanted(path: str, listing: Iterable[str]) -> tuple[str, ...]:
    """Which of the listed repository paths are to be fetched to read a session; at most FILES_LIMIT.

    These are the session's two files, tasks.json where there is one, and the role specs. Artifacts are never read.
    """
    prefix = folder_prefix(path)
    there = sorted({listed[len(prefix) :] for listed in listing if listed.startswith(prefix)})
    first = [name for name in (SESSION_FILE, ANALYSIS_FILE, TASKS_FILE) if name in there]
    chosen = [*first, *(name for name in there if is_role_spec(name))]
    return tuple(prefix + name for name in chosen[:FILES_LIMIT])


def is_left_by_workers(path: str, name: str) -> bool:
    """Say whether the repository path `name` belongs to the session at `path`, as what its workers leave behind.

    In a hidden folder (`.workflow/.team/TC-shop`) that is everything; elsewhere, where product code may lie beside the
    session, only the files and folders that a session is known to have.
    """
    prefix = folder_prefix(path)
    if not prefix or not name.startswith(prefix):
        return False
    parts = prefix.casefold().split("/")
    if any(part.startswith(".") for part in parts) and ".github" not in parts:
        return True
    inside = name[len(prefix) :]
    return inside in {SESSION_FILE, ANALYSIS_FILE, TASKS_FILE} or inside.startswith(WORK_FOLDERS)


def folder_prefix(path: str) -> str:
    folder = session_folder(path)
    return f"{folder}/" if folder else ""


def is_role_spec(name: str) -> bool:
    """Say whether this path, below the session's folder, is a role spec: a Markdown file right in role-specs/."""
    return name.startswith(ROLE_SPECS) and name.lower().endswith(".md") and "/" not in name[len(ROLE_SPECS) :]


@dataclass(frozen=True, slots=True)
class Folder:
    """What is known of a session's folder: `names` are the paths below it, `contents` what was fetched of them."""

    path: str
    names: tuple[str, ...]
    contents: Mapping[str, bytes | None]

    @classmethod
    def of(cls, path: str, files: Mapping[str, bytes | None], listing: Iterable[str]) -> Folder:
        prefix = folder_prefix(path)
        contents = {name[len(prefix) :]: content for name, content in files.items() if name.startswith(prefix)}
        listed = {name[len(prefix) :] for name in listing if name.startswith(prefix)}
        fetched = {name for name, content in contents.items() if content is not None}
        return cls(session_folder(path), tuple(sorted((listed | fetched) - {""})), contents)

    def text(self, name: str) -> str | Finding:
        """The text of a file that is there, or why it has none."""
        content = self.contents.get(name)
        if content is None:
            return say.SESSION_FILE_UNREADABLE.at(None, file=name, reason="its content could not be fetched")
        if len(content) > PLAN_BYTES_LIMIT:
            reason = f"it has {len(content)} bytes; at most {PLAN_BYTES_LIMIT} are read"
            return say.SESSION_FILE_UNREADABLE.at(None, file=name, reason=reason)
        if b"\0" in content:
            return say.SESSION_FILE_UNREADABLE.at(None, file=name, reason="it is binary")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start)
            return say.SESSION_FILE_UNREADABLE.at(line, file=name, reason=f"byte {error.start} is not UTF-8")

    @property
    def artifacts(self) -> tuple[str, ...]:
        found = (name[len(ARTIFACTS) :] for name in self.names if name.startswith(ARTIFACTS))
        return tuple(found)[:ARTIFACTS_LIMIT]


@dataclass(frozen=True, slots=True)
class Source:
    """One JSON file of a session: it is asked for values of a kind, and what is of another kind becomes a finding."""

    file: str
    root: Json | None = None
    findings: list[Finding] = field(default_factory=list)

    def member(self, owner: Object, *names: str) -> Member | None:
        """A key that is there and not null; a key in another spelling counts and is said."""
        found = owner.member(*names)
        if found is None or (isinstance(found.value, Scalar) and found.value.value is None):
            return None
        if found.key not in names:
            meant = next(name for name in names if folded(name) == folded(found.key))
            self.findings.append(say.FIELD_ELSEWHERE.at(found.line, file=self.file, found=found.key, wanted=meant))
        return found

    def text(self, owner: Object, *names: str) -> str | None:
        """The text under one of these keys; None when it is missing, empty or no text."""
        found = self.member(owner, *names)
        return None if found is None else self.text_of(found.value, found.key)

    def text_of(self, value: Json, key: str) -> str | None:
        match value:
            case Scalar(value=str(words)):
                return words.strip() or None
            case _:
                self.wrong(value, key, "text")
                return None

    def texts(self, owner: Object, *names: str) -> tuple[str, ...]:
        """The texts of a list, or a single one, under one of these keys."""
        found = self.member(owner, *names)
        if found is None:
            return ()
        if isinstance(found.value, Scalar):
            only = self.text_of(found.value, found.key)
            return () if only is None else (only,)
        return tuple(words for words, _ in self.texts_of(found.value, found.key))

    def texts_of(self, value: Json, key: str) -> Iterator[tuple[str, int]]:
        """The texts of a list with their lines."""
        if not isinstance(value, Array):
            self.wrong(value, key, "a list")
            return
        for item in value.items:
            words = self.text_of(item, f"an entry of {key}")
            if words is not None:
                yield words, item.line

    def objects(self, owner: Object, *names: str) -> tuple[Object, ...]:
        """The objects of a list under one of these keys."""
        found = self.member(owner, *names)
        return () if found is None else tuple(self.objects_of(found.value, found.key))

    def objects_of(self, value: Json, key: str) -> Iterator[Object]:
        if not isinstance(value, Array):
            self.wrong(value, key, "a list")
            return
        for item in value.items:
            if isinstance(item, Object):
                yield item
            else:
                self.wrong(item, f"an entry of {key}", "an object")

    def wrong(self, value: Json, key: str, wanted_words: str) -> None:
        found = words_for(value)
        self.findings.append(say.WRONG_TYPE.at(value.line, file=self.file, key=key, found=found, wanted=wanted_words))


def read_source(folder: Folder, name: str, missing: Kind | None, corrupt: Kind | None) -> Source:
    """Read one JSON file of a session; a file without `corrupt` is one that a session does without."""
    source = Source(name)
    if name not in folder.names:
        if missing is not None:
            source.findings.append(missing.at(None))
        return source
    text = folder.text(name)
    if isinstance(text, Finding):
        is_needed = corrupt is not None
        left_aside = say.EXTRA_FILE_UNREADABLE.at(None, file=name, reason="it is no UTF-8 text that could be fetched")
        source.findings.append(text if is_needed else left_aside)
        return source
    found = read_json(text)
    source.findings.extend(_problem(name, problem, corrupt) for problem in found.problems)
    return Source(name, found.root, source.findings)


def _problem(name: str, problem: Problem, corrupt: Kind | None) -> Finding:
    match problem.kind:
        case "syntax":
            kind = corrupt or say.EXTRA_FILE_UNREADABLE
            return kind.at(problem.line, file=name, reason=problem.reason)
        case "duplicate":
            return say.DUPLICATE_KEY.at(problem.line, file=name, reason=problem.reason)
        case "number":
            return say.BAD_NUMBER.at(problem.line, file=name, reason=problem.reason)
        case _:
            assert_never(problem.kind)
