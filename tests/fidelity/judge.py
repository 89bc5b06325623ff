"""What GitHub's description says against a request, an answer or a webhook: nothing, or where and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl

import jsonschema_rs

from bot.sandbox.watching import Exchange, Sent
from tests.fidelity import description
from tests.fidelity.description import Operation

Json = Any

API_VERSION: Final = "2022-11-28"
BOT: Final = "stepwise"
"""The bot's User-Agent: requests with it are held to what GitHub asks of clients, too."""
EVERYWHERE: Final = frozenset({301, 304, 400, 401, 403, 404, 405, 422})
"""What any operation may answer though its own description does not list it: a moved repository, what the caller's
cache has, bad JSON, and the refusals that GitHub's docs describe once for all."""
_MEDIA: Final = re.compile(r"application/vnd\.github(\.v3)?(\.(raw|text|html|full|object|diff|patch|sha))?(\+json)?")
_ROOT: Final = "urn:github"
_FORM: Final = "application/x-www-form-urlencoded"
_HOOK_HEADERS: Final = {
    "x-github-hook-id": r"\d+",
    "x-github-hook-installation-target-id": r"\d+",
    "x-github-hook-installation-target-type": "integration",
    "x-github-delivery": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "x-hub-signature-256": r"sha256=[0-9a-f]{64}",
    "user-agent": r"GitHub-Hookshot/\w+",
    "content-type": f"application/json|{re.escape(_FORM)}",
}


def request(seen: Exchange, operation: Operation | None) -> list[str]:
    """Give what is wrong with a request."""
    if operation is None:
        return ["path: GitHub describes no such operation"]
    found = [*_parameters(seen, operation), *_body(seen, operation)]
    if seen.headers.get("user-agent", "") == "":
        found.append("headers: GitHub refuses requests without a User-Agent")
    return found + list(_of_the_bot(seen)) if is_the_bots(seen) else found


def is_the_bots(seen: Exchange) -> bool:
    return seen.headers.get("user-agent") == BOT


def answer(seen: Exchange, operation: Operation) -> list[str]:
    """Give what is wrong with an answer; those to requests for another version of the API are not looked at."""
    assert seen.status is not None
    if seen.headers.get("x-github-api-version", API_VERSION) != API_VERSION and seen.status != 400:
        return []
    kind = (seen.answer_headers or {}).get("content-type", "application/json")
    if seen.status < 300 and "json" not in kind:
        return []
    if seen.status in operation.answers:
        schema = description.extract()["operations"][operation.id]["answers"][str(seen.status)]
        if schema is None and seen.status >= 400:
            return _faults("/refusal", seen.answer, "answer")
        if schema is None:
            return [f"answer: {seen.status} has no body, but this has one"] if seen.answer.strip(b"{}") else []
        return _faults(f"/operations/{_escaped(operation.id)}/answers/{seen.status}", seen.answer, "answer")
    if seen.status not in EVERYWHERE:
        return [f"status: {seen.status} is none that GitHub describes: {sorted(operation.answers)}"]
    return _faults("/refusal", seen.answer, "answer") if seen.status >= 400 else []


def webhook(seen: Sent) -> list[str]:
    """Give what is wrong with a webhook: its event and action, its headers, its payload."""
    name = webhook_name(seen)
    if name not in description.extract()["webhooks"]:
        return [f"event: GitHub describes no {name}"]
    headers = {header.lower(): value for header, value in seen.headers.items()}
    wrong = [
        f"headers: {header} is {headers.get(header)!r}"
        for header, form in _HOOK_HEADERS.items()
        if re.fullmatch(form, headers.get(header, "")) is None
    ]
    body = seen.body
    if headers.get("content-type") == _FORM:
        body = parse_qs(body.decode()).get("payload", [""])[0].encode()
    return wrong + _faults(f"/webhooks/{_escaped(name)}/schema", body, "payload")


