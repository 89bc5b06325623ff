"""Which blocks may be opened now: in order, after what they depend on, side by side only where that is safe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.plans.model import Dialect
from bot.plans.patterns import may_overlap
from bot.runs.model import BlockRun, BlockState, Run


def ready_blocks(run: Run) -> tuple[str, ...]:
    """The ids of the pending blocks that may be opened now, in plan order.

    One at a time, unless blocks form an approved group, the plan marks them as independent and their files are
    disjoint, or a team session's graph leaves them free (one at a time for each role with an inner loop).
    """
    pending = [block for block in run.blocks if block.state is BlockState.PENDING and _is_free(run, block)]
    if run.dialect is Dialect.TEAM_SESSION:
        return tuple(_one_for_each_loop(run, pending))
    if run.dialect is Dialect.SPEC_PLAN:
        return tuple(_side_by_side(run))
    if run.open_blocks or not pending:
        return ()
    first = pending[0]
    group = run.group_of(first.id)
    # A group is worked on as one: what its members wait for among themselves does not hold them back.
    members = [block.id for block in run.blocks if block.id in group and block.state is BlockState.PENDING]
    outside = {block for member in members for block in _waits_for(run, member)} - set(group)
    return tuple(members) if outside <= _settled(run) else (first.id,)


def is_stalled(run: Run) -> bool:
    """Nothing is ready and nobody works on anything, although blocks are left."""
    left = any(not block.is_settled for block in run.blocks)
    working = any(block.state in {BlockState.ACTIVE, BlockState.AWAITING_APPROVAL} for block in run.blocks)
    return left and not working and not ready_blocks(run)


def is_independent(run: Run, block_id: str) -> bool:
    """Whether the plan marks a block as independent and says which files it touches."""
    promise = run.promise(block_id)
    return bool(promise.get("independent")) and bool(promise.get("files"))


def _one_for_each_loop(run: Run, free: Iterable[BlockRun]) -> Iterator[str]:
    """What the graph leaves free; a role with an inner loop has one worker, which does one task after another."""
    loops = {role.casefold() for role in run.inner_loops}
    busy = {_role(run, block) for block in run.open_blocks}
    for block in free:
        role = _role(run, block)
        if role in loops and role in busy:
            continue
        busy.add(role)
        yield block.id


def _role(run: Run, block: BlockRun) -> str:
    return str(run.promise(block.id).get("role") or "").casefold()


def _side_by_side(run: Run) -> Iterator[str]:
    """The next block, and those behind it as long as all of them are independent and touch different files."""
    together = list(run.open_blocks)
    for block in run.blocks:
        if block.is_settled or block.is_open:
            continue
        if not _is_free(run, block):
            # What comes behind a block that has to wait may only overtake it if it is independent of the order.
            if is_independent(run, block.id):
                continue
            return
        if together and not _fits(run, block, together):
            return
        together.append(block)
        yield block.id


def _fits(run: Run, block: BlockRun, together: Iterable[BlockRun]) -> bool:
    if not is_independent(run, block.id):
        return False
    files = run.promise(block.id)["files"]
    return all(
        is_independent(run, other.id) and not may_overlap(files, run.promise(other.id)["files"]) for other in together
    )


def _is_free(run: Run, block: BlockRun) -> bool:
    return set(_waits_for(run, block.id)) <= _settled(run)


def _waits_for(run: Run, block_id: str) -> Iterable[str]:
    return run.promise(block_id).get("depends_on") or ()


def _settled(run: Run) -> set[str]:
    return {block.id for block in run.blocks if block.is_settled}
