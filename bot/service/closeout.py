"""Closeout: the finished plan moves, indexes and references follow, on the branch itself or as a pull request."""

from __future__ import annotations

import asyncio
import json
import posixpath
from collections.abc import Mapping
from typing import Final, assert_never

from bot.github import comparison, contents, git_data, pulls, trees
from bot.github.errors import AlreadyExists, HeadMoved, UnexpectedAnswer
from bot.plans.indexes import add_entry, remove_entry
from bot.plans.model import Dialect
from bot.plans.references import rebase_links, retarget
from bot.runs.effects import CloseOut
from bot.service.dialect_closeout import exported, finished_spec, text_at
from bot.service.record import TRIES, Note, Result, commit, commit_message, landed, text_of
from bot.service.target import Target
from bot.service.writing import written
from bot.views.words import subject

DOCUMENTS_LIMIT: Final = 500
DOCUMENT_BYTES: Final = 1024 * 1024


async def close_out(target: Target, effect: CloseOut, noted: Result, note: Note) -> Result:
    """Close the plan out; the result has `moved_path`, `commit` and `blobs`, and for a pull request `pull`, `url`."""
    if not effect.as_pull:
        found = await landed(target, effect.branch, noted) or await _commit(target, effect, effect.branch, note)
        return {**found, "moved_path": effect.moved_path}
    return await _as_pull(target, effect, noted, note)


async def _as_pull(target: Target, effect: CloseOut, noted: Result, note: Note) -> Result:
    branch = await _own_branch(target, effect, noted, note)
    existing, _ = await pulls.listed(target.client, target.repo, state="all", head_branch=branch)
    for pull in existing:
        # An older closeout of a plan of this name may have had this branch too; its pull request is not this one.
        if pull.state == "open" or pull.head_sha == noted.get("commit"):
            return _opened(effect, pull)
    if await landed(target, branch, noted) is None:
        committed = await _commit(target, effect, branch, note)
        if "unchanged" in committed:
            # Everything stands as it should already: there is nothing to propose, and no branch is left behind.
            await git_data.delete_branch(target.client, target.repo, branch)
            return {"moved_path": effect.moved_path, "pull": "", "url": ""}
    opened = await pulls.create(
        target.client, target.repo, title=subject(effect.title), body=effect.body, head=branch, base=effect.branch
    )
    return _opened(effect, opened)


def _opened(effect: CloseOut, pull: pulls.PullRequest) -> Result:
    return {"pull": str(pull.number), "url": pull.html_url, "moved_path": effect.moved_path}


async def _own_branch(target: Target, effect: CloseOut, noted: Result, note: Note) -> str:
    """A branch at the base's head that this effect made itself, its name noted before it is made.

    A branch of the wished-for name that was there before is somebody else's: what it holds is not to be carried into
    a pull request that people trust to be the bot's.
    """
    base = await git_data.read_ref(target.client, target.repo, effect.branch)
    suffixes = ("", f"-{target.key.number}", f"-{effect.key.rpartition('-')[2].replace(':', '-')}")
    names = [effect.new_branch + suffix for suffix in suffixes]
    for name in names:
        if noted.get("branch", name) != name:
            continue
        await note({"branch": name})
        try:
            await git_data.create_branch(target.client, target.repo, name, base)
        except AlreadyExists:
            if noted.get("branch") != name or not await _holds_nothing_foreign(target, name, base, noted):
                noted = {}
                continue
        return name
    raise UnexpectedAnswer(f"The branches {', '.join(names)} exist already")


async def _holds_nothing_foreign(target: Target, branch: str, base: str, noted: Result) -> bool:
    """Whether a branch is at the base or at the commit that this effect prepared, and at nobody else's."""
    head = await git_data.read_ref(target.client, target.repo, branch)
    if head == noted.get("commit"):
        return True
    found = await comparison.compare(target.client, target.repo, base, head)
    return found.standing in {"identical", "behind"}


async def _commit(target: Target, effect: CloseOut, branch: str, note: Note) -> Result:
    message = commit_message(effect.title, effect.trailers)
    for attempt in range(1, TRIES + 1):
        head = await git_data.read_ref(target.client, target.repo, branch)
        changes = await _changes(target, effect, head)
        if not changes:
            return {"unchanged": "yes"}
        try:
            return _without_exports(effect, await commit(target, branch, head, changes, message, note))
        except HeadMoved:
            if attempt == TRIES:
                raise
    raise AssertionError("the loop returns or raises")


