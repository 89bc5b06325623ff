"""The worker workflow that `stepwise init` writes, run for real: a repository, an agent, and who takes the report."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from bot.plans.model import Dialect
from bot.views.brief import brief
from tests.cli.worker_stage import BRANCH, BRIEF, RUN, WORKFLOW, Stage
from tests.cli.workflow_run import git


def test_it_takes_the_inputs_that_are_sent_and_says_which_dispatch_it_is() -> None:
    inputs = WORKFLOW[True]["workflow_dispatch"]["inputs"]
    sent = {"dispatch_id", "block", "branch", "sha", "brief", "attempt", "failure", "report_url", "audience"}
    assert sent <= set(inputs)
    assert {name for name, declared in inputs.items() if declared["required"]} <= sent
    assert WORKFLOW["run-name"].startswith("${{ inputs.dispatch_id }} ")


def test_what_the_agent_leaves_is_committed_pushed_and_reported(stage: Stage) -> None:
    assert stage.work('cat >"$RUNNER_TEMP/seen"; echo "$STEPWISE_BLOCK" >b.txt'), stage.output
    assert (stage.agents_machine.temp / "seen").read_text() == BRIEF + "\n"
    assert stage.log("%B") == (
        "B02: Greet by name\n\n"
        "Refs: docs/exec-plans/active/greeting.md\n"
        "Stepwise-Block: B02\n"
        f"Stepwise-Worker: file://{stage.folder}/{RUN}"
    )
    assert git(stage.remote, "show", f"{BRANCH}:b.txt") == "B02"
    assert git(stage.remote, "rev-parse", f"{BRANCH}~1") == stage.sha
    assert stage.report() == {
        "dispatch": "sw-0123456789",
        "block": "B02",
        "status": "done",
        "commit": stage.head(),
        "notes": None,
        "signal": None,
    }
    assert stage.listener.tokens == ["Bearer oidc-1"]
    assert stage.listener.audiences == ["https://stepwise.example.org/a b"]
    assert not list(stage.folder.rglob("pwned"))


def test_the_commits_say_that_an_agent_wrote_them(stage: Stage) -> None:
    assert stage.work("echo b >b.txt"), stage.output
    bot = "41898282+github-actions[bot]@users.noreply.github.com"
    assert stage.log("%an <%ae>, %cn <%ce>") == f"Stepwise agent <{bot}>, github-actions[bot] <{bot}>"


@pytest.mark.parametrize(
    ("dialect", "plan", "refs"),
    [
        (Dialect.EXEC_PLAN, "docs/exec-plans/active/greeting.md", "docs/exec-plans/active/greeting.md"),
        (Dialect.MEMORY_BANK, "memory-bank/plan/greeting.md", "plan/greeting.md"),
    ],
)
def test_the_message_is_made_from_the_brief_that_is_really_sent(
    stage: Stage, dialect: Dialect, plan: str, refs: str
) -> None:
    run: Any = SimpleNamespace(
        promise=lambda block: {"title": "Greet *all* of it, it's 100%", "files": ["src/a.py"]},
        terms={},
        plan_path=plan,
        spec_path=None,
        branch=BRANCH,
        dialect=dialect,
    )
    stage.inputs["inputs.brief"] = brief(run, "B02")
    assert stage.work("echo b >b.txt"), stage.output
    assert stage.log("%B").startswith(f"B02: Greet *all* of it, it's 100%\n\nRefs: {refs}\nStepwise-Block: B02\n")


def test_commits_of_the_agent_itself_keep_their_files_order_and_words(stage: Stage) -> None:
    agent = (
        "git config user.name A; git config user.email a@b; "
        "echo b >b.txt; git add .; git commit -qm 'B02: mine' -m 'Because.' -m 'Refs: plan.md'; "
        "echo c >c.txt; git add .; git commit -qm 'and more, [docs] first'"
    )
    assert stage.work(agent), stage.output
    assert stage.log("%s", "-3").splitlines() == ["B02: and more, [docs] first", "B02: mine", "begin"]
    earlier = stage.log("%B", "-1", "--skip=1")
    assert earlier.startswith("B02: mine\n\nBecause.\n\nRefs: plan.md\n\nStepwise-Block: B02\n")
    assert git(stage.remote, "diff", "--name-only", f"{BRANCH}~2", f"{BRANCH}~1") == "b.txt"
    assert stage.report()["commit"] == stage.head()


def test_the_plan_and_the_last_failure_are_used_when_they_are_sent(stage: Stage) -> None:
    stage.inputs.update({"inputs.plan": "memory-bank/plan/x.md", "inputs.failure": "the tests were red"})
    assert stage.work("cat >b.txt"), stage.output
    assert "Refs: memory-bank/plan/x.md" in stage.log("%B")
    assert git(stage.remote, "show", f"{BRANCH}:b.txt").endswith("the attempt before\n\nthe tests were red")


def test_without_an_agent_it_fails_with_a_clear_sentence(stage: Stage) -> None:
    assert not stage.work("")
    sentence = "The repository variable STEPWISE_AGENT_COMMAND is not set: there is no agent to run."
    assert f"::error::{sentence}" in stage.output
    assert (stage.report()["status"], stage.report()["notes"]) == ("failed", sentence)


@pytest.mark.parametrize(
    ("agent", "notes"),
    [
        ("exit 3", "The agent ended with exit code 3."),
        ("true", "The agent changed nothing."),
        ('echo no >"$STEPWISE_RESULT_FILE"', "What the agent wrote as its result cannot be read."),
        ('echo "[]" >"$STEPWISE_RESULT_FILE"', "What the agent wrote as its result cannot be read."),
        ('echo \'{"status": "won"}\' >"$STEPWISE_RESULT_FILE"', "What the agent wrote as its result cannot be read."),
        (
            'echo \'{"status": "done"} {}\' >"$STEPWISE_RESULT_FILE"',
            "What the agent wrote as its result cannot be read.",
        ),
        ("git checkout -q --orphan other", "The agent took commits of the branch away."),
    ],
)
def test_an_agent_that_does_not_do_its_work_is_reported_as_failed(stage: Stage, agent: str, notes: str) -> None:
    assert not stage.work(agent)
    report = stage.report()
    assert (report["status"], report["commit"], report["notes"]) == ("failed", None, notes)
    assert stage.head() == stage.sha


@pytest.mark.parametrize("code", [0, 1])
def test_an_agent_that_gives_the_block_back_is_reported_and_nothing_is_pushed(stage: Stage, code: int) -> None:
    said = json.dumps({"status": "kickback", "notes": "two specs in one", "signal": "scope_creep"})
    assert stage.work(f"echo half >b.txt; echo '{said}' >\"$STEPWISE_RESULT_FILE\"; exit {code}") is (code == 0)
    report = stage.report()
    assert (report["status"], report["notes"], report["signal"]) == ("kickback", "two specs in one", "scope_creep")
    assert report["commit"] is None
    assert stage.head() == stage.sha


def test_what_was_pushed_in_the_meantime_stays(stage: Stage) -> None:
    other = stage.folder / "other"
    push = f"git clone -q -b {BRANCH} {stage.remote} {other}; cd {other}; echo c >c.txt; git add .; "
    push += "git -c user.name=B -c user.email=b@c commit -qm 'B03: theirs'; git push -q origin HEAD; cd -"
    assert stage.work(f"({push}) >&2; echo b >b.txt"), stage.output
    assert git(stage.remote, "log", "-3", "--format=%s", BRANCH).splitlines() == [
        "B02: Greet by name",
        "B03: theirs",
        "begin",
    ]
    assert stage.report()["commit"] == stage.head()


def test_work_that_does_not_go_on_top_of_the_branch_is_failed(stage: Stage) -> None:
    other = stage.folder / "other"
    push = f"git clone -q -b {BRANCH} {stage.remote} {other}; cd {other}; echo c >a.txt; git add .; "
    push += "git -c user.name=B -c user.email=b@c commit -qm 'B03: theirs'; git push -q origin HEAD; cd -"
    assert not stage.work(f"({push}) >&2; echo b >a.txt")
    assert stage.report()["notes"] == "The branch has changed, and the agent's commits do not go on top of it."
    assert stage.log("%s") == "B03: theirs"


REJECTS = """#!/bin/sh
[ -e "{flag}" ] || exit 0
rm "{flag}"
{does}
exit 1
"""


def on_push(stage: Stage, does: str) -> None:
    """Have the remote do something at the next push, and then refuse it."""
    flag, hook = stage.folder / "flag", stage.remote / "hooks/pre-receive"
    flag.touch()
    hook.write_text(REJECTS.format(flag=flag, does=does))
    hook.chmod(0o755)


def test_a_branch_that_moves_while_the_commits_are_pushed_is_looked_at_again(stage: Stage) -> None:
    other = stage.clone("other")
    (other / "c.txt").write_text("c\n")
    git(other, "add", ".")
    git(other, "commit", "--quiet", "-m", "B03: theirs")
    git(other, "push", "--quiet", "origin", "HEAD:refs/heads/later")
    theirs = git(other, "rev-parse", "HEAD")
    on_push(stage, f"unset GIT_QUARANTINE_PATH; git update-ref refs/heads/{BRANCH} {theirs}")
    assert stage.work("echo b >b.txt"), stage.output
    assert stage.log("%s", "-2").splitlines() == ["B02: Greet by name", "B03: theirs"]
    assert stage.report()["commit"] == stage.head()


def test_what_github_refuses_is_reported_with_its_reason(stage: Stage) -> None:
    on_push(stage, "echo 'refusing to allow a GitHub App to create or update workflow' >&2")
    assert not stage.work("echo b >b.txt")
    assert stage.report()["notes"].startswith(
        "GitHub does not take the agent's commits: refusing to allow a GitHub App to create or update workflow"
    )
    assert stage.head() == stage.sha


def test_a_branch_that_was_deleted_meanwhile_is_not_made_anew(stage: Stage) -> None:
    assert not stage.work(f"git -C {stage.remote} update-ref -d refs/heads/{BRANCH}; echo b >b.txt")
    assert stage.report()["notes"] == "The branch cannot be fetched any more."
    assert git(stage.remote, "for-each-ref") == ""


@pytest.mark.parametrize("happens", ["-d refs/heads/{}", "refs/heads/{} refs/heads/again"])
def test_a_branch_that_goes_at_the_last_moment_is_neither_made_anew_nor_overwritten(stage: Stage, happens: str) -> None:
    """Between the look at the branch and the push: git compares the branch with what was looked at."""
    other = stage.clone("other")
    git(other, "commit", "--quiet", "--amend", "-m", "begin again")
    git(other, "push", "--quiet", "origin", "HEAD:refs/heads/again")
    slow = stage.folder / "tools/git"
    update = f"/usr/bin/env git -C {stage.remote} update-ref {happens.format(BRANCH)}"
    slow.write_text(f'#!/bin/bash\nPATH="${{PATH#*:}}"\n[[ " $* " != *" push "* ]] || {update}\nexec git "$@"\n')
    slow.chmod(0o755)
    assert not stage.work("echo b >b.txt")
    assert stage.report()["status"] == "failed"
    assert "B02" not in git(stage.remote, "log", "--all", "--format=%s")


def test_a_branch_that_was_rewritten_meanwhile_is_left_alone(stage: Stage) -> None:
    other = stage.clone("other")
    git(other, "commit", "--quiet", "--amend", "-m", "begin again")
    git(other, "push", "--quiet", "origin", "HEAD:refs/heads/again")
    again = git(other, "rev-parse", "HEAD")
    assert not stage.work(f"git -C {stage.remote} update-ref refs/heads/{BRANCH} {again}; echo b >b.txt")
    assert stage.report()["notes"] == (
        "The branch does not contain the commit that the block was to begin from any more."
    )
    assert stage.head() == again


def test_the_pushing_job_that_is_started_again_reports_what_it_pushed_before(stage: Stage) -> None:
    stage.listener.answers = [403]
    assert not stage.work("echo b >b.txt"), "the report was refused"
    pushed = stage.head()
    stage.run.folder = stage.folder / "again"
    del stage.run.results["push"]
    assert stage.run.run(), stage.output
    assert [report["commit"] for report in stage.listener.reports] == [pushed, pushed]
    assert stage.head() == pushed


def test_a_branch_without_the_named_commit_is_not_worked_on(stage: Stage) -> None:
    stage.inputs["inputs.sha"] = "0" * 40
    assert not stage.work("touch ran.txt")
    assert not (stage.agents_machine.work / "ran.txt").exists()
    report = stage.report()
    assert (report["status"], report["notes"]) == (
        "failed",
        "The branch does not contain the commit that the block was to begin from.",
    )


@pytest.mark.parametrize(
    ("name", "value", "notes"),
    [
        ("sha", "HEAD", "The input sha is not a commit."),
        ("sha", "--help", "The input sha is not a commit."),
        ("sha", "0" * 40 + "\n" + "0" * 40, "The input sha is not a commit."),
        ("branch", "x:refs/heads/main", "The input branch is not the name of a branch."),
        ("branch", "*", "The input branch is not the name of a branch."),
        ("branch", "../../tags/v1", "The input branch is not the name of a branch."),
        ("branch", f"{BRANCH}\n::add-mask::x", "The input branch is not the name of a branch."),
        ("branch", "$(touch pwned)", "The input branch is not the name of a branch."),
        ("branch", "-d", "The branch cannot be fetched any more."),
        ("block", "B02\n\nStepwise-Block: B03", "An input is empty or has more than one line."),
        ("block", "", "An input is empty or has more than one line."),
        ("dispatch_id", "sw-1\nStepwise-Block: B03", "An input is empty or has more than one line."),
        ("plan", "a.md\nStepwise-Block: B03", "An input is empty or has more than one line."),
    ],
)
def test_inputs_that_nobody_sends_push_nothing(stage: Stage, name: str, value: str, notes: str) -> None:
    """Who may write can start the workflow by hand; the agent's job cannot be asked whether the inputs are good."""
    other = stage.clone("other")
    (other / "b.txt").write_text("b\n")
    git(other, "add", ".")
    git(other, "commit", "--quiet", "-m", "B02: x")
    git(other, "bundle", "create", "--quiet", "made.bundle", "HEAD", f"^{stage.sha}")
    stage.inputs[f"inputs.{name}"] = value
    before = git(stage.remote, "for-each-ref")
    assert not stage.hand_over((other / "made.bundle").read_bytes())
    assert git(stage.remote, "for-each-ref") == before
    assert (stage.report()["status"], stage.report()["notes"]) == ("failed", notes)
    assert not list(stage.folder.rglob("pwned"))


