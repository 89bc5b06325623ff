"""Atheris, which sees what an input reaches: `python -m tests.fuzz.coverage TARGET OUT [libFuzzer's options]`.

A process of its own for each target: libFuzzer ends the process it runs in. Crashes are written to OUT, one file for
each place, and fuzzing goes on; the number of executions is what libFuzzer prints at its end.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    fuzzer: Any = importlib.import_module("atheris")
    name, out, *options = sys.argv[1:]
    with fuzzer.instrument_imports(include=["bot"]):
        from tests.fuzz.crash import crash_of, silence
        from tests.fuzz.targets import TARGETS
    silence()
    target = TARGETS[name]
    seen: set[str] = set()

    def one(data: bytes) -> None:
        found = crash_of(target.run, data)
        if found is not None and found.place not in seen:
            seen.add(found.place)
            (Path(out) / found.name).write_bytes(data)

    fuzzer.Setup([sys.argv[0], *options], one)
    fuzzer.Fuzz()


if __name__ == "__main__":
    main()
