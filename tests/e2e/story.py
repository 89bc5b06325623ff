"""One short walk from plan to closeout, and what is left at its end, in a form in which two walks can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any

from tests.e2e.scenario import ACTIVE_INDEX, BRANCH, COMPLETED, COMPLETED_INDEX, PLAN, PLAN_FILES, Comment, Scenario

POLICY = ".github/stepwise.yml"
THIRD_BLOCK = re.compile(r"- \*\*Block ID:\*\* `B03`\n(?:- .*\n)+\n")
TWO_BLOCKS = THIRD_BLOCK.sub("", PLAN_FILES[PLAN])
_SHA = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?Z?(?: UTC)?|\b\d\d:\d\d\b")
_NUMBER = re.compile(r"(?<=[-:])\d{5,}\b|127\.0\.0\.1:\d+")


@dataclass
class Told:
    """What people said, in order, so that the bot's reactions to each of it can be looked at."""

    comments: list[Comment] = field(default_factory=list)


async def patient(github: Scenario) -> None:
    """A policy under which no amount of waiting makes a commit without checks approvable."""
    await github.push({POLICY: "gates:\n  patience_minutes: 1440\n"}, branch="main", by="maria", message="Policy")


async def walk(github: Scenario, told: Told | None = None) -> Told:
    """Plan, `/execute`, a block, `/approve`, `/skip`, `/verdict`, merge, closeout, merge of that."""
    told = told or Told()
    await github.planned(TWO_BLOCKS)
    told.comments.append(await github.comment("/execute"))
    await github.block_pushed("B01")
    told.comments.append(await github.comment("/approve"))
    told.comments.append(await github.comment("/skip B02 the campaign was called off"))
    told.comments.append(await github.comment("/verdict PASS looks right"))
    await github.merge()
    return told


async def left(github: Scenario, told: Told) -> dict[str, Any]:
    """The end state: everything that people can see, without object ids and times."""
    pulls = await github.api("GET", f"/repos/{github.repository}/pulls?state=all&per_page=100", "olivia")
    return {
        "comments": sorted((one.author, calm(one.body)) for one in await github.comments()),
        "reactions": [(one.body, await github.reactions(one)) for one in told.comments],
        "pulls": sorted((one["title"], one["head"]["ref"], one["state"], calm(one["body"])) for one in pulls),
        "commits": [one["commit"]["message"] for one in await github.commits(BRANCH)],
        "closeout commits": [
            one["commit"]["message"] for one in await github.commits("stepwise/closeout/2026-01-checkout-totals")
        ],
        "files": {
            path: calm(await github.file(path, ref="stepwise/closeout/2026-01-checkout-totals") or "(none)")
            for path in (PLAN, COMPLETED, ACTIVE_INDEX, COMPLETED_INDEX)
        },
        "checks": {name: (one.conclusion, calm(one.title)) for name, one in (await github.checks()).items()},
    }


def calm(text: str) -> str:
    """A text without what differs from one walk to the next: object ids, times, ports and long numbers."""
    return _NUMBER.sub("#", _TIME.sub("(time)", _SHA.sub("(sha)", text)))


def difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    """What is not alike in two end states, line by line; empty when nothing is."""
    return "\n".join(unified_diff(_page(one), _page(other), lineterm="", n=0))


def _page(state: dict[str, Any]) -> list[str]:
    return "\n".join(f"{name}: {item}" for name, items in state.items() for item in _items(items)).splitlines()


def _items(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [f"{name} {item}" for name, item in found.items()]
    return [" ".join(map(str, item)) if isinstance(item, tuple) else item for item in found]
