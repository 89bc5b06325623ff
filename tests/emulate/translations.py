"""Where the emulator says something that GitHub's docs say otherwise, and the bot rightly goes by the docs.

These few parts of what the bot sees are ours and prove nothing. Everything else passes as the emulator wrote it.
`test_differences.py` fails as soon as the emulator does one of them as GitHub does.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any, Final

from tests.emulate.seed import APP_ID, BOT, SLUG

_APP: Final = {"id": APP_ID, "slug": SLUG, "name": SLUG.capitalize()}
_PERMISSION: Final = re.compile(r"/repos/[^/]+/[^/]+/collaborators/[^/]+/permission")
_STATUS: Final = re.compile(r"/repos/[^/]+/[^/]+/commits/(?P<sha>[0-9a-f]{40})/status")
# On GitHub `permission` knows four levels; which role it is stands in `role_name`, which the emulator has right.
_LEVELS: Final = {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read"}


def permission(path: str, status: int, value: Any) -> Any:
    """The emulator's `permission` is the word with which a collaborator was added, such as `push`."""
    if status == 200 and _PERMISSION.fullmatch(path):
        return {**value, "permission": _LEVELS[value["role_name"]]}
    return value


def no_statuses(path: str, status: int) -> dict[str, Any] | None:
    """The emulator knows no commit statuses: where GitHub says that there are none, it says that there is no page."""
    found = _STATUS.fullmatch(path)
    if found is None or status != 404:
        return None
    return {"state": "pending", "sha": found["sha"], "statuses": [], "total_count": 0}


def with_app(value: Any, own_checks: Set[int]) -> Any:
    """The emulator leaves null through which App a comment or a check run was made; GitHub says it of every one.

    A comment is the App's if its bot wrote it, a check run if it is one of those that the bot made.
    """
    match value:
        case list():
            return [with_app(item, own_checks) for item in value]
        case {"performed_via_github_app": None, "user": {"login": login}} if login == BOT:
            return {**value, "performed_via_github_app": _APP}
        case {"app": None, "head_sha": str(), "id": int(number)} if number in own_checks:
            return {**value, "app": _APP}
        case dict():
            return {name: with_app(item, own_checks) for name, item in value.items()}
    return value


def of_pull(payload: dict[str, Any]) -> dict[str, Any]:
    """The issue in a comment's payload does not say that it is a pull request, which on GitHub it does."""
    issue = payload["issue"]
    return {**payload, "issue": {**issue, "pull_request": {"url": issue["url"].replace("/issues/", "/pulls/")}}}
