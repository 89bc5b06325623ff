"""What the agent's job of the worker workflow hands over: a file and a text, and either may be anything at all.

The job that pushes has to refuse what is not the block's own work on the branch, say why in its report, and leave the
branch as it was.
"""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from tests.cli.worker_stage import BRANCH, Stage
from tests.cli.workflow_run import git

NO_BUNDLE = "What was handed over is not a bundle with one head."
ELSEWHERE = "The bundle builds on commits that are not on the branch."
DAMAGED = "The bundle is damaged, or its objects are not complete."
TAKEN_AWAY = "The agent took commits of the branch away."
HEADER = b"# v2 git bundle\n"
EMPTY_PACK = b"PACK" + struct.pack(">II", 2, 0)


def is_refused(stage: Stage, handed: bytes | None) -> str:
    """Hand this over in place of the agent's own bundle; the reason in the report."""
    before = git(stage.remote, "for-each-ref")
    assert not stage.hand_over(handed)
    assert git(stage.remote, "for-each-ref") == before, "something was pushed"
    report = stage.report()
    assert (report["status"], report["commit"]) == ("failed", None)
    return str(report["notes"])


def bundle_of(folder: Path, *what: str) -> bytes:
    git(folder, "bundle", "create", "--quiet", "made.bundle", *what)
    return (folder / "made.bundle").read_bytes()


def commit(folder: Path, name: str = "b.txt") -> None:
    (folder / name).write_text("b\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", name)


def packed(*objects: tuple[str, bytes]) -> bytes:
    """A pack of these objects, made by hand: git itself would not make some of them."""
    kinds = {"commit": 1, "tree": 2, "blob": 3}
    pack = b"PACK" + struct.pack(">II", 2, len(objects))
    for kind, content in objects:
        size, first = len(content) >> 4, (kinds[kind] << 4) | (len(content) & 15)
        head = bytes([first | (128 if size else 0)])
        while size:
            head += bytes([(size & 127) | (128 if size > 127 else 0)])
            size >>= 7
        pack += head + zlib.compress(content)
    return pack + hashlib.sha1(pack).digest()


