"""Writes `github.json.gz` from the published package: the operations that the sandbox serves and its webhooks.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    python -m tests.fidelity.extract package

The bytes depend on the package and on the sandbox's own lists alone, so that writing it twice changes nothing.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bot.sandbox.api import TABLE
from tests.fidelity.corrections import ANSWERS, NOT_A_DATE
from tests.fidelity.description import FILE, same_path
from tests.fidelity.schemas import Schemas

Json = Any

API_VERSION: Final = "2022-11-28"
METHODS: Final = ("get", "post", "put", "patch", "delete")
SENT: Final = (
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "installation",
    "installation_repositories",
    "issue_comment",
    "issues",
    "merge_group",
    "ping",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "push",
    "repository",
    "status",
    "workflow_run",
)
"""The webhooks that the sandbox sends; one that it begins to send and that is not here fails its first test."""
_BACKED: Final = re.compile(r'at least (read|write)-level access for the "([^"]+)"[a-z ]* permission')


def extract(package: Path) -> Json:
    """Give what is kept of the description in an unpacked package."""
    published = json.loads((package / "generated" / "api.github.com.json").read_text())
    components = published["components"]
    schemas = Schemas(components["schemas"])
    operations = dict(sorted(_operations(published, schemas)))
    webhooks = dict(sorted(_webhooks(published, schemas)))
    return {
        "source": {
            "package": "@octokit/openapi",
            "version": json.loads((package / "package.json").read_text())["version"],
            "api_version": API_VERSION,
        },
        "operations": operations,
        "webhooks": webhooks,
        "refusal": schemas.convert(_with_errors(components["schemas"]["basic-error"])),
        "$defs": dict(sorted(schemas.definitions.items())),
    }


def _answers(operation: Json, components: Json) -> Iterator[tuple[str, Json]]:
    for status, answer in operation["responses"].items():
        yield status, ANSWERS.get((operation["operationId"], status), _media(_resolved(answer, components)))


def _with_errors(refusal: Json) -> Json:
    """Where an operation does not describe a refusal, its field errors are as it likes."""
    return {**refusal, "properties": {**refusal["properties"], "errors": {"type": "array", "items": {}}}}


def _operations(published: Json, schemas: Schemas) -> Iterator[tuple[str, Json]]:
    served = {(route.method, same_path(route.template)) for route in TABLE}
    components = published["components"]
    for path, methods in published["paths"].items():
        for method in METHODS:
            if method in methods and (method.upper(), same_path(path)) in served:
                operation = methods[method]
                yield operation["operationId"], _operation(method, path, operation, components, schemas)


def _operation(method: str, path: str, operation: Json, components: Json, schemas: Schemas) -> Json:
    parameters = [_resolved(one, components) for one in operation.get("parameters", ())]
    body = operation.get("requestBody")
    return {
        "method": method.upper(),
        "path": path,
        "parameters": [
            {
                "name": one["name"],
                "in": one["in"],
                "required": one.get("required", False),
                "schema": schemas.convert(_parameter(one)),
            }
            for one in parameters
        ],
        "body": None
        if body is None
        else {"required": body.get("required", False), "schema": schemas.convert(_media(body))},
        "answers": {
            status: None if schema is None else schemas.convert(schema)
            for status, schema in sorted(_answers(operation, components))
        },
    }


def _parameter(one: Json) -> Json:
    dropped = "format" if one["name"] in NOT_A_DATE else None
    return {key: value for key, value in one["schema"].items() if key != dropped}


def _resolved(one: Json, components: Json) -> Json:
    if "$ref" not in one:
        return one
    kind, name = one["$ref"].removeprefix("#/components/").split("/")
    return components[kind][name]


def _media(described: Json) -> Json:
    """Give the schema of the JSON of a body; several media types of JSON are alternatives."""
    found = [media["schema"] for name, media in described.get("content", {}).items() if "json" in name]
    if len(found) > 1:
        return {"anyOf": found}
    return found[0] if found else None


def _webhooks(published: Json, schemas: Schemas) -> Iterator[tuple[str, Json]]:
    for hook in published["x-webhooks"].values():
        described = hook["post"]
        event = described["externalDocs"]["url"].partition("#")[2]
        if event not in SENT:
            continue
        schema = _media(described["requestBody"])
        backed = _BACKED.search(described["summary"])
        for action in _actions(schema, published["components"]["schemas"]):
            yield (
                event if action is None else f"{event}.{action}",
                {
                    "schema": schemas.convert(schema),
                    "headers": [one["name"] for one in described["parameters"] if one["in"] == "header"],
                    "permission": None if backed is None else backed[2],
                },
            )


def _actions(schema: Json, described: Json) -> list[str | None]:
    while "$ref" in schema:
        schema = described[schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        return sorted({action for one in schema["oneOf"] for action in _actions(one, described)}, key=str)
    actions = schema["properties"].get("action", {}).get("enum")
    return list(actions) if actions else [None]


if __name__ == "__main__":
    text = json.dumps(extract(Path(sys.argv[1])), sort_keys=True, separators=(",", ":"))
    FILE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
