"""What a worker is told about its block: everything that it needs, and who says so."""

from __future__ import annotations

from typing import Final

from bot.plans.model import Dialect
from bot.runs.model import Run
from bot.views.words import clipped, code, plain

BRIEF_LIMIT: Final = 30_000
"""GitHub takes 65,535 characters of inputs in all; JSON may double what is escaped."""


def brief(run: Run, block_id: str, failure: str = "") -> str:
    """The block's own words from the locked contract. Weight `light` leaves out spec and plan, as its document says."""
    promise = run.promise(block_id)
    is_light = run.terms.get("weight") == "light"
    title = str(promise.get("title") or block_id)
    lines = [f"TASK: {plain(block_id, 60)} {plain(title, 400)}"]
    if not is_light:
        spec = [code(run.spec_path)] if run.spec_path else []
        spec += [plain(str(promise["spec_ref"]), 400)] if promise.get("spec_ref") else []
        lines += [f"SPEC: {', '.join(spec)}"] if spec else []
    if not is_light:
        lines.append(f"PLAN: {code(run.plan_path)}")
    if promise.get("role"):
        lines.append(f"ROLE: {plain(str(promise['role']), 100)}")
    lines += _section("FILES", promise.get("files"), as_code=True)
    lines += _section("STEPS", promise.get("steps"))
    lines += _section("ACCEPTANCE", promise.get("acceptance"))
    if promise.get("verify"):
        lines.append(f"VERIFY: {plain(str(promise['verify']), 600)}")
    if run.terms.get("weight"):
        lines.append(f"WEIGHT: {run.terms['weight']}")
    if not is_light:
        lines += _section("MUST NOT CHANGE", run.terms.get("exclude"), as_code=True)
    lines += ["", f"Implement this task, verify it works, and commit to {code(run.branch)}.", _commits(run, block_id)]
    if failure:
        lines += ["", f"The attempt before this one failed: {plain(failure, 600)}"]
        lines.append("You must commit your changes and report the commit hash.")
    return clipped("\n".join(lines), BRIEF_LIMIT)


def _section(name: str, items: object, *, as_code: bool = False) -> list[str]:
    if not isinstance(items, list) or not items:
        return []
    shown = [f"- {code(str(item)) if as_code else plain(str(item), 400)}" for item in items[:100]]
    return [f"{name}:", *shown]


def _commits(run: Run, block_id: str) -> str:
    refs = f" and has a line {code('Refs: ' + run.plan_path.removeprefix('memory-bank/'))}"
    also = refs if run.dialect is Dialect.MEMORY_BANK else ""
    return f"The subject of each commit begins with {code(block_id + ':')}{also}."
