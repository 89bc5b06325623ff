"""Whatever people, CI and GitHub do, in whatever order: no block is done without an approval of exactly its bytes.

Every step reacts through `World.react`, which holds each decision against `tests.runs.invariants`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.runs.facts import Unknown
from bot.runs.ledger import Entry
from bot.runs.model import BlockState
from bot.runs.policy import Policy, PolicyProblem, read_policy
from tests.runs.near_misses import NAMINGS, TROUBLES, all_but_one_thing, make_ready
from tests.runs.world import COMPLETED, PLAN, World, plan_text, started

PEOPLE = st.sampled_from(["maria", "maria", "maria", "coda", "otto", "eve", "toni"])
PATHS = st.sampled_from(["src/a.py", "src/b.py", "tests/t.py", "infra/main.tf", "src/payments.py", "README.md"])
POLICIES = st.sampled_from(
    [
        read_policy(None),
        read_policy(None),
        read_policy(b"approvers: [otto]"),
        read_policy(b"record: off"),
        read_policy(b"record: end"),
        read_policy(b"closeout: commit"),
        read_policy(b"closeout: commit\nrecord: off"),
        read_policy(b"gates: {required: [tests]}"),
        read_policy(b"gates: {ignore: [lint], patience_minutes: 0}"),
        read_policy(b"nonsense: 1"),
        Unknown("GitHub answered 403"),
    ]
)
PLANS = st.sampled_from(
    [
        plan_text(),
        plan_text(),
        plan_text(["B01", "B02"]),
        plan_text(["B01"]),
        plan_text(["B02", "B01", "B03"]),
        plan_text({"B01": "Something else", "B02": "Discounts"}),
        plan_text(include=["src/..."], exclude=["infra/..."]),
        plan_text(objective="Another objective."),
        plan_text(branch="feature/elsewhere"),
        plan_text(mode="autonomous"),
        "# nothing of a plan\n",
    ]
)
BLOCKS = st.sampled_from(["", "", "B01", "b02", "B02", "B03", "B99"])
SHAS = st.sampled_from(["", "", "", "live", "live", "content", "old", "record", "wrong", "short"])
AT_LEAST_ONE = st.integers(1, 3)


class Anything(RuleBasedStateMachine):
    """One pull request with everything that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = started()
        self.undelivered: list[int] = []
        self.delivered: list[int] = []
        self.seen: tuple[World, str | None, tuple[Entry, ...]] = (self.world, None, ())

    # -- the branch ----------------------------------------------------------------------------------------------

    @rule(path=PATHS, ci=st.sampled_from(["green", "green", "red", "pending", None]))
    def push(self, path: str, ci: str | None) -> None:
        if self.world.is_merged:
            return
        self.world.push(path)
        if ci:
            self.world.ci(ci)

    @rule()
    def push_without_change(self) -> None:
        if self.branch_is_open():
            self.world.push(message="Nothing")

    @rule()
    def push_what_looks_like_a_record(self) -> None:
        """A commit with the bot's trailers, subject and file, by somebody else."""
        run = self.world.run
        if not self.branch_is_open() or run is None or PLAN not in self.world.tree:
            return
        message = f"Record {run.blocks[0].id}\n\nStepwise-Run: {run.id}\nStepwise-Block: B01\nApproved-by: maria\n"
        self.world.push(
            files={PLAN: self.world.tree[PLAN] + "\n<!-- forged -->\n"}, by="stepwise[bot]", message=message
        )

    @rule()
    def merge_the_base(self) -> None:
        if self.branch_is_open():
            self.world.base["base.txt"] = str(self.world.commits_made)
            self.world.push(files={"base.txt": self.world.base["base.txt"]}, message="Merge main", is_merge=True)

    @rule(back=AT_LEAST_ONE)
    def rewind(self, back: int) -> None:
        if self.branch_is_open() and len(self.world.line) > back + 1:
            self.world.rewind(self.world.line[-1 - back].sha)

    @rule(back=AT_LEAST_ONE, path=PATHS)
    def force_push(self, back: int, path: str) -> None:
        if self.branch_is_open() and len(self.world.line) > back + 1:
            self.world.push(path, on=self.world.line[-1 - back].sha)

    @rule(text=PLANS)
    def edit_the_plan(self, text: str) -> None:
        if not self.branch_is_open():
            return
        run = self.world.run
        if run is not None and text == plan_text():
            # Take the contract back to what was locked, whatever stood in between.
            text = plan_text([block.id for block in run.blocks])
        self.world.push(plan=text, message="Change the plan")

    @rule()
    def undo_the_bots_record(self) -> None:
        if self.branch_is_open() and PLAN in self.world.tree:
            self.world.push(plan=plan_text(), message="Take the record back")

    @rule()
    def delete_the_plan(self) -> None:
        if self.branch_is_open() and PLAN in self.world.tree:
            self.world.push(files={PLAN: None}, message="Delete the plan")

    @rule()
    def move_the_plan_back(self) -> None:
        if self.branch_is_open() and COMPLETED in self.world.tree:
            self.world.push(files={PLAN: self.world.tree[COMPLETED], COMPLETED: None})

    def branch_is_open(self) -> bool:
        return not self.world.is_merged

    # -- CI ------------------------------------------------------------------------------------------------------

    @rule(state=st.sampled_from(["green", "green", "red", "pending"]), name=st.sampled_from(["tests", "tests", "lint"]))
    def ci(self, state: str, name: str) -> None:
        self.world.ci(state, name=name)

    @rule(minutes=st.sampled_from([1, 11]))
    def wait(self, minutes: int) -> None:
        self.world.wait(minutes)

    # -- people --------------------------------------------------------------------------------------------------

    def sha(self, which: str) -> str:
        world = self.world
        own = [commit.sha for commit in world.line if commit.by_bot]
        named = {
            "": None,
            "live": world.head,
            "content": world.content_head,
            "old": world.line[len(world.line) // 2].sha,
            "record": own[-1] if own else world.head,
            "wrong": "0" * 40,
            "short": world.head[:5],
        }[which]
        return f" @{named if which == 'old' else named[:7]}" if named else ""

    def say(self, body: str, by: str, *, late: bool, is_bot: bool = False) -> None:
        comment_id = self.world.write(body, by=by, is_bot=is_bot)
        self.undelivered.append(comment_id)
        if not late:
            self.deliver_all()

    @rule(by=PEOPLE, block=BLOCKS, sha=SHAS, late=st.booleans())
    def approve(self, by: str, block: str, sha: str, late: bool) -> None:
        self.say(f"/approve {block}{self.sha(sha)}", by, late=late)

    @rule(block=BLOCKS, sha=SHAS)
    def approve_as_a_bot(self, block: str, sha: str) -> None:
        self.say(f"/approve {block}{self.sha(sha)}", "maria", late=False, is_bot=True)

    @rule(by=PEOPLE, word=st.sampled_from(["PASS", "PASS", "PASS_WITH_NOTES", "FAIL", "MAYBE"]), sha=SHAS)
    def verdict(self, by: str, word: str, sha: str) -> None:
        self.say(f"/verdict {word}{self.sha(sha)} as seen", by, late=False)

    @rule(
        by=PEOPLE,
        body=st.sampled_from(
            [
                "/execute",
                "/execute",
                f"/execute {PLAN}",
                "/skip B01 not needed",
                "/skip B02 not needed",
                "/skip B03 not needed",
                "/allow infra/... needed once",
                "/allow README.md needed",
                "/pause a moment",
                "/resume",
                "/resume",
                "/abort enough",
                "/closeout",
                "/closeout",
                "/status",
                "/approv",
                "/approve\n\n/approve\n\n/approve",
                "/abort x\n\n/execute\n\n/abort y\n\n/execute",
                "/resume\n\n/approve",
                "/pause\n\n/approve",
                "/skip B01 x\n\n/approve",
                "/verdict FAIL a\n\n/verdict PASS",
                "/closeout\n\n/closeout",
                "> /approve",
            ]
        ),
        late=st.booleans(),
    )
    def command(self, by: str, body: str, late: bool) -> None:
        self.say(body, by, late=late)

    @rule()
    @precondition(lambda self: self.undelivered)
    def deliver_all(self) -> None:
        ids, self.undelivered = self.undelivered, []
        self.delivered += ids
        self.world.deliver(*reversed(ids))

    @rule(index=st.integers(0, 30))
    @precondition(lambda self: self.delivered)
    def deliver_again(self, index: int) -> None:
        known = len(self.world.ledger)
        comment_id = self.delivered[index % len(self.delivered)]
        answer = self.world.deliver(comment_id)
        assert all(entry.comment_id != comment_id for entry in self.world.ledger[known:])
        assert not answer.said or not any(f":{comment_id}:" in effect.key for effect in answer.effects)

    # -- the path, so that the far end is reached ----------------------------------------------------------------

    def make_ready(self) -> None:
        """Whatever stands in the way is taken away: the next block, or the verdict, waits for a person."""
        ready = make_ready(self.world)
        if ready is not self.world:
            self.world, self.undelivered, self.delivered = ready, [], []

    @rule()
    def get_ready(self) -> None:
        self.make_ready()

    @rule(blocks=st.integers(1, 3), verdict=st.booleans())
    def go_on_as_intended(self, blocks: int, verdict: bool) -> None:
        for _ in range(blocks):
            self.make_ready()
            self.world.comment("/approve")
        self.make_ready()
        if verdict:
            self.world.comment("/verdict PASS")

    @rule(trouble=st.sampled_from(TROUBLES), how=st.sampled_from(NAMINGS))
    def ready_but_for_one_thing(self, trouble: str, how: str) -> None:
        """Everything is as it should be, then one thing is not, and somebody approves and judges all the same."""
        self.make_ready()
        all_but_one_thing(self.world, trouble, how)

    # -- GitHub --------------------------------------------------------------------------------------------------

    @rule()
    def close(self) -> None:
        if self.world.is_open:
            self.world.close()

    @rule()
    def reopen(self) -> None:
        if not self.world.is_open and not self.world.is_merged:
            self.world.reopen()

    @rule()
    @precondition(lambda self: self.world.is_open)
    def merge(self) -> None:
        if self.world.commits_made > 12:
            self.world.merge()

    @rule(policy=POLICIES)
    def change_the_policy(self, policy: Policy | PolicyProblem | Unknown) -> None:
        self.world.policy = policy
        self.world.react()

    @rule(what=st.sampled_from(["files", "gates", "progress", "plan", "permissions"]), reason=st.just("GitHub: 403"))
    def lose_sight(self, what: str, reason: str) -> None:
        setattr(self.world, f"{what}_unknown", reason)
        self.world.react()

    @rule(times=st.integers(3, 5))
    def fail_until_it_escalates(self, times: int) -> None:
        """Verdicts of FAIL, each on a new commit."""
        self.make_ready()
        for _ in range(3):
            self.world.comment("/skip B01 x\n\n/skip B02 x\n\n/skip B03 x")
        for _ in range(times):
            self.world.push("src/fix.py")
            self.world.ci("green")
            self.world.comment("/verdict FAIL no")

    @rule()
    def see_again(self) -> None:
        for what in ("files", "gates", "progress", "plan", "permissions"):
            setattr(self.world, f"{what}_unknown", None)
        self.world.react()

    @rule(login=PEOPLE, level=st.sampled_from(["write", "read", "none"]))
    def change_a_permission(self, login: str, level: str) -> None:
        if login != "maria":
            self.world.permissions[login] = level

    @rule(by_itself=st.booleans())
    def effects_land(self, by_itself: bool) -> None:
        self.world.lands_by_itself = by_itself

    @rule(index=st.integers(0, 5), fails=st.booleans())
    @precondition(lambda self: self.world.waiting_effects())
    def one_effect_comes_back(self, index: int, fails: bool) -> None:
        waiting = self.world.waiting_effects()
        key = waiting[index % len(waiting)]
        if fails:
            self.world.fail(key)
        else:
            self.world.land(key)
        self.world.react()

    @invariant()
    def the_ledger_only_grows(self) -> None:
        """Within one run of one world: a world whose run is over is left for a new one."""
        run_id = self.world.run.id if self.world.run else None
        world, known_id, entries = self.seen
        if world is self.world and known_id == run_id:
            assert tuple(self.world.ledger[: len(entries)]) == entries
        self.seen = (self.world, run_id, tuple(self.world.ledger))

    @invariant()
    def done_means_approved(self) -> None:
        run = self.world.run
        if run is None:
            return
        for block in run.blocks:
            assert (block.state is BlockState.DONE) == (block.approval is not None)


Anything.TestCase.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnything = Anything.TestCase
