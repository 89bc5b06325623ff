"""What each operation and each event needs, by GitHub's docs; `permissions.json` holds the rows of what the bot uses.

    python -m tests.fidelity.permissions TABLE

writes it anew from a table of all endpoints in the same form. What such a table lacks stands here, with its source.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.fidelity import calls, description

FILE: Final = Path(__file__).parent / "permissions.json"
FIELDS: Final = ("operationId", "method", "path", "auth", "permission", "also", "source")
DOCS: Final = "github/docs src/github-apps/data/fpt-2022-11-28/server-to-server-permissions.json @058fa63b"
BESIDES: Final[tuple[dict[str, Any], ...]] = (
    {
        "operationId": "repos/list-deployments",
        "method": "GET",
        "path": "/repos/{owner}/{repo}/deployments",
        "auth": "installation",
        "permission": "deployments:read",
        "also": None,
        "source": DOCS,
    },
    {
        "operationId": "repos/list-deployment-statuses",
        "method": "GET",
        "path": "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
        "auth": "installation",
        "permission": "deployments:read",
        "also": None,
        "source": DOCS,
    },
    {
        "operationId": "reactions/create-for-pull-request-review-comment",
        "method": "POST",
        "path": "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions",
        "auth": "installation",
        "permission": "pull_requests:write",
        "also": None,
        "source": DOCS,
    },
)
_KEYS: Final = {"Commit statuses": "statuses"}


@dataclass(frozen=True, slots=True)
class Needed:
    """What an operation needs: a permission and a level, or none where the App asks as itself."""

    permission: str
    level: str
    source: str

    def __str__(self) -> str:
        return f"{self.permission}: {self.level}" if self.permission else "(as the App)"


@cache
def manifest() -> Any:
    return yaml.safe_load((calls.ROOT / "app.yml").read_text())


@cache
def needed() -> dict[str, Needed]:
    """Give what each operation needs by its id."""
    table = json.loads(FILE.read_text())
    found: dict[str, Needed] = {}
    for row in table["operations"]:
        permission, _, level = (row["permission"] or "").partition(":")
        found[row["operationId"]] = Needed(permission, level, row["source"])
    return found


def needed_for_event(event: str) -> str:
    """Give the permission that a subscription to an event needs, by the text of the event's own description."""
    said = {
        one["permission"]
        for name, one in description.extract()["webhooks"].items()
        if name.partition(".")[0] == event and one["permission"]
    }
    (name,) = said
    return _KEYS.get(name, re.sub(r"\W+", "_", name.lower()))


def rows(table: Any) -> list[dict[str, Any]]:
    """Give the rows of a table of all endpoints that the bot's operations need."""
    known = {row["operationId"]: row for row in (*table["endpoints"], *BESIDES)}
    return [{field: known[name][field] for field in FIELDS} for name in sorted(calls.called())]


if __name__ == "__main__":
    whole = json.loads(Path(sys.argv[1]).read_text())
    kept = {
        "sources": {key: whole["generated_from"][key] for key in ("P", "A", "O", "N")},
        "operations": rows(whole),
    }
    FILE.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"{FILE.name}: {len(kept['operations'])} operations")