def oid(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


def with_tree(sha: str, tree: bytes, *others: tuple[str, bytes]) -> bytes:
    """A bundle of one commit on top of `sha` whose tree is this."""
    who = b"A <a@b> 1700000000 +0000"
    made = b"tree %s\nparent %s\nauthor %s\ncommitter %s\n\nB02: x\n" % (
        oid("tree", tree).encode(),
        sha.encode(),
        who,
        who,
    )
    head = f"-{sha}\n{oid('commit', made)} HEAD\n\n".encode()
    return HEADER + head + packed(("commit", made), ("tree", tree), *others)


def entry(mode: str, name: str, kind: str, content: bytes) -> bytes:
    return f"{mode} {name}\0".encode() + bytes.fromhex(oid(kind, content))


def test_no_bundle_at_all(stage: Stage) -> None:
    assert is_refused(stage, None) == "No bundle was handed over."


@pytest.mark.parametrize(
    "handed",
    [b"", b"\0" * 4096, b"PK\x03\x04" + b"x" * 99, b"PACK", HEADER, HEADER + b"\n", b"#!/bin/sh\ntouch pwned\n"],
    ids=["empty", "zeros", "archive", "pack", "header", "no-heads", "script"],
)
def test_a_file_that_is_no_bundle(stage: Stage, handed: bytes) -> None:
    assert is_refused(stage, handed) == NO_BUNDLE


def test_a_bundle_that_is_too_large(stage: Stage) -> None:
    size = 50 * 1024 * 1024 + 1
    assert (
        is_refused(stage, HEADER.ljust(size, b"x")) == f"The bundle has {size} bytes, and at most {size - 1} are taken."
    )


@pytest.mark.parametrize("heads", [("HEAD", "other"), ("other",), ("v1",), ("HEAD", "v1")])
def test_a_bundle_with_other_refs(stage: Stage, heads: tuple[str, ...]) -> None:
    clone = stage.clone("clone")
    commit(clone)
    git(clone, "branch", "other")
    git(clone, "tag", "-a", "v1", "-m", "v1")
    assert is_refused(stage, bundle_of(clone, *heads, f"^{stage.sha}")) == NO_BUNDLE


def test_a_bundle_that_leaves_objects_out(stage: Stage) -> None:
    clone = stage.clone("clone")
    commit(clone)
    handed = bundle_of(clone, "--filter=blob:none", "HEAD", f"^{stage.sha}")
    assert handed.startswith(b"# v3")
    assert is_refused(stage, handed) == NO_BUNDLE


def test_a_bundle_on_top_of_commits_that_the_branch_does_not_have(stage: Stage) -> None:
    clone = stage.clone("clone")
    commit(clone, "private.txt")
    hidden = git(clone, "rev-parse", "HEAD")
    git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/someone-elses")
    commit(clone)
    assert is_refused(stage, bundle_of(clone, "HEAD", f"^{hidden}")) == ELSEWHERE


def test_a_bundle_with_a_history_of_its_own(stage: Stage) -> None:
    clone = stage.clone("clone")
    git(clone, "checkout", "--quiet", "--orphan", "new")
    commit(clone)
    assert is_refused(stage, bundle_of(clone, "HEAD")) == TAKEN_AWAY


def test_a_bundle_that_begins_before_the_commit_that_was_handed_out(stage: Stage) -> None:
    clone = stage.clone("clone")
    commit(clone, "c.txt")
    git(clone, "push", "--quiet", "origin", BRANCH)
    stage.inputs["inputs.sha"] = git(clone, "rev-parse", "HEAD")
    git(clone, "reset", "--quiet", "--hard", stage.sha)
    commit(clone)
    assert is_refused(stage, bundle_of(clone, "HEAD", f"^{stage.sha}")) == TAKEN_AWAY


def test_a_bundle_without_a_commit(stage: Stage) -> None:
    head = f"-{stage.sha}\n{stage.sha} HEAD\n\n".encode()
    handed = HEADER + head + EMPTY_PACK + hashlib.sha1(EMPTY_PACK).digest()
    assert is_refused(stage, handed) == "The agent changed nothing."


@pytest.mark.parametrize("what", ["cut off", "another head", "a tree as its head", "a changed byte"])
def test_a_damaged_bundle(stage: Stage, what: str) -> None:
    clone = stage.clone("clone")
    commit(clone)
    whole, head = bundle_of(clone, "HEAD", f"^{stage.sha}"), git(clone, "rev-parse", "HEAD").encode()
    handed = {
        "cut off": whole[:-30],
        "another head": whole.replace(head, b"1" * 40),
        "a tree as its head": whole.replace(head, git(clone, "rev-parse", "HEAD^{tree}").encode()),
        "a changed byte": whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:],
    }[what]
    assert is_refused(stage, handed) == DAMAGED


def test_more_commits_than_a_block_can_need(stage: Stage) -> None:
    clone = stage.clone("clone")
    who = f"commit refs/heads/{BRANCH}\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\n"
    first = f"from {stage.sha}\n"
    stream = "".join(f"{who}{first * (not number)}M 644 inline n{number}\ndata 1\nx\n" for number in range(101))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=clone, input=stream, text=True, check=True)
    handed = bundle_of(clone, "HEAD", f"^{stage.sha}")
    assert is_refused(stage, handed) == "The agent made 101 commits, and at most 100 are taken."


