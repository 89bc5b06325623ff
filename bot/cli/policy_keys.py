"""What each key of the policy means, in one sentence: for the JSON Schema and for docs/policy.md."""

from __future__ import annotations

import json
from typing import Any, Final

MEANINGS: Final = {
    "approvers": "People, or teams as `organisation/team`, who may command besides everybody with write permission.",
    "gates": "Which checks and statuses of others must hold.",
    "gates.required": "Names that must be green; if none is named, everything that reports on the commit counts.",
    "gates.ignore": "Names that never count.",
    "gates.apps": "The App whose report of a name counts, as `name: slug`; what others report under it does not.",
    "gates.patience_minutes": "How long silence counts as not yet, before it is said that no checks reported.",
    "record": "When the record is committed: `block` (with each finished block), `end` (with the verdict), `off` (with"
    " the closeout only).",
    "closeout": "How a finished plan is closed: `pull` (a pull request after the merge), `commit` (a commit on the"
    " branch, with the verdict).",
    "readiness": "What an unticked Readiness box of a memory-bank plan does to `/execute`: `enforce` (it is refused),"
    " `warn`.",
    "commits": "What commits without their block's id do to an approval: `enforce` (it is refused), `warn`, `off`.",
    "workers": "Who writes the code of a block.",
    "workers.default": "The worker of every block whose role has none of its own: `person`, `{workflow: file.yml}`, or"
    ' `{mention: "@agent"}`.',
    "workers.roles": "The worker of a role, in the same three forms; case does not count.",
    "workers.at_once": "How many workers of one run are at work at the same time; further blocks wait for theirs.",
    "workers.start_minutes": "A workflow that has not begun after this long is taken for lost.",
    "workers.timeout_minutes": "How long the work on a block may take.",
    "validation": "What happens after the last block.",
    "validation.level": "`medium` (scope and gates over the whole change) or `high` (also the plan's commands and the"
    " invariants).",
    "validation.workflow": "The workflow that runs the plan's validation commands; without one nobody runs them.",
    "validation.invariants": "What somebody has to confirm at level high.",
    "validation.invariants[].name": "What is confirmed, as it stands in the validation record.",
    "validation.invariants[].paths": "Patterns; the invariant counts only if a changed file matches, always if there is"
    " none.",
    "validation.documentation": "Patterns of the documents that a change of behaviour has to show up in.",
    "plans": "Where plans are kept, as patterns like those of a `.gitignore`; an empty list turns a dialect off.",
    "plans.exec-plan": "Where execution plans are.",
    "plans.memory-bank": "Where memory-bank plans are.",
    "plans.spec-plan": "Where plans of specs are.",
    "plans.team-session": "Where the `team-session.json` of team sessions is.",
}

NO_DEFAULT: Final = "required"
USUAL_PLACE: Final = "the dialect's own"


def keys_of(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every key that a policy may have, with its part of the schema, in the model's order: `gates.required`."""
    found: dict[str, dict[str, Any]] = {}
    _collect(schema, schema, "", found)
    return found


def defaults_of(schema: dict[str, Any]) -> dict[str, str]:
    """What each key is when it is left out, written as YAML; sections of keys are left out."""
    found = {}
    for name, part in keys_of(schema).items():
        if "properties" in _followed(schema, part):
            continue
        if "default" not in part:
            found[name] = "`{}`" if part.get("type") == "object" else NO_DEFAULT
        elif part["default"] is None:
            found[name] = USUAL_PLACE if name.startswith("plans.") else "none"
        else:
            found[name] = f"`{_yaml(part['default'])}`"
    return found


def _collect(schema: dict[str, Any], part: dict[str, Any], prefix: str, found: dict[str, dict[str, Any]]) -> None:
    for name, below in _followed(schema, part).get("properties", {}).items():
        key = f"{prefix}{name}"
        found[key] = below
        _collect(schema, below, f"{key}.", found)
        if "items" in below:
            _collect(schema, below["items"], f"{key}[].", found)


def _followed(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    return target


def _yaml(value: Any) -> str:
    """A default as people write it: `[docs/, "*.md"]`, names for a list of named things."""
    if isinstance(value, list):
        names = [item["name"] if isinstance(item, dict) else item for item in value]
        return f"[{', '.join(json.dumps(name) if name[0] in '*&!' else name for name in names)}]"
    return str(value)
