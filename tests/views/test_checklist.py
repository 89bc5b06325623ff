"""The checklist comment: what it says in each state, and that nothing untrusted comes alive in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from bot.plans.model import BLOCKS_LIMIT
from bot.runs.command_lines import command_lines
from bot.runs.effects import Say
from bot.runs.facts import GateReport, GateState, Unknown
from bot.runs.ledger import Entry, EntryKind
from bot.runs.messages import Notice, NoticeKind
from bot.runs.model import BlockRun, BlockState
from bot.runs.policy import read_policy
from bot.views.checklist import checklist
from bot.views.checks import checks
from bot.views.notices import closeout_body, worded
from bot.views.words import CHECK_NAMES, CHECKLIST_MARKER, length
from tests.runs.world import (
    PLAN,
    START,
    World,
    awaiting,
    closed,
    completed,
    do_block,
    plan_text,
    planned,
    started,
    validating,
)

GITHUB_LIMIT = 65_536
GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def body_of(world: World) -> str:
    facts = world.facts()
    body = checklist(world.run, world.decision.situation, facts, world.ledger)
    assert body is not None
    return body


def lines_of(world: World) -> list[str]:
    """What stands above the folds, without the marker and blank lines."""
    body = body_of(world).split("<details>", 1)[0]
    return [line for line in body.splitlines() if line and line != CHECKLIST_MARKER]


def short(world: World) -> str:
    return world.content_head[:7]


def check(world: World, name: str) -> tuple[str | None, str]:
    found = {view.name: view for view in checks(world.run, world.decision.situation, world.facts())}
    assert tuple(found) == CHECK_NAMES
    view = found[f"stepwise/{name}"]
    return view.conclusion, view.title


def all_checks(world: World) -> dict[str, tuple[str | None, str]]:
    return {name: check(world, name) for name in ("plan", "scope", "gates", "progress")}


# -- states -----------------------------------------------------------------------------------------------------


def test_without_a_plan_there_is_no_comment_and_four_successes() -> None:
    world = World()
    world.push("src/a.py")
    assert checklist(None, world.decision.situation, world.facts(), []) is None
    assert set(all_checks(world).values()) == {("success", "No plan in this pull request")}


def test_a_broken_policy_does_not_stop_a_pull_request_without_a_plan() -> None:
    world = World(policy=read_policy(b"nonsense: 1"))
    world.push("src/a.py")
    assert set(all_checks(world).values()) == {("success", "No plan in this pull request")}


def test_a_plan_that_is_ready() -> None:
    world = planned()
    assert lines_of(world) == [
        "### Checkout Totals — ready to be executed",
        f"`{PLAN}` · 3 blocks · not started",
        "- [ ] **B01** Amounts are whole cents",
        "- [ ] **B02** Discounts",
        "- [ ] **B03** Totals at the checkout",
        "**Scope** ✅ 1 changed file, all inside the plan",
        "**Gates** ⏳ nothing has reported yet",
        "**Next:** Read the plan; an approver then starts it with",
        "```",
        "/execute",
        "```",
    ]
    assert all_checks(world) == {
        "plan": ("success", "Valid plan, 3 blocks"),
        "scope": ("success", "1 changed file, all inside the plan"),
        "gates": (None, "Nothing has reported yet"),
        "progress": ("action_required", "Not started: ready to be executed"),
    }


def test_a_block_that_is_to_be_done() -> None:
    lines = lines_of(started())
    assert lines[0] == "### Checkout Totals — B01 is to be done"
    assert lines[1] == f"`{'░' * 20}` 0 of 3 blocks · running · `{PLAN}`"
    assert lines[2] == "- [ ] **B01** Amounts are whole cents — active"
    assert lines[-1] == (
        "**Next:** Push the commits of `B01` Amounts are whole cents "
        "(`git pull` first: the record commit is on the branch)."
    )
    assert check(started(), "progress") == (None, "0 of 3 blocks done: B01 is to be done")


def test_a_block_that_awaits_approval() -> None:
    world = awaiting()
    lines = lines_of(world)
    assert lines[0] == f"### Checkout Totals — B01 awaits approval at {short(world)}"
    assert lines[2] == f"- [ ] **B01** Amounts are whole cents — **awaits approval** at `{world.content_head[:12]}`"
    assert lines[6] == "**Gates** ✅ `tests`"
    assert lines[-3:] == ["```", f"/approve B01 @{world.content_head[:12]}", "```"]
    assert check(world, "progress") == (
        "action_required",
        f"0 of 3 blocks done: B01 awaits approval at {short(world)}",
    )


def test_the_command_that_is_shown_is_the_command_that_works() -> None:
    for make, state in ((planned, "running"), (awaiting, "running"), (validating, "completed")):
        world = make()
        shown = re.search(r"```\n(/.*)\n```", body_of(world))
        assert shown is not None
        assert world.comment(shown[1]).is_accepted, shown[1]
        assert world.state() == state


def test_a_finished_block_names_commit_and_approver() -> None:
    world = awaiting()
    head = short(world)
    world.comment("/approve")
    lines = lines_of(world)
    assert lines[1].startswith(f"`{'█' * 6}{'░' * 14}` 1 of 3 blocks")
    assert lines[2] == f"- [x] **B01** Amounts are whole cents — done at `{head}`, approved by `maria`"
    assert lines[6] == f"**Gates** ✅ green on `{head}`, below the bot's own record"


def out_of_scope() -> World:
    world = started()
    do_block(world, "infra/a.tf", "infra/b.tf")
    return world


def red() -> World:
    world = awaiting()
    world.ci("red", name="build")
    return world


def waiting_for_gates() -> World:
    world = awaiting()
    world.ci("pending", name="build")
    return world


def changed_contract() -> World:
    world = awaiting()
    world.push(plan=plan_text(include=["src/...", "docs/..."]))
    return world


def rewritten() -> World:
    world = started()
    first = world.line[0].sha
    do_block(world, "src/b01.py")
    world.comment("/approve")
    world.push("src/x.py", on=first)
    return world


def after(world: World, *commands: str) -> World:
    for command in commands:
        world.comment(command)
    return world


def failed_once() -> World:
    return after(validating(), "/verdict FAIL the totals are off")


def with_unknown(what: str) -> World:
    world = awaiting()
    setattr(world, f"{what}_unknown", "GitHub answered 502: Bad gateway.")
    world.react()
    return world


def with_policy(text: bytes | None) -> World:
    world = awaiting()
    world.policy = read_policy(text) if text is not None else Unknown("GitHub answered 403.")
    world.react()
    return world


def two_plans() -> World:
    world = planned()
    world.push(files={"docs/exec-plans/active/other.md": plan_text()})
    return world


def failed_closeout() -> World:
    world = completed()
    world.lands_by_itself = False
    world.merge()
    world.fail(world.waiting_effects()[-1], "GitHub answered 422: Validation Failed")
    world.react()
    return world


def shut(make: Callable[[], World]) -> World:
    world = make()
    world.close()
    return world


def merged_early() -> World:
    world = awaiting()
    world.merge()
    return world


@pytest.mark.parametrize(
    ("make", "headline", "next_words"),
    [
        (out_of_scope, "B01 is held up: files out of scope", "2 files outside the plan's scope: `infra/a.tf`, "),
        (red, "B01 is held up: gates fail", "1 gate failing on the head commit: `build`. Push a fix, or run it again."),
        (waiting_for_gates, "B01 waits for its gates", "1 gate not finished on the head commit: `build`."),
        (changed_contract, "the contract has changed", "The plan's contract has changed since it was locked:"),
        (rewritten, "B02 is held up: approved commits are gone", "The branch was force-pushed: commits that were"),
        (lambda: after(awaiting(), "/pause lunch"), "paused", "The run is paused: lunch."),
        (lambda: after(awaiting(), "/abort enough"), "aborted", "The run was aborted: enough. An approver can start"),
        (failed_once, "validation failed, fix round 1", "`maria` judged the change as FAIL (the totals are off). Push"),
        (completed, "completed", "Merge the pull request; the closeout follows by itself."),
        (failed_closeout, "completed, the closeout failed", "The closeout failed; once its reason is gone"),
        (closed, "closed out", "Nothing: the plan is closed out (https://github.test/acme/shop/pull/99)."),
        (lambda: with_unknown("files"), "B01 is held up: the scope is not known", "The scope could not be"),
        (lambda: with_unknown("gates"), "B01 is held up: the gates are not known", "The head commit could not be"),
        (lambda: with_unknown("progress"), "B01 is held up: the gates are not known", "The head commit could not be"),
        (lambda: with_unknown("plan"), "B01 is held up: the plan cannot be read", f"The plan `{PLAN}` cannot be read:"),
        (lambda: with_policy(b"x: 1"), "the policy cannot be used", "Correct the policy on the base branch:"),
        (lambda: with_policy(None), "the policy could not be read", "Nothing advances until it can be:"),
        (two_plans, "2 plans: say which one", "There are 2 plans in this pull request. Say which one:"),
        (lambda: planned("# x\n"), "the plan cannot be executed", "Correct the plan:"),
        (lambda: planned(plan_text(branch="a/b")), "the plan is for another branch", "The plan's execution branch is "),
        (lambda: shut(awaiting), "the pull request is closed", "Reopen the pull request to go on."),
        (lambda: shut(planned), "not executed", "The pull request is closed."),
        (merged_early, "aborted", "The run has ended: merged before the plan was done: B01 is awaiting approval"),
    ],
)  # fmt: skip
def test_what_is_next_in_every_state(make: Callable[[], World], headline: str, next_words: str) -> None:
    world = make()
    lines = lines_of(world)
    assert lines[0].endswith(f" — {headline}"), lines[0]
    said = next(line for line in lines if line.startswith("**Next:**"))
    assert said.startswith(f"**Next:** {next_words}"), said
    assert well_formed(body_of(world))


@pytest.mark.parametrize(
    ("make", "name", "conclusion", "title"),
    [
        (out_of_scope, "scope", "failure", "2 files out of scope: infra/a.tf"),
        (red, "gates", "failure", "1 gate failing: build"),
        (waiting_for_gates, "gates", None, "Waiting for build"),
        (changed_contract, "plan", "failure", "The contract has changed: include gained `docs/...`"),
        (lambda: with_unknown("files"), "scope", "failure", "The scope could not be checked"),
        (lambda: with_unknown("gates"), "gates", "failure", "The gates could not be read"),
        (lambda: with_unknown("plan"), "plan", "failure", "The plan could not be read"),
        (lambda: with_policy(b"x: 1"), "plan", "failure", "The policy cannot be used: .github/stepwise.yml"),
        (lambda: with_policy(None), "plan", "failure", "The policy .github/stepwise.yml could not be read"),
        (two_plans, "plan", "action_required", "2 plans: say which one to execute"),
        (lambda: planned(plan_text(branch="a/b")), "plan", "failure", "The plan is for another branch"),
        (awaiting, "plan", "success", "The plan is as it was locked"),
        (lambda: after(awaiting(), "/abort x"), "plan", "success", "Valid plan, 3 blocks"),
        (lambda: after(awaiting(), "/abort x"), "progress", "failure", "0 of 3 blocks done: aborted"),
        (validating, "progress", "action_required", "3 of 3 blocks done: every block is finished: the verdict"),
        (failed_once, "progress", "failure", "3 of 3 blocks done: validation failed, fix round 1"),
        (completed, "progress", "success", "3 of 3 blocks done, verdict PASS"),
        (closed, "progress", "success", "3 of 3 blocks done, verdict PASS"),
        (awaiting, "gates", "success", "All gates are green"),
    ],
)  # fmt: skip
def test_checks_name_the_first_unmet_condition(
    make: Callable[[], World], name: str, conclusion: str | None, title: str
) -> None:
    found = check(make(), name)
    assert found[0] == conclusion and found[1].startswith(title), found


def test_commits_that_could_not_be_compared_with_the_verdict_are_no_success() -> None:
    world = completed()
    world.progress_unknown = "GitHub answered 502"
    world.push("src/late.py")
    assert check(world, "progress") == (
        "failure",
        "3 of 3 blocks done: what came after the verdict is not known",
    )


def test_a_violation_is_listed_with_rule_and_annotated() -> None:
    world = out_of_scope()
    view = checks(world.run, world.decision.situation, world.facts())[1]
    assert "- `infra/a.tf` (added) — excluded by the rule `infra/...`" in view.summary
    assert [(note.path, note.level) for note in view.annotations] == [
        ("infra/a.tf", "failure"),
        ("infra/b.tf", "failure"),
    ]


def test_gates_are_listed_with_their_evidence() -> None:
    world = awaiting()
    summary = checks(world.run, world.decision.situation, world.facts())[2].summary
    assert "- `tests` (`actions`): success ([evidence](https://ci.example/tests))" in summary


def test_silence_is_said_and_never_green() -> None:
    world = started()
    world.push("src/a.py")
    world.wait(11)
    assert check(world, "gates") == ("neutral", "No checks reported")
    world.comment("/approve")
    assert check(world, "gates") == ("neutral", "No checks reported")


# -- hostile words ----------------------------------------------------------------------------------------------

HOSTILE = (
    "</details><script>alert(1)</script> <!-- stepwise:checklist --> @maria @acme/owners #123 GH-7 gh-8 "
    "https://evil.example www.evil.example acme/shop#9 ![x](https://evil.example/x.png) [a](javascript:x) "
    "**bold** _it_ ~~s~~ | pipe | `code ``` ~~~ \u202edlrow\u2066 \u0007 $x$ <img src=x onerror=y> &lt; \\"
)


def well_formed(body: str) -> bool:
    """Details are balanced, fences are closed, and no other HTML is in it but the marker."""
    depth, fence = 0, ""
    for line in body.splitlines():
        ticks = re.match(r"(`{3,})", line)
        if fence:
            if line.strip() == fence:
                fence = ""
            continue
        if ticks:
            fence = ticks[1]
            continue
        depth += line.count("<details>") - line.count("</details>")
        assert depth in (0, 1), line
    tokens = GFM.parse(body)
    html = [token.content for token in tokens if token.type == "html_block"]
    html += [child.content for token in tokens for child in token.children or () if child.type == "html_inline"]
    for piece in html:
        assert not re.sub(r"</?details>|</?summary>|<!-- stepwise:[a-z:0-9-]+ -->|[A-Za-z \n]", "", piece), piece
    return depth == 0 and not fence


def live_words(body: str) -> str:
    """What a renderer of GitHub's would look for mentions, references and links in: text that is not code."""
    tokens = GFM.parse(body)
    return "\n".join(
        child.content
        for token in tokens
        for child in token.children or ()
        if child.type in {"text", "text_special", "html_inline"}
    )