@pytest.mark.parametrize(
    ("mode", "name", "content", "problem"),
    [
        ("100644", ".git", b"gitdir: /etc\n", "hasDotgit"),
        ("100755", ".GIT", b"x", "hasDotgit"),
        ("100644", "..", b"x", "hasDotdot"),
        ("100644", "a/b", b"x", "fullPathname"),
        ("120000", ".gitmodules", b"/etc/passwd", "gitmodulesSymlink"),
        ("100644", ".gitmodules", b'[submodule "x"]\npath = x\nurl = -u./evil\n', "gitmodulesUrl"),
        ("100644", ".gitmodules", b'[submodule "../x"]\npath = x\nurl = ./x\n', "gitmodulesName"),
    ],
)
def test_objects_that_harm_whoever_checks_them_out(
    stage: Stage, mode: str, name: str, content: bytes, problem: str
) -> None:
    handed = with_tree(stage.sha, entry(mode, name, "blob", content), ("blob", content))
    assert is_refused(stage, handed) == f"git refuses objects of the bundle ({problem})."


@pytest.mark.parametrize(
    ("mode", "name"), [("120000", "link"), ("160000", "module"), ("100644", ".gitattributes"), ("100644", ".lfsconfig")]
)
def test_what_acts_in_a_checkout_only_is_pushed_and_left_to_people(stage: Stage, mode: str, name: str) -> None:
    """Scope looks at links, submodules and attributes; this job has no checkout in which they could act."""
    content = b"/etc/passwd" if mode == "120000" else b"* filter=x merge=y\n"
    tree = entry(mode, name, "blob", content)
    blobs = [] if mode == "160000" else [("blob", content)]
    assert stage.hand_over(with_tree(stage.sha, tree, *blobs)), stage.output
    assert git(stage.remote, "ls-tree", BRANCH).startswith(f"{mode} ")


NO_RESULT = "The job of the agent ended without a result."
UNREADABLE = "What the job of the agent says cannot be read."


@pytest.mark.parametrize(
    ("said", "status", "notes"),
    [
        ("", "failed", NO_RESULT),
        ("x", "failed", NO_RESULT),
        ("[]", "failed", NO_RESULT),
        ('{"status": "won"}', "failed", NO_RESULT),
        ('{"status": "done"} {"status": "done"}', "failed", NO_RESULT),
        ('{"status": {"done": 1}}', "failed", NO_RESULT),
        ('{"status": "gap", "notes": ["x"], "signal": 7}', "gap", "The run ended before the block was done."),
        ('{"status": "failed", "notes": "' + "n" * 3000 + '"}', "failed", "n" * 2000),
        ('{"status": "blocked", "notes": "' + "n" * 200_000 + '"}', "failed", UNREADABLE),
        (
            '{"status": "kickback", "notes": "x\\n::add-mask::B02\\n`id`$(id)", "dispatch": "sw-1", "commit": "abc"}',
            "kickback",
            "x\n::add-mask::B02\n`id`$(id)",
        ),
    ],
    ids=["none", "no-json", "list", "unknown", "two", "object", "types", "long", "huge", "injected"],
)  # fmt: skip
def test_whatever_the_agents_job_says_becomes_a_report_of_its_form(
    stage: Stage, said: str, status: str, notes: str
) -> None:
    stage.hand_over(None, said=said)
    report = stage.report()
    assert (report["status"], report["notes"], report["commit"]) == (status, notes, None)
    assert (report["dispatch"], report["block"]) == ("sw-0123456789", "B02")
    assert set(report) == {"dispatch", "block", "status", "commit", "notes", "signal"}
    assert stage.head() == stage.sha
    # The report is shown between two marks that keep the runner from reading it.
    lines = stage.run.runners["push"].output.splitlines()
    shown = next(number for number, line in enumerate(lines) if line.startswith("{") and json.loads(line) == report)
    assert lines[shown - 1].startswith("::stop-commands::")


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_a_job_of_the_agent_that_failed_pushes_nothing_whatever_it_says(stage: Stage, result: str) -> None:
    clone = stage.clone("clone")
    commit(clone)
    stage.hand_over(bundle_of(clone, "HEAD", f"^{stage.sha}"), result=result)
    assert stage.report()["notes"] == f"The job of the agent ended with {result}."
    assert stage.head() == stage.sha
