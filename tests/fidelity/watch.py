"""Watches every sandbox of a test run: what was seen, how often, and what did not conform."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.sandbox.watching import Exchange, Sent
from tests.fidelity import description, judge

OF_THE_BOT: Final = "bot"
OF_OTHERS: Final = "others"
SCRIPTED: Final = "bot, scripted"
"""The bot again, where a test plays GitHub's answers by a script: only its requests are looked at."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that does not conform; `kind` is `request`, `answer` or `webhook`."""

    kind: str
    who: str
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.what} ({self.who}): {self.reason}"


_COUNTED: Final = ("checked", "failed", "allowed")


@dataclass(slots=True, eq=False)
class Watch:
    """Counts by (kind, who or status, operation or event), and the violations since they were last taken."""

    checked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    failed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    allowed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    shapes: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """One payload, packed, of each event with each set of fields that it was seen with."""

    def __call__(self, seen: Exchange | Sent) -> None:
        if isinstance(seen, Sent):
            self._note("webhook", "", judge.webhook_name(seen), judge.webhook(seen))
            self._keep_shape(seen)
            return
        operation = self.asked(seen)
        if seen.status is not None and operation is not None:
            self._note("answer", str(seen.status), operation.id, judge.answer(seen, operation))

    def asked(self, seen: Exchange) -> description.Operation | None:
        """Check the request alone, and give its operation."""
        seen = replace(seen, path=description.canonical(seen.path))
        operation = description.find(seen.method, seen.path)
        who = OF_THE_BOT if judge.is_the_bots(seen) else OF_OTHERS
        name = f"{seen.method} {seen.path}" if operation is None else operation.id
        self._note("request", who, name, judge.request(seen, operation))
        return operation

    def scripted(self, seen: Exchange) -> None:
        """Check a request of the bot to a script; paths that a test made up for the client alone are left out."""
        path = description.canonical(seen.path)
        if (operation := description.find(seen.method, path)) is not None:
            self._note("request", SCRIPTED, operation.id, judge.request(replace(seen, path=path), operation))

    def _keep_shape(self, seen: Sent) -> None:
        try:
            payload = json.loads(seen.body)
        except ValueError:
            return  # It was sent as a form, whose payload is the same.
        key = (seen.event, ",".join(sorted(set(_fields(payload)))))
        if key not in self.shapes:
            self.shapes[key] = zlib.compress(seen.body)

    def allow(self, violations: list[Violation]) -> None:
        """Count what a test meant to be refused as no failure."""
        for key in {(one.kind, one.who, one.what) for one in violations}:
            self.allowed[key] += self.failed.pop(key, 0)

    def _note(self, kind: str, who: str, what: str, reasons: list[str]) -> None:
        self.checked[kind, who, what] += 1
        if reasons:
            self.failed[kind, who, what] += 1
            self.violations += [Violation(kind, who, what, reason) for reason in reasons]

    def take(self) -> list[Violation]:
        taken, self.violations = self.violations, []
        return taken

    def dump(self) -> Any:
        """Give the counts and shapes as plain data, for another process."""
        counts = {name: [[*key, n] for key, n in getattr(self, name).items()] for name in _COUNTED}
        return counts | {"shapes": [[*key, packed] for key, packed in self.shapes.items()]}

    def add(self, dumped: Any) -> None:
        for event, fields, packed in dumped.get("shapes", []):
            self.shapes.setdefault((event, fields), packed)
        for name in _COUNTED:
            for kind, who, what, n in dumped.get(name, []):
                getattr(self, name)[kind, who, what] += n


def _fields(value: Any, place: str = "") -> Iterator[str]:
    """Where there is a value, and of what kind: what a parser of payloads looks at."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(inner, f"{place}[]")
    else:
        yield f"{place}:{type(value).__name__}"


WATCH: Final = Watch()
