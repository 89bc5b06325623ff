"""`stepwise doctor`: is everything there that the bot needs, and what to do where it is not.

Looks at settings, the App on GitHub, its webhook, the database and the queue. It changes nothing, but for one `ping`
that it sends to the bot's own webhook. Whatever is down, the rest is looked at all the same, each within its time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Final

import aiohttp
import typer

from bot import __version__
from bot.cli.doctor_database import database_findings
from bot.cli.doctor_github import SeenDates, github_findings
from bot.cli.doctor_settings import address_of, settings_findings
from bot.cli.doctor_webhook import webhook_findings
from bot.cli.findings import Finding, Findings, State, failed
from bot.cli.terminal import coloured, say
from bot.github.app import GitHubApp
from bot.github.exchange import Timeouts
from bot.logs import Redactor, configure_logs
from bot.printable import printable
from bot.settings import DatabaseSettings, Settings, SettingsError, load_database_settings, load_settings

MARKS: Final = {State.OK: "✓", State.WARNING: "!", State.FAILED: "✗"}
_COLOURS: Final = {State.OK: "notice", State.WARNING: "warning", State.FAILED: "error"}
TIMEOUTS: Final = Timeouts(connect=3.0, total=10.0)
PART_SECONDS: Final = 60.0


def doctor(
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="where the bot is reached; PUBLIC_URL if left out")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Check settings, App, webhook, database and queue. Exit 0: nothing failed; 1: something did; 2: wrong usage."""
    try:
        url = address_of(url)
    except ValueError as error:
        say(f"stepwise doctor: --url {error}", to_errors=True)
        raise typer.Exit(2) from None
    configure_logs("fatal")
    settings, found = _loaded()
    if isinstance(settings, DatabaseSettings):
        found += asyncio.run(_looked(settings, url))
    secrets = []
    if isinstance(settings, Settings):
        secrets = [settings.webhook_secret.get_secret_value(), settings.private_key.get_secret_value()]
    found = [_clean(finding, Redactor(secrets)) for finding in found]
    _print(found, as_json=as_json)
    raise typer.Exit(1 if any(finding.state is State.FAILED for finding in found) else 0)


def _loaded() -> tuple[Settings | DatabaseSettings | None, Findings]:
    """The settings, as many as can be used, and what is wrong with them."""
    try:
        settings = load_settings()
    except SettingsError as error:
        problems = [failed("settings", problem, "set it in the environment or in .env") for problem in error.problems]
        try:
            return load_database_settings(), problems
        except SettingsError:
            return None, problems
    return settings, settings_findings(settings)


async def _looked(settings: Settings | DatabaseSettings, url: str) -> Findings:
    found: Findings = []
    if isinstance(settings, Settings):
        seen = SeenDates()
        async with aiohttp.ClientSession(trace_configs=[seen.tracing()]) as session:
            app = GitHubApp(
                session,
                api_url=settings.github_api_url,
                app_id=settings.app_id,
                private_key=settings.private_key.get_secret_value(),
                timeouts=TIMEOUTS,
                pause=_at_once,
            )
            found += await _within("github", lambda: github_findings(settings, app, seen))
            found += await _within("webhook", lambda: webhook_findings(settings, app, session, url))
    now = datetime.now(UTC)
    return found + await _within("database", lambda: database_findings(settings.database_url, now))


async def _within(part: str, look: Callable[[], Awaitable[Findings]]) -> Findings:
    """A part's findings; one that hangs in spite of its own time-outs is a finding too."""
    try:
        async with asyncio.timeout(PART_SECONDS):
            return await look()
    except TimeoutError:
        return [failed(part, f"looking at it took more than {PART_SECONDS:.0f} seconds", "look at what is slow there")]


async def _at_once(_seconds: float) -> None:
    """Between two tries of a read nothing is waited for: somebody sits in front of this."""


def _clean(finding: Finding, redactor: Redactor) -> Finding:
    """Without secrets, and on one line: it repeats what GitHub and the database say."""
    says, remedy = (printable(redactor.clean_text(text)) for text in (finding.says, finding.remedy))
    return Finding(finding.check, finding.state, says, remedy)


def _print(found: Findings, *, as_json: bool) -> None:
    counts = {state: sum(finding.state is state for finding in found) for state in State}
    if as_json:
        report = {
            "version": __version__,
            "healthy": counts[State.FAILED] == 0,
            "findings": [
                {"check": one.check, "state": one.state.value, "says": one.says, "remedy": one.remedy} for one in found
            ],
        }
        say(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for one in found:
        say(f"{coloured(MARKS[one.state], _COLOURS[one.state])} {one.check}: {one.says}")
        if one.remedy:
            say(f"    {one.remedy}")
    say(f"{counts[State.OK]} in order, {counts[State.WARNING]} to look at, {counts[State.FAILED]} failed")
