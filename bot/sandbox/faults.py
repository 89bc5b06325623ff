"""What goes wrong on purpose: rules for API calls and for webhook deliveries.

A rule counts the calls that match it and acts on those from the `nth` on, `times` times (0: for ever).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

HookBehaviour = Literal["lost", "failed", "doubled", "held", "swapped"]
HOOK_BEHAVIOURS: tuple[HookBehaviour, ...] = ("lost", "failed", "doubled", "held", "swapped")


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with this status instead; with `after`, only once the effect has been done."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """Keep the connection open and say nothing until the sandbox stops; with `after`, once the effect has been done."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """Cut the connection; with `after`, once the effect has been done."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class PrimaryLimit:
    """403 with nothing remaining until `reset_in` seconds from now."""

    reset_in: int = 60
    after: bool = False


@dataclass(frozen=True, slots=True)
class SecondaryLimit:
    """403 or 429 with plenty remaining and, unless None, a `retry-after` in seconds."""

    status: int = 403
    retry_after: int | None = 60
    after: bool = False


ApiAction = Answer | Hang | Reset | PrimaryLimit | SecondaryLimit


@dataclass(slots=True)
class ApiFault:
    method: str | None
    path: re.Pattern[str]
    action: ApiAction
    nth: int = 1
    times: int = 1
    seen: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Tell whether this call is hit, and count it."""
        if (self.method is not None and self.method != method) or self.path.search(path) is None:
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


@dataclass(slots=True)
class HookFault:
    """`lost`: never sent, not in the log. `failed`: in the log as timed out, but never sent. `doubled`: sent twice.
    `held`: sent when released. `swapped`: sent right after the next one."""

    event: str | None
    action: str | None
    behaviour: HookBehaviour
    nth: int = 1
    times: int = 1
    seen: int = 0

    def strikes(self, event: str, action: str | None) -> bool:
        if (self.event is not None and self.event != event) or (self.action is not None and self.action != action):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


@dataclass(slots=True)
class Faults:
    """The rules in force; the first that strikes wins."""

    api: list[ApiFault] = field(default_factory=list)
    hooks: list[HookFault] = field(default_factory=list)

    def add(
        self, action: ApiAction, *, path: str = "", method: str | None = None, nth: int = 1, times: int = 1
    ) -> ApiFault:
        """Let API calls fail whose method and path (a regular expression, searched) match."""
        fault = ApiFault(method.upper() if method else None, re.compile(path), action, nth, times)
        self.api.append(fault)
        return fault

    def add_hook(
        self,
        behaviour: HookBehaviour,
        *,
        event: str | None = None,
        action: str | None = None,
        nth: int = 1,
        times: int = 1,
    ) -> HookFault:
        """Let deliveries of an event (and action) go wrong."""
        fault = HookFault(event, action, behaviour, nth, times)
        self.hooks.append(fault)
        return fault

    def clear(self) -> None:
        self.api.clear()
        self.hooks.clear()

    def for_call(self, method: str, path: str) -> ApiAction | None:
        return next((fault.action for fault in self.api if fault.strikes(method, path)), None)

    def for_hook(self, event: str, action: str | None) -> HookBehaviour | None:
        return next((fault.behaviour for fault in self.hooks if fault.strikes(event, action)), None)


def api_action(rule: dict[str, Any]) -> ApiAction:
    """Read an action from the control API: `{"kind": "answer", "status": 502, "body": …}`; raises ValueError."""
    kinds: dict[str, type[Answer | Hang | Reset | PrimaryLimit | SecondaryLimit]] = {
        "answer": Answer,
        "hang": Hang,
        "reset": Reset,
        "primary": PrimaryLimit,
        "secondary": SecondaryLimit,
    }
    rest = {key: value for key, value in rule.items() if key != "kind"}
    kind = kinds.get(str(rule.get("kind")))
    if kind is None:
        raise ValueError(f"action.kind must be one of {', '.join(kinds)}")
    try:
        return kind(**rest)
    except TypeError as problem:
        raise ValueError(f"action: {problem}") from problem
