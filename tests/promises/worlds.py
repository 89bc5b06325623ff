"""Runs of every dialect, as far as a test wants them, and what the bot says in them as people read it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.runs.effects import Say, WriteRecord
from bot.runs.model import BlockState
from bot.views.notices import worded
from tests.runs.plans import MEMORY_BANK, SESSION, SPEC_PLAN, memory_bank_text, session_files, spec_plan_text
from tests.runs.world import Answer, World, planned

REFS = "Refs: plan/2026-01-05_greeting.md"


def memory_bank(text: str | None = None, **more: object) -> World:
    """A pull request with a memory-bank plan that nobody has started."""
    return planned(text or memory_bank_text(), plan_path=MEMORY_BANK, **more)


def spec_plan(text: str | None = None, **more: object) -> World:
    return planned(text or spec_plan_text(), plan_path=SPEC_PLAN, **more)


def session(files: Mapping[str, str] | None = None, **more: object) -> World:
    world = World(plan_path=SESSION)
    for name, value in more.items():
        assert hasattr(world, name)
        setattr(world, name, value)
    world.push(files=dict(files or session_files()), message="Plan the session")
    return world


def executed(world: World, command: str = "/execute") -> World:
    answer = world.comment(command)
    assert answer.is_accepted, answer.said
    return world


def do(world: World, block: str, *paths: str) -> str:
    """Somebody pushes a block's work as its plan wants it committed, CI is green, and a person approves."""
    sha = world.push(*(paths or (f"src/{block.lower()}.py",)), message=f"{block}: work\n\nDone.\n{REFS}")
    world.ci("green")
    answer = world.comment(f"/approve {block} @{sha[:7]}")
    assert answer.is_accepted, answer.said
    assert world.block(block) is BlockState.DONE
    return sha


def to_the_verdict(world: World) -> World:
    """Every block that is open or pending is done, in the order in which they open."""
    assert world.run is not None
    while world.run.open_blocks:
        block = world.run.open_blocks[0].id
        number = f"src/t{block}.py" if block.isdigit() else f"src/{block.lower()}.py"
        do(world, block, number)
    return world


def finished(world: World, verdict: str = "/verdict PASS") -> Answer:
    """The verdict is given and the pull request merged; what the bot said at the closeout."""
    to_the_verdict(world)
    answer = world.comment(verdict)
    assert answer.is_accepted, answer.said
    before = set(world.effects)
    world.merge()
    return Answer(tuple(effect for key, effect in world.effects.items() if key not in before), ())


def words(world: World, answer: Answer | None = None) -> str:
    """What was said in an answer (or ever), as it stands in comments."""
    effects = world.effects.values() if answer is None else answer.effects
    said = [effect for effect in effects if isinstance(effect, Say)]
    decision = world.decision
    return "\n\n".join(worded(one, world.run, decision.situation, world.facts(), world.ledger) for one in said)


def files_below(world: World, folder: str) -> list[str]:
    return sorted(path for path in world.tree if path.startswith(folder))


def log_of(world: World) -> str:
    """The one execution log."""
    (path,) = files_below(world, "memory-bank/execute/")
    return world.tree[path]


def recorded_paths(world: World) -> set[str]:
    """The files that the bot ever asked to be written."""
    return {effect.path for effect in world.effects.values() if isinstance(effect, WriteRecord)}
