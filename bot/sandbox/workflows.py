"""Workflow files: what starts them, which inputs they take, and what they call their runs."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from bot.sandbox.errors import unprocessable
from bot.sandbox.hub import Hub
from bot.sandbox.pushes import WORKFLOWS
from bot.sandbox.state import Json, Repository

MAX_INPUTS = 25
TOKEN_PERMISSIONS = ("actions", "checks", "contents", "deployments", "issues", "pull_requests", "statuses")
MAX_INPUT_CHARACTERS = 65_535
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_PATH = re.compile(r"^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\['[^']*'\])*$")
_STEP = re.compile(r"\.?([A-Za-z_][\w-]*)|\['([^']*)'\]")


def workflows(hub: Hub, repo: Repository) -> dict[str, Json]:
    """Give the workflow files of the default branch, by path, parsed; files that do not parse are left out."""
    git = repo.git
    head = git.branch(repo.default_branch)
    folder = git.lookup(git.tree_of(head), WORKFLOWS) if head is not None else None
    found: dict[str, Json] = {}
    for entry in git.list_tree(folder.sha) if folder is not None else ():
        path = WORKFLOWS + entry.path
        if entry.path.endswith((".yml", ".yaml")) and (parsed := read_workflow(git.blob(entry.sha))) is not None:
            repo.workflow_ids.setdefault(path, hub.world.next_id("workflow"))
            found[path] = parsed
    return found


def workflow_at(repo: Repository, path: str, sha: str) -> Json | None:
    """Give a workflow as it stands in a commit: that is the one which runs."""
    entry = repo.git.lookup(repo.git.tree_of(sha), path)
    return read_workflow(repo.git.blob(entry.sha)) if entry is not None else None


def read_workflow(content: bytes | None) -> Json | None:
    try:
        parsed = yaml.safe_load(content or b"")
    except yaml.YAMLError:
        return None
    return parsed if isinstance(parsed, dict) else None


def triggers(parsed: Json) -> Json:
    """Give the `on:` of a workflow; YAML 1.1 reads that key as true."""
    given: Any = parsed.get("on", parsed.get(True))  # type: ignore[call-overload]
    if isinstance(given, str):
        return {given: None}
    if isinstance(given, list):
        return dict.fromkeys(given)
    return given if isinstance(given, dict) else {}


def jobs(parsed: Json) -> dict[str, Json]:
    """Give the jobs by id; a workflow without readable jobs has one of its own name."""
    found = parsed.get("jobs")
    readable: dict[str, Json] = {}
    if isinstance(found, dict):
        readable = {str(key): job for key, job in found.items() if isinstance(job, dict)}
    return readable or {"build": {}}


def may_ask_for_id_token(parsed: Json) -> bool:
    """Tell whether a job may ask for an OIDC token: the workflow or one of its jobs has `id-token: write`."""
    granted = [parsed.get("permissions"), *(job.get("permissions") for job in jobs(parsed).values())]
    return any(one == "write-all" or (isinstance(one, dict) and one.get("id-token") == "write") for one in granted)


def token_permissions(parsed: Json) -> dict[str, str]:
    """Give what the `GITHUB_TOKEN` of a workflow may do: what `permissions` says, else to read contents."""
    given = [parsed.get("permissions"), *(job.get("permissions") for job in jobs(parsed).values())]
    found = {"metadata": "read"}
    for one in given:
        if one in ("write-all", "read-all"):
            found |= dict.fromkeys(TOKEN_PERMISSIONS, one.removesuffix("-all"))
        elif isinstance(one, dict):
            found |= {str(name).replace("-", "_"): str(level) for name, level in one.items() if name != "id-token"}
    return found if any(one is not None for one in given) else found | {"contents": "read"}


def dispatch_inputs(given: Any, declared: Json) -> Json:
    """Check the inputs of a dispatch against those declared, and fill in the defaults; raises 422."""
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise unprocessable("Invalid request.\n\nFor 'properties/inputs', it is not an object.")
    if len(given) > MAX_INPUTS:
        raise unprocessable(
            f"Invalid request.\n\nNo more than {MAX_INPUTS} properties are allowed; {len(given)} were supplied."
        )
    if len(json.dumps(given, ensure_ascii=False)) > MAX_INPUT_CHARACTERS:
        raise unprocessable("inputs are too large.")
    if unexpected := [name for name in given if name not in declared]:
        raise unprocessable(f"Unexpected inputs provided: {json.dumps(unexpected)}")
    return {name: _input(name, spec or {}, given) for name, spec in declared.items()}


def _input(name: str, spec: Json, given: Json) -> str | bool:
    """Give one input as the workflow sees it: booleans as such, everything else as text."""
    kind, value = spec.get("type", "string"), given.get(name)
    if value is not None and not isinstance(value, (str, int, float, bool)):
        raise unprocessable(f"Invalid request.\n\nFor 'properties/inputs/{name}', it is not a string.")
    if value in (None, "") and spec.get("required") and "default" not in spec:
        raise unprocessable(f"Required input '{name}' not provided")
    if name not in given:
        value = spec.get("default", _empty(kind, spec))
    text = rendered(value)
    allowed = {"boolean": ["true", "false"], "choice": [rendered(one) for one in spec.get("options") or []]}
    if text not in allowed.get(kind, [text]):
        raise unprocessable(f"Provided value '{text}' for input '{name}' not in the list of allowed values")
    if kind == "number" and text and re.fullmatch(r"-?\d+(\.\d+)?", text) is None:
        raise unprocessable(f"Provided value '{text}' for input '{name}' is not a number")
    return text == "true" if kind == "boolean" else text


def _empty(kind: str, spec: Json) -> Any:
    if kind == "choice":
        return (spec.get("options") or [""])[0]
    return False if kind == "boolean" else ""


def rendered(value: Any) -> str:
    """Write a value as an expression does: nothing for null, `true` and `false` for booleans."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def evaluated(text: str, context: Json) -> str:
    """Fill in `${{ … }}`: paths such as `inputs.nonce`, texts in quotes, and `||` between them.

    What is not there is empty, as on GitHub; an expression of any other form stays as it is written.
    """

    def one(match: re.Match[str]) -> str:
        values = [_operand(part.strip(), context) for part in match[1].split("||")]
        if _UNREADABLE in values:
            return match[0]
        return rendered(next((value for value in values if value), values[-1]))

    return _EXPRESSION.sub(one, text)


_UNREADABLE = object()


def _operand(text: str, context: Json) -> Any:
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if text in ("true", "false"):
        return text == "true"
    if _PATH.match(text) is None:
        return _UNREADABLE
    value: Any = context
    for match in _STEP.finditer(text):
        value = value.get(match[1] or match[2]) if isinstance(value, dict) else None
    return value
