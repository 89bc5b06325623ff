"""Defences taken away one by one, in a copy of the project: the test of the attack has to notice.

A test that passes without the defence shows nothing. `python -m tests.attacks --undefended` prints what came of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.attacks.attack import Removal
from tests.attacks.defences import REMOVALS

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("bot", "tests", "pyproject.toml", "app.yml")
MOST_SECONDS: Final = 300
_TESTS_FAILED: Final = 1
"""pytest's exit code for it; a test that cannot even be collected has another one."""


def report(begins: tuple[str, ...]) -> int:
    """Take each away in turn and print, as Markdown, whether it was noticed; the exit code of the program."""
    removals = [removal for removal in REMOVALS if removal.attack.startswith(begins or ("",))]
    unnoticed: list[str] = []
    sys.stdout.write("| attack | without this defence | the test | noticed |\n| --- | --- | --- | --- |\n")
    with tempfile.TemporaryDirectory(prefix="undefended-") as folder:
        copy = _copied(Path(folder))
        for removal in removals:
            said = _tried(copy, removal)
            unnoticed += [] if said == "yes" else [removal.attack]
            sys.stdout.write(f"| {removal.attack} | {removal.what} | `{removal.shown_by}` | {said} |\n")
            sys.stdout.flush()
    lost = f": {', '.join(unnoticed)}" if unnoticed else ""
    sys.stdout.write(f"\nDefences taken away: {len(removals)} tried, {len(unnoticed)} not noticed{lost}.\n")
    return int(bool(unnoticed))


def _copied(folder: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def _tried(copy: Path, removal: Removal) -> str:
    file = copy / removal.file
    before = file.read_text("utf-8")
    if before.count(removal.defence) != 1:
        return "the defence is not where it was"
    file.write_text(before.replace(removal.defence, removal.without), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"tests/{removal.shown_by}"]
    # Bytecode goes by a file's time in seconds and its size: a defence taken away and put back could go unseen.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no: it took longer than {MOST_SECONDS} s"
    finally:
        file.write_text(before, "utf-8")
    if done.returncode == _TESTS_FAILED:
        return "yes"
    return "NO: it passes" if done.returncode == 0 else f"NO: pytest ended with {done.returncode}"
