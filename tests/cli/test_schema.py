"""The published JSON Schemas say what the program does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.policy_keys import MEANINGS, defaults_of, keys_of
from bot.cli.schema import as_text, lint_schema, policy_schema
from bot.plans.lint import lint
from bot.runs.policy import Policy, read_policy
from tests.cli.json_schema import problems
from tests.plans.plan_text import PATH, plan_text

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("name", "made"), [("policy", policy_schema), ("lint", lint_schema)])
def test_the_published_schema_is_the_present_one(name: str, made: Any) -> None:
    assert (ROOT / f"docs/schema/{name}.json").read_text("utf-8") == as_text(made()), "run: make schema"
    assert CliRunner().invoke(app, ["schema", name]).stdout == as_text(made())


def test_every_key_of_the_policy_has_a_meaning_and_no_other_has() -> None:
    assert list(keys_of(policy_schema())) == list(MEANINGS)
    assert all(part["description"] for part in keys_of(policy_schema()).values())


@pytest.mark.parametrize(
    "text",
    [
        "{}", "approvers: [maria, acme/core-team]", "approvers: maria", "approvers: ['-x']", "approver: []",
        "gates: {required: [tests], ignore: [], patience_minutes: 0}", "gates: {patience_minutes: 1441}",
        "gates: {patience_minutes: '10'}", "gates: {patience_minutes: true}", "gates: {required: ['']}", "gates: []",
        "record: end", "record: off", "record: 'off'", "record: never", "closeout: commit", "closeout: off",
        "commits: off", "commits: enforce", "readiness: warn", "readiness: off",
        "workers: {default: person}", "workers: {default: {workflow: a.yml}}",
        "workers: {default: {workflow: ../a.yml}}",
        "workers: {default: {mention: '@agent'}}", "workers: {default: {mention: agent}}", "workers: {default: robot}",
        "workers: {default: {workflow: a.yml, mention: '@agent'}}", "workers: {default: {}}",
        "workers: {roles: {tester: person, writer: {mention: '@a/b'}}}", "workers: {roles: {'*': person}}",
        "workers: {start_minutes: 0}", "workers: {timeout_minutes: 10080}",
        "validation: {level: high, workflow: stepwise-gates.yml}", "validation: {level: low}",
        "validation: {invariants: [{name: Tests, paths: [tests/]}]}", "validation: {invariants: [{paths: []}]}",
        "validation: {invariants: [Tests]}", "validation: {documentation: []}", "validation: {workflow: null}",
        "plans: {exec-plan: [], spec-plan: ['rfcs/**/PLAN.md']}", "plans: {poem: []}",
    ],
)  # fmt: skip
def test_the_schema_takes_what_the_policy_takes_and_refuses_what_it_refuses(text: str) -> None:
    taken = isinstance(read_policy(text.encode()), Policy)
    assert (problems(policy_schema(), yaml.safe_load(text)) == []) is taken


def test_defaults_in_the_schema_are_those_of_an_empty_file() -> None:
    shown = defaults_of(policy_schema())
    assert shown["gates.patience_minutes"] == f"`{Policy().gates.patience_minutes}`"
    assert shown["validation.documentation"] == '`[docs/, "*.md"]`'
    assert shown["workers.roles"] == "`{}`"
    assert shown["validation.invariants[].name"] == "required"


@pytest.mark.parametrize(
    "report",
    [
        lint(PATH, plan_text().encode()),
        lint(PATH, plan_text(branch="", include="- words\n").encode()),
        lint(PATH, b"\0"),
        lint("docs/exec-plans/active/index.md", b"# Active\n\n- [x](x.md)\n", folder_listing=["y.md"]),
        lint("notes.md", b"# Notes\n"),
    ],
    ids=["clean", "wrong", "binary", "index", "no plan"],
)
def test_reports_are_as_the_schema_says(report: Any) -> None:
    assert problems(lint_schema(), json.loads(json.dumps([report]))) == []


def test_a_report_that_lacks_a_key_is_not_as_the_schema_says() -> None:
    report: Any = lint(PATH, plan_text().encode())
    assert problems(lint_schema(), [{key: value for key, value in report.items() if key != "version"}])
    assert problems(lint_schema(), [{**report, "version": 2}])
