"""The way in: where GitHub sends deliveries, how the last ones went, and whether the bot answers as it should."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from bot.cli.findings import Finding, Findings, failed, listed, ok, span, warning
from bot.github import deliveries
from bot.github.answers import Answer
from bot.github.app import GitHubApp
from bot.github.deliveries import Delivery
from bot.github.errors import Call, GitHubError, NotFound
from bot.github.exchange import Timeouts, exchange
from bot.github.oidc_keys import SigningKeys, fetch_with
from bot.github.registration import HookConfig, hook_config
from bot.settings import Settings, checked_address

LOOK_BACK: Final = timedelta(days=1)
MOST_LOOKED_AT: Final = 300
# GitHub hangs up after ten.
TIMEOUTS: Final = Timeouts(connect=3.0, total=10.0)
_LONGEST_ANSWER: Final = 64 * 1024


async def webhook_findings(settings: Settings, app: GitHubApp, session: aiohttp.ClientSession, url: str) -> Findings:
    """GitHub's settings, GitHub's log, the bot's answers. `url` is where the bot is reached, empty if not said."""
    found: Findings = []
    config: HookConfig | None = None
    try:
        config = await hook_config(app.as_app())
        found += _configured(config, settings)
        found += _delivered(*await deliveries.since(app.as_app(), datetime.now(UTC) - LOOK_BACK, MOST_LOOKED_AT))
    except NotFound:
        found.append(failed("webhook", "the App has no webhook", "make it active in the App's settings, *Webhook*"))
    except GitHubError as error:
        found.append(warning("webhook", f"not looked at: {error.sentence()}", "see above"))
    base = url or settings.public_url or _base_of(config, settings)
    if base:
        found += await _answers(settings, session, base)
    else:
        found.append(warning("reachable", "not tried: where the bot is reached is not known", "set PUBLIC_URL"))
    if settings.public_url:
        found.append(await _issuer(settings, session))
    return found


def _configured(config: HookConfig, settings: Settings) -> Findings:
    page = "change it in the App's settings, *Webhook*"
    found: Findings = []
    wanted = settings.public_url + settings.webhook_path
    if not config.url:
        found.append(failed("webhook.url", "GitHub has no address to send deliveries to", page))
    elif settings.public_url and config.url.rstrip("/") != wanted:
        says = f"GitHub sends deliveries to {config.url}, not to {wanted}"
        found.append(failed("webhook.url", says, f"{page}, or PUBLIC_URL and WEBHOOK_PATH here"))
    elif urlsplit(config.url).path != settings.webhook_path:
        says = f"GitHub sends deliveries to {config.url}; this bot takes them at {settings.webhook_path}"
        found.append(warning("webhook.url", says, f"right only if a proxy rewrites the path; else {page}"))
    else:
        found.append(ok("webhook.url", config.url))
    if config.content_type != "json":
        says = f"deliveries come as {config.content_type}, which is refused with 415"
        found.append(failed("webhook.content_type", says, f"choose application/json: {page}"))
    if not config.checks_certificate:
        says = "GitHub does not check the certificate of the bot's host"
        found.append(failed("webhook.ssl", says, f"enable SSL verification: {page}"))
    if not config.has_secret:
        says = "GitHub signs nothing: the webhook has no secret there, and every delivery is refused with 401"
        found.append(failed("webhook.secret", says, f"set it to WEBHOOK_SECRET: {page}"))
    return found


def _delivered(attempts: list[Delivery], are_all: bool) -> Findings:
    """How the deliveries of the last day went, newest first."""
    if not attempts:
        remedy = "none are sent while nothing happens; comment on a pull request and look again"
        hours = LOOK_BACK / timedelta(hours=1)
        return [warning("deliveries", f"GitHub has sent nothing for {hours:.0f} hours", remedy)]
    accepted = {one.guid for one in attempts if one.was_accepted}
    refused = [one for one in attempts if not one.was_accepted]
    lost = {one.guid for one in refused} - accepted
    kinds = Counter(str(one.status_code or one.status or "no answer") for one in refused)
    last = max((one.delivered_at for one in attempts if one.was_accepted), default=None)
    when = f"the last good one {span(datetime.now(UTC) - last)} ago" if last else "none of them was accepted"
    many = f"{len(attempts)}{'' if are_all else '+'} attempts, {len(refused)} failed; {when}"
    why = ", ".join(f"{count}x {kind}" for kind, count in kinds.most_common(5))
    if not attempts[0].was_accepted:
        return [failed("deliveries", f"the newest delivery was not accepted ({why}): {many}", _remedy(kinds))]
    if lost:
        says = f"{len(lost)} deliveries never got through ({why}): {many}"
        return [warning("deliveries", says, "the sweep asks for them again; `stepwise replay GUID` does so at once")]
    return [ok("deliveries", many)]


