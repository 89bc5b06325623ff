"""The delivery that is sent: a comment, as GitHub published one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

EVENT: Final = "issue_comment"
EXAMPLES: Final = Path(__file__).parent / "probot/node_modules/@octokit/webhooks-examples/api.github.com/index.json"


def payload() -> bytes:
    """About 10.6 KB: GitHub's published example of a new comment, from the npm package that collects these.

    Without npm it is one of the same shape and length with made-up values.
    """
    found = _published() if EXAMPLES.exists() else _made_up()
    # The published one was sent to a repository's own webhook; an App's deliveries name its installation.
    return json.dumps(found | {"installation": {"id": 99, "node_id": "MDIz"}}, separators=(",", ":")).encode()


def _published() -> dict[str, Any]:
    kinds = json.loads(EXAMPLES.read_text())
    examples = next(kind["examples"] for kind in kinds if kind["name"] == EVENT)
    # The comment on an issue that has no more than a title, a text and an assignee: the most usual length.
    found: dict[str, Any] = next(one for one in examples if one["action"] == "created" and len(json.dumps(one)) < 11500)
    return found


def _made_up() -> dict[str, Any]:
    def thing(kind: str, name: str, links: int) -> dict[str, Any]:
        base = f"https://api.github.com/{kind}/{name}"
        return {"id": 123456789, "node_id": "MDQ6VXNlcjE=", "name": name, "url": base} | {
            f"part_{number}_url": f"{base}/part_{number}{{/id}}" for number in range(links)
        }

    issue = thing("repos", "acme/shop/issues/5", 8) | {
        "number": 5,
        "title": "The basket",
        "user": thing("users", "maria", 15),
    }
    comment = thing("repos", "acme/shop/issues/comments/6", 6) | {
        "body": "Looks good.",
        "user": thing("users", "maria", 15),
    }
    repository = thing("repos", "acme/shop", 45) | {"full_name": "acme/shop", "owner": thing("users", "acme", 15)}
    sender = thing("users", "maria", 15)
    return {"action": "created", "issue": issue, "comment": comment, "repository": repository, "sender": sender}
