"""The settings as far as they can be judged without asking anybody."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from bot.cli.findings import Finding, Findings, ok, warning
from bot.settings import Settings, checked_address

SHORTEST_SECRET: Final = 16


def settings_findings(settings: Settings) -> Findings:
    """They are complete, or nobody would get here; what remains is what a start does not refuse."""
    found = [ok("settings", f"complete, for the App {settings.app_id} on {settings.github_api_url}")]
    if len(settings.webhook_secret.get_secret_value()) < SHORTEST_SECRET:
        remedy = "choose one with `openssl rand -hex 32`, here and in the App's webhook settings"
        found.append(warning("settings.secret", "WEBHOOK_SECRET is short enough to be guessed", remedy))
    if settings.private_key_path is not None:
        found += file_findings("settings.key", "the file of the private key", settings.private_key_path)
    if not settings.public_url:
        found.append(ok("settings.public_url", "PUBLIC_URL is not set: workers' workflows send no reports"))
    return found


def file_findings(check: str, what: str, path: Path) -> list[Finding]:
    """Whether others than its owner can read a file."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return [warning(check, f"{what} cannot be looked at: {error.strerror}", "check who owns it")]
    if mode & 0o077:
        return [warning(check, f"{what} can be read by others than its owner ({mode:o})", f"chmod 600 {path}")]
    return [ok(check, f"{what} can be read by its owner only")]


def address_of(url: str) -> str:
    """The address given on the command line, empty for none. Raises ValueError with the reason."""
    return url and checked_address(url)
