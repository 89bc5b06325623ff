"""The commands as a whole: what there is, and what starting one costs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bot import __version__
from bot.cli.main import COMMANDS, app, command_function

HEAVY = ("aiohttp", "gidgethub", "sqlalchemy", "alembic", "dulwich", "jinja2", "structlog", "cryptography")


def modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys\nfrom bot.cli.main import app\n"
        f"try:\n    app({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        "print('modules:', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("modules:")[2].split())


def test_the_version_is_told_without_importing_what_serves_lints_or_draws() -> None:
    loaded = modules_after("--version")
    assert not loaded & {*HEAVY, "pydantic", "markdown_it", "yaml", "rich", "asyncio"}
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"stepwise {__version__}\n")


def test_linting_does_not_import_the_server(tmp_path: object) -> None:
    assert not modules_after("lint", str(tmp_path), "--allow-empty") & set(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    words = (command_function(name).__doc__ or "").split()[:3]
    assert " ".join(words) in " ".join(result.stdout.split())


def test_all_commands_are_listed_in_order() -> None:
    stdout = CliRunner().invoke(app, ["--help"]).stdout
    places = [stdout.index(f" {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(app, ["lnit"])
    assert result.exit_code == 2
    assert "No such command 'lnit'" in result.stderr