def nothing_is_live(body: str) -> None:
    assert well_formed(body)
    assert body.count(CHECKLIST_MARKER) <= 1
    words = live_words(body)
    assert not re.search(r"(?<![A-Za-z0-9_`])@[A-Za-z0-9]", words), "somebody is mentioned"
    assert not re.search(r"(?<![&\w])#\d|\bGH-\d", words, re.IGNORECASE), "another issue is referred to"
    assert not re.search(r"https?://evil|www\.evil", words), "an address is a link"
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u0000-\u0008]", body), "the text runs backwards"
    hrefs = [
        str(child.attrGet("href") or child.attrGet("src"))
        for token in GFM.parse(body)
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]
    assert all(href.startswith(("https://ci.example/", "https://github.")) for href in hrefs), hrefs
    assert not command_lines(body)


def test_a_hostile_plan_stays_words() -> None:
    text = plan_text({"B01": HOSTILE, "B02": HOSTILE}, title=HOSTILE, objective=HOSTILE, command="x | y")
    world = World()
    world.push(plan=text)
    for _ in range(2):
        nothing_is_live(body_of(world))
        for view in checks(world.run, world.decision.situation, world.facts()):
            nothing_is_live(view.summary)
        world.comment("/execute")


def test_hostile_files_reports_reasons_and_people_stay_words() -> None:
    world = started()
    world.policy = read_policy(b"gates: {ignore: [x]}\napprovers: [maria]\n")
    name = HOSTILE.replace("/", "_")
    world.push(f"infra/{name}", "infra/`a`|b")
    world.ci("red", name=HOSTILE, source=HOSTILE)
    answers = [
        world.comment(command).said
        for command in (
            f"/pause {HOSTILE}",
            "/resume",
            f"/approve {HOSTILE.split()[0]}",
            f"/approve @{'f' * 7}",
            "/approve",
            f"/allow {name.split()[0]} {HOSTILE}",
            f"/execute docs/{name.split()[0]}",
            f"/verdict {name.split()[0]}",
            f"/skip B01 {HOSTILE}",
            "/status",
            "/help",
            f"/abort {HOSTILE}",
        )
    ]
    assert len(answers) == 12
    nothing_is_live(body_of(world))
    for effect in world.effects.values():
        if isinstance(effect, Say):
            nothing_is_live(worded(effect, world.run, world.decision.situation, world.facts(), world.ledger))
    for view in checks(world.run, world.decision.situation, world.facts()):
        nothing_is_live(view.summary)
        assert "\n" not in view.title and view.title.isprintable()


