"""Commits of an agent that say or do more than an agent may: only their files, order and words reach the branch."""

from __future__ import annotations

import pytest

from bot.runs.attribution import carries
from tests.cli.worker_stage import BRANCH, Stage
from tests.cli.workflow_run import git

MARIA = "git config user.name Maria; git config user.email maria@example.org"
WORKFLOWS = "The agent changed files below .github/workflows: only people may do that."
MERGE = "The agent's commits hold a merge: what it brings in cannot be told from the agent's own work."


def commits(stage: Stage, message: str, *options: str, change: str = "echo b >b.txt") -> str:
    """An agent that makes one change and commits it with these words."""
    file = stage.folder / "message"
    file.write_text(message, "utf-8")
    return f"{MARIA}; {change}; git add --all; git commit --quiet --file {file} {' '.join(options)}"


def is_refused(stage: Stage, agent: str) -> str:
    """The reason in the report, and that nothing was pushed."""
    before = git(stage.remote, "for-each-ref")
    assert not stage.work(agent)
    assert git(stage.remote, "for-each-ref") == before, "something was pushed"
    report = stage.report()
    assert (report["status"], report["commit"]) == ("failed", None)
    return str(report["notes"])


def test_a_commit_in_the_name_of_a_person_says_that_an_agent_wrote_it(stage: Stage) -> None:
    dated = "--author 'Olivia <olivia@example.org>' --date 2001-01-01T00:00:00Z"
    assert stage.work(f"export GIT_COMMITTER_DATE=2099-01-01T00:00:00Z; {commits(stage, 'B02: x', dated)}"), (
        stage.output
    )
    assert stage.log("%an %cn") == "Stepwise agent github-actions[bot]"
    raw = git(stage.remote, "cat-file", "commit", BRANCH)
    assert "example.org" not in raw
    assert stage.log("%as")[:4] == stage.log("%cs")[:4] not in {"2001", "2099"}


def test_a_message_cannot_keep_the_checks_from_running(stage: Stage) -> None:
    markers = ["[skip ci]", "[ci skip]", "[No CI]", "[skip actions]", "[actions skip]", "[SKIP CI]", "[ci-skip]"]
    hidden = "[skip \u200bci]"
    words = "\n".join([f"B02: {markers[0]} x {markers[1]}", "", *markers, hidden, "", "", "skip-checks: true", ""])
    assert stage.work(commits(stage, words)), stage.output
    message = stage.log("%B")
    assert not any(marker in message for marker in (*markers, "[skip ci]", "skip-checks"))
    assert stage.log("%s") == "B02: (skip ci) x (ci skip)"
    assert all(f"\n({marker[1:-1]})\n" in message for marker in markers), "the words stay"


def test_a_message_cannot_speak_for_people_or_for_stepwise(stage: Stage) -> None:
    lines = [
        "Co-authored-by: Olivia <olivia@example.org>", "Signed-off-by: Olivia <olivia@example.org>",
        "reviewed-by: olivia", "Approved-By: olivia", "Stepwise-Run: 7", "stepwise-block: B03", " Stepwise-Block: B03",
        "Stepwise-Worker: https://example.org/acme/shop/actions/runs/1", "Stepwise-Block : B03",
    ]  # fmt: skip
    words = "\n".join([lines[0], "B02: x", "", "Words.", *lines, "", *lines])
    assert stage.work(commits(stage, words)), stage.output
    message = stage.log("%B")
    assert message.startswith("B02: x\n\nWords.\n\nRefs: ")
    assert not any(line.strip() in message for line in lines)
    assert message.count("Stepwise-Block:") == message.count("Stepwise-Worker:") == 1


@pytest.mark.parametrize("subject", ["B03: theirs", "Task B03: theirs", "b03 (all of it): theirs", "x", "B021: x"])
def test_a_commit_belongs_to_the_agents_own_block_alone(stage: Stage, subject: str) -> None:
    assert stage.work(commits(stage, f"{subject}\n\nStepwise-Block: B03")), stage.output
    assert stage.log("%s") == f"B02: {subject}"
    assert carries(stage.log("%B"), "B02") and not carries(stage.log("%B"), "B03")


@pytest.mark.parametrize("subject", ["B02: x", "b02: x", "Task B02 (part 1): x"])
def test_a_subject_that_names_the_block_stays_as_it_is(stage: Stage, subject: str) -> None:
    assert stage.work(commits(stage, subject)), stage.output
    assert stage.log("%s") == subject


