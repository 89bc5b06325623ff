"""Where the repository's policy says that its plans are kept, `stepwise lint` looks for them there."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from bot.cli.main import app

PLAN = "# Move the totals\n\n## Goal\n\nTotals are right.\n\n## Work Breakdown (Tasks)\n\n### T001: Round half up\n"


def linted(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["lint", str(folder)])
    return result.exit_code, result.output


def test_a_plan_in_a_place_of_the_policy_is_found(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/totals.md").write_text(PLAN)
    assert linted(tmp_path)[0] == 2
    other = tmp_path.with_name(tmp_path.name + "-with-policy")
    tmp_path.rename(other)
    (other / ".github/stepwise.yml").write_text("plans:\n  memory-bank: [work/*.md]\n")
    code, said = linted(other)
    assert code == 0 and "work/totals.md: can be executed, 1 block" in said


def test_an_empty_list_of_places_turns_a_dialect_off(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/stepwise.yml").write_text("plans:\n  memory-bank: []\n")
    (tmp_path / "memory-bank/plan").mkdir(parents=True)
    (tmp_path / "memory-bank/plan/totals.md").write_text(PLAN)
    code, said = linted(tmp_path)
    assert code == 2 and "no plan" in said
