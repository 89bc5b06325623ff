"""Python's cyclic collector, set for a process that runs for weeks."""

from __future__ import annotations

import gc
from typing import Final

# Python's own 700 makes a plan's tokens be looked through again and again while they are read: a third of the time.
YOUNG_OBJECTS: Final = 10_000


def settle_collector() -> None:
    """Leave out what the start has made, as none of it goes away, and look less often for rings among the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
