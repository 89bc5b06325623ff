"""What the pull request shows, as a few lines on a terminal."""

from __future__ import annotations

import re
from typing import Any, Final

from bot.demo.stage import CHECKLIST, Stage

_SIGNS: Final = {"success": "✓", "neutral": "✓", "failure": "✗", "action_required": "!", None: "…"}


def comments(stage: Stage, number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.request("GET", f"/repos/acme/shop/issues/{number}/comments?per_page=100", "ada")
    return found


def checklist(stage: Stage, number: int) -> str:
    """The checklist comment's body; empty until there is one."""
    bodies = [item["body"] for item in comments(stage, number) if CHECKLIST in item["body"]]
    return bodies[0] if bodies else ""


def replies(stage: Stage, number: int) -> list[str]:
    return [
        item["body"]
        for item in comments(stage, number)
        if item["user"]["type"] == "Bot" and CHECKLIST not in item["body"]
    ]


def checks(stage: Stage, number: int) -> dict[str, tuple[str | None, str]]:
    """Conclusion and title of the bot's four checks on the head."""
    head = stage.request("GET", f"/repos/acme/shop/pulls/{number}", "ada")["head"]["sha"]
    runs = stage.request("GET", f"/repos/acme/shop/commits/{head}/check-runs?per_page=100&filter=all", "ada")
    found: dict[str, tuple[str | None, str]] = {}
    for run in sorted(runs["check_runs"], key=lambda item: int(item["id"])):
        if run["name"].startswith("stepwise/"):
            found[run["name"]] = (run["conclusion"], run["output"]["title"])
    return found


def picture(stage: Stage, number: int) -> str:
    """The checklist above its folds, and the four checks."""
    lines = [f"    {line}" for line in _readable(checklist(stage, number)).splitlines()]
    lines += [
        f"    {_SIGNS.get(conclusion, '?')} {name}  {title}"
        for name, (conclusion, title) in sorted(checks(stage, number).items())
    ]
    return "\n".join(lines)


def _readable(body: str) -> str:
    """A comment's Markdown without what only a browser shows."""
    text = body.replace(CHECKLIST, "").partition("<details>")[0]
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).replace("\u200b", "")
    text = re.sub(r"^```\w*\n(.*?)\n```$", r"        \1", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = text.replace("**", "").replace("### ", "").replace("\\", "")
    return re.sub(r"\n{2,}", "\n", text).strip()


def reply_text(body: str) -> str:
    return _readable(body)
