"""The database and what waits in it."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from bot.cli.doctor_settings import file_findings
from bot.cli.findings import Finding, Findings, failed, ok, span, warning
from bot.service.sole import is_held
from bot.store.backlog import Backlog
from bot.store.errors import StoreError, WrongRevision
from bot.store.migrate import check_revision, head_revision
from bot.store.operations import Operations

SLOW: Final = timedelta(minutes=1)
STANDING: Final = timedelta(minutes=10)
LOOK_BACK: Final = timedelta(days=7)
LITTLE_SPACE: Final = 1024**3
NO_SPACE: Final = 100 * 1024**2
_SQLITE: Final = "sqlite:///"


async def database_findings(url: str, now: datetime) -> Findings:
    """Reachable, of this version, writable, with room to grow; then the queue."""
    found = _file(Path(url.removeprefix(_SQLITE))) if url.startswith(_SQLITE) else []
    try:
        await asyncio.to_thread(check_revision, url)
    except WrongRevision as error:
        return [*found, failed("database.revision", str(error), "then start the bot again")]
    except StoreError as error:
        return [*found, failed("database", str(error), "check DATABASE_URL, and that the database runs")]
    found.append(ok("database.revision", f"at revision {head_revision()}, which this version needs"))
    store = Operations.open(url)
    try:
        try:
            await store.try_to_write(now)
        except StoreError as error:
            remedy = "deliveries are refused with 503 until it can be written: check space, rights, and who locks it"
            found.append(failed("database.writable", f"it cannot be written: {error}", remedy))
        else:
            found.append(ok("database.writable", "it can be written"))
        found += await _queue(store, now)
        found.append(_on_file(url) if url.startswith(_SQLITE) else _on_server(await store.workers_alive()))
    except (StoreError, SQLAlchemyError) as error:
        found.append(failed("queue", f"not looked at: {str(error).splitlines()[0]}", "see above"))
    finally:
        await store.close()
    return found


def _file(path: Path) -> Findings:
    if not path.exists():
        return []
    found = file_findings("database.file", f"the database {path.name}", path)
    free = shutil.disk_usage(path.parent).free
    said = f"{free / 1024**3:.1f} GiB free, the database has {path.stat().st_size / 1024**2:.0f} MiB"
    remedy = "make room: with a full disk deliveries are refused, and only asked for again for three days"
    if free < NO_SPACE:
        return [*found, failed("database.space", said, remedy)]
    if free < LITTLE_SPACE:
        return [*found, warning("database.space", said, remedy)]
    return [*found, ok("database.space", said)]


def _on_file(url: str) -> Finding:
    match is_held(url):
        case True:
            return ok("process", "a process reacts on this database")
        case False:
            return warning("process", "no process reacts on this database now", "start `stepwise serve`")
        case None:
            return warning("process", "no process has ever reacted on this database", "start `stepwise serve`")


def _on_server(workers: int) -> Finding:
    if workers == 0:
        return warning("process", "no worker has been heard of for half a minute", "start `stepwise worker`")
    return ok("process", f"{workers} worker{'s' if workers > 1 else ''} at the queue")


async def _queue(store: Operations, now: datetime) -> Findings:
    backlog = await store.backlog(now)
    found = [_age(backlog, now)]
    for pull in await store.failing_pulls():
        again = f", again {_when(pull.retry_at, now)}" if pull.retry_at else ""
        says = f"{pull.full_name}#{pull.key.number} has failed {pull.attempts} times in a row{again}: {pull.error}"
        remedy = "it is tried again by itself; its log lines have the request ids that GitHub's support asks for"
        found.append(warning("queue.failing", says, remedy))
    for effect in await store.stuck_effects(now - LOOK_BACK):
        what = f"{effect.kind} on {effect.full_name}#{effect.key.number}"
        if effect.was_given_up:
            remedy = "it is not tried again; the checklist says so too"
            found.append(warning("queue.effects", f"{what} was given up: {effect.error}", remedy))
        else:
            says = f"{what} was tried {effect.attempts} times: {effect.error}"
            found.append(warning("queue.effects", says, "it is tried again by itself, for three days"))
    return found


def _age(backlog: Backlog, now: datetime) -> Finding:
    waiting = backlog.unrouted.count + backlog.unhandled.count
    said = f"{waiting} deliveries wait, {backlog.pulls.count} pull requests are due, {backlog.live_runs} runs are live"
    age = now - backlog.oldest if backlog.oldest else timedelta()
    if age < SLOW:
        return ok("queue", said)
    said = f"the oldest delivery has waited for {span(age)}: {said}"
    remedy = "is a process reacting? then look at its log, at calls_left, and at *It does not keep up* in operations.md"
    return failed("queue", said, remedy) if age >= STANDING else warning("queue", said, remedy)


def _when(moment: datetime, now: datetime) -> str:
    return f"in {span(moment - now)}" if moment > now else "now"
