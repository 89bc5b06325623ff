"""How long reading a plan takes, as a multiple of what markdown-it-py itself takes for the same text."""

from __future__ import annotations

import time
from collections.abc import Callable

from markdown_it import MarkdownIt

from bot.plans.dialects import read
from bot.sandbox.seeding import seed_files

PATH = "docs/exec-plans/active/2026-01-checkout-totals.md"
ROUNDS = 7
MOST_BLOCKS = 480
PROSE = "A sentence with `code`, *emphasis* and a [link](../notes.md).\n\n- An item of a list: what was found.\n\n"


def plan_of(kib: int, blocks: int = MOST_BLOCKS) -> str:
    """The seeded plan with more blocks, then with more prose, until it is that long; or with so many blocks."""
    text = seed_files("shop/plan")[PATH].decode()
    head, tail = text.split("## 6. Validation Plan")
    number = 4
    extra: list[str] = []
    size = len(text)
    while size < kib * 1024 or (blocks < MOST_BLOCKS and number <= blocks):
        if number > blocks:
            notes = PROSE * ((kib * 1024 - size) // len(PROSE))
            return head + "".join(extra) + "## 6. Validation Plan" + tail + "\n## Notes\n\n" + notes
        block = (
            f"- **Block ID:** `B{number:02d}`\n- **Goal:** Part {number} of `src/shop/part_{number}.py`\n"
            f"- **Dependencies:** `B{number - 1:02d}`\n"
            f"- **Acceptance Criteria:** `part_{number}()` gives *the* right value\n"
            "- **Risks:** " + "a sentence with `code`, *emphasis* and a [link](../notes.md). " * 8 + "\n\n"
        )
        extra.append(block)
        size += len(block)
        number += 1
    return head + "".join(extra) + "## 6. Validation Plan" + tail


def dense_plan_of(kib: int) -> str:
    """The seeded plan with as many small lists, fields and code spans as fit: the most there is to do per byte."""
    text = seed_files("shop/plan")[PATH].decode()
    item = "- **a:** `b`\n  - [ ] *c* `d`\n\n"
    return text + "\n## Notes\n\n" + item * max((kib * 1024 - len(text)) // len(item), 0)


def best_of(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The shortest of some rounds, in seconds of CPU."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    print("parsing: CPU time as a multiple of markdown-it-py's own parse of the same text (budget: 2.00x at 100 KiB)")
    reader = MarkdownIt("commonmark").enable("table")
    for kib in (10, 50, 100, 200):
        text = plan_of(kib)
        raw = text.encode()
        blocks = len(read(PATH, raw).plan.blocks)  # type: ignore[union-attr]
        own = best_of(lambda text=text: reader.parse(text))  # type: ignore[misc]
        ours = best_of(lambda raw=raw: read(PATH, raw))  # type: ignore[misc]
        print(
            f"  {len(raw) / 1024:5.0f} KiB {blocks:4d} blocks … {ours / own:.2f}x"
            f"  ({1000 * ours:.0f} ms, markdown-it-py {1000 * own:.0f} ms)"
        )