def test_a_hostile_fact_in_githubs_words_stays_words() -> None:
    world = awaiting()
    for what in ("files", "gates", "progress", "plan"):
        setattr(world, f"{what}_unknown", HOSTILE)
        world.react()
        nothing_is_live(body_of(world))
        for view in checks(world.run, world.decision.situation, world.facts()):
            nothing_is_live(view.summary)


def test_a_hostile_verdict_and_its_closeout_stay_words() -> None:
    world = validating()
    world.comment(f"/verdict PASS_WITH_NOTES {HOSTILE}")
    assert world.run is not None
    for body in (body_of(world), closeout_body(world.run)):
        # The pull request that was executed is named on purpose.
        nothing_is_live(body.replace("executed in #12", "executed"))


# -- length -----------------------------------------------------------------------------------------------------


def huge(title: str) -> World:
    """A run of 500 blocks; the plan on the branch stays small, so that only what is shown takes time."""
    world = started()
    run = world.run
    assert run is not None
    blocks = tuple(BlockRun(f"B{index:03}", f"{index} {title}"[:500], "d" * 64) for index in range(1, BLOCKS_LIMIT + 1))
    terms = run.terms | {"objective": title * 3, "include": [f"src/{'d' * 300}{index}/..." for index in range(60)]}
    world.run = replace(run, blocks=blocks, title=title[:500], terms=terms)
    return world


