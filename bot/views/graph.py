"""The blocks as a mermaid flowchart and as lines with icons."""

from __future__ import annotations

from typing import Final

from bot.plans.model import Dialect
from bot.runs.model import BlockRun, BlockState, Run
from bot.views.words import code, plain

ICONS: Final = {
    BlockState.PENDING: "⚪",
    BlockState.ACTIVE: "🔵",
    BlockState.AWAITING_APPROVAL: "🟡",
    BlockState.DONE: "✅",
    BlockState.BLOCKED: "⛔",
    BlockState.FAILED: "❌",
    BlockState.SKIPPED: "⏭️",
}
_COLOURS: Final = {
    BlockState.DONE: "#1a7f37",
    BlockState.AWAITING_APPROVAL: "#9a6700",
    BlockState.ACTIVE: "#0969da",
    BlockState.BLOCKED: "#cf222e",
    BlockState.FAILED: "#cf222e",
    BlockState.SKIPPED: "#6e7781",
}


def graph(run: Run) -> str:
    """The blocks with what they wait for; names are reduced to what mermaid cannot misread."""
    numbers = {block.id: index for index, block in enumerate(run.blocks)}
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'  n{index}["{_name(block)}"]:::{block.state}' for index, block in enumerate(run.blocks)]
    lines += [f"  n{before} --> n{after}" for before, after in _edges(run, numbers)]
    lines += [f"  classDef {state} fill:{colour},color:#ffffff" for state, colour in _COLOURS.items()]
    return "\n".join([*lines, "```"])


def _name(block: BlockRun) -> str:
    return "".join(one if one.isalnum() or one in " ._-" else "_" for one in block.id)[:40]


def _edges(run: Run, numbers: dict[str, int]) -> list[tuple[int, int]]:
    """What the plan says waits for what; where it says nothing anywhere, the order of the blocks."""
    stated = [
        (numbers[before], numbers[block.id])
        for block in run.blocks
        for before in run.promise(block.id).get("depends_on") or ()
        if before in numbers
    ]
    if stated or run.dialect is Dialect.TEAM_SESSION:
        return stated
    return [(index, index + 1) for index in range(len(run.blocks) - 1)]


def icon_lines(run: Run) -> list[str]:
    """One line per block: icon, id, title, role, what it waits for."""
    lines = []
    for block in run.blocks[:100]:
        promise = run.promise(block.id)
        loops = " ⟳" if promise.get("role") in run.inner_loops else ""
        role = f" [{plain(str(promise['role']), 60)}{loops}]" if promise.get("role") else ""
        waits = tuple(promise.get("depends_on") or ())
        after = f" ← {', '.join(code(one, 60) for one in waits)}" if waits else ""
        lines.append(f"- {ICONS[block.state]} {code(block.id, 60)}{role} {plain(block.title, 100)}{after}")
    return lines
