"""Whatever workers, GitHub and people do with a graph of blocks: order holds, nobody is started twice, nothing is lost.

Every step reacts through `World.react`, which holds each decision against `tests.runs.invariants`.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.runs.effects import StartWorker
from bot.runs.events import ReportStatus, Woken
from bot.runs.facts import Outcome, OutcomeState
from bot.runs.gates import GatesState
from bot.runs.model import BlockState, DispatchState, RunState
from bot.views.next_step import next_step
from tests.runs.plans import Task
from tests.runs.work import moved, report_of, with_workflow, workers_cancelled, workers_started
from tests.runs.worlds import session, spec_plan

IDS = ("A-1", "B-1", "C-1", "D-1", "E-1")
PICK = st.integers(0, 9)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Tasks that wait for earlier ones; the file lists them in any order."""
    ids = IDS[: draw(st.integers(1, 5))]
    graph = {
        task: tuple(sorted(draw(st.sets(st.sampled_from(ids[:index]), max_size=2)) if index else ()))
        for index, task in enumerate(ids)
    }
    return {task: graph[task] for task in draw(st.permutations(ids))}


@st.composite
def tasks(draw: st.DrawFn) -> dict[str, Task]:
    """Tasks of a spec-plan, some independent, some of them with a file in common."""
    count = draw(st.integers(1, 4))
    return {
        str(number): Task(
            files=(draw(st.sampled_from([f"src/t{number}.py", f"src/t{number}.py", "src/shared.py"])),),
            after=tuple(sorted(draw(st.sets(st.sampled_from([str(n) for n in range(1, number)]), max_size=1))))
            if number > 1
            else None,
            independent=draw(st.booleans()),
        )
        for number in range(1, count + 1)
    }