@pytest.mark.parametrize("title", ["words " * 100, "한" * 500, "\U0001f600" * 500, "*[<`|_" * 90, "@a " * 166])
def test_the_largest_run_stays_within_githubs_limit(title: str) -> None:
    world = huge(title)
    world.push(*[f"infra/{'x' * 200}{index}.tf" for index in range(400)])
    for index in range(60):
        world.reports.setdefault(world.head, []).extend(awaiting_report(index, title))
    world.react()
    entry = Entry(START, EntryKind.REFUSED, "maria", title * 2, "a" * 40, "B001", 1)
    world.ledger.extend([entry] * 2_000)
    facts, situation = world.facts(), world.decision.situation
    body = checklist(world.run, situation, facts, world.ledger)
    assert body is not None and length(body) < GITHUB_LIMIT and well_formed(body)
    assert "B001" in body and "/approve" in body
    for view in checks(world.run, situation, facts):
        assert length(view.summary) < GITHUB_LIMIT and well_formed(view.summary)
        assert len(view.title) <= 255 and "\n" not in view.title
    status = Say("k", Notice(NoticeKind.STATUS), command="status", to="maria")
    said = worded(status, world.run, situation, facts, world.ledger)
    assert length(said) < GITHUB_LIMIT - 200 and well_formed(said)
    assert world.run is not None
    assert length(closeout_body(world.run)) < GITHUB_LIMIT and well_formed(closeout_body(world.run))


def awaiting_report(index: int, title: str) -> list[GateReport]:
    return [GateReport(f"gate {index} {title}", "actions", GateState.RED, "failure", "https://ci.example/1", title)]


def test_the_open_block_is_always_shown() -> None:
    world = huge("한" * 200)
    assert world.run is not None
    for block in world.run.blocks[:450]:
        world.run = world.run.with_block(replace(block, state=BlockState.SKIPPED, reason="x" * 400))
    world.react()
    body = body_of(world)
    assert length(body) < GITHUB_LIMIT and "**B451**" in body and well_formed(body)