def test_a_brief_is_text_whatever_stands_in_it(stage: Stage) -> None:
    hostile = "# $(touch pwned) `touch pwned`\n::add-mask::B02\nRefs: $(touch pwned)'\";touch pwned\n" + "é" * 30_000
    stage.inputs["inputs.brief"] = stage.inputs["inputs.failure"] = hostile
    assert stage.work('cat >"$RUNNER_TEMP/seen"; echo b >b.txt'), stage.output
    assert (stage.agents_machine.temp / "seen").read_text().startswith(hostile)
    assert stage.log("%s") == "B02: $(touch pwned) `touch pwned`"
    assert not list(stage.folder.rglob("pwned"))


def test_hooks_and_filters_of_the_agent_do_not_stop_the_hand_over(stage: Stage) -> None:
    agent = (
        "for hook in pre-commit pre-push; do printf '#!/bin/sh\nexit 1\n' >.git/hooks/$hook; "
        "chmod +x .git/hooks/$hook; done; "
        "git config filter.x.clean 'tr a-z A-Z'; echo 'b.txt filter=x' >.gitattributes; echo loud >b.txt"
    )
    assert stage.work(agent), stage.output
    assert git(stage.remote, "show", f"{BRANCH}:b.txt") == "LOUD"


@pytest.mark.parametrize("answers", [[503], [429, 500], [500, 409]])
def test_a_report_that_was_not_answered_is_sent_again_with_a_token_of_its_own(stage: Stage, answers: list[int]) -> None:
    stage.listener.answers = list(answers)
    assert stage.work("echo b >b.txt"), stage.output
    tries = len(answers) + (answers[-1] != 409)
    assert stage.listener.tokens == [f"Bearer oidc-{number}" for number in range(1, tries + 1)]


