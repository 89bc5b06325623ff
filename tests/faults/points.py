"""The kinds of fault, and the points of a story at which each of them can strike.

A point has a name that can be told to `python -m tests.faults --point`, and strikes in one step of a story. Steps end
when nothing is left to be done, so that faults in different steps have nothing to do with each other: one telling of a
story carries one of each step. Where such a telling ends otherwise, every point of it is told alone.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.sandbox.faults import Answer, Hang, HookBehaviour, PrimaryLimit, Reset, SecondaryLimit
from tests.faults.commits import Doom, When
from tests.faults.stage import Step
from tests.faults.trouble import Kill, Named, Strike

OutageName = Literal["locked", "full", "gone"]
MOST_STEPS = 40
Where = Literal["writes", "calls", "commits", "deliveries", "tellings"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong in one step: a call struck, a delivery gone astray, a commit doomed."""

    step: int
    at: Named
    strike: Strike | None = None
    behaviour: HookBehaviour | None = None
    doom: Doom | None = None
    second: Doom | None = None

    @property
    def name(self) -> str:
        more = f" then {self.second.when} commit {self.second.at}" if self.second else ""
        return f"step {self.step} {self.at.kind} #{self.at.nth}{more}"


@dataclass(frozen=True, slots=True)
class Telling:
    """One story told with some faults; `seed` and what follows is for faults at every call or delivery."""

    kind: str
    story: str
    faults: tuple[Fault, ...] = ()
    seed: int | None = None
    of_all: tuple[Strike, ...] = ()
    share: float = 0.0
    of_all_deliveries: tuple[HookBehaviour | None, ...] = ()
    once_more_at_the_end: bool = False
    outage: OutageName | None = None

    @property
    def name(self) -> str:
        points = "; ".join(fault.name for fault in self.faults) if self.seed is None else f"seed {self.seed}"
        return f"{self.kind} / {self.story} / {points}"


@dataclass(frozen=True)
class Kind:
    """A row of the table."""

    name: str
    group: str
    where: Where
    strike: Strike | None = None
    behaviour: HookBehaviour | None = None
    doom: Callable[[int, str], Doom] | None = None
    outage: OutageName | None = None
    tellings: Callable[[Kind, str, int], Telling] | None = None
    every: int = 1
    seeds: int = field(default=1)
    on: tuple[str, ...] = ("sqlite", "postgresql")

    def points(self, steps: Sequence[Step]) -> list[Fault]:
        """Every point of a story that was told undisturbed."""
        return [fault for number, step in enumerate(steps) for fault in self._in_step(number, step)]

    def _in_step(self, number: int, step: Step) -> Iterator[Fault]:
        match self.where:
            case "writes":
                for call in step.calls:
                    if not call.kind.startswith("GET "):
                        yield Fault(number, call, strike=self.strike)
            case "calls":
                yield from (Fault(number, call, strike=self.strike) for call in step.calls)
            case "deliveries":
                yield from (Fault(number, one, behaviour=self.behaviour) for one in step.deliveries)
            case "commits":
                assert self.doom is not None
                for role, commits in step.commits.items():
                    # From the start of a step on, before anything of it is stored.
                    first = 0 if self.outage is not None and number > 0 and role == "serve" else 1
                    for nth in range(first, commits + 1):
                        yield Fault(number, Named(f"{role} commit", nth), doom=self.doom(nth, role))
            case "tellings":
                pass

    def told(self, story: str, faults: Sequence[Fault]) -> list[Telling]:
        """As few tellings as carry all of these faults, each at most one in a step."""
        by_step: dict[int, list[Fault]] = defaultdict(list)
        for fault in faults:
            by_step[fault.step].append(fault)
        most = max(map(len, by_step.values()), default=0)
        return [
            Telling(
                self.name, story, tuple(some[turn] for some in by_step.values() if turn < len(some)), outage=self.outage
            )
            for turn in range(most)
        ]