class AnyGraph(RuleBasedStateMachine):
    """One run of a graph whose workers do as they like."""

    @initialize(
        plan=st.one_of(graphs(), tasks()),
        mode=st.sampled_from(["", " autonomous"]),
        workers=st.booleans(),
    )
    def start(self, plan: dict[str, tuple[str, ...]] | dict[str, Task], mode: str, workers: bool) -> None:
        more = {"dispatches_land": False, **({"policy": with_workflow()} if workers else {})}
        command = f"/execute{mode}"
        if any(isinstance(task, Task) for task in plan.values()):
            self.world = spec_plan(plan, command=command, **more)  # type: ignore[arg-type]
        else:
            self.world = session(plan, command=command, **more)  # type: ignore[arg-type]
        self.running: dict[int, str] = {}
        self.over: set[int] = set()
        self.next_run = 9000
        self.reports = 0

    # -- what workers do -----------------------------------------------------------------------------------------

    def dispatch(self, index: int) -> StartWorker | None:
        started = workers_started(self.world)
        return started[index % len(started)] if started else None

    @rule(index=PICK, answer=st.sampled_from(["run", "run", "nothing", "refused"]))
    def github_answers_a_dispatch(self, index: int, answer: str) -> None:
        waiting = [e for e in workers_started(self.world) if self.world.outcomes[e.key].state is OutcomeState.PENDING]
        if not waiting:
            return
        key = waiting[index % len(waiting)].key
        if answer == "run":
            self.world.land(key)
        elif answer == "nothing":
            self.world.outcomes[key] = Outcome(OutcomeState.DONE, {})
        else:
            self.world.fail(key, "GitHub answered 422")
        self.world.react(Woken("the dispatch was answered"))

    @rule(index=PICK, again=st.booleans(), status=st.sampled_from(["requested", "in_progress", "in_progress"]))
    def a_run_moves(self, index: int, again: bool, status: str) -> None:
        """The run of any dispatch that was not refused, old or new; sometimes a second one of it."""
        effect = self.dispatch(index)
        if effect is None or self.world.outcomes[effect.key].state is OutcomeState.FAILED:
            return
        known = [run for run, dispatch in self.running.items() if dispatch == effect.dispatch]
        result = self.world.outcomes[effect.key].result.get("workflow_run_id")
        run_id = known[0] if known and not again else int(result) if result and not known else self.fresh()
        if run_id in self.over:
            return
        self.running[run_id] = effect.dispatch
        self.world.answer(moved(effect.dispatch, status, run_id=run_id))

    def fresh(self) -> int:
        self.next_run += 1
        return 40_000 + self.next_run

    @rule(index=PICK, give_up=st.booleans())
    def the_run_of_a_worker_that_was_given_up_appears(self, index: int, give_up: bool) -> None:
        run = self.world.run
        assert run is not None
        out = [block for block in run.open_blocks if block.dispatch is not None and not block.dispatch.is_over]
        if give_up and out:
            dispatch = out[index % len(out)].dispatch
            assert dispatch is not None
            self.world.answer(report_of(self.world, dispatch.id, "failed", notes="no"))
        old = [name for block in self.world.run.blocks for name in block.earlier] if self.world.run else []
        if old:
            name = old[index % len(old)]
            run_id = self.fresh()
            self.running[run_id] = name
            self.world.answer(moved(name, "in_progress", run_id=run_id))

    @rule(index=PICK, conclusion=st.sampled_from(["success", "success", "failure", "cancelled"]), twice=st.booleans())
    @precondition(lambda self: self.running)
    def a_run_ends(self, index: int, conclusion: str, twice: bool) -> None:
        run_id = list(self.running)[index % len(self.running)]
        self.over.add(run_id)
        for _ in range(1 + twice):
            self.world.answer(moved(self.running[run_id], "completed", conclusion, run_id=run_id))

    @rule(index=PICK, names_it=st.booleans(), ci=st.sampled_from(["green", "green", "green", "red", None]))
    def a_block_is_pushed(self, index: int, names_it: bool, ci: str | None) -> None:
        run = self.world.run
        assert run is not None
        block = run.blocks[index % len(run.blocks)]
        path = next(iter(run.promise(block.id).get("files") or ()), f"src/{block.id.lower()}.py")
        self.world.push(path, message=f"{block.id}: work" if names_it else "Work")
        if ci:
            self.world.ci(ci)

    @rule(
        index=PICK,
        status=st.sampled_from(["done", "done", "done", "failed", "blocked", "kickback", "gap"]),
        commit=st.sampled_from(["newest", "newest", "newest", "oldest", "unknown", "none"]),
    )
    def a_worker_reports(self, index: int, status: ReportStatus, commit: str) -> None:
        """The worker of any dispatch, also of one that nobody waits for any more."""
        effect = self.dispatch(index)
        if effect is None:
            return
        run = self.world.run
        assert run is not None
        block = next((block for block in run.blocks if block.id == effect.block), None)
        mine = [one.sha for one in self.world.line if one.message.startswith(f"{effect.block}:")]
        named = {
            "newest": mine[-1] if mine else None,
            "oldest": mine[0] if mine else None,
            "unknown": "f" * 40,
            "none": None,
        }[commit]
        is_awaited = (
            block is not None
            and block.dispatch is not None
            and block.dispatch.id == effect.dispatch
            and not block.dispatch.is_over
            and block.state is BlockState.ACTIVE
        )
        known = len(self.world.ledger)
        event = report_of(self.world, effect.dispatch, status, named, "as it went", signal="needs_research",
                          block=effect.block)  # fmt: skip
        self.world.answer(event)
        self.reports += 1
        entries = [entry for entry in self.world.ledger[known:] if entry.kind == "reported"]
        assert [entry.actor for entry in entries] == [effect.dispatch], "no report is lost"
        taken = {sha for other in run.blocks if other.is_settled for sha in other.commits}
        may_go_on = run.state is RunState.RUNNING and self.may_close()
        if is_awaited and status == "done" and named in mine and named not in taken and may_go_on:
            # What its worker made and reported waits for somebody, or is closed.
            assert self.world.block(effect.block) in {BlockState.AWAITING_APPROVAL, BlockState.DONE}

    def may_close(self) -> bool:
        situation = self.world.decision.situation
        return situation.gates.state in {GatesState.GREEN, GatesState.SILENT} and situation.scope.is_clean

    # -- what people do ------------------------------------------------------------------------------------------

    @rule(index=PICK, word=st.sampled_from(["approve", "approve", "approve", "done"]))
    def a_block_is_named(self, index: int, word: str) -> None:
        run = self.world.run
        assert run is not None
        self.world.comment(f"/{word} {run.blocks[index % len(run.blocks)].id}")

    @rule(
        index=PICK,
        said=st.sampled_from(
            ["/retry {}", "/retry {}", "/skip {} x", "/failed {} x", "/blocked {} x", "/approve", "/retry", "/pause",
             "/resume", "/resume", "/resume", "/escalate x", "/kickback scope_creep x", "/done"]
        ),
    )  # fmt: skip
    def people_say(self, index: int, said: str) -> None:
        run = self.world.run
        assert run is not None
        self.world.comment(said.format(run.blocks[index % len(run.blocks)].id))

    @rule(state=st.sampled_from(["green", "green", "red"]))
    def ci(self, state: str) -> None:
        self.world.ci(state)

    @rule(minutes=st.sampled_from([1, 6, 11, 61]))
    def wait(self, minutes: int) -> None:
        self.world.wait(minutes)

    @rule(blocks=st.integers(1, 3))
    def go_on_as_intended(self, blocks: int) -> None:
        """The next block is pushed, reported and approved, so that the far end of the graph is reached."""
        for _ in range(blocks):
            self.world.comment("/resume")
            run = self.world.run
            assert run is not None
            if not run.open_blocks:
                return
            block = run.open_blocks[0]
            self.world.comment(f"/retry {block.id}")
            path = next(iter(run.promise(block.id).get("files") or ()), f"src/{block.id.lower()}.py")
            sha = self.world.push(path, message=f"{block.id}: work")
            self.world.ci("green")
            self.world.comment(f"/done {block.id} {sha[:9]}")
            self.world.comment(f"/approve {block.id}")

    # -- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def one_worker_at_a_time_for_a_block(self) -> None:
        """A run that was seen for a dispatch that is over is cancelled, unless it had ended."""
        run = getattr(self, "world", None) and self.world.run
        if not run:
            return
        started = workers_started(self.world)
        assert len({effect.dispatch for effect in started}) == len(started), "a dispatch is sent once"
        cancelled = set(workers_cancelled(self.world))
        for block in run.blocks:
            mine = [effect.dispatch for effect in started if effect.block == block.id]
            current = block.dispatch.id if block.dispatch else None
            given_up = [name for name in mine if name != current]
            assert set(given_up) <= set(block.earlier), "a worker was forgotten"
            live = [
                run_id
                for run_id, dispatch in self.running.items()
                if dispatch in mine and run_id not in self.over and run_id not in cancelled
            ]
            if block.is_settled or (block.dispatch is not None and block.dispatch.state is DispatchState.DONE):
                # What was reported as done is waited for no longer; its run may still be tidying up.
                continue
            assert len(live) <= 1, f"two workers are at {block.id}: {live}"
            assert not live or self.running[live[0]] == current, f"a worker given up is still at {block.id}"

    @invariant()
    def somebody_is_told_or_somebody_works(self) -> None:
        run = getattr(self, "world", None) and self.world.run
        if not run or run.state is not RunState.RUNNING:
            return
        decision = self.world.decision
        step = next_step(run, decision.situation, self.world.facts())
        assert run.open_blocks, "a run that is running has something open"
        if step.waits_for_person or step.is_stopped:
            return
        working = [block for block in run.open_blocks if block.state is BlockState.ACTIVE]
        assert working, "nobody is asked and nobody works"
        waits_for_gates = decision.situation.gates.state is GatesState.PENDING
        for block in working:
            is_out = block.dispatch is not None and not block.dispatch.is_over
            if not is_out:
                # A person's turn: the next step says so, or says what it waits for.
                return
        assert decision.wake_at is not None or waits_for_gates, "everybody waits for workers, and nobody looks again"

    @invariant()
    def what_is_held_can_be_taken_up(self) -> None:
        run = getattr(self, "world", None) and self.world.run
        if not run:
            return
        held: Sequence[str] = [b.id for b in run.blocks if b.state in {BlockState.FAILED, BlockState.BLOCKED}]
        for block_id in held:
            block = run.block(block_id)
            assert block is not None and block.reason, f"{block_id} is held and nobody knows why"
            assert block.dispatch is None or block.dispatch.is_over, f"{block_id} is held and its worker is not stopped"


AnyGraph.TestCase.settings = settings(
    max_examples=80, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyGraph = AnyGraph.TestCase
