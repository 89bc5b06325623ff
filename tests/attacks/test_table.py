"""The table of attacks: every row leads to tests that are run; every defence that can be removed is still there."""

from __future__ import annotations

import re

import pytest

from tests.attacks.attack import Attack, Removal, Who
from tests.attacks.defences import REMOVALS
from tests.attacks.table import ATTACKS
from tests.attacks.undefended import ROOT
from tests.promises.test_promises import TESTS, functions


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.id)
def test_what_shows_that_an_attack_fails_is_a_test_that_is_run(attack: Attack) -> None:
    assert attack.does and attack.holds and attack.shown_by
    assert "|" not in attack.does + attack.holds
    for shown in attack.shown_by:
        file, _, name = shown.partition("::")
        assert (TESTS / file).is_file(), file
        assert name in functions(file), shown
        assert not functions(file)[name], f"{shown} is left out"


def test_there_are_sixty_attacks_at_least_each_there_once_and_from_everywhere() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS)
    assert len({attack.does for attack in ATTACKS}) == len(ATTACKS)
    assert {attack.who for attack in ATTACKS} == set(Who)


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda one: one.what)
def test_a_defence_that_can_be_taken_away_is_where_it_is_said_to_be(removal: Removal) -> None:
    assert (ROOT / removal.file).read_text("utf-8").count(removal.defence) == 1
    row = next(attack for attack in ATTACKS if attack.id == removal.attack)
    assert removal.shown_by in row.shown_by


def test_the_page_on_security_leads_from_its_promises_to_every_attack() -> None:
    page = (ROOT / "docs/security.md").read_text("utf-8")
    promises = page.partition("## What is promised")[2].partition("## What is not promised")[0]
    known = [attack.id for attack in ATTACKS]
    named: set[str] = set()
    for first, last in re.findall(r"`([A-Z]\d\d)`(?: to `([A-Z]\d\d)`)?", promises):
        begin, end = known.index(first), known.index(last or first)
        assert begin <= end and first[0] == (last or first)[0]
        named |= set(known[begin : end + 1])
    assert named == set(known)
