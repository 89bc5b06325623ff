"""`python -m tests.fuzz --seconds 60 [--target reader,oidc]`: fuzz each target for so long and print what came of it.

With Atheris installed (`make fuzz` does that where there is a wheel) the fuzzer sees coverage; without, or with
`--mutation`, it mutates blindly. Crashes are written in their smallest form to `--out`, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.crash import crash_of, minimised, silence
from tests.fuzz.mutation import LONGEST, Fuzzed, fuzz
from tests.fuzz.targets import TARGETS, Target

_DONE = re.compile(r"Done (\d+) runs? in (\d+) second")


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60, help="for each target")
    arguments.add_argument("--target", default=",".join(TARGETS), help=f"some of {', '.join(TARGETS)}")
    arguments.add_argument("--seed", type=int, default=1, help="another number, other inputs")
    arguments.add_argument("--mutation", action="store_true", help="without coverage even if Atheris is there")
    arguments.add_argument("--out", type=Path, default=Path("fuzz-crashes"), help="where crashes are written")
    chosen = arguments.parse_args()
    silence()
    with_coverage = importlib.util.find_spec("atheris") is not None and not chosen.mutation
    crashes = 0
    sys.stdout.write(
        "| target | engine | seeds | executions | seconds | crashes |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    for name in chosen.target.split(","):
        target = TARGETS[name]
        session = _with_coverage if with_coverage else _by_mutation
        done = session(target, chosen.seconds, chosen.seed)
        crashes += len(done.crashes)
        seeds = sum(1 for _ in target.seeds())
        sys.stdout.write(
            f"| {name}: {target.what} | {done.engine} | {seeds} | {done.executions} | {done.seconds:.0f} "
            f"| {len(done.crashes)} |\n"
        )
        sys.stdout.flush()
        _written(target, done, chosen.out)
    sys.stdout.write(f"\nTargets: {len(chosen.target.split(','))} fuzzed, {crashes} crashes.\n")
    return int(crashes > 0)


def _by_mutation(target: Target, seconds: float, seed: int) -> Fuzzed:
    return fuzz(target, seconds=seconds, seed=seed)


def _with_coverage(target: Target, seconds: float, seed: int) -> Fuzzed:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        corpus, out, words = Path(folder) / "corpus", Path(folder) / "out", Path(folder) / "words"
        corpus.mkdir()
        out.mkdir()
        for number, data in enumerate(target.seeds()):
            (corpus / f"{number:04}").write_bytes(data[:LONGEST])
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), "ascii")
        options = [f"-max_total_time={max(1, round(seconds))}", f"-max_len={2 * LONGEST}", f"-dict={words}"]
        options += [f"-seed={seed}", "-timeout=60", f"-artifact_prefix={out}/", "-rss_limit_mb=0", str(corpus)]
        command = [sys.executable, "-m", "tests.fuzz.coverage", target.name, str(out), *options]
        said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stderr
        done = _DONE.search(said)
        if done is None:
            sys.stderr.write(said[-3000:])
        crashes = []
        for path in sorted(out.iterdir()):
            data = path.read_bytes()
            found = crash_of(target.run, data)
            if found is not None:
                crashes.append(found)
        if done is None and not crashes:
            raise SystemExit(f"the fuzzer of {target.name} ended by itself")
    return Fuzzed("atheris", int(done[1]) if done else 0, time.monotonic() - began, tuple(crashes))


def _escaped(word: bytes) -> str:
    return "".join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\x{one:02x}" for one in word)


def _written(target: Target, done: Fuzzed, out: Path) -> None:
    for crash in done.crashes:
        smallest = minimised(target.run, crash)
        out.mkdir(exist_ok=True)
        file = out / f"{target.name}-{smallest.name}"
        file.write_bytes(smallest.data)
        sys.stderr.write(f"{target.name}: {smallest.place}: {smallest.words}\n  {file}: {smallest.data[:200]!r}\n")


if __name__ == "__main__":
    sys.exit(main())
