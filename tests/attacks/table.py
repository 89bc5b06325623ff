"""All attacks, in the order in which an attacker meets what holds them."""

from __future__ import annotations

from typing import Final

from tests.attacks import at_the_door, by_words, by_workers, in_names, in_workflows, on_approval
from tests.attacks.attack import Attack

PARTS: Final = {
    "At the door": at_the_door.ATTACKS,
    "By what a pull request changes": in_names.ATTACKS,
    "By words": by_words.ATTACKS,
    "On what a yes means": on_approval.ATTACKS,
    "By workers; on tokens, secrets and resources": by_workers.ATTACKS,
    "By agents in their workflows": in_workflows.ATTACKS,
}
ATTACKS: Final[tuple[Attack, ...]] = tuple(attack for part in PARTS.values() for attack in part)
