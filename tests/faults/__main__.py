"""`python -m tests.faults`: faults at every point of whole stories, and one table of what came of them."""

from __future__ import annotations

import argparse
import sys

from tests.faults.matrix import one_again, run_and_print
from tests.faults.points import BY_NAME, KINDS
from tests.faults.stories import STORIES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th point of each kind")
    parser.add_argument("--only", help="only kinds and groups whose name has this in it")
    parser.add_argument("--story", choices=STORIES, help="only this story")
    parser.add_argument("--repeat", type=int, default=1, help="each telling so many times")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="sqlite")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kind", choices=BY_NAME, help="with --story and --point: one telling, as a failure names it")
    parser.add_argument("--point")
    asked = parser.parse_args()
    if asked.point:
        if not (asked.kind and asked.story) or asked.database == "both":
            parser.error("--point needs --kind, --story and one database")
        return 0 if one_again(asked.database, BY_NAME[asked.kind], asked.story, asked.point) else 1
    is_well = True
    for database in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        kinds = [one for one in KINDS if database in one.on and (asked.only or "") in f"{one.group}: {one.name}"]
        stories = [asked.story] if asked.story else list(STORIES)
        is_well &= run_and_print(database, kinds, stories, asked.every, asked.repeat, asked.processes)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
