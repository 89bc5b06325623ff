"""The contract: the part of a plan that execution must not change, in one normal form with one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.plans.inline import plain
from bot.plans.model import Block, Dialect, Plan

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Contract:
    """`terms` is the normal form as JSON values; `hash` is the SHA-256 (hex) of its canonical JSON."""

    hash: str
    terms: dict[str, Any]


def contract_of(plan: Plan) -> Contract:
    """The contract of a plan: objective, blocks, scope patterns, branch, mode, validation commands, stop conditions.

    Checkpoints, status, notes, ticked boxes and records are not part of it; neither are blanks, line ends and emphasis.
    """
    terms: dict[str, Any] = {
        "version": VERSION,
        "objective": _words(plan.objective),
        "mode": plan.mode.value if plan.mode else None,
        "branch": plan.branch,
        "base_branch": plan.base_branch,
        "blocks": [block_terms(block) for block in plan.blocks],
        "groups": [list(group) for group in plan.groups],
        "include": _set(pattern.text for pattern in plan.scope.include),
        "exclude": _set(pattern.text for pattern in plan.scope.exclude),
        "validation_commands": list(plan.validation_commands),
        "stop_conditions": _list(plan.stop_conditions),
    }
    # A plan of these dialects need not state its files; where it states none, nothing is measured against them.
    if plan.dialect is not Dialect.EXEC_PLAN:
        terms |= {"dialect": plan.dialect.value, "weight": plan.weight, "completion_action": plan.completion_action}
    return Contract(_hash(terms), terms)


def block_terms(block: Block) -> dict[str, Any]:
    """What a block promises, as JSON values; the line and the milestone it stands under are not part of it."""
    terms: dict[str, Any] = {
        "id": block.id,
        "title": _words(block.title),
        "steps": _list(block.steps),
        "files": _set(block.files),
        "depends_on": None if block.depends_on is None else _set(block.depends_on),
        "acceptance": _list(block.acceptance),
        "verify": _words(block.verify),
        "role": _words(block.role),
        "independent": block.independent,
    }
    # Only where there is one: the terms of the dialects without it stay as they were locked.
    return terms if block.spec_ref is None else {**terms, "spec_ref": _words(block.spec_ref)}


def definition_hash(block: Block) -> str:
    """The SHA-256 (hex) of one block's terms: a done block whose hash is unchanged stays done."""
    return _hash(block_terms(block))


def _hash(terms: Mapping[str, Any]) -> str:
    canonical = json.dumps(terms, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _words(text: str | None) -> str | None:
    return None if text is None else plain(text) or None


def _list(texts: Iterable[str]) -> list[str]:
    return [words for text in texts if (words := plain(text))]


def _set(texts: Iterable[str]) -> list[str]:
    return sorted({" ".join(text.split()) for text in texts})


_NAMES: Final = {
    "objective": "the objective",
    "mode": "the execution mode",
    "branch": "the execution branch",
    "base_branch": "the base branch",
    "weight": "the weight",
    "completion_action": "the completion action",
    "title": "the title",
    "verify": "its verification",
    "role": "its role",
    "spec_ref": "its spec reference",
    "independent": "whether it is independent",
    "include": "include",
    "exclude": "exclude",
    "validation_commands": "the validation commands",
    "stop_conditions": "the stop conditions",
    "steps": "its steps",
    "files": "its files",
    "depends_on": "its dependencies",
    "acceptance": "its acceptance criteria",
}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """What changed from one contract's terms to another's, one sentence each; nothing if they are equal."""
    return tuple(_differences(old, new))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old.get("version") != new.get("version"):
        yield "the form in which contracts are kept changed"
    for term in ("objective", "mode", "branch", "base_branch", "weight", "completion_action"):
        yield from _changed_value(_NAMES[term], old.get(term), new.get(term))
    yield from _changed_blocks(old.get("blocks") or [], new.get("blocks") or [])
    if old.get("groups") != new.get("groups"):
        yield f"the block groups changed from {_groups(old.get('groups'))} to {_groups(new.get('groups'))}"
    for term in ("include", "exclude", "validation_commands", "stop_conditions"):
        yield from _changed_list(_NAMES[term], old.get(term) or [], new.get(term) or [])


def _changed_value(name: str, old: object, new: object) -> Iterator[str]:
    if old == new:
        return
    if old is None:
        yield f"{name} {_code(new)} was added"
    elif new is None:
        yield f"{name} {_code(old)} was removed"
    else:
        yield f"{name} changed from {_code(old)} to {_code(new)}"


def _changed_list(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    lost = [item for item in old if item not in set(new)]
    gained = [item for item in new if item not in set(old)]
    if gained:
        yield f"{name} gained {', '.join(_code(item) for item in gained)}"
    if lost:
        yield f"{name} lost {', '.join(_code(item) for item in lost)}"
    if not lost and not gained and list(old) != list(new):
        yield f"{name} changed in order or number"


def _changed_blocks(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    before = {block["id"]: block for block in old}
    after = {block["id"]: block for block in new}
    for block_id in before:
        if block_id not in after:
            yield f"block {block_id} was removed"
    for block_id, block in after.items():
        if block_id not in before:
            yield f"block {block_id} was added"
        else:
            yield from _changed_block(block_id, before[block_id], block)
    kept_before = [block["id"] for block in old if block["id"] in after]
    kept_after = [block["id"] for block in new if block["id"] in before]
    if kept_before != kept_after:
        yield f"the order of the blocks changed to {', '.join(kept_after)}"


def _changed_block(block_id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for term in ("title", "verify", "role", "spec_ref"):
        yield from _changed_value(f"block {block_id}: {_NAMES[term]}", old.get(term), new.get(term))
    if old.get("independent") != new.get("independent"):
        yield f"block {block_id}: {_NAMES['independent']} changed"
    if (old.get("depends_on") is None) != (new.get("depends_on") is None) and not (
        old.get("depends_on") or new.get("depends_on")
    ):
        yield f"block {block_id}: whether it says that it depends on nothing changed"
    for term in ("steps", "files", "depends_on", "acceptance"):
        yield from _changed_list(f"block {block_id}: {_NAMES[term]}", old.get(term) or [], new.get(term) or [])


def _code(value: object) -> str:
    return f"`{str(value).replace('`', chr(39))}`"


def _groups(groups: object) -> str:
    if not isinstance(groups, list) or not groups:
        return "none"
    return ", ".join(" + ".join(str(block_id) for block_id in group) for group in groups)