def _pairs(kind: Kind, story: str, seed: int) -> Telling:
    """Twice in each step: at a commit, and at one of the next life's first."""
    chance = random.Random(f"{story} {seed}")
    whens: tuple[When, ...] = ("before", "after")
    faults = []
    for step in range(MOST_STEPS):
        first = Doom(chance.randint(1, 30), chance.choice(whens), role="worker")
        second = Doom(chance.randint(1, 12), chance.choice(whens), role="worker")
        faults.append(Fault(step, Named("commit", first.at), doom=first, second=second))
    return Telling(kind.name, story, tuple(faults), seed=seed)


def _asks(nth: int, role: str) -> Doom:
    return Doom(nth, "after", "ask", role=role)


def _deliveries(*behaviours: HookBehaviour | None) -> Callable[[Kind, str, int], Telling]:
    def tell(kind: Kind, story: str, seed: int) -> Telling:
        at_the_end = "doubled" in behaviours
        return Telling(kind.name, story, seed=seed, of_all_deliveries=behaviours, once_more_at_the_end=at_the_end)

    return tell


def _calls(kind: Kind, story: str, seed: int) -> Telling:
    return Telling(kind.name, story, seed=seed, of_all=tuple(GITHUB.values()) + tuple(GITHUB_DONE.values()), share=0.12)


GITHUB: dict[str, Strike] = {
    "500": Answer(500),
    "502": Answer(502),
    "time-out": Hang(),
    "reset": Reset(),
    "primary limit": PrimaryLimit(reset_in=90),
    "secondary limit, 403 with Retry-After": SecondaryLimit(403, retry_after=70),
    "secondary limit, 403 without": SecondaryLimit(403, retry_after=None),
    "secondary limit, 429 with Retry-After": SecondaryLimit(429, retry_after=70),
    "secondary limit, 429 without": SecondaryLimit(429, retry_after=None),
}
GITHUB_DONE: dict[str, Strike] = {
    "502, but done": Answer(502, after=True),
    "time-out, but done": Hang(after=True),
    "reset, but done": Reset(after=True),
}
HOOKS: dict[str, HookBehaviour] = {"lost": "failed", "doubled": "doubled", "reordered": "swapped", "delayed": "held"}

KINDS: tuple[Kind, ...] = (
    Kind("killed before a write", "kill -9", "writes", strike=Kill()),
    Kind("killed after a write", "kill -9", "writes", strike=Kill(after=True)),
    Kind("killed before a commit", "kill -9", "commits", doom=lambda nth, role: Doom(nth, "before", role=role)),
    Kind("killed after a commit", "kill -9", "commits", doom=lambda nth, role: Doom(nth, "after", role=role)),
    Kind("killed twice in every step", "kill -9", "tellings", tellings=_pairs, seeds=10),
    *(Kind(f"delivery {name}", "webhooks", "deliveries", behaviour=how) for name, how in HOOKS.items()),
    *(Kind(f"all deliveries {name}", "webhooks", "tellings", tellings=_deliveries(how)) for name, how in HOOKS.items()),
    Kind(
        "lost, doubled, reordered, delayed at random",
        "webhooks",
        "tellings",
        tellings=_deliveries(None, *HOOKS.values()),
        seeds=10,
    ),
    *(Kind(name, "GitHub", "calls", strike=strike) for name, strike in GITHUB.items()),
    *(Kind(name, "GitHub", "writes", strike=strike) for name, strike in GITHUB_DONE.items()),
    Kind("any of these at random", "GitHub", "tellings", tellings=_calls, seeds=10),
    Kind("I/O error", "database", "commits", doom=lambda nth, role: Doom(nth, "before", "fail", 2, role)),
    Kind("locked", "database", "commits", doom=_asks, outage="locked", on=("sqlite",)),
    Kind("full disk", "database", "commits", doom=_asks, outage="full", on=("sqlite",)),
    Kind("gone and back", "database", "commits", doom=_asks, outage="gone", on=("postgresql",)),
)
BY_NAME = {kind.name: kind for kind in KINDS}
