"""The App on GitHub: key, clock, permissions, events, installations, calls left."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Final

import aiohttp

from bot.cli.findings import Finding, Findings, failed, listed, ok, span, warning
from bot.github.app import GitHubApp
from bot.github.errors import GitHubError, Unauthorized, Unavailable
from bot.github.manifest import Manifest, manifest, missing
from bot.github.registration import Installation, Registration, installations, rate_limit, registration
from bot.settings import Settings

MOST_SKEW: Final = timedelta(seconds=30)
"""JWTs are back-dated by a minute; beyond half of that a clock that drifts is about to lock the App out."""
MOST_INSTALLATIONS: Final = 50
"""Whose calls left are asked for: each costs a token."""
LOW: Final = 0.1
# GitHub Enterprise Server 3.19 has no merge queue; everything else is the same.
_NOT_ON_SERVER: Final = frozenset({"merge_queues", "merge_group"})


class SeenDates:
    """GitHub's clock, as its answers tell it: how far this machine's is ahead (positive) or behind."""

    def __init__(self) -> None:
        self.skew: timedelta | None = None

    def tracing(self) -> aiohttp.TraceConfig:
        tracing = aiohttp.TraceConfig()
        tracing.on_request_end.append(self._ended)
        return tracing

    async def _ended(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        if self.skew is not None or "Date" not in end.response.headers:
            return
        try:
            told = parsedate_to_datetime(end.response.headers["Date"])
        except ValueError:
            return
        self.skew = datetime.now(UTC) - (told if told.tzinfo else told.replace(tzinfo=UTC))


async def github_findings(settings: Settings, app: GitHubApp, seen: SeenDates) -> Findings:
    """Everything about the App; where GitHub does not answer, one line."""
    try:
        registered = await registration(app.as_app())
    except GitHubError as error:
        return [*_clock(seen), _no_app(error, settings)]
    found = _clock(seen)
    found.append(ok("app.key", f"the key belongs to the App {registered.slug} of {registered.owner}"))
    wanted = _wanted(settings)
    found += _permissions(registered, wanted)
    found += _events(registered, wanted)
    try:
        where, are_all = await installations(app.as_app())
    except GitHubError as error:
        return [
            *found,
            failed("installations", error.sentence(), "try again; is GitHub down (githubstatus.com)?"),
        ]
    return found + await _installations(app, registered, wanted, where, are_all=are_all)


def _no_app(error: GitHubError, settings: Settings) -> Finding:
    match error:
        case Unauthorized():
            remedy = f"check that the key is one of the App {settings.app_id}'s, and this machine's clock"
            return failed("app.key", f"GitHub does not accept APP_ID with this private key: {error.message}", remedy)
        case Unavailable():
            remedy = f"check the network, a proxy, GITHUB_API_URL ({settings.github_api_url}), and githubstatus.com"
            return failed("github", error.sentence(), remedy)
        case _:
            remedy = f"check that GITHUB_API_URL ({settings.github_api_url}) is GitHub's API, and APP_ID"
            return failed("app.key", error.sentence(), remedy)


def _clock(seen: SeenDates) -> Findings:
    if seen.skew is None:
        return []
    size = abs(seen.skew)
    if size > MOST_SKEW:
        way = "ahead of" if seen.skew > timedelta() else "behind"
        remedy = "set it by NTP: GitHub refuses the App's tokens when the clocks differ by a minute"
        return [failed("clock", f"this machine's clock is {span(size)} {way} GitHub's", remedy)]
    return [ok("clock", "within 30 seconds of GitHub's")]


def _wanted(settings: Settings) -> Manifest:
    whole = manifest()
    if settings.github_url == "https://github.com" or settings.github_url.endswith(".ghe.com"):
        return whole
    return Manifest(
        {name: level for name, level in whole.permissions.items() if name not in _NOT_ON_SERVER},
        whole.events - _NOT_ON_SERVER,
    )


def _permissions(registered: Registration, wanted: Manifest) -> Findings:
    page = f"change them in the App's settings, *Permissions & events* ({registered.html_url})"
    lacking = missing(wanted.permissions, registered.permissions)
    more = missing(registered.permissions, manifest().permissions)
    found: Findings = []
    if lacking:
        found.append(failed("app.permissions", f"the App lacks {listed(lacking)}", page))
    else:
        found.append(ok("app.permissions", "all that app.yml asks for"))
    if more:
        remedy = "take away what nothing needs: it is what somebody gets who steals the key"
        found.append(warning("app.permissions", f"the App has more than app.yml asks for: {listed(more)}", remedy))
    return found


def _events(registered: Registration, wanted: Manifest) -> Findings:
    lacking = sorted(wanted.events - registered.events)
    more = sorted(registered.events - manifest().events)
    found: Findings = []
    if lacking:
        remedy = f"subscribe to them in the App's settings, *Permissions & events* ({registered.html_url})"
        found.append(failed("app.events", f"the App does not hear of {listed(lacking)}", remedy))
    else:
        found.append(ok("app.events", "all that app.yml asks for"))
    if more:
        remedy = "unsubscribe: each costs a delivery that is stored and ignored"
        found.append(warning("app.events", f"the App hears of more than app.yml asks for: {listed(more)}", remedy))
    return found


async def _installations(
    app: GitHubApp, registered: Registration, wanted: Manifest, where: list[Installation], *, are_all: bool
) -> Findings:
    if not where:
        remedy = f"install it on the repositories that it is to watch ({registered.html_url})"
        return [warning("installations", "the App is not installed anywhere", remedy)]
    awake = [one for one in where if one.suspended_at is None]
    found: Findings = []
    for one in where:
        if one.suspended_at is not None:
            remedy = f"an owner of {one.account} can lift it ({one.html_url})"
            found.append(warning("installations", f"{one.account} has suspended the App", remedy))
    lagging = {one.account: (one, missing(wanted.permissions, one.permissions)) for one in awake}
    for account, (one, lacking) in lagging.items():
        # What the App itself lacks, nobody can have accepted: it is said once, above.
        lacking = [name for name in lacking if name not in missing(wanted.permissions, registered.permissions)]
        if lacking:
            remedy = f"an owner of {account} has to accept the new permissions ({one.html_url})"
            found.append(failed("installations", f"{account} has not granted {listed(lacking)}", remedy))
    if not found:
        more = "" if are_all else " (only the first were looked at)"
        found.append(ok("installations", f"{_counted(len(where))}, all with what is needed{more}"))
    return found + await _calls_left(app, awake[:MOST_INSTALLATIONS])


def _counted(number: int) -> str:
    return "1 installation" if number == 1 else f"{number} installations"


async def _calls_left(app: GitHubApp, where: list[Installation]) -> Findings:
    """Asked of at most 50 installations; the ones that are low are named, the others are a number."""

    async def left(one: Installation) -> Finding | None:
        try:
            budget = await rate_limit(app.installation(one.id))
        except GitHubError as error:
            return warning("calls_left", f"{one.account}: {error.sentence()}", "try again in a minute")
        if budget.remaining < budget.limit * LOW:
            ends = f"{budget.remaining} of {budget.limit} calls left until {budget.resets_at:%H:%M} UTC"
            return warning("calls_left", f"{one.account}: {ends}", "at none left, reactions wait until then")
        return None

    found = [one for one in await asyncio.gather(*map(left, where)) if one is not None]
    if where and not found:
        found.append(ok("calls_left", f"every installation has more than {LOW:.0%} of its calls left"))
    return found
