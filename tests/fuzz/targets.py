"""What is fuzzed: each target takes any bytes and may raise nothing but what it documents.

A target also says what must hold of what it gives (`Broken` if it does not), so that wrong answers count as crashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from bot.plans.contract import contract_of, differences
from bot.plans.dialects import READABLE, read
from bot.plans.findings import FINDINGS_LIMIT
from bot.plans.model import BLOCKS_LIMIT, Reading
from bot.plans.patterns import PatternError, ScopeRules
from bot.plans.team_session import read_session
from bot.runs.command_lines import COMMANDS_PER_COMMENT, command_lines
from bot.runs.policy import Policy, read_policy
from tests.fuzz import door, seeds, tokens
from tests.fuzz.broken import Broken, hold


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes any bytes; `seeds` are what it begins with, `words` what is worth putting in."""

    name: str
    what: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...]


PLACES: Final = {
    ord("E"): ("docs/exec-plans/active/x.md", READABLE[0]),
    ord("M"): ("memory-bank/plan/x.md", READABLE[1]),
    ord("S"): ("specs/x/PLAN.md", READABLE[2]),
}
FOLDER: Final = ".workflow/.team/TC-x"


def reader(data: bytes) -> None:
    """The first byte chooses the dialect, the rest is the plan."""
    if not data:
        return
    path, dialect = PLACES.get(data[0], PLACES[ord("E")])
    content = data[1:]
    found = read(path, content, dialect)
    _is_bounded(found, content.decode("utf-8", "replace"))
    if len(content) % 16 == 0:
        hold(read(path, content, dialect) == found, "the same bytes are read alike")


def session(data: bytes) -> None:
    """Files of a session, each behind a line `=== name`."""
    files: dict[str, bytes | None] = {}
    for piece in data.split(b"\n=== "):
        name, _, content = piece.removeprefix(b"=== ").partition(b"\n")
        files[f"{FOLDER}/{name.decode('utf-8', 'replace')[:100]}"] = content
    found = read_session(f"{FOLDER}/team-session.json", files, sorted(files))
    _is_bounded(found, None)


def _is_bounded(found: Reading, text: str | None) -> None:
    hold(len(found.findings) <= FINDINGS_LIMIT + 1, "findings are bounded")
    for finding in found.findings:
        hold("\n" not in finding.message, "a finding is one line")
        if text is not None and finding.line is not None:
            hold(1 <= finding.line <= len(text.splitlines()) + 1, "a finding is about a line of the file")
    if found.plan is not None:
        hold(len(found.plan.blocks) <= BLOCKS_LIMIT, "blocks are bounded")
        ids = [block.id.casefold() for block in found.plan.blocks]
        if found.is_executable:
            hold(len(ids) == len(set(ids)) > 0, "what can be executed has blocks, each once")
            contract = contract_of(found.plan)
            hold(not differences(contract.terms, contract_of(found.plan).terms), "a contract is its own")


def commands(data: bytes) -> None:
    body = data.decode("utf-8", "replace")
    found = command_lines.__wrapped__(body)
    hold(len(found) <= COMMANDS_PER_COMMENT, "commands are counted")
    lines = [line.strip().casefold() for line in body.replace("\r", "\n").split("\n")]
    for line in found:
        hold(line.word.isascii() and "\n" not in line.rest, "a command is one line")
        hold(any(one.startswith(f"/{line.word}") for one in lines), "a command stands at the beginning of a line")
    quoted = "\n".join(f"> {line}" for line in body.split("\n"))
    if "\r" not in body:
        hold(command_lines.__wrapped__(quoted) == (), "a quote commands nothing")


def policy(data: bytes) -> None:
    found = read_policy(data)
    if isinstance(found, Policy):
        return
    hold(bool(found.problems), "what is refused is refused with a reason")
    for line, words in found.problems:
        # YAML ends lines at a few characters more than others do.
        hold(
            1 <= line <= len(data.decode("utf-8", "replace").splitlines()) + 1, "a problem is about a line of the file"
        )
        hold(bool(words) and "\n" not in words, "a problem is one line of words")


def patterns(data: bytes) -> None:
    """Include, exclude and a path, one a line; a name that is judged twice is judged alike."""
    text = data.decode("utf-8", "surrogateescape")
    *lines, path = text.split("\n")
    try:
        rules = ScopeRules.compile(lines[::2][:8], lines[1::2][:8])
    except PatternError:
        return
    judged = rules.judge(path)
    hold(judged == rules.judge(path), "a path is judged alike")
    hold(judged.is_allowed == (judged.reason in {"included", "allowed"}), "only what is included is allowed")
    if not lines:
        hold(not judged.is_allowed, "without a pattern nothing is allowed")


TARGETS: Final = {
    target.name: target
    for target in (
        Target("reader", "a plan of three dialects", reader, seeds.plans, seeds.PLAN_WORDS),
        Target("session", "the files of a team session", session, seeds.sessions, seeds.SESSION_WORDS),
        Target("commands", "a comment", commands, seeds.comments, seeds.COMMENT_WORDS),
        Target("policy", "the policy file", policy, seeds.policies, seeds.POLICY_WORDS),
        Target("patterns", "scope patterns and a path", patterns, seeds.patterns, seeds.PATTERN_WORDS),
        Target(
            "webhook", "a request to the webhook endpoint, and the delivery behind it", door.run, door.seeds, door.WORDS
        ),
        Target("oidc", "the token of a worker's report", tokens.run, tokens.seeds, tokens.WORDS),
    )
}

__all__ = ["TARGETS", "Broken", "Target"]
