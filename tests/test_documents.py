"""What the documents promise is what the product has."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Final, get_args

import pytest
import yaml
from pydantic_core import PydanticUndefined
from typer.main import get_command

from bot.cli.main import COMMANDS as CLI_COMMANDS
from bot.cli.main import app
from bot.cli.policy_keys import keys_of
from bot.cli.schema import policy_schema
from bot.demo.stories import StoryName
from bot.github.oidc import MAX_AGE
from bot.plans.dialects import dialect_of
from bot.plans.execution_log import FOLDER as LOGS
from bot.plans.model import Dialect
from bot.plans.progress_file import progress_path
from bot.plans.session_files import SESSION_FILE
from bot.runs.effects import Effect
from bot.runs.finish import FIX_ROUNDS
from bot.runs.model import KickbackSignal
from bot.runs.policy import Policy, WorkersPolicy, read_policy
from bot.runs.registry import COMMANDS, Audience
from bot.runs.workers import TRIES
from bot.service.perform import ATTEMPTS, LONGEST_WAIT
from bot.service.policies import POLICY_SECONDS
from bot.service.reports import MOST_NOTED
from bot.service.sweep import EVERY
from bot.settings import DEFAULT_WEBHOOK_PATH, Settings
from bot.views.replies import commands_table
from bot.views.words import CHECK_NAMES
from bot.web.reports import NOTES_LIMIT, REPORT_LIMIT, ReportBody

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text()
CONTRIBUTING: Final = (ROOT / "CONTRIBUTING.md").read_text()
CHANGELOG: Final = (ROOT / "CHANGELOG.md").read_text()
ARCHITECTURE: Final = (ROOT / "docs" / "architecture.md").read_text()
WORKERS: Final = (ROOT / "docs" / "workers.md").read_text()
PAGES: Final = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
DOCUMENTS: Final = {"README.md": README, "CONTRIBUTING.md": CONTRIBUTING, "CHANGELOG.md": CHANGELOG, **PAGES}
MANIFEST: Final = (ROOT / "app.yml").read_text()

WHO: Final = {
    Audience.READER: "anyone who can comment",
    Audience.WORKER: "worker, approver",
    Audience.APPROVER: "approver",
}
# Other words for a setting that a start needs or can do without.
DEFAULTS: Final = {"private_key": "one of the two", "private_key_path": "one of the two"}


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str, columns: int) -> list[tuple[str, ...]]:
    """The rows of the tables with that many columns, without their headers; `\\|` does not end a cell."""
    found = []
    for table in re.findall(r"(?:^\|.*\|\n)+", text + "\n", flags=re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()[2:]]
        found += [tuple(cell.strip() for cell in line) for line in lines if len(line) == columns]
    return found


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# -- commands --------------------------------------------------------------------------------------------------------


def test_the_readme_lists_every_command_as_the_registry_has_it() -> None:
    wanted = []
    for command in COMMANDS:
        also = f" (also {', '.join(f'`/{alias}`' for alias in command.aliases)})" if command.aliases else ""
        wanted.append((f"`{command.usage}`{also}".replace("|", "\\|"), WHO[command.audience], command.summary))
    assert rows(section(README, "Commands"), 3) == wanted


def test_the_readme_and_the_help_show_the_same_table() -> None:
    assert commands_table() in README


def test_every_command_that_the_documents_name_is_in_the_registry() -> None:
    known = {word for command in COMMANDS for word in (command.word, *command.aliases)}
    for name, text in DOCUMENTS.items():
        for span in re.findall(r"`/([a-z_]+)(?=[ `])", text):
            assert span in known | {"reports", "healthz", "readyz", "metrics"}, f"{name} names /{span}"


def test_the_changelog_names_every_command() -> None:
    assert {command.word for command in COMMANDS} <= set(re.findall(r"`/([a-z]+)`", CHANGELOG))


# -- the command line ------------------------------------------------------------------------------------------------


def test_every_stepwise_command_that_the_documents_name_exists() -> None:
    texts = [*DOCUMENTS.values(), (ROOT / "Procfile").read_text()]
    # At the beginning of a code span or behind a path or variable: prose says "Stepwise", the checks "stepwise/plan".
    named = {word for text in texts for word in re.findall(r"(?:`|^ *|bin/|: )stepwise ([a-z]+)", text, re.MULTILINE)}
    assert {"init", "lint", "scope", "schema", "serve", "worker", "migrate", "sandbox", "demo"} <= named
    assert named <= set(CLI_COMMANDS), named - set(CLI_COMMANDS)


def test_every_option_that_the_documents_give_a_command_exists() -> None:
    group = get_command(app)
    for name, text in DOCUMENTS.items():
        given = re.findall(r"(?:`|^ *|bin/)stepwise ([a-z]+)([^`\n]*)", text, flags=re.MULTILINE)
        given += [("demo", words) for words in re.findall(r"make demo[;,]? ARGS=([^`\n]*)", text)]
        for command, words in given:
            known = {option for one in _parameters(group, command) for option in one}
            for option in re.findall(r"--[a-z-]+", words):
                assert option in known, f"{name}: stepwise {command} has no {option}"


def _parameters(group: object, command: str) -> list[list[str]]:
    found = group.get_command(None, command)  # type: ignore[attr-defined]
    return [parameter.opts for parameter in found.params]


def test_the_demo_has_a_story_for_each_dialect_that_the_readme_names() -> None:
    assert [name.value for name in StoryName] == [dialect.value for dialect in Dialect]
    assert all(dialect in section(README, "See it") for dialect in Dialect)


def test_every_make_target_that_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    texts = (README, CONTRIBUTING, *PAGES.values())
    named = {word for text in texts for word in re.findall(r"(?:`|^)make ([a-z-]+)", text, flags=re.MULTILINE)}
    assert {"demo", "test", "lint", "format", "bench", "schema", "lock"} <= named
    assert named <= targets, named - targets


# -- policy and settings ---------------------------------------------------------------------------------------------


def test_the_policy_in_the_readme_is_valid_and_shows_every_key() -> None:
    example = re.search(r"```yaml\n(approvers.*?)```", README, flags=re.DOTALL)
    assert example is not None
    policy = read_policy(example[1].encode())
    assert isinstance(policy, Policy)
    assert set(yaml.safe_load(example[1])) == set(Policy.model_fields)


def test_every_key_of_the_policy_that_the_documents_name_exists() -> None:
    known = set(keys_of(policy_schema()))
    for name, text in DOCUMENTS.items():
        for key in re.findall(r"`((?:gates|workers|validation|plans)\.[a-z_-]+)`", text):
            assert key in known, f"{name} names {key}"


def test_the_times_that_the_readme_gives_workers_are_the_defaults() -> None:
    said = " ".join(section(README, "Workers").split())
    workers = WorkersPolicy()
    assert f"not begun after {workers.start_minutes} minutes" in said
    assert f"works for more than {workers.timeout_minutes} (`start_minutes`, `timeout_minutes`)" in said


def test_the_readme_lists_every_setting_with_its_default() -> None:
    listed = {code(name)[0].lower(): default for name, default, _ in rows(section(README, _INSTALL), 3)}
    wanted = {name: _default(name) for name in Settings.model_fields}
    assert listed == wanted


_INSTALL: Final = "Install it on your own repositories"


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    if name in DEFAULTS:
        return DEFAULTS[name]
    if default is PydanticUndefined:
        return "required"
    return f"`{default}`" if default not in ("", None) else "none"


# -- dialects --------------------------------------------------------------------------------------------------------


def test_the_readme_has_a_row_for_each_dialect() -> None:
    assert [code(row[0])[0] for row in rows(section(README, "Plans"), 5)] == list(Dialect)


@pytest.mark.parametrize(("page", "title", "columns"), [("README.md", "Plans", 5), ("plans.md", None, 4)])
def test_the_places_of_plans_are_those_where_they_are_found(page: str, title: str | None, columns: int) -> None:
    text = section(DOCUMENTS[page], title) if title else DOCUMENTS[page]
    found = {code(row[0])[0]: code(row[1])[0] for row in rows(text, columns)}
    assert set(found) == set(Dialect)
    for dialect, place in found.items():
        for folder in ("", "some/where/"):
            path = place.replace("**/", folder).replace("*", "2026-01-totals")
            path = path if "/" in path or path.endswith((".md", ".json")) else f"{folder}{path}"
            assert dialect_of(path) == dialect, f"{page} says that {path} is {dialect}"


def test_the_records_are_kept_where_the_documents_say() -> None:
    for text in (section(README, "Plans"), section(ARCHITECTURE, "Who writes what")):
        record = {code(row[0])[0]: row for row in rows(text, 5) + rows(text, 4)}
        assert f"`{LOGS}/<time>_<topic>.md`" in " ".join(record[Dialect.MEMORY_BANK])
        name = PurePosixPath(progress_path("specs/totals/PLAN.md")).name
        assert f"`{name}` beside the plan" in " ".join(record[Dialect.SPEC_PLAN])
        assert f"`{SESSION_FILE}`" in " ".join(record[Dialect.TEAM_SESSION])


# -- workers ---------------------------------------------------------------------------------------------------------


def test_the_workers_page_has_every_key_of_a_report_with_what_it_may_be() -> None:
    keys = {code(row[0])[0]: row[1] for row in rows(section(WORKERS, "Reports"), 2) if code(row[0])}
    assert list(keys) == list(ReportBody.model_fields)
    assert code(keys["status"]) == list(get_args(ReportBody.model_fields["status"].annotation))
    assert code(keys["signal"])[1:4] == list(KickbackSignal)


def test_the_report_that_the_workers_page_shows_is_one() -> None:
    example = re.search(r"```json\n(.*?)```", section(WORKERS, "Reports"), flags=re.DOTALL)
    assert example is not None
    ReportBody.model_validate_json(example[1])


def test_the_answers_to_reports_are_those_that_the_endpoint_gives() -> None:
    source = (ROOT / "bot" / "web" / "reports.py").read_text()
    desk = (ROOT / "bot" / "service" / "reports.py").read_text()
    given = set(re.findall(r"Refusal\(\s*(\d{3})", source)) | set(re.findall(r"ReportUnwanted\((\d{3})", desk))
    given |= {"202", "401", "403"}
    listed = [row[0] for row in rows(section(WORKERS, "Reports"), 2) if row[0].isdigit()]
    assert listed == sorted(given)


@pytest.mark.parametrize(
    ("file", "given"),
    [
        ("worker", [code(row[0])[0] for row in rows(section(WORKERS, "What a workflow is given"), 2)]),
        ("gates", ["dispatch_id", "sha", "pull", "commands"]),
    ],
)
def test_the_inputs_that_are_documented_are_those_of_the_workflow_that_init_writes(file: str, given: list[str]) -> None:
    text = (ROOT / "bot" / "templates" / "workflows" / f"stepwise-{file}.yml").read_text()
    # YAML 1.1 reads the key `on` as true.
    inputs = yaml.safe_load(text)[True]["workflow_dispatch"]["inputs"]
    assert set(given) <= set(inputs)
    assert {name for name, one in inputs.items() if one.get("required")} <= set(given)
    assert all(f"`{name}`" in section(WORKERS, "What a workflow is given") for name in given)


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "said", "number"),
    [
        ("README.md", "after three fix rounds the next `FAIL` escalates", FIX_ROUNDS == 3),
        ("README.md", "A worker that failed is asked once more", TRIES == 2),
        ("workers.md", "one more, then the block is `failed`", TRIES == 2),
        ("workers.md", "taken once and for ten minutes", timedelta(minutes=10) == MAX_AGE),
        ("workers.md", "larger than 64 KiB", REPORT_LIMIT == 64 * 1024),
        ("workers.md", "at most 2,000 characters are kept", NOTES_LIMIT == 2000),
        ("architecture.md", "reach the ledger, three an hour", MOST_NOTED == 3),
        ("architecture.md", "A sweep at start-up and every ten minutes", timedelta(minutes=10) == EVERY),
        ("architecture.md", "It is kept for five minutes, and forgotten at once", POLICY_SECONDS == 5 * 60),
        (
            "architecture.md",
            "are tried for three days",
            (ATTEMPTS * LONGEST_WAIT).days == 3,
        ),
    ],
)
def test_the_numbers_that_the_documents_say_are_those_of_the_code(page: str, said: str, number: bool) -> None:
    assert said in " ".join(DOCUMENTS[page].split())
    assert number


# -- the App and the rooms -------------------------------------------------------------------------------------------


def test_the_manifest_says_what_each_permission_is_for() -> None:
    asked = section(
        MANIFEST.replace("default_permissions:", "\n## asked\n").replace("default_events:", "\n## e"), "asked"
    )
    lines = [line for line in asked.splitlines() if line.strip()]
    assert lines and all(re.fullmatch(r"  [a-z_]+: (?:read|write) # \S.*", line) for line in lines)


def test_the_webhook_of_manifest_and_readme_is_the_one_that_is_served() -> None:
    assert yaml.safe_load(MANIFEST)["hook_attributes"]["url"].endswith(f".example{DEFAULT_WEBHOOK_PATH}")
    assert f"`https://<your host>{DEFAULT_WEBHOOK_PATH}`" in README


def test_the_readme_names_the_four_checks() -> None:
    assert all(f"`{name}`" in section(README, "What a pull request shows") for name in CHECK_NAMES)


def test_every_check_that_the_documents_name_exists() -> None:
    for name, text in DOCUMENTS.items():
        for check in re.findall(r"`(stepwise/[a-z]+)`", text):
            assert check in CHECK_NAMES, f"{name} names {check}"


def test_the_architecture_says_of_every_effect_how_it_is_found_again() -> None:
    table = rows(section(ARCHITECTURE, "Effects, and what makes each safe to do twice"), 2)
    assert len(table) == len(get_args(Effect))


def test_the_architecture_names_every_room() -> None:
    listed = set(re.findall(r"^  ([a-z]+)/ ", section(ARCHITECTURE, "The rooms"), flags=re.MULTILINE))
    there = {path.name for path in (ROOT / "bot").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert listed == there


def test_the_files_that_the_documents_name_are_there() -> None:
    rooms = "|".join(sorted(path.name for path in (ROOT / "bot").iterdir() if path.is_dir()))
    for name, text in DOCUMENTS.items():
        for path in re.findall(rf"`((?:bot/)?(?:{rooms})/[a-z_/]+(?:\.[a-z]+)?)`", text):
            below = ROOT / "bot" / path.removeprefix("bot/")
            # A name behind a dot may be one in that module: `views/words.plain`.
            module = below.with_suffix(".py")
            is_named = module.exists() and re.search(rf"^def {below.suffix[1:]}\(", module.read_text(), re.MULTILINE)
            assert below.exists() or is_named or (not below.suffix and module.exists()), f"{name} names {path}"


def test_relative_links_in_the_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", document.read_text()):
            goal = document.parent / target if target else document
            assert goal.exists(), f"{document.name} links to {target}"
            assert not anchor or anchor in _anchors(goal.read_text()), f"{document.name} links to #{anchor}"


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
