"""Where GitHub's description is behind GitHub, or behind itself: each entry says why, and nothing else is let pass.

The description has a few objects many times over, some as they were years ago. What it says of such an object in one
place holds in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Json = Any


@dataclass(frozen=True, slots=True)
class Object:
    """An object known by some of its properties, and the properties that older copies of it lack."""

    marks: frozenset[str]
    lacks: dict[str, Json]
    why: str


OBJECTS: Final = (
    Object(
        frozenset({"login", "gravatar_id", "node_id"}),
        {"user_view_type": {"type": "string"}},
        "`simple-user` and the webhooks' own users have it; the users written out inside other objects do not",
    ),
    Object(
        frozenset({"slug", "external_url", "events", "permissions"}),
        {"client_id": {"type": "string"}},
        "`integration` has it; the Apps written out in webhooks do not",
    ),
    Object(
        frozenset({"full_name", "archive_url", "default_branch"}),
        {"has_discussions": {"type": "boolean"}, "web_commit_signoff_required": {"type": "boolean"}},
        "`repository` has them; some repositories written out in webhooks do not",
    ),
    Object(
        frozenset({"run_number", "workflow_id", "head_commit"}),
        {"display_title": {"type": "string"}},
        "`workflow-run` has it; the webhook's own run in progress does not",
    ),
    Object(
        frozenset({"color", "default", "node_id"}),
        {"archived_at": {"type": "string", "nullable": True}, "archived_by": {"type": "object", "nullable": True}},
        "labels can be archived since 2026: githubkit's models, made from a later description, require both",
    ),
    Object(
        frozenset({"message", "documentation_url"}),
        {"status": {"type": "string"}},
        "`basic-error` has it, and GitHub puts it in every refusal; `validation-error` does not",
    ),
)
OPEN_LISTS: Final = {
    "events": "an App's events are listed as they were before the merge queue: `merge_group` is missing",
    "permissions": "an App's permissions are listed as they were before the merge queue: `merge_queues` is missing",
}
"""What an App's own lists are not held to: their names are checked where App and installation are described alone."""
NULLABLE: Final = {
    "submodule_git_url": "a submodule that `.gitmodules` does not name has no address",
    "original_line": "a remark on a whole file stands on no line: `created` says so, `edited` and `deleted` do not",
}
ANSWERS: Final[dict[tuple[str, str], Json]] = {
    ("apps/list-installations", "200"): {"type": "array", "items": {"$ref": "#/components/schemas/installation"}},
}
"""The installations of this list are written out once more there, as they were years ago, and with an account that is
a user and an enterprise at once; everywhere else they are `installation`."""
NO_FORMAT: Final = {
    "email": "a bot's address has brackets (`1+some-app[bot]@users.noreply.github.com`), which the format forbids",
}
MAY_BE_EMPTY: Final = {
    "environment_url": "an empty text where nobody gave one: REST says so by its default, the webhook does not",
    "log_url": "the same",
    "target_url": "the same",
}
NOT_A_DATE: Final = {
    "created": "the search syntax for dates (`>=2026-01-01`), which its own text refers to, is no date and time",
}


def corrected(schema: Json) -> Json:
    """Give an OpenAPI schema with what its copies elsewhere in the description add."""
    properties = schema.get("properties")
    if properties is None:
        return _value(schema)
    changed = dict(properties)
    for known in OBJECTS:
        if known.marks <= set(properties):
            changed = {**known.lacks, **changed}
    if {"slug", "external_url"} <= set(properties):
        for name in OPEN_LISTS.keys() & set(properties):
            changed[name] = _any_names(properties[name])
    for name in NULLABLE.keys() & set(properties):
        changed[name] = {**properties[name], "nullable": True}
    for name in MAY_BE_EMPTY.keys() & set(properties):
        changed[name] = {key: value for key, value in properties[name].items() if key != "format"}
    return {**schema, "properties": changed}


def _any_names(listed: Json) -> Json:
    if listed.get("type") == "array":
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "object", "additionalProperties": {"type": "string"}}


def _value(schema: Json) -> Json:
    if schema.get("format") in NO_FORMAT:
        return {key: value for key, value in schema.items() if key != "format"}
    return schema
