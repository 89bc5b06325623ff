"""The same requests to two GitHubs: ours and the one that others wrote.

A request is (what it is, who sends it, method, path, body); `{name}` stands for something that this GitHub made before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import jwt

NONE: Final = "0" * 40
R: Final = "/repos/acme/shop"


def _tree(path: str, *, mode: str = "100644", base: str = "{tree}", **what: object) -> dict[str, object]:
    return {"base_tree": base, "tree": [{"path": path, "mode": mode, "type": "blob", **what}]}


def _run(**fields: object) -> dict[str, object]:
    return {"name": "b", "head_sha": "{head}", "status": "completed", **fields}


_END: Final = {"status": "completed", "conclusion": "failure"}
# What is made first is spoken of later: under which name, and which field of the answer says it.
_MADE: Final = {
    "a new comment": ("comment", "id"),
    "a new check run": ("check", "id"),
    "a new issue": ("issue", "number"),
}

# fmt: off
REQUESTS: Final[tuple[tuple[str, str, str, str, Any], ...]] = (
    ("the App", "app", "GET", "/app", None),
    ("the App with another key", "forger", "GET", "/app", None),
    ("installations", "app", "GET", "/app/installations", None),
    ("an installation", "app", "GET", "/app/installations/{installation}", None),
    ("an unknown installation", "app", "GET", "/app/installations/9999", None),
    ("a repository's installation", "app", "GET", f"{R}/installation", None),
    ("a repository as the App itself", "app", "GET", R, None),
    ("a token", "app", "POST", "/app/installations/{installation}/access_tokens", {"repository_ids": ["{id}"]}),
    ("a token of an unknown installation", "app", "POST", "/app/installations/9999/access_tokens", {}),
    ("a token with what was not granted", "app", "POST", "/app/installations/{installation}/access_tokens",
     {"permissions": {"administration": "write"}}),
    ("a token for a foreign repository", "app", "POST", "/app/installations/{installation}/access_tokens",
     {"repository_ids": [999999]}),
    ("a repository", "bot", "GET", R, None),
    ("a repository by its id", "bot", "GET", "/repositories/{id}", None),
    ("an unknown repository", "bot", "GET", "/repos/acme/nope", None),
    ("a ref", "bot", "GET", f"{R}/git/ref/heads/main", None),
    ("a missing ref", "bot", "GET", f"{R}/git/ref/heads/nope", None),
    ("a git commit", "bot", "GET", f"{R}/git/commits/{{head}}", None),
    ("an unknown git commit", "bot", "GET", f"{R}/git/commits/{NONE}", None),
    ("a commit", "bot", "GET", f"{R}/commits/{{head}}", None),
    ("an unknown commit", "bot", "GET", f"{R}/commits/{NONE}", None),
    ("commits", "bot", "GET", f"{R}/commits?sha=feature&per_page=2", None),
    ("a tree", "bot", "GET", f"{R}/git/trees/{{tree}}", None),
    ("a whole tree", "bot", "GET", f"{R}/git/trees/{{head}}?recursive=1", None),
    ("an unknown tree", "bot", "GET", f"{R}/git/trees/{NONE}", None),
    ("a blob", "bot", "GET", f"{R}/git/blobs/{{blob}}", None),
    ("an unknown blob", "bot", "GET", f"{R}/git/blobs/{NONE}", None),
    ("a new blob", "bot", "POST", f"{R}/git/blobs", {"content": "eA==", "encoding": "base64"}),
    ("a new tree", "bot", "POST", f"{R}/git/trees", _tree("a.txt", content="x")),
    ("a tree without a file that is not there", "bot", "POST", f"{R}/git/trees", _tree("zz", sha=None)),
    ("a tree with an unknown blob", "bot", "POST", f"{R}/git/trees", _tree("zz", sha=NONE)),
    ("a tree on an unknown one", "bot", "POST", f"{R}/git/trees", _tree("a", base=NONE, content="x")),
    ("a tree with a wrong mode", "bot", "POST", f"{R}/git/trees", _tree("a", mode="100600", content="x")),
    ("a tree that leaves the repository", "bot", "POST", f"{R}/git/trees", _tree("../a", content="x")),
    ("a new commit", "bot", "POST", f"{R}/git/commits", {"message": "m", "tree": "{tree}", "parents": ["{head}"]}),
    ("a commit on nothing", "bot", "POST", f"{R}/git/commits", {"message": "m", "tree": "{tree}", "parents": [NONE]}),
    ("a commit of no tree", "bot", "POST", f"{R}/git/commits", {"message": "m", "tree": NONE, "parents": ["{head}"]}),
    ("a commit without a message", "bot", "POST", f"{R}/git/commits", {"tree": "{tree}", "parents": ["{head}"]}),
    ("a branch that is there", "bot", "POST", f"{R}/git/refs", {"ref": "refs/heads/main", "sha": "{head}"}),
    ("a branch at nothing", "bot", "POST", f"{R}/git/refs", {"ref": "refs/heads/new", "sha": NONE}),
    ("a branch with half a name", "bot", "POST", f"{R}/git/refs", {"ref": "heads/new", "sha": "{head}"}),
    ("a new branch", "bot", "POST", f"{R}/git/refs", {"ref": "refs/heads/new", "sha": "{base}"}),
    ("a branch forward", "bot", "PATCH", f"{R}/git/refs/heads/new", {"sha": "{head}", "force": False}),
    ("a branch back", "bot", "PATCH", f"{R}/git/refs/heads/new", {"sha": "{base}", "force": False}),
    ("a branch to nothing", "bot", "PATCH", f"{R}/git/refs/heads/new", {"sha": NONE, "force": False}),
    ("a missing branch forward", "bot", "PATCH", f"{R}/git/refs/heads/nope", {"sha": "{base}", "force": False}),
    ("a branch away", "bot", "DELETE", f"{R}/git/refs/heads/new", None),
    ("a missing branch away", "bot", "DELETE", f"{R}/git/refs/heads/new", None),
    ("a file", "bot", "GET", f"{R}/contents/docs/new.md?ref={{head}}", None),
    ("a folder", "bot", "GET", f"{R}/contents/docs?ref={{head}}", None),
    ("a missing file", "bot", "GET", f"{R}/contents/nope.md?ref={{head}}", None),
    ("a file at a missing ref", "bot", "GET", f"{R}/contents/docs/new.md?ref=nope", None),
    ("what is ahead", "bot", "GET", f"{R}/compare/main...{{head}}", None),
    ("what is behind", "bot", "GET", f"{R}/compare/{{head}}...{{base}}", None),
    ("what is the same", "bot", "GET", f"{R}/compare/{{head}}...{{head}}", None),
    ("what is not there", "bot", "GET", f"{R}/compare/main...{NONE}", None),
    ("a pull request", "bot", "GET", f"{R}/pulls/{{pull}}", None),
    ("a missing pull request", "bot", "GET", f"{R}/pulls/99", None),
    ("pull requests of a branch", "bot", "GET", f"{R}/pulls?state=all&head=acme:feature", None),
    ("pull requests of no branch", "bot", "GET", f"{R}/pulls?state=open&head=acme:nope", None),
    ("a second pull request", "bot", "POST", f"{R}/pulls", {"title": "t", "head": "feature", "base": "main"}),
    ("a pull request into itself", "bot", "POST", f"{R}/pulls", {"title": "t", "head": "main", "base": "main"}),
    ("a pull request's text", "bot", "PATCH", f"{R}/pulls/{{pull}}", {"body": "other"}),
    ("a new comment", "bot", "POST", f"{R}/issues/{{pull}}/comments", {"body": "hello"}),
    ("a comment without a text", "bot", "POST", f"{R}/issues/{{pull}}/comments", {}),
    ("a comment on nothing", "bot", "POST", f"{R}/issues/99/comments", {"body": "hello"}),
    ("a comment", "bot", "GET", f"{R}/issues/comments/{{comment}}", None),
    ("a comment's text", "bot", "PATCH", f"{R}/issues/comments/{{comment}}", {"body": "other"}),
    ("a missing comment's text", "bot", "PATCH", f"{R}/issues/comments/99999", {"body": "other"}),
    ("comments", "bot", "GET", f"{R}/issues/{{pull}}/comments", None),
    ("a comment away", "bot", "DELETE", f"{R}/issues/comments/{{comment}}", None),
    ("a comment that is gone", "bot", "GET", f"{R}/issues/comments/{{comment}}", None),
    ("a new check run", "bot", "POST", f"{R}/check-runs",
     {"name": "a", "head_sha": "{head}", "status": "in_progress", "output": {"title": "t", "summary": "s"}}),
    ("a completed check run", "bot", "POST", f"{R}/check-runs", _run(conclusion="success")),
    ("a check run without a conclusion", "bot", "POST", f"{R}/check-runs", _run()),
    ("a check run without a name", "bot", "POST", f"{R}/check-runs", {"head_sha": "{head}"}),
    ("a check run without a commit", "bot", "POST", f"{R}/check-runs", {"name": "b"}),
    ("a check run of no such conclusion", "bot", "POST", f"{R}/check-runs", _run(conclusion="fine")),
    ("a check run of no such commit", "bot", "POST", f"{R}/check-runs", _run(conclusion="success", head_sha=NONE)),
    ("a check run's end", "bot", "PATCH", f"{R}/check-runs/{{check}}", _END),
    ("a missing check run's end", "bot", "PATCH", f"{R}/check-runs/99999", _END),
    ("check runs", "bot", "GET", f"{R}/commits/{{head}}/check-runs?filter=latest", None),
    ("check suites", "bot", "GET", f"{R}/commits/{{head}}/check-suites", None),
    ("who may write", "bot", "GET", f"{R}/collaborators/coda/permission", None),
    ("who maintains", "bot", "GET", f"{R}/collaborators/maria/permission", None),
    ("who triages", "bot", "GET", f"{R}/collaborators/tom/permission", None),
    ("who may read", "bot", "GET", f"{R}/collaborators/rita/permission", None),
    ("who is nobody", "bot", "GET", f"{R}/collaborators/nobody-at-all/permission", None),
    ("a new issue", "bot", "POST", f"{R}/issues", {"title": "i", "body": "b"}),
    ("an issue without a title", "bot", "POST", f"{R}/issues", {"body": "b"}),
    ("an issue's end", "bot", "PATCH", f"{R}/issues/{{issue}}", {"state": "closed", "state_reason": "completed"}),
    ("an issue", "bot", "GET", f"{R}/issues/{{issue}}", None),
    ("what is left of the hour", "bot", "GET", "/rate_limit", None),
    ("no such page", "bot", "GET", "/no/such/page", None),
    ("a body that is no JSON", "bot", "POST", f"{R}/issues", "{nope"),
    ("a merge of another head", "maria", "PUT", f"{R}/pulls/{{pull}}/merge", {"sha": NONE}),
    ("a merge", "maria", "PUT", f"{R}/pulls/{{pull}}/merge", {}),
    ("a second merge", "maria", "PUT", f"{R}/pulls/{{pull}}/merge", {}),
    ("a merged pull request", "bot", "GET", f"{R}/pulls/{{pull}}", None),
)
# fmt: on


@dataclass
class Caller:
    """One GitHub, with the tokens of whoever calls it."""

    http: aiohttp.ClientSession
    url: str
    tokens: dict[str, str]
    names: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self.tokens[who]}", "content-type": "application/json"}
        raw = body if isinstance(body, str) or body is None else json.dumps(_filled(body, self.names))
        url = self.url + _filled(path, self.names)
        async with self.http.request(method, url, data=raw, headers=headers, allow_redirects=False) as answer:
            return answer.status, (await answer.json() if answer.content_type == "application/json" else None)


async def answers(caller: Caller, app_id: int, key: str, other_key: str) -> dict[str, tuple[int, Any]]:
    """What that GitHub answers to each of the requests, in their order."""
    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + 500, "iss": str(app_id)}
    caller.tokens |= {"app": jwt.encode(claims, key, "RS256"), "forger": jwt.encode(claims, other_key, "RS256")}
    names = caller.names
    names["installation"] = (await caller("app", "GET", f"{R}/installation"))[1]["id"]
    path = f"/app/installations/{names['installation']}/access_tokens"
    caller.tokens["bot"] = (await caller("app", "POST", path, {}))[1]["token"]
    names["id"] = (await caller("olivia", "GET", R))[1]["id"]
    names["base"] = (await caller("olivia", "GET", f"{R}/git/ref/heads/main"))[1]["object"]["sha"]
    names["tree"] = (await caller("olivia", "GET", f"{R}/git/commits/{{base}}"))[1]["tree"]["sha"]
    new = {"content": "new\n", "encoding": "utf-8"}
    names["blob"] = (await caller("coda", "POST", f"{R}/git/blobs", new))[1]["sha"]
    names["tree"] = (await caller("coda", "POST", f"{R}/git/trees", _tree("docs/new.md", sha="{blob}")))[1]["sha"]
    commit = {"message": "new", "tree": "{tree}", "parents": ["{base}"]}
    names["head"] = (await caller("coda", "POST", f"{R}/git/commits", commit))[1]["sha"]
    await caller("coda", "POST", f"{R}/git/refs", {"ref": "refs/heads/feature", "sha": "{head}"})
    opened = {"title": "T", "head": "feature", "base": "main", "body": "b"}
    names["pull"] = (await caller("coda", "POST", f"{R}/pulls", opened))[1]["number"]
    found: dict[str, tuple[int, Any]] = {}
    for what, who, method, path, body in REQUESTS:
        found[what] = status, value = await caller(who, method, path, body)
        if what in _MADE and status == 201:
            name, said_in = _MADE[what]
            names[name] = value[said_in]
    return found


def _filled(value: Any, names: Mapping[str, Any]) -> Any:
    match value:
        case str():
            for name, known in names.items():
                if value == f"{{{name}}}":
                    return known
                value = value.replace(f"{{{name}}}", str(known))
            return value
        case dict():
            return {name: _filled(item, names) for name, item in value.items()}
        case list():
            return [_filled(item, names) for item in value]
    return value


def fields(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of an answer that is not null with its value, of lists the first item."""
    match value:
        case dict():
            for name, item in value.items():
                yield from fields(item, f"{at}.{name}")
        case list():
            yield f"{at}[]", value
            yield from fields(value[0], f"{at}[]") if value else ()
        case None:
            pass
        case _:
            yield at, value
