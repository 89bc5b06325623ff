"""Every refusal as a person reads it: which condition failed, the actual values, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bot.runs.facts import Unknown
from bot.runs.messages import Problem, Refusal
from bot.runs.policy import read_policy
from bot.runs.registry import COMMANDS
from bot.views.replies import help_body, refusal_body, sentence
from tests.runs.near_misses import get_into
from tests.runs.plans import MEMORY_BANK, memory_bank_text
from tests.runs.work import moved, with_workflow
from tests.runs.world import PLAN, World, awaiting, closed, completed, do_block, plan_text, planned, started, validating
from tests.runs.worlds import memory_bank, session, with_files

Said = tuple[World, str]


def on(world: World, command: str) -> Said:
    return world, command


def after(world: World, *commands: str) -> World:
    for command in commands:
        world.comment(command)
    return world


def troubled(trouble: str, command: str = "/approve @LIVE") -> Said:
    world = awaiting()
    get_into(world, trouble)
    return world, command.replace("LIVE", world.head[:7])


def failed(times: int) -> World:
    world = validating()
    for _ in range(times):
        do_block(world, "src/fix.py")
        world.comment("/verdict FAIL the totals are off")
    return world


def two_plans() -> World:
    world = planned()
    world.push(files={"docs/exec-plans/active/other.md": plan_text()})
    return world


def without_the_done_block() -> World:
    world = after(awaiting(), "/approve")
    world.push(plan=plan_text(["B02", "B03"]))
    return world


def rewritten() -> World:
    world = after(awaiting(), "/approve")
    get_into(world, "rewritten")
    return world


def shut(world: World) -> World:
    world.close()
    return world


def early() -> World:
    world = started()
    comment_id = world.write("/approve")
    do_block(world, "src/b01.py")
    world.comments[2000] = world.comments[comment_id]
    return world


def side_by_side() -> World:
    return session({"A-1": (), "B-1": ()})


def undisciplined() -> World:
    world = memory_bank(policy=read_policy(b"commits: enforce"))
    do_block(world, "src/t001.py")
    return world


def unready() -> World:
    text = memory_bank_text(boxes={"Access to the mail server": False, "Fixtures are there": True})
    return with_files(MEMORY_BANK, {MEMORY_BANK: text})


def at_level_high() -> World:
    """The plan's own commands are being run on the last block's commit."""
    world = validating(policy=read_policy(b"validation: {level: high, workflow: checks.yml}"))
    assert world.run is not None and world.run.validation is not None
    return world


def commands_seen(world: World) -> World:
    assert world.run is not None and world.run.validation is not None
    world.answer(moved(world.run.validation.id, "in_progress"))
    return world


def commands_ended(world: World, conclusion: str) -> World:
    assert world.run is not None and world.run.validation is not None
    world.answer(moved(world.run.validation.id, "completed", conclusion))
    return world


CLICK = "a box"
UNKNOWN_BOX = "- [{}] **Everything is fine** invariant — tick it once you have looked at `{}`"
EXPECTED: dict[Problem, tuple[Callable[[], Said], str]] = {
    Problem.BAD_ARGUMENTS: (
        lambda: on(awaiting(), "/approve @xyz"),
        "`@xyz` is not understood. The command is `/approve [block|group] [@sha]`.",
    ),
    Problem.UNKNOWN_COMMAND: (lambda: on(awaiting(), "/aprove"), "There is no such command. Did you mean `/approve`?"),
    Problem.POLICY_BROKEN: (
        lambda: troubled("policy"),
        "The policy on the base branch cannot be used, so nothing advances:\n\n- \\.github/stepwise.yml, line 1: "
        "`nonsense` is not a known key\n\nCorrect it on the base branch, then say the command again.",
    ),
    Problem.PERMISSION_UNKNOWN: (
        lambda: troubled("permissions"),
        "GitHub did not say what you may do in this repository: GitHub: 403. Say the command again in a while.",
    ),
    Problem.NO_PLAN: (
        lambda: on(World(), "/execute"),
        "There is no plan in this pull request. Commit one to this branch, for example as "
        "`docs/exec-plans/active/<name>.md`, or name it: `/execute docs/exec-plans/active/<name>.md`.",
    ),
    Problem.SEVERAL_PLANS: (
        lambda: on(two_plans(), "/execute"),
        f"There are 2 plans in this pull request. Say which one:\n\n```\n/execute {PLAN}\n"
        "/execute docs/exec-plans/active/other.md\n```",
    ),
    Problem.PLAN_UNREADABLE: (
        lambda: on(planned(), "/execute docs/plan.md"),
        "The plan `docs/plan.md` cannot be read:\n\n- is not where a plan is kept (for example "
        "docs/exec-plans/active/\\*.md)\n\nCorrect that on the branch, then say the command again.",
    ),
    Problem.PLAN_REFUSED: (
        lambda: on(planned("# Only a title\n"), "/execute"),
        f"The plan `{PLAN}` cannot be executed:\n\n- ",
    ),
    Problem.WRONG_BRANCH: (
        lambda: on(planned(plan_text(branch="a/b")), "/execute"),
        "The plan's execution branch is `a/b`, this pull request's branch is `feature/checkout`. Open the pull request "
        "from the plan's branch, or correct the plan.",
    ),
    Problem.PULL_CLOSED: (lambda: on(shut(awaiting()), "/approve"), "The pull request is closed. Reopen it first."),
    Problem.ALREADY_LIVE: (
        lambda: on(started(), "/execute"),
        f"`{PLAN}` is already being executed (state: running) and its contract has not changed. `/status` shows where "
        "it stands.",
    ),
    Problem.DONE_BLOCK_VANISHED: (
        lambda: on(without_the_done_block(), "/execute"),
        "The changed plan no longer has `B01`, finished already. Put that back into the plan, or say `/abort <reason>` "
        "and then `/execute`.",
    ),
    Problem.OTHER_PLAN_LIVE: (
        lambda: on(started(), "/execute docs/exec-plans/active/other.md"),
        f"`{PLAN}` is being executed on this pull request. Say `/abort <reason>` before starting "
        "`docs/exec-plans/active/other.md`.",
    ),
    Problem.NO_RUN: (lambda: on(planned(), "/approve"), "No plan is being executed here. Say `/execute` first."),
    Problem.RUN_OVER: (
        lambda: on(after(awaiting(), "/abort enough"), "/approve"),
        "The run was aborted. Say `/execute` to start the plan again.",
    ),
    Problem.RUN_PAUSED: (
        lambda: on(after(awaiting(), "/pause lunch"), "/approve"),
        "The run is paused (lunch). Say `/resume` to go on.",
    ),
    Problem.RUN_ESCALATED: (
        lambda: on(failed(4), "/verdict PASS"),
        "The run waits for a decision (validation failed 4 times). Say `/resume` to go on, or `/abort <reason>`.",
    ),
    Problem.NOT_PAUSED: (
        lambda: on(started(), "/resume"),
        "The run is not paused, it is running. `/status` shows what is next.",
    ),
    Problem.CONTRACT_CHANGED: (
        lambda: troubled("contract"),
        "The plan's contract has changed since it was locked:\n\n- the objective changed from `Customers see an exact "
        "total at the checkout.` to `Another objective.`\n\nSay `/execute` to lock it anew, or take the change back.",
    ),
    Problem.NO_SUCH_BLOCK: (
        lambda: on(awaiting(), "/approve B77"),
        "There is no block `B77`. The plan has `B01`, `B02`, `B03`.",
    ),
    Problem.BLOCK_SETTLED: (
        lambda: on(after(awaiting(), "/skip B01 not needed"), "/approve B01"),
        "`B01` is skipped already. `/status` shows which block is open.",
    ),
    Problem.NOT_THE_OPEN_BLOCK: (
        lambda: on(awaiting(), "/approve B02"),
        "`B01` comes first; `B02` is not open yet. Finish `B01`, or say `/skip B01 <reason>`.",
    ),
    Problem.NO_OPEN_BLOCK: (
        lambda: on(validating(), "/approve"),
        "Every block is finished. Look at the whole change, then say `/verdict PASS`, "
        "`/verdict PASS_WITH_NOTES <notes>` or `/verdict FAIL <notes>`.",
    ),
    Problem.HEAD_MOVED: (
        lambda: on(awaiting(), "/approve @0000000"),
        "You meant `0000000`, but the branch is at `LIVE` now. Look at what came since, then say `/approve B01 @LIVE`.",
    ),
    Problem.NOT_SHOWN_YET: (
        lambda: on(early(), ""),
        "The checklist had not shown `LIVE` as waiting for you when you wrote. Look at that commit, then say "
        "`/approve B01 @LIVE`.",
    ),
    Problem.HISTORY_REWRITTEN: (
        lambda: on(rewritten(), "/skip B02 not needed"),
        "The branch was force-pushed: commits that were approved are no longer on it. Put them back, or say "
        "`/abort <reason>` and `/execute` again: every block is then looked at anew, and needs a commit of its own "
        "after that.",
    ),
    Problem.NO_OWN_COMMIT: (
        lambda: on(after(awaiting(), "/approve"), "/approve B02"),
        "Nothing was pushed for `B02` since `CONTENT` (the bot's records and merges do not count). Push its commits, "
        "or say `/skip B02 <reason>`.",
    ),
    Problem.SCOPE_VIOLATED: (
        lambda: troubled("scope"),
        "1 file outside the plan's scope: `secret/x.py`. Take the change back, say `/allow <pattern> "
        "<reason>`, or `/escalate <reason>` to plan it again.",
    ),
    Problem.SCOPE_UNKNOWN: (
        lambda: troubled("files"),
        "The scope could not be checked: GitHub: 403. Say the command again in a while.",
    ),
    Problem.GATES_RED: (
        lambda: troubled("red"),
        "1 gate failing on the head commit: `lint`. Push a fix, or run it again.",
    ),
    Problem.GATES_PENDING: (
        lambda: troubled("pending"),
        "1 gate not finished on the head commit: `lint`. Say the command again once every gate is green.",
    ),
    Problem.GATES_UNKNOWN: (
        lambda: troubled("gates"),
        "The head commit could not be judged: GitHub: 403. Say the command again in a while.",
    ),
    Problem.BAD_PATTERN: (
        lambda: on(awaiting(), "/allow !src/** why not"),
        "The pattern `!src/**` cannot be used: it is negated. Write it as in the plan, for example `src/...` or "
        "`docs/*.md`.",
    ),
    Problem.NOT_VALIDATING: (
        lambda: on(awaiting(), "/verdict PASS"),
        "A verdict follows the last block, and `B01` is not finished yet.",
    ),
    Problem.SAME_HEAD_FAILED: (
        lambda: on(failed(1), "/verdict PASS"),
        "`maria` judged `CONTENT` as FAIL. Push a fix first; then its head can be judged.",
    ),
    Problem.NOT_READY_TO_CLOSE: (
        lambda: on(completed(), "/closeout"),
        "The plan cannot be closed out now:\n\n- the pull request is not merged yet: closeout follows it\n\n"
        "`/status` shows what is next.",
    ),
    Problem.ALREADY_CLOSED: (
        lambda: on(closed(), "/closeout"),
        "The plan is closed out already, by https://github.test/acme/shop/pull/99. If that was closed without being "
        "merged, reopen it; if it cannot be merged, bring its branch up to date.",
    ),
    Problem.WHICH_BLOCK: (
        lambda: on(side_by_side(), "/done"),
        "Several blocks are open. Name the one that you mean: `A-1`, `B-1`.",
    ),
    Problem.BLOCK_HELD: (
        lambda: on(after(awaiting(), "/blocked no access to the mail server"), "/approve B01"),
        "`B01` is blocked (no access to the mail server). Say `/retry B01` for another attempt, or `/skip B01 "
        "<reason>`.",
    ),
    Problem.BLOCK_NOT_HELD: (
        lambda: on(awaiting(), "/retry"),
        "No block has failed or is blocked, so there is nothing to try again. `/status` shows what is open.",
    ),
    Problem.COMMITS_UNDISCIPLINED: (
        lambda: on(undisciplined(), "/approve @LIVE"),
        "Every commit of `T001` has to carry its id and a `Refs:` line:\n\n- LIVE (Work) does not begin with T001:\n\n"
        "Reword these commits, for example as `T001: <summary>`.",
    ),
    Problem.NO_SUCH_COMMIT: (
        lambda: on(awaiting(), "/done B01 0000000"),
        "`0000000` is not among the commits pushed to `feature/checkout` for `B01`. Push it first; `done` needs a "
        "commit that exists on the branch.",
    ),
    Problem.UNKNOWN_SIGNAL: (
        lambda: on(awaiting(), "/kickback too_hard it is"),
        "`too_hard` is no kickback signal. There are `scope_creep`, `missing_context`, `needs_research`.",
    ),
    Problem.PREFLIGHT_FAILED: (
        lambda: on(unready(), "/execute"),
        f"The pre-flight of `{MEMORY_BANK}` failed, and nothing was executed. These readiness boxes are not ticked:"
        "\n\n- Access to the mail server (line 18)\n\nTick them in the plan once they hold, then say `/execute` again.",
    ),
    Problem.VALIDATION_RUNNING: (
        lambda: on(commands_seen(at_level_high()), "/verdict PASS @LIVE"),
        "The plan's validation commands have not finished on the head commit "
        "(https://github.test/acme/shop/actions/runs/9001).",
    ),
    Problem.VALIDATION_FAILED: (
        lambda: on(commands_ended(at_level_high(), "failure"), "/verdict PASS @LIVE"),
        "The plan's validation commands failed (https://github.test/acme/shop/actions/runs/9001): its workflow run "
        "ended with failure. Push a fix, or say `/validate high` to run them again.",
    ),
    Problem.NOT_CONFIRMED: (
        lambda: on(commands_ended(at_level_high(), "success"), "/verdict PASS @LIVE"),
        "Validation at level high asks somebody to confirm these for the head commit:\n\n- Tenant isolation/authz\n"
        "- Migrations/indexes\n- Docs updated\n\nTick their boxes in the checklist, or give "
        "`/verdict PASS_WITH_NOTES <notes>`.",
    ),
    Problem.NO_SUCH_INVARIANT: (
        lambda: (at_level_high(), CLICK),
        "There is nothing called `Everything is fine` to be confirmed now. There are `Tenant isolation/authz`, "
        "`Migrations/indexes`, `Docs updated`.",
    ),
    Problem.NOT_FOR_THIS_DIALECT: (
        lambda: on(awaiting(), "/archive"),
        "This is for team sessions; the plan here is of the dialect `exec-plan`.",
    ),
    Problem.BAD_FOLDER: (
        lambda: on(session(), "/export ../elsewhere"),
        'Nothing can be exported to `../elsewhere`: it has ".", ".." or an empty part.',
    ),
    Problem.ROLLBACK_NOT_ASKED: (
        lambda: on(awaiting(), "/rollback confirm"),
        "Say `/rollback` first, to see what it would do at `LIVE`; then `/rollback confirm`. A push in between asks "
        "for both again.",
    ),
    Problem.NOTHING_TO_ROLL_BACK: (
        lambda: on(started(policy=read_policy(b"record: off")), "/rollback"),
        "The branch is at `LIVE`, where the run began. There is nothing to bring back.",
    ),
    Problem.WORKER_AT_WORK: (
        lambda: on(started(policy=with_workflow()), "/retry B01"),
        "A worker is at `B01` already (https://github.test/acme/shop/actions/runs/9001). Wait for it, or say "
        "`/failed <reason>`.",
    ),
}


@pytest.mark.parametrize("problem", list(Problem))
def test_every_refusal_is_reached_and_says_what_to_do(problem: Problem) -> None:
    make, expected = EXPECTED[problem]
    world, command = make()
    command = command.replace("LIVE", world.head[:7])
    if command == CLICK:
        sha = world.content_head[:7]
        answer, word = world.checklist_edited(UNKNOWN_BOX.format(" ", sha), UNKNOWN_BOX.format("x", sha)), "confirm"
    else:
        answer = world.comment(command) if command else world.deliver(2000)
        word = command.split()[0][1:] if command else "approve"
    assert answer.problem is problem, answer.said
    body = refusal_body(answer.refusal, word, "maria")
    opening = f"`maria`: `/{word}` was refused. "
    live = world.head if problem in {Problem.ROLLBACK_NOT_ASKED, Problem.NOTHING_TO_ROLL_BACK} else world.content_head
    wanted = (
        expected.replace("@LIVE", f"@{live[:12]}").replace("LIVE", live[:7]).replace("CONTENT", world.content_head[:7])
    )
    assert body.startswith(opening + wanted), body
    if problem is not Problem.PLAN_REFUSED:
        assert body == opening + wanted
    lead = re.sub(r"`[^`]*`|\([^)]*\)", "x", body.removeprefix(opening)).split("\n")[0]
    assert len(re.findall(r"[.?:](?= |$)", lead)) <= 4, "one or two readable sentences"


def test_a_state_has_its_own_words_when_the_run_is_over() -> None:
    for state, words in (("closed", "closed out"), ("aborted", "/execute"), ("completed", "/verdict FAIL")):
        assert words in sentence(Refusal(Problem.RUN_OVER, {"state": state}))


def test_a_second_verdict_is_told_how_to_take_the_first_one_back() -> None:
    answer = completed().comment("/verdict PASS")
    assert sentence(answer.refusal, "verdict") == (
        "The verdict on this commit was given. `/verdict FAIL <notes>` takes it back."
    )


def test_a_verdict_of_an_older_head_is_told_the_same_verdict_of_the_live_one() -> None:
    world = validating()
    answer = world.comment("/verdict FAIL @0000000 no")
    assert f"`/verdict FAIL @{world.content_head[:12]}`" in sentence(answer.refusal, "verdict")


def test_a_missing_argument_is_not_called_a_wrong_one() -> None:
    answer = awaiting().comment("/skip B01")
    assert sentence(answer.refusal, "skip") == "Something is missing: `/skip <block> <reason>`."


def test_a_policy_that_could_not_be_read_is_said_in_githubs_words() -> None:
    world = awaiting()
    world.policy = Unknown("GitHub answered 502 (Bad gateway)")
    assert "GitHub answered 502" in sentence(world.comment("/approve").refusal)


def test_long_lists_are_counted() -> None:
    world = started()
    do_block(world, *[f"secret/{index}.py" for index in range(40)])
    said = sentence(world.comment(f"/approve @{world.head[:7]}").refusal)
    assert said.startswith("40 files outside the plan's scope: `secret/0.py`, ") and " and 30 more. " in said


def test_help_lists_every_command_with_who_may_use_it() -> None:
    body = help_body()
    for command in COMMANDS:
        assert f"`/{command.word}" in body
        assert all(f"`/{alias}`" in body for alias in command.aliases)
    assert body.count("| approver |") == sum(command.audience == "approver" for command in COMMANDS)


def test_the_policy_can_be_broken_in_several_places_at_once() -> None:
    world = awaiting(policy=read_policy(None))
    world.policy = read_policy(b"record: x\ncloseout: y\n")
    assert sentence(world.comment("/approve").refusal).count("\n- ") == 2
