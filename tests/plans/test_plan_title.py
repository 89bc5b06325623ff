"""Titles of plans without the words that only say that they are plans."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.plans.dialects import read
from bot.plans.model import Dialect, Plan
from bot.plans.plan_title import title_of
from bot.sandbox.seeding import seed_files

PATH = "specs/checkout-totals/PLAN.md"


@pytest.fixture(scope="module")
def plan() -> Plan:
    found = read(PATH, seed_files("shop/spec-plan/plan")[PATH]).plan
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("dialect", "written", "said"),
    [
        (Dialect.SPEC_PLAN, "Plan: Checkout totals", "Checkout totals"),
        (Dialect.SPEC_PLAN, "Implementation Plan: Checkout totals", "Checkout totals"),
        (Dialect.SPEC_PLAN, "Planning: what comes next", "Planning: what comes next"),
        (Dialect.MEMORY_BANK, "Checkout totals – Plan", "Checkout totals"),
        (Dialect.MEMORY_BANK, "Checkout totals - Implementation Plan", "Checkout totals"),
        (Dialect.MEMORY_BANK, "Plan", "Plan"),
        (Dialect.MEMORY_BANK, "The floor plan", "The floor plan"),
        (Dialect.EXEC_PLAN, "Plan: Checkout totals", "Plan: Checkout totals"),
        (Dialect.TEAM_SESSION, "Customers see a total.", "Customers see a total"),
        (Dialect.MEMORY_BANK, None, PATH),
    ],
)
def test_a_title_says_what_the_plan_is_about(plan: Plan, dialect: Dialect, written: str | None, said: str) -> None:
    assert title_of(replace(plan, dialect=dialect, title=written)) == said