def test_a_message_holds_no_characters_that_hide_what_it_says(stage: Stage) -> None:
    hidden = "\x1b[2J\u202e\u2066\u200d\ufeff\x07"
    assert stage.work(commits(stage, f"B02: gr{hidden}üße\r\n\n{hidden}Wörter\n")), stage.output
    assert stage.log("%B").startswith("B02: gr[2Jüße\n\n[2JWörter\n\nRefs: ")


def test_a_message_of_any_length_and_bytes_is_cut_and_pushed(stage: Stage) -> None:
    (stage.folder / "long").write_bytes(b"B02: " + b"x" * 300 + b"\n\n" + b"[" * 50_000 + b"\xff\xfe" * 9)
    agent = f"{MARIA}; echo b >b.txt; git add .; git commit -q --file {stage.folder}/long"
    assert stage.work(agent), stage.output
    assert stage.log("%s") == "B02: " + "x" * 95
    assert len(stage.log("%B")) < 9000


@pytest.mark.parametrize(
    "change",
    [
        "echo x >.github/workflows/evil.yml",
        "mkdir .github/workflows/deep; echo x >.github/workflows/deep/er.txt",
        "chmod +x .github/workflows/ci.yml",
        "mv .github/workflows elsewhere; ln -s ../elsewhere .github/workflows",
        "rm -r .github; echo x >.github",
    ],
)
def test_a_workflow_that_the_agent_changed_is_not_pushed(stage: Stage, change: str) -> None:
    given = stage.clone("given")
    (given / ".github/workflows").mkdir(parents=True)
    (given / ".github/workflows/ci.yml").write_text("on: push\n")
    git(given, "add", ".")
    git(given, "commit", "--quiet", "-m", "ci")
    git(given, "push", "--quiet", "origin", BRANCH)
    stage.inputs["inputs.sha"] = git(given, "rev-parse", "HEAD")
    assert is_refused(stage, change) == WORKFLOWS


def test_a_workflow_that_is_taken_back_in_the_next_commit_is_not_pushed_either(stage: Stage) -> None:
    first = commits(stage, "x", change="mkdir -p .github/workflows; echo x >.github/workflows/evil.yml")
    assert is_refused(stage, f"{first}; git rm -qr .github; echo b >b.txt; git add .; git commit -qm y") == WORKFLOWS


@pytest.mark.parametrize("how", ["--no-ff --no-edit", "-s ours --no-edit"])
def test_a_merge_is_not_pushed(stage: Stage, how: str) -> None:
    agent = f"{MARIA}; git checkout -qb side; echo c >c.txt; git add .; git commit -qm c; git checkout -q -; "
    assert is_refused(stage, f"{agent}echo b >b.txt; git add .; git commit -qm b; git merge -q {how} side") == MERGE


def test_a_commit_that_changes_nothing_is_no_work(stage: Stage) -> None:
    assert is_refused(stage, f"{MARIA}; git commit -qm 'B02: done' --allow-empty") == "The agent changed nothing."


def test_commits_that_change_nothing_are_left_out(stage: Stage) -> None:
    agent = f"{commits(stage, 'B02: x')}; git commit -qm 'B02: nothing' --allow-empty"
    assert stage.work(agent), stage.output
    assert stage.log("%s", "-2").splitlines() == ["B02: x", "begin"]


def test_a_history_that_was_rewritten_is_not_pushed(stage: Stage) -> None:
    agent = f"{MARIA}; echo z >a.txt; git add .; git commit -q --amend -m begin; echo b >b.txt"
    assert is_refused(stage, agent) == "The agent took commits of the branch away."


def test_the_job_that_pushes_runs_nothing_that_the_agent_left(stage: Stage) -> None:
    ran = stage.folder / "ran"
    ran.touch()
    hook = f'#!/bin/sh\necho "$RUNNER_TRACKING_ID" >>{ran}\ncat\n'
    (stage.folder / "hook").write_text(hook)
    (stage.folder / "hook").chmod(0o755)
    names = "pre-push post-index-change reference-transaction pre-commit post-commit post-rewrite fsmonitor clean"
    agent = (
        f"mkdir -p hooks; for name in {names}; do for folder in hooks .git/hooks; do "
        f"cp {stage.folder}/hook $folder/$name; done; done; git config core.fsmonitor .git/hooks/fsmonitor; "
        f"git config filter.x.clean .git/hooks/clean; git config diff.x.command .git/hooks/clean; "
        "echo '* filter=x diff=x merge=x' >.gitattributes; ln -s /etc/passwd link; echo b >b.txt"
    )
    assert stage.work(agent), stage.output
    machines = list(stage.run.runners.values())
    assert machines[0].tracking_id in ran.read_text(), "the hooks of this test never run"
    assert machines[-1].tracking_id not in ran.read_text()
