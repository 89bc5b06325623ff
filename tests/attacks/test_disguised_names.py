"""File names that are excluded under another spelling: a wide include must not let them in."""

from __future__ import annotations

import pytest

from bot.plans.patterns import PATH_LIMIT, ScopeRules
from bot.runs.messages import Problem
from bot.views.checks import checks
from tests.runs.refusals import refused
from tests.runs.world import plan_text, started

RULES = ScopeRules.compile(["**"], ["infra/...", ".github/workflows/...", "caf\u00e9/...", "Secrets/*.KEY"])

DISGUISES = {
    "case": "Infra/deploy.yaml",
    "all capitals": "INFRA/DEPLOY.YAML",
    "case of a hidden folder": ".GitHub/Workflows/ci.yml",
    "decomposed accent": "cafe\u0301/menu.md",
    "decomposed accent in capitals": "CAFE\u0301/menu.md",
    "zero width space": "inf\u200bra/deploy.yaml",
    "zero width joiner at the end": "infra\u200d/deploy.yaml",
    "direction": "\u202einfra/deploy.yaml",
    "blank at the end": "infra /deploy.yaml",
    "dot at the end": "infra./deploy.yaml",
    "dots and blanks": "infra. . /deploy.yaml",
    "long s": "\u017fecrets/a.key",
    "folder and file": "secrets/A.key",
}


@pytest.mark.parametrize("kind", DISGUISES)
def test_a_name_that_some_file_system_takes_for_an_excluded_one_is_out_of_scope(kind: str) -> None:
    judged = RULES.judge(DISGUISES[kind])
    assert (judged.is_allowed, judged.reason) == (False, "disguised")
    assert judged.rule


@pytest.mark.parametrize("path", ["infrared/x", "src/Infra.py", "cafe/x", "secrets/a.txt", ".github/x.yml", "A. B/x"])
def test_a_name_that_is_only_similar_stays_in_scope(path: str) -> None:
    assert RULES.judge(path).is_allowed


def test_what_allows_is_matched_to_the_letter() -> None:
    rules = ScopeRules.compile(["src/..."], [])
    assert [path for path in ("SRC/a", "src\u200b/a", "src /a", "src/a") if rules.judge(path).is_allowed] == ["src/a"]


def test_an_exception_by_name_lets_a_disguised_name_in() -> None:
    rules = ScopeRules.compile(["**"], ["docs/..."], ["Docs/a.md"])
    assert rules.judge("Docs/a.md").reason == "allowed"
    assert rules.judge("Docs/b.md").reason == "disguised"


def test_a_range_that_cannot_be_folded_excludes_as_it_is() -> None:
    rules = ScopeRules.compile(["**"], ["[Z-a]x"])
    assert rules.judge("ax").reason == "excluded"


def test_names_made_to_take_long_do_not() -> None:
    """Tried from every place anew these would take minutes: such a change is seen as a test that does not end."""
    for piece in (". ", "a. ", "\u200b", "e\u0301", "./"):
        for _ in range(100):
            assert RULES.judge(f"a{piece * ((PATH_LIMIT - 2) // len(piece))}b"[:PATH_LIMIT]).reason


def test_a_disguised_name_stops_the_block_and_is_named_with_its_rule() -> None:
    world = started(plan_text(["B01"], include=("**",)))
    world.push("src/b01.py", "Infra/main.tf", "src/PAYMENTS.py")
    world.ci("green")
    refused(world.comment("/approve B01"), Problem.SCOPE_VIOLATED)
    scope = next(view for view in checks(world.run, world.decision.situation, world.facts()) if "scope" in view.name)
    assert scope.conclusion == "failure"
    assert "`Infra/main.tf`" in scope.summary and "`src/PAYMENTS.py`" in scope.summary
    assert "on some file systems the same name as one that is excluded by the rule `infra/...`" in scope.summary
