"""What `make test` says where PostgreSQL is not installed, and what it does with a choice of tests."""

from __future__ import annotations

import pytest

from tests import on_postgresql


def test_without_postgresql_it_is_said_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(on_postgresql, "binaries", lambda: None)
    assert on_postgresql.main([]) == 0
    told = capsys.readouterr().out
    assert "LEFT OUT: everything that runs on PostgreSQL" in told
    assert "apt-get install postgresql" in told


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (pytest.ExitCode.OK, 0),
        (pytest.ExitCode.TESTS_FAILED, 1),
        (pytest.ExitCode.INTERNAL_ERROR, 3),
        (pytest.ExitCode.NO_TESTS_COLLECTED, 0),
    ],
)
def test_a_failure_there_is_a_failure_and_a_choice_without_databases_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, outcome: pytest.ExitCode, code: int
) -> None:
    asked: list[list[str]] = []

    def run(arguments: list[str]) -> pytest.ExitCode:
        asked.append(arguments)
        return outcome

    monkeypatch.setattr(on_postgresql, "binaries", lambda: tmp_path)
    monkeypatch.setattr(pytest, "main", run)
    assert on_postgresql.main(["tests/runs"]) == code
    assert asked == [["--database", "postgresql", "tests/runs"]]