def _without_exports(effect: CloseOut, result: Result) -> Result:
    """Exported artifacts are workers' bytes: they are not the bot's own record, and scope looks at them."""
    if effect.export_to is None or "blobs" not in result:
        return result
    own = {path: blob for path, blob in json.loads(result["blobs"]).items() if path == effect.path}
    return {**result, "blobs": json.dumps(own, sort_keys=True)}


async def _changes(target: Target, effect: CloseOut, head: str) -> dict[str, bytes | None]:
    """Every file that the closeout writes or removes, as it should stand on top of `head`."""
    match effect.dialect:
        case Dialect.EXEC_PLAN:
            return await _moved(target, effect, head)
        case Dialect.MEMORY_BANK | Dialect.TEAM_SESSION:
            changes = await _recorded(target, effect, head)
            if effect.export_to is not None:
                changes |= await exported(target, posixpath.dirname(effect.plan_path), effect.export_to, head)
            return changes
        case Dialect.SPEC_PLAN:
            return await finished_spec(target, effect, head)
        case _:
            assert_never(effect.dialect)


async def _recorded(target: Target, effect: CloseOut, head: str) -> dict[str, bytes | None]:
    """The record's own file, finished; nothing where it says so already."""
    before = await text_at(target, head, effect.path)
    after = await asyncio.to_thread(written, effect.path, before, effect.record)
    if after is None:
        raise UnexpectedAnswer(f"{effect.path} is not on the branch any more")
    return {effect.path: after.encode()} if after != before else {}


async def _moved(target: Target, effect: CloseOut, head: str) -> dict[str, bytes | None]:
    """An exec-plan goes to its completed place, with indexes and references."""
    old, new = effect.plan_path, effect.moved_path
    file = await contents.file_at(target.client, target.repo, head, old)
    if isinstance(file, contents.Missing):
        file = await contents.file_at(target.client, target.repo, head, new)
    if not isinstance(file, contents.FileAt):
        raise UnexpectedAnswer(f"The plan {old} is not on the branch any more")
    text = await asyncio.to_thread(written, file.path, text_of(file.content), effect.record)
    assert text is not None
    if old == new:
        # Closed out on the branch already; what was pushed since only brings a new verdict into the record.
        return {new: text.encode()}
    active = posixpath.join(posixpath.dirname(old), "index.md")
    completed = posixpath.join(posixpath.dirname(new), "index.md")
    changes: dict[str, bytes | None] = {new: text.encode()}
    if file.path != new:
        changes = {new: rebase_links(text, old, new).encode(), old: None}
    for path in (active, completed):
        index = await contents.file_at(target.client, target.repo, head, path)
        before = text_of(index.content) if isinstance(index, contents.FileAt) else ""
        if path == active:
            after = await asyncio.to_thread(remove_entry, before, path, old) if before else ""
        else:
            after = await asyncio.to_thread(add_entry, before, path, new, _title(effect))
        if after != before:
            changes[path] = after.encode()
    changes |= await _references(target, head, old, new, skip=frozenset({old, new, active, completed}))
    return changes


def _title(effect: CloseOut) -> str:
    return effect.title.removeprefix("Close out ")


async def _references(
    target: Target, head: str, old: str, new: str, *, skip: frozenset[str]
) -> Mapping[str, bytes | None]:
    """The documents under the docs folder that name the moved plan, with the reference changed."""
    root = old.split("/", 1)[0]
    listing = await trees.whole_tree(target.client, target.repo, head)
    documents = [
        entry
        for entry in listing.entries
        if entry.path.startswith(f"{root}/")
        and entry.path.endswith(".md")
        and entry.path not in skip
        and (entry.size or 0) <= DOCUMENT_BYTES
        and entry.mode in (trees.Mode.FILE, trees.Mode.EXECUTABLE)
    ]
    changed: dict[str, bytes | None] = {}
    name = posixpath.basename(old).encode()
    for entry in documents[:DOCUMENTS_LIMIT]:
        content = await trees.blob(target.client, target.repo, entry.sha)
        if name not in content:
            continue
        try:
            before = content.decode("utf-8")
        except UnicodeDecodeError:
            continue
        after = await asyncio.to_thread(retarget, before, entry.path, old, new)
        if after != before:
            changed[entry.path] = after.encode()
    return changed
