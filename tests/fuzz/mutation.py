"""A mutation fuzzer, for where there is none that sees coverage and for the ordinary suite: one number, one session."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from tests.fuzz.crash import Crash, crash_of
from tests.fuzz.targets import Target

LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What a session gave."""

    engine: str
    executions: int
    seconds: float
    crashes: tuple[Crash, ...]


def fuzz(target: Target, *, seconds: float = 1e9, executions: int = 10**12, seed: int = 1) -> Fuzzed:
    """Until the time is over or so many inputs were tried; every seed as it is comes first if there is room."""
    began = time.monotonic()
    crashes: dict[str, Crash] = {}
    tried = 0
    for data in _inputs(target, random.Random(seed)):
        if tried >= executions or time.monotonic() - began >= seconds:
            break
        tried += 1
        found = crash_of(target.run, data)
        if found is not None:
            crashes.setdefault(found.place, found)
    return Fuzzed("mutation", tried, time.monotonic() - began, tuple(crashes.values()))


def _inputs(target: Target, chance: random.Random) -> Iterator[bytes]:
    seeds = [data[:LONGEST] for data in target.seeds()]
    yield from seeds
    for _ in count():
        data = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
            data = _mutated(data, seeds, target.words, chance)
        yield data[: 2 * LONGEST]


def _mutated(data: bytes, seeds: list[bytes], words: tuple[bytes, ...], chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    end = min(len(data), at + chance.choice((1, 2, 8, 40, 300)))
    match chance.randrange(9):
        case 0:
            return data[:at] + data[end:]
        case 1:
            return data[:at] + data[at:end] * chance.choice((2, 3, 30)) + data[end:]
        case 2:
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case 3:
            other = chance.choice(seeds)
            cut = chance.randint(0, len(other))
            return data[:at] + other[cut : cut + chance.choice((10, 100, LONGEST))] + data[end:]
        case 4:
            lines = data.split(b"\n")
            lines.insert(chance.randrange(len(lines) + 1), lines.pop(chance.randrange(len(lines))))
            return b"\n".join(lines)
        case 5:
            lines = data.split(b"\n")
            lines[chance.randrange(len(lines))] *= chance.choice((0, 2, 20))
            return b"\n".join(lines)
        case 6:
            return data[:at] + chance.choice(words) * chance.choice((1, 1, 1, 50)) + data[at:]
        case _:
            return data[:at] + chance.choice(words) + data[end:]