def webhook_name(seen: Sent) -> str:
    return seen.event if seen.action is None else f"{seen.event}.{seen.action}"


def _parameters(seen: Exchange, operation: Operation) -> Iterator[str]:
    given = {("path", name): value for name, value in operation.values(seen.path).items()}
    given |= {("query", name): value for name, value in parse_qsl(seen.query, keep_blank_values=True)}
    for key in sorted(operation.required - set(given)):
        yield f"{key[0]}: {key[1]} is required"
    for (place, name), text in given.items():
        schema = operation.parameters.get((place, name))
        if schema is None:
            yield f"{place}: GitHub knows no {name} here"
            continue
        pointer = f"/operations/{_escaped(operation.id)}/parameters/{_index(operation, place, name)}/schema"
        # A value in a URL is text; it fits when any reading of it does.
        wrong = [_faults(pointer, json.dumps(value).encode(), f"{place}: {name}") for value in _readings(text)]
        if all(wrong):
            yield wrong[0][0]


def _readings(text: str) -> Iterator[Json]:
    yield text
    if re.fullmatch(r"-?\d+", text):
        yield int(text)
    if text in ("true", "false"):
        yield text == "true"


@cache
def _index(operation: Operation, place: str, name: str) -> int:
    listed = description.extract()["operations"][operation.id]["parameters"]
    return next(at for at, one in enumerate(listed) if (one["in"], one["name"]) == (place, name))


def _body(seen: Exchange, operation: Operation) -> list[str]:
    if operation.body is None:
        return ["body: GitHub describes none for this operation"] if seen.body.strip() not in (b"", b"{}") else []
    if not seen.body.strip():
        return ["body: it is required"] if operation.body["required"] else []
    return _faults(f"/operations/{_escaped(operation.id)}/body/schema", seen.body, "body")


def _of_the_bot(seen: Exchange) -> Iterator[str]:
    if seen.headers.get("x-github-api-version") != API_VERSION:
        yield f"headers: the bot asks for {API_VERSION}, not {seen.headers.get('x-github-api-version')}"
    if _MEDIA.fullmatch(accept := seen.headers.get("accept", "")) is None:
        yield f"headers: Accept {accept!r} is no media type of GitHub's"
    if re.fullmatch(r"(?i)(bearer|token) \S+", seen.headers.get("authorization", "")) is None:
        yield "headers: there is no token"
    if seen.body and not seen.headers.get("content-type", "").startswith("application/json"):
        yield "headers: a body of JSON says so"


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(_ROOT, description.extract())], draft=jsonschema_rs.Draft202012)


@cache
def _validator(pointer: str) -> jsonschema_rs.Draft202012Validator:
    schema = {"$ref": f"{_ROOT}#{pointer}"}
    return jsonschema_rs.Draft202012Validator(schema, registry=_registry(), validate_formats=True)


_JUDGED: Final[dict[tuple[str, bytes], list[str]]] = {}


def _faults(pointer: str, raw: bytes, place: str) -> list[str]:
    """Give what a schema says of a body; the same bytes are read once."""
    if (pointer, raw) not in _JUDGED:
        if len(_JUDGED) > 2_000:
            _JUDGED.clear()
        _JUDGED[pointer, raw] = _read(pointer, raw, place)
    return _JUDGED[pointer, raw]


def _read(pointer: str, raw: bytes, place: str) -> list[str]:
    try:
        value = json.loads(raw)
    except ValueError:
        return [f"{place}: it is no JSON"]
    validator = _validator(pointer)
    return [] if validator.is_valid(value) else sorted(_told(validator.iter_errors(value), place))


def _told(errors: Any, place: str) -> set[str]:
    return {
        f"{place}{''.join(f'[{step!r}]' if isinstance(step, int) else f'.{step}' for step in one.instance_path)}: "
        f"{one.message if len(one.message) < 300 else one.message[:140] + ' … ' + one.message[-140:]}"
        for one in errors
    }


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
