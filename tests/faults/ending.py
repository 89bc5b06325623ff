"""What a story has left behind, on GitHub and in the database, in a form in which two endings can be compared.

Commits are called by their subject, so that one that is named in the place of another shows. Left out is what differs
from one telling to the next: object ids, times, ports and long numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import unified_diff

from bot.sandbox.git.store import ZERO
from bot.sandbox.state import Issue, Repository
from tests.faults.stage import Stage

_HEX = re.compile(r"\b[0-9a-f]{7,64}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|\+00:00)?(?: UTC)?|\b\d\d:\d\d\b")
_NUMBER = re.compile(r"127\.0\.0\.1:\d+|(?<![\w.])\d{5,}\b")


def ending(github: Stage) -> str:
    """Everything, as one page; raises AssertionError when something that was accepted was lost."""
    assert github.database.unhandled() == [], "a delivery was accepted and not handled"
    assert not github.lost(), "GitHub could not deliver something, and nobody asked for it again"
    accepted = {one.event.guid for one in github.sandbox.hooks.attempts if one.status_code == 202}
    assert accepted <= github.database.guids(), "a delivery was accepted and not stored"
    return "\n".join(_lines(github)) + "\n"


def difference(one: str, other: str) -> str:
    """What is not alike in two endings, line by line; empty when nothing is."""
    return "\n".join(unified_diff(one.splitlines(), other.splitlines(), "as it ended", "undisturbed", lineterm="", n=0))


def _lines(github: Stage) -> Iterator[str]:
    repo = github.sandbox.repo(github.repository)
    calm = _Calm(repo)
    for _, issue in sorted(repo.issues.items()):
        yield from map(calm.text, _issue(issue))
    for name, tip in repo.git.refs("refs/heads/").items():
        yield from map(calm.text, _branch(repo, name, tip))
    for sha in [pull.head_sha for pull in repo.pulls()]:
        yield from map(calm.text, _checks(github, repo, sha))
    for _, run in sorted(repo.workflow_runs.items()):
        inputs = json.dumps(run.inputs, sort_keys=True)
        yield calm.text(
            f"workflow run: {run.path} {run.title} {run.status} {run.conclusion} by {run.actor.login} {inputs}"
        )
    database = github.database
    for name, rows in (("ledger", database.ledger()), ("effect", database.effects())):
        yield from (calm.text(f"{name}: {row}") for row in rows)
    for state in database.runs():
        yield from (calm.text(f"run: {name} {json.dumps(value, sort_keys=True)}") for name, value in state.items())


def _issue(issue: Issue) -> Iterator[str]:
    labels = " ".join(sorted(label.name for label in issue.labels))
    yield f"issue {issue.number}: {issue.title!r} {issue.state} by {issue.user.login} [{labels}]"
    yield from (f"issue {issue.number} says: {line}" for line in (issue.body or "").splitlines())
    if (pull := issue.pull) is not None:
        merged = "merged" if pull.merged_at else "not merged"
        yield f"pull {issue.number}: {pull.head_ref} into {pull.base_ref}, {merged}, draft {pull.draft}"
        yield f"pull {issue.number} is at {pull.head_sha}"
    told = []
    for comment in issue.comments:
        reactions = sorted(f"{one.user.login} {one.content}" for one in comment.reactions)
        told.append(f"comment on {issue.number} by {comment.user.login} {reactions}: {comment.body}")
    yield from sorted(told)


def _branch(repo: Repository, name: str, tip: str) -> Iterator[str]:
    git = repo.git
    for sha in git.between(ZERO, tip):
        commit = git.commit(sha)
        assert commit is not None
        author = commit.author.decode().partition(" <")[0]
        yield f"{name} commit by {author}: {commit.message.decode()}"
    for path, (mode, sha) in sorted(git.flat(git.tree_of(tip)).items()):
        content = git.blob(sha)
        yield f"{name} file {mode:o} {path}"
        if path.startswith(("docs/", "memory-bank/", "specs/")) and content is not None:
            yield from (f"{name} {path}: {line}" for line in content.decode().splitlines(keepends=True))


def _checks(github: Stage, repo: Repository, sha: str) -> Iterator[str]:
    newest = {}
    for _, run in sorted(repo.check_runs.items()):
        if run.suite.head_sha == sha and run.suite.app.id == github.sandbox.app_id:
            newest[run.name] = run
    for name, run in sorted(newest.items()):
        yield f"check {name} on {sha}: {run.status} {run.conclusion} {run.title!r}"
        yield from (f"check {name} on {sha}: {line}" for line in (run.summary or "").splitlines())


class _Calm:
    """Texts without what differs from one telling to the next."""

    def __init__(self, repo: Repository) -> None:
        self._subjects: dict[str, str] = {}
        for tip in repo.git.refs().values():
            for sha in repo.git.ancestors(tip):
                commit = repo.git.commit(sha)
                if commit is not None:
                    self._subjects[sha] = commit.message.decode().partition("\n")[0]

    def text(self, text: str) -> str:
        named = _HEX.sub(self._name, text)
        return _NUMBER.sub("(number)", _TIME.sub("(time)", named))

    def _name(self, found: re.Match[str]) -> str:
        short = found[0]
        subjects = {subject for sha, subject in self._subjects.items() if sha.startswith(short)}
        if subjects:
            return f"<{' or '.join(sorted(subjects))}>"
        # A word of seven letters from a to f is a word, unless there is such a commit.
        return "(id)" if any(map(str.isdigit, short)) else short
