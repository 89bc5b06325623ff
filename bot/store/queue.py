"""The queue in PostgreSQL: jobs that carry nothing but what they are about, each waiting at most once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from psycopg.errors import RaiseException

from bot.store.errors import StoreError
from bot.store.postgres import connection_values
from bot.store.queue_tables import SCHEMA

POOL_SIZE: Final = 4
POOL_SECONDS: Final = 10.0
QUEUE: Final = "stepwise"


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do: `name` is also the lock, so that it is never done twice at once, nor waits twice."""

    task: str
    name: str
    arguments: tuple[tuple[str, int], ...] = ()


def open_queue(url: str) -> App:
    """The queue of a database; to be entered with `open_async` before it is used."""
    connector = PsycopgConnector(
        conninfo="",
        kwargs={**connection_values(url), "options": f"-c search_path={SCHEMA}"},
        min_size=1,
        max_size=POOL_SIZE,
        timeout=POOL_SECONDS,
        # By default the pauses between attempts double for five minutes: a server that was away for long and is back
        # would be waited for that long once more. After this the next job asks anew.
        reconnect_timeout=POOL_SECONDS,
    )
    return App(connector=connector)


async def enqueue(queue: App, jobs: Iterable[Job]) -> None:
    """Let jobs wait; one that waits already waits once. Raises StoreError."""
    try:
        known = {job.queueing_lock for job in await queue.job_manager.list_jobs_async(status=Status.TODO.value)}
        for job in jobs:
            if job.name in known:
                continue
            deferrer = queue.configure_task(job.task, queue=QUEUE, lock=job.name, queueing_lock=job.name)
            try:
                await deferrer.defer_async(**dict(job.arguments))
            except AlreadyEnqueued:
                continue
    except ConnectorException as error:
        raise _unreachable(error) from error


async def being_done(queue: App) -> dict[int, str]:
    """The jobs that some worker has taken, by their ids, and what they are locked by. Raises StoreError."""
    try:
        jobs = await queue.job_manager.list_jobs_async(status=Status.DOING.value)
    except ConnectorException as error:
        raise _unreachable(error) from error
    return {job.id: job.lock or "" for job in jobs if job.id is not None}


async def end_job(queue: App, job_id: int) -> None:
    """End a job that nobody is at any more; what it was about still waits in the store. Raises StoreError."""
    try:
        await queue.job_manager.finish_job_by_id_async(job_id, Status.FAILED, delete_job=True)
    except ConnectorException as error:
        # The queue's function raises when the job is gone: another worker has ended it just now.
        if not isinstance(error.__cause__, RaiseException):
            raise _unreachable(error) from error


def _unreachable(error: Exception) -> StoreError:
    return StoreError(f"the queue cannot be reached: {str(error.__cause__ or error).splitlines()[0]}")
