"""Our own sandbox and the emulator, asked the same: where they differ, it is known who goes by GitHub's docs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.server import generate_key
from tests.emulate.both import REQUESTS, Caller, answers, fields
from tests.emulate.conftest import furnished
from tests.emulate.seed import APP_ID, PEOPLE, token

pytestmark = pytest.mark.emulate

Answers = dict[str, tuple[int, Any]]

# What: the sandbox's status, the emulator's. In all of these GitHub does what the sandbox does.
DIFFERENT: Final = {
    "an unknown commit": (422, 404),  # "No commit found for SHA"
    "a missing branch forward": (422, 404),  # "Reference does not exist"
    "a missing branch away": (422, 404),
    "a second pull request": (422, 201),  # one per head and base
    "a check run of no such commit": (422, 201),
    "a merge of another head": (409, 422),
    "a second merge": (405, 422),
}
# Fields whose value depends on the requests alone, and not on who and what was there before.
ALIKE: Final = frozenset(
    {"status", "conclusion", "state", "state_reason", "draft", "merged", "role_name", "body", "ref"}
    | {"ahead_by", "behind_by", "total_commits", "filename", "mode", "type", "encoding", "content", "path"}
)
# GitHub gives a folder in git's own order; the emulator puts folders first.
SORTED_OTHERWISE: Final = {"a folder"}


@pytest.fixture
async def both(key: str, tmp_path: Path) -> AsyncIterator[tuple[Answers, Answers]]:
    other_key = generate_key()
    sandbox = await Sandbox.start(private_key_pem=key, directory=tmp_path / "git")
    try:
        async with aiohttp.ClientSession() as http, furnished(key, tmp_path, is_heard=False) as world:
            ours = await answers(Caller(http, sandbox.url, dict(sandbox.tokens)), sandbox.app_id, key, other_key)
            tokens = {login: token(login) for login in PEOPLE}
            theirs = await answers(Caller(http, world.between.github, tokens), APP_ID, key, other_key)
        yield ours, theirs
    finally:
        await sandbox.stop()


@pytest.mark.malformed
async def test_the_sandbox_and_the_emulator_answer_alike(both: tuple[Answers, Answers]) -> None:
    ours, theirs = both
    statuses = {what: (ours[what][0], theirs[what][0]) for what, *_ in REQUESTS}
    assert {what: pair for what, pair in statuses.items() if pair[0] != pair[1]} == DIFFERENT
    for what, pair in statuses.items():
        if max(pair) < 300:
            one, other = dict(fields(ours[what][1])), dict(fields(theirs[what][1]))
            common = one.keys() & other.keys()
            assert common or ours[what][1] is None, what
            assert {at: type(one[at]) for at in common} == {at: type(other[at]) for at in common}, what
            # GitHub breaks the lines of base64; the emulator does not.
            unlike = {at for at in common if _last(at) in ALIKE and _calm(one[at]) != _calm(other[at])}
            assert what in SORTED_OTHERWISE or {at: (one[at], other[at]) for at in unlike} == {}, what
        elif min(pair) >= 400:
            assert ours[what][1]["message"] and theirs[what][1]["message"], what


def _last(at: str) -> str:
    return at.rpartition(".")[2]


def _calm(value: Any) -> Any:
    return value.replace("\n", "") if isinstance(value, str) else value
