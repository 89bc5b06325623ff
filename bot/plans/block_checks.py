"""What must hold between the blocks of any plan: ids that differ, dependencies that exist, no cycles, a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.block_reading import Draft
from bot.plans.model import BLOCKS_LIMIT, Block, Finding

# What a draft says it waits for, given the ids that are there (by their lower-case form).
Resolve = Callable[[Draft, Mapping[str, str], list[Finding]], tuple[str, ...] | None]


def settle_blocks(
    drafts: Sequence[Draft], *, are_named_in_commands: bool = True, resolve: Resolve | None = None
) -> tuple[tuple[Block, ...], tuple[Finding, ...]]:
    """Resolve dependencies and check ids; at most BLOCKS_LIMIT blocks come back.

    Blocks that are never executed may have ids that no command could name ("Slice 1"). A dialect that writes
    dependencies in ways of its own brings its `resolve`, which gives ids of the blocks that are there.
    """
    findings: list[Finding] = []
    if len(drafts) > BLOCKS_LIMIT:
        findings.append(say.TOO_MANY_BLOCKS.at(drafts[BLOCKS_LIMIT].block.line - 1, count=len(drafts)))
        drafts = drafts[:BLOCKS_LIMIT]
    findings += _check_ids(drafts, are_named_in_commands)
    known = list(dict.fromkeys(draft.block.id for draft in drafts))
    by_fold = {block_id.casefold(): block_id for block_id in known}
    shapes = {block_ids.shape(block_id) for block_id in known}
    blocks = [
        replace(
            draft.block,
            depends_on=resolve(draft, by_fold, findings)
            if resolve is not None
            else _dependencies(draft, by_fold, shapes, findings),
        )
        for draft in drafts
    ]
    findings += _check_order(blocks, drafts)
    return tuple(blocks), tuple(findings)


def _check_ids(drafts: Sequence[Draft], are_named_in_commands: bool) -> list[Finding]:
    findings: list[Finding] = []
    first: dict[str, Block] = {}
    for draft in drafts:
        block = draft.block
        line = block.line - 1
        problem = block_ids.id_problem(block.id)
        if problem is not None and are_named_in_commands:
            findings.append(say.BAD_ID.at(line, id=block.id, reason=problem))
        earlier = first.setdefault(block.id.casefold(), block)
        if earlier is block:
            continue
        if earlier.id == block.id:
            findings.append(say.DUPLICATE_ID.at(line, id=block.id, first=earlier.line))
        else:
            findings.append(say.ID_DIFFERS_BY_CASE.at(line, id=block.id, other=earlier.id, first=earlier.line))
    return findings


def _dependencies(
    draft: Draft, by_fold: dict[str, str], shapes: set[str], findings: list[Finding]
) -> tuple[str, ...] | None:
    if draft.depends is None:
        return None
    if block_ids.says_none(draft.depends):
        return ()
    try:
        named = block_ids.ids_in(draft.depends)
    except block_ids.RangeError as error:
        findings.append(say.BAD_RANGE.at(draft.depends_line, range=draft.depends, reason=str(error)))
        return None
    is_list = block_ids.is_only_ids(draft.depends)
    found: list[str] = []
    for dependency in named:
        known = by_fold.get(dependency.casefold())
        if known is not None:
            found.append(known)
        elif block_ids.is_said_to_be_done(draft.depends, dependency):
            findings.append(say.OUTSIDE_DEPENDENCY.at(draft.depends_line, id=draft.block.id, dependency=dependency))
        elif is_list or block_ids.shape(dependency) in shapes:
            # In prose, "Python3" or "PR #12" only look like ids; what looks like this plan's own ids is meant as one.
            findings.append(say.UNKNOWN_DEPENDENCY.at(draft.depends_line, id=draft.block.id, dependency=dependency))
    if not found and not any(finding.line == draft.depends_line + 1 for finding in findings):
        findings.append(say.DEPENDENCIES_IN_PROSE.at(draft.depends_line, id=draft.block.id, value=draft.depends))
        return None
    return tuple(dict.fromkeys(found))


def _check_order(blocks: Sequence[Block], drafts: Sequence[Draft]) -> list[Finding]:
    place = {block.id: index for index, block in reversed(list(enumerate(blocks)))}
    cycle = _cycle(blocks)
    if cycle:
        line = drafts[place[cycle[0]]].depends_line
        return [say.DEPENDENCY_CYCLE.at(line, cycle=" -> ".join([*cycle, cycle[0]]))]
    return [
        say.DEPENDS_ON_LATER.at(drafts[index].depends_line, id=block.id, dependency=dependency)
        for index, block in enumerate(blocks)
        for dependency in block.depends_on or ()
        if place[dependency] > index
    ]


def _cycle(blocks: Sequence[Block]) -> list[str]:
    """One cycle of dependencies, or nothing; walked with a stack of its own because 500 blocks may form one chain."""
    depends = {block.id: list(block.depends_on or ()) for block in blocks}
    settled: set[str] = set()
    for start in depends:
        path: list[str] = []
        on_path: set[str] = set()
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            block_id, is_leaving = waiting.pop()
            if is_leaving:
                on_path.discard(path.pop())
                settled.add(block_id)
            elif block_id in on_path:
                return path[path.index(block_id) :]
            elif block_id not in settled:
                path.append(block_id)
                on_path.add(block_id)
                waiting.append((block_id, True))
                waiting += [(dependency, False) for dependency in depends[block_id]]
    return []
