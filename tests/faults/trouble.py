"""What GitHub does wrong at named calls and deliveries of a step; which there were is noted on the way.

A call is named by its kind and how often that kind came before in the step: `POST /repos/acme/shop/issues/N/comments`
and 2. So a point stays the same one when other calls come in another order.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.sandbox.faults import ApiAction, Faults, HookBehaviour, Reset

NUMBER = re.compile(r"/(?:[0-9]+|[0-9a-f]{40}(?:\.\.\.[0-9a-f]{40})?)(?=/|$)")


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """The `nth` of its kind in a step."""

    kind: str
    nth: int


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL to the bot while the call is in GitHub's hands; with `after`, once it has been done."""

    after: bool = False


Strike = ApiAction | Kill


@dataclass
class Trouble(Faults):
    """Strikes at what `strikes` and `behaviours` name, or at random; people's own calls are let through.

    `of_all` has what any call may meet, with the probability `share`; `of_all_deliveries` what any delivery may.
    `times` says how often it struck.
    """

    kill: Callable[[], None] = lambda: None
    strikes: dict[Named, Strike] = field(default_factory=dict)
    behaviours: dict[Named, HookBehaviour] = field(default_factory=dict)
    of_all: Sequence[Strike] = ()
    share: float = 0.0
    of_all_deliveries: Sequence[HookBehaviour | None] = ()
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    calls: list[Named] = field(default_factory=list)
    deliveries: list[Named] = field(default_factory=list)
    times: int = 0
    people: Counter[tuple[str, str]] = field(default_factory=Counter)
    _seen: Counter[str] = field(default_factory=Counter)

    def begin_step(self) -> None:
        """Forget what was seen and named in the last one."""
        for noted in (self.strikes, self.behaviours, self.calls, self.deliveries, self._seen):
            noted.clear()

    def for_call(self, method: str, path: str) -> ApiAction | None:
        if self.people[method, path] > 0:
            self.people[method, path] -= 1
            return None
        named = self._named(f"{method} {NUMBER.sub('/N', path)}")
        self.calls.append(named)
        strike = self.strikes.get(named)
        if strike is None and self.of_all and self.chance.random() < self.share:
            strike = self.chance.choice(self.of_all)
        if strike is None:
            return super().for_call(method, path)
        self.times += 1
        if isinstance(strike, Kill):
            self.kill()
            return Reset(after=strike.after)
        return strike

    def for_hook(self, event: str, action: str | None) -> HookBehaviour | None:
        named = self._named(f"{event}.{action}" if action else event)
        self.deliveries.append(named)
        behaviour = self.behaviours.get(named)
        if behaviour is None and self.of_all_deliveries:
            behaviour = self.chance.choice(self.of_all_deliveries)
        if behaviour is None:
            return super().for_hook(event, action)
        self.times += 1
        return behaviour

    def _named(self, kind: str) -> Named:
        self._seen[kind] += 1
        return Named(kind, self._seen[kind])