@pytest.mark.parametrize(("answers", "tries"), [([401], 1), ([403], 1), ([409], 1), ([500, 500, 500], 3)])
def test_a_refused_report_fails_the_run_with_the_answer(stage: Stage, answers: list[int], tries: int) -> None:
    stage.listener.answers = list(answers)
    assert not stage.work("echo b >b.txt")
    assert len(stage.listener.reports) == tries
    assert f"::error::The report was not taken: {answers[-1]}" in stage.output
    assert '{"message": "said"}' in stage.output


def test_the_report_goes_to_no_other_address_than_the_one_in_the_variable(stage: Stage) -> None:
    stage.inputs["vars.STEPWISE_REPORT_URL"] = "https://stepwise.example.org/reports"
    assert not stage.work("echo b >b.txt")
    assert "::error::The report is sent to the address in the variable STEPWISE_REPORT_URL only." in stage.output
    assert stage.listener.audiences == []


def test_no_token_is_sent_over_plain_http(stage: Stage) -> None:
    stage.inputs["inputs.report_url"] = "http://stepwise.example.org/reports"
    assert not stage.work("echo b >b.txt")
    assert "::error::The report is sent over HTTPS only." in stage.output
    assert stage.listener.audiences == []


def test_without_an_address_the_outcome_of_the_run_is_the_report(stage: Stage) -> None:
    stage.inputs["inputs.report_url"] = ""
    assert stage.work("echo b >b.txt"), stage.output
    assert stage.listener.audiences == []


def test_a_brief_without_a_title_or_plan_still_gives_a_whole_message(stage: Stage) -> None:
    stage.inputs["inputs.brief"] = "Just do it."
    assert stage.work("echo b >b.txt"), stage.output
    assert stage.log("%B").startswith("B02: what attempt 1 made of it\n\nRefs: sw-0123456789\nStepwise-Block: B02\n")
