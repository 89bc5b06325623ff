"""What the documents promise is what the product has."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from bot.cli.main import COMMANDS as CLI_COMMANDS
from bot.runs.policy import Policy, read_policy
from bot.runs.registry import COMMANDS, Audience

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_readme_lists_every_command_as_the_registry_has_it() -> None:
    rows = re.findall(r"^\| (`/.*?) \| (.*?) \| (.*?) \|$", README, flags=re.MULTILINE)
    wanted = []
    for command in COMMANDS:
        also = f" (also {', '.join(f'`/{alias}`' for alias in command.aliases)})" if command.aliases else ""
        who = "approver" if command.audience is Audience.APPROVER else "anyone who can comment"
        wanted.append((f"`{command.usage}`{also}".replace("|", "\\|"), who, command.summary))
    assert rows == wanted


def test_the_policy_in_the_readme_is_valid_and_shows_every_key() -> None:
    example = re.search(r"```yaml\n(approvers.*?)```", README, flags=re.DOTALL)
    assert example is not None
    policy = read_policy(example[1].encode())
    assert isinstance(policy, Policy)
    assert set(yaml.safe_load(example[1])) == set(Policy.model_fields)


def test_every_stepwise_command_that_the_documents_name_exists() -> None:
    texts = [README, *((ROOT / name).read_text() for name in ("CONTRIBUTING.md", "CHANGELOG.md", "Procfile"))]
    named = {word for text in texts for word in re.findall(r"`?stepwise ([a-z]+)(?=[ `\n,;.])", text)}
    assert named & {"serve", "migrate", "lint", "scope", "sandbox", "demo"}
    assert named - {"at"} <= set(CLI_COMMANDS), named - set(CLI_COMMANDS)


def test_every_make_target_that_the_documents_name_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {
        word for text in (README, (ROOT / "CONTRIBUTING.md").read_text()) for word in re.findall(r"make ([a-z]+)", text)
    }
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    assert {"demo", "test", "lint"} <= named
    assert {word for word in named if word in {"demo", "test", "lint", "format", "bench", "lock"}} <= targets


def test_relative_links_in_the_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
