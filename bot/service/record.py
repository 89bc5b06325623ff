"""The record commit: the plan's own file brought up to date, on top of the branch's exact head.

Races met here: a push between reading and writing makes GitHub refuse the ref (not a fast forward), and everything
is read and done again; a crash after the ref moved leaves the commit's SHA noted, and it is found on the branch.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.github import comparison, git_data, trees
from bot.github.errors import HeadMoved, NotFound, UnexpectedAnswer
from bot.runs.effects import Trailers, WriteRecord
from bot.service.target import Target
from bot.service.writing import written
from bot.views import words

TRIES: Final = 4

Result = Mapping[str, str]
Note = Callable[[Result], Awaitable[None]]
OnWritten = Callable[[str, bytes], None]


async def write_record(target: Target, effect: WriteRecord, noted: Result, note: Note, on_written: OnWritten) -> Result:
    """Commit the record; `commit` and `blobs` (path to blob SHA) of what was written, nothing if it stood already.

    `on_written` is told the path and the bytes that stand there now. Raises GitHubError as the client does; HeadMoved
    when the branch kept moving.
    """
    found = await landed(target, effect.branch, noted)
    if found is not None:
        return found
    message = commit_message(effect.subject, effect.trailers)
    for attempt in range(1, TRIES + 1):
        head = await git_data.read_ref(target.client, target.repo, effect.branch)
        content = await git_data.read_file(target.client, target.repo, head, effect.path)
        before = None if content is None else text_of(content)
        text = await asyncio.to_thread(written, effect.path, before, effect.record)
        if text is None:
            raise UnexpectedAnswer(f"The plan {effect.path} is not on the branch {effect.branch} any more")
        try:
            result = await commit(target, effect.branch, head, {effect.path: text.encode()}, message, note)
            on_written(effect.path, text.encode())
            return result
        except HeadMoved:
            if attempt == TRIES:
                raise
    raise AssertionError("the loop returns or raises")


async def landed(target: Target, branch: str, noted: Result) -> Result | None:
    """The result of an earlier attempt whose commit is on the branch; None when it never got there."""
    prepared = noted.get("commit")
    if prepared is None:
        return None
    try:
        head = await git_data.read_ref(target.client, target.repo, branch)
    except NotFound:
        return None
    found = await comparison.compare(target.client, target.repo, prepared, head)
    return noted if found.standing in {"ahead", "identical"} else None


async def commit(
    target: Target, branch: str, head: str, changes: Mapping[str, bytes | None], message: str, note: Note
) -> Result:
    """One commit on exactly `head`; its SHA is noted before the branch moves to it."""

    def result(sha: str) -> Result:
        blobs = {path: trees.blob_sha(content) if content is not None else "" for path, content in changes.items()}
        return {"commit": sha, "blobs": json.dumps(blobs, sort_keys=True)}

    async def prepared(sha: str) -> None:
        await note(result(sha))

    done = await git_data.commit_files(target.client, target.repo, branch, head, changes, message, on_prepared=prepared)
    return result(done.sha) if done.created else {"unchanged": "yes"}


def text_of(content: bytes) -> str:
    """A document's text. Raises UnexpectedAnswer for bytes that are not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnexpectedAnswer(f"The file is not UTF-8 any more: byte {error.start} cannot be read") from error


def commit_message(subject: str, trailers: Trailers) -> str:
    """Subject and trailers, one line each; values come from logins and ids, and lose anything that is not a line."""
    lines = [f"{name}: {' '.join(value.split())}" for name, value in trailers]
    return f"{words.subject(subject)}\n\n" + "\n".join(lines) + "\n"