def _remedy(kinds: Counter[str]) -> str:
    match kinds.most_common(1)[0][0]:
        case "401":
            return "WEBHOOK_SECRET is not the one in the App's webhook settings"
        case "404" | "405":
            return "the address leads elsewhere: compare it with PUBLIC_URL and WEBHOOK_PATH"
        case "400":
            return "GitHub's page *Advanced* in the App's settings shows what the bot answered"
        case "503":
            return "the bot could not store them: see its log and the findings about the database"
        case _:
            return "nothing answered there: look at DNS, firewall, proxy, and whether the bot runs"


def _base_of(config: HookConfig | None, settings: Settings) -> str:
    """Where the bot is reached by what GitHub knows; empty where that is no address for a signed ping."""
    if config is None or not config.url.endswith(settings.webhook_path):
        return ""
    try:
        return checked_address(config.url.removesuffix(settings.webhook_path))
    except ValueError:
        return ""


async def _answers(settings: Settings, session: aiohttp.ClientSession, base: str) -> Findings:
    """A ping with the right signature has to be taken, one with a wrong one refused; then the bot's own word."""
    hook = base + settings.webhook_path
    secret = settings.webhook_secret.get_secret_value().encode()
    try:
        right = await _ping(settings, session, hook, secret)
        wrong = await _ping(settings, session, hook, secret + b"-but-wrong")
    except GitHubError as error:
        remedy = "look at DNS, firewall, proxy and certificate, and whether the bot runs and listens (HOST, PORT)"
        return [failed("reachable", f"no answer from {hook}: {error.message}", remedy)]
    found: Findings = []
    if right.status == 202:
        found.append(ok("reachable", f"a signed ping to {hook} was accepted"))
    else:
        found.append(
            failed("reachable", f"a signed ping to {hook} was answered {right.status}: {_said(right)}", _why(right))
        )
    if wrong.status != 401:
        says = f"a ping with a wrong signature was answered {wrong.status}, not 401"
        found.append(failed("signatures", says, "something else than this bot answers there"))
    else:
        found.append(ok("signatures", "a ping with a wrong signature was refused"))
    found.append(await _readiness(session, base))
    return found


async def _ping(settings: Settings, session: aiohttp.ClientSession, hook: str, secret: bytes) -> Answer:
    body = json.dumps({"zen": "stepwise doctor"}).encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "stepwise-doctor",
        "x-github-delivery": f"doctor-{uuid.uuid4()}",
        "x-github-event": "ping",
        "x-github-hook-installation-target-type": "integration",
        "x-github-hook-installation-target-id": str(settings.app_id),
        "x-hub-signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
    }
    return await exchange(session, Call("POST", settings.webhook_path), hook, headers, body, TIMEOUTS, _LONGEST_ANSWER)


def _why(answer: Answer) -> str:
    match answer.status:
        case 401:
            return "the bot that answers there has another WEBHOOK_SECRET than this command"
        case 400:
            return "another App's bot answers there, or a proxy changes headers or body"
        case 503:
            return "the bot runs and cannot store: see its log and the findings about the database"
        case _:
            return "check that the address leads to `stepwise serve` and not to something in front of it"


def _said(answer: Answer) -> str:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return "not in the bot's words"
    return str(said.get("error", ""))[:200] if isinstance(said, dict) else "not in the bot's words"


async def _readiness(session: aiohttp.ClientSession, base: str) -> Finding:
    try:
        answer = await exchange(session, Call("GET", "/readyz"), f"{base}/readyz", {}, b"", TIMEOUTS, _LONGEST_ANSWER)
        said = json.loads(answer.body)
        checks = {str(name): str(reason) for name, reason in said["checks"].items() if reason != "ok"}
    except GitHubError as error:
        return warning("health", f"no answer from {base}/readyz: {error.message}", "a proxy may hide it, which is fine")
    except (ValueError, KeyError, TypeError, AttributeError):
        return warning("health", f"{base}/readyz does not answer as the bot does", "a proxy may hide it, which is fine")
    if answer.status == 200:
        return ok("health", "the bot says that it is ready")
    reasons = listed([f"{name}: {reason}" for name, reason in checks.items()])
    return failed("health", f"the bot says that it is not ready: {reasons}", "see its log")


async def _issuer(settings: Settings, session: aiohttp.ClientSession) -> Finding:
    """Whether the keys can be had that the tokens of workers' reports are checked with."""
    keys = SigningKeys(settings.oidc_issuer, fetch_with(session, TIMEOUTS), lambda: datetime.now(UTC))
    try:
        await keys.find("")
    except GitHubError as error:
        remedy = "workers' reports are refused with 503 until it answers; check OIDC_ISSUER and the network"
        return failed("oidc", f"{settings.oidc_issuer} does not give its keys: {error.message}", remedy)
    return ok("oidc", f"{settings.oidc_issuer} gives the keys of workers' tokens")
