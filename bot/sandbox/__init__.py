"""A GitHub on this machine, for the demo and the tests.

`Sandbox.start()` serves GitHub's REST API, signed webhooks and git over HTTP on loopback. It is built from GitHub's
documentation and published schema and knows nothing of the bot. Git repositories are real; everything else is in
memory. The control API is described in `controlapi`, the seed in `seeding`.
"""

from bot.sandbox.clock import Clock
from bot.sandbox.faults import Answer, Faults, Hang, PrimaryLimit, Reset, SecondaryLimit
from bot.sandbox.seeding import SeedError, seed_files
from bot.sandbox.server import Sandbox, generate_key

__all__ = [
    "Answer",
    "Clock",
    "Faults",
    "Hang",
    "PrimaryLimit",
    "Reset",
    "Sandbox",
    "SecondaryLimit",
    "SeedError",
    "generate_key",
    "seed_files",
]
