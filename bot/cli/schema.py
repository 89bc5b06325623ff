"""`stepwise schema`: the JSON Schema of the policy and of what `stepwise lint --format json` prints."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, get_type_hints

import typer
from pydantic import TypeAdapter
from typing_extensions import TypedDict, is_typeddict

from bot.cli.policy_keys import MEANINGS, keys_of
from bot.cli.terminal import say
from bot.plans.lint import INDEX, VERSION, Report
from bot.plans.model import Dialect, Mode, Severity
from bot.runs.policy import Policy

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
# What the report's own types leave open, though only these are ever there.
_NARROWED: Final[dict[str, Any]] = {
    "version": Literal[VERSION],
    "severity": Literal[tuple(severity.value for severity in Severity)],
    "dialect": Literal[(*(dialect.value for dialect in Dialect), INDEX)] | None,
    "mode": Literal[tuple(mode.value for mode in Mode)] | None,
}


class Name(StrEnum):
    POLICY = "policy"
    LINT = "lint"


def schema(name: Annotated[Name, typer.Argument(help="of the policy, or of what lint prints as JSON")]) -> None:
    """Print a JSON Schema: for editors that check the policy, for programs that read what lint says."""
    say(as_text(policy_schema() if name is Name.POLICY else lint_schema()).rstrip("\n"))


def as_text(document: dict[str, Any]) -> str:
    """A schema as it is kept in docs/schema/."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of `.github/stepwise.yml`, with the meaning of every key."""
    made = _tidied(Policy.model_json_schema(by_alias=True))
    for name, part in keys_of(made).items():
        part["description"] = MEANINGS[name].replace("`", "")
    for definition in made["$defs"].values():
        if "off" in definition.get("enum", ()):
            # YAML 1.1 reads a bare `off` as false, and the policy takes it for the word.
            definition["enum"].append(False)
            del definition["type"]
    return {"$schema": _DRAFT, "title": "Stepwise policy", **made}


def lint_schema() -> dict[str, Any]:
    """The JSON Schema of the list that `stepwise lint --format json` prints."""
    reports: TypeAdapter[Any] = TypeAdapter(list[_open(Report)])  # type: ignore[misc, arg-type]
    return {"$schema": _DRAFT, "title": "What stepwise lint prints", **_tidied(reports.json_schema())}


def _open(declared: Any) -> Any:
    """A TypedDict that pydantic reads on every Python this runs on, with the fields narrowed to what they hold."""
    fields = {name: _NARROWED.get(name, _below(hint)) for name, hint in get_type_hints(declared).items()}
    return TypedDict(declared.__name__, fields)  # type: ignore[operator]


def _below(hint: Any) -> Any:
    if is_typeddict(hint):
        return _open(hint)
    item = getattr(hint, "__args__", (None,))[0]
    return list[_open(item)] if is_typeddict(item) else hint  # type: ignore[misc]


def _tidied(part: Any, *, is_names: bool = False) -> Any:
    """The schema without the titles that are only names again, and strict where names follow a pattern."""
    if isinstance(part, list):
        return [_tidied(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {
        key: _tidied(value, is_names=key in ("properties", "$defs"))
        for key, value in part.items()
        if is_names or key not in ("title", "description")
    }
    if "patternProperties" in kept and not is_names:
        kept["additionalProperties"] = False
    return kept
