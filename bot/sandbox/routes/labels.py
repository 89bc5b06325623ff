"""The labels of a repository."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.call import Call, Reply, created, no_content, ok, page, route
from bot.sandbox.errors import not_found, validation_failed
from bot.sandbox.payloads.issues import label
from bot.sandbox.state import Label

READ = "issues:read|pull_requests:read"
WRITE = "issues:write|pull_requests:write"
_COLOR = re.compile(r"^[0-9a-fA-F]{6}$")


def named_labels(call: Call, names: list[Any]) -> list[Label]:
    """Find labels by name, ignoring case, and make what is missing in grey."""
    found = []
    for name in names:
        text = name["name"] if isinstance(name, dict) else str(name)
        if (known := call.repo.labels.get(text.lower())) is None:
            known = Label(call.world.next_id("label"), text, "ededed", None)
            call.repo.labels[text.lower()] = known
        if known not in found:
            found.append(known)
    return found


def _label(call: Call) -> Label:
    if (found := call.repo.labels.get(call.params["name"].lower())) is None:
        raise not_found()
    return found


def _check(call: Call) -> None:
    color, description = call.body.get("color"), call.body.get("description")
    if color is not None and (not isinstance(color, str) or _COLOR.match(color) is None):
        raise validation_failed("Label", "color", "invalid")
    if description is not None and len(description) > 100:
        raise validation_failed(
            "Label", "description", "invalid", "description is too long (maximum is 100 characters)"
        )


@route("GET", "/repos/{owner}/{repo}/labels", needs=READ, role="read")
def list_labels(call: Call) -> Reply:
    return page(call, [label(call.hub.site, call.repo, one) for one in call.repo.labels.values()])


@route("POST", "/repos/{owner}/{repo}/labels", needs=WRITE, role="triage")
def create_label(call: Call) -> Reply:
    name = call.text("name")
    if name.lower() in call.repo.labels:
        raise validation_failed("Label", "name", "already_exists")
    _check(call)
    color = str(call.body.get("color") or "ededed").lower()
    made = Label(call.world.next_id("label"), name, color, call.body.get("description"))
    call.repo.labels[name.lower()] = made
    return created(label(call.hub.site, call.repo, made))


@route("GET", "/repos/{owner}/{repo}/labels/{name}", needs=READ, role="read")
def get_label(call: Call) -> Reply:
    return ok(label(call.hub.site, call.repo, _label(call)))


@route("PATCH", "/repos/{owner}/{repo}/labels/{name}", needs=WRITE, role="write")
def update_label(call: Call) -> Reply:
    found = _label(call)
    _check(call)
    if (new_name := call.body.get("new_name")) is not None:
        del call.repo.labels[found.name.lower()]
        found.name = new_name
        call.repo.labels[new_name.lower()] = found
    found.color = str(call.body.get("color") or found.color).lower()
    found.description = call.body.get("description", found.description)
    return ok(label(call.hub.site, call.repo, found))


@route("DELETE", "/repos/{owner}/{repo}/labels/{name}", needs=WRITE, role="write")
def delete_label(call: Call) -> Reply:
    found = _label(call)
    del call.repo.labels[found.name.lower()]
    for issue in call.repo.issues.values():
        issue.labels = [one for one in issue.labels if one is not found]
    return no_content()
