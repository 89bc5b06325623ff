"""The way in: a delivery is acknowledged only when it is on the disk, and many share one trip to it.

Deliveries that arrive while a commit runs wait in a buffer; the next commit takes them all (group commit). So the
disk is asked once per batch, not once per delivery, and nothing waits for a timer.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Final, Self

from bot.store.backends import backend_of
from bot.store.delivery import Delivery, DeliveryWriter
from bot.store.errors import InboxUnavailable

CAPACITY: Final = 4096
CAPACITY_BYTES: Final = 256 * 1024 * 1024
BATCH: Final = 512


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery: Delivery
    stored: asyncio.Future[bool]


class Inbox:
    """Accepts deliveries on one event loop and writes them on one thread."""

    def __init__(
        self,
        writer: DeliveryWriter,
        *,
        capacity: int = CAPACITY,
        capacity_bytes: int = CAPACITY_BYTES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_batch: Callable[[int, float], None] | None = None,
    ) -> None:
        self._writer = writer
        self._on_batch = on_batch
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._clock = clock
        self._buffer: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._waiting = 0
        self._waiting_bytes = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def open(cls, url: str, on_batch: Callable[[int, float], None] | None = None) -> Self:
        """The inbox of a database, which must be migrated already.

        `on_batch` is told, on the writing thread, of every batch its size and the seconds that its commit took.
        """
        return cls(backend_of(url).delivery_writer(url), on_batch=on_batch)

    @property
    def waiting(self) -> int:
        """How many deliveries are in the buffer, not yet durable."""
        return self._waiting

    async def start(self) -> None:
        """Begin to accept."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_batches, name="stepwise-inbox", daemon=True)
        self._thread.start()

    async def accept(self, guid: str, event: str, body: bytes) -> bool:
        """Store a delivery; False if its GUID is there already, which is no error.

        Raises InboxUnavailable when it could not be stored: then GitHub must not be told that it was. A caller that is
        cancelled meanwhile leaves the delivery where it is, it is stored all the same.
        """
        if self._thread is None or self._loop is None:
            raise InboxUnavailable("the inbox is closed")
        if self._waiting >= self._capacity or self._waiting_bytes + len(body) > self._capacity_bytes:
            raise InboxUnavailable("too many deliveries wait for the disk")
        self._waiting += 1
        self._waiting_bytes += len(body)
        stored: asyncio.Future[bool] = self._loop.create_future()
        self._buffer.put(_Waiting(Delivery(guid, event, body, self._clock()), stored))
        return await stored

    async def stop(self) -> None:
        """Accept nothing more, store what was accepted, and close the connection."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._buffer.put(None)
            await asyncio.to_thread(thread.join)

    def _write_batches(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._take_batch()
            if batch:
                self._write(batch)
        self._writer.close()

    def _take_batch(self) -> tuple[list[_Waiting], bool]:
        """Everything that waits, up to a batch; blocks until there is something. False when it was the last one."""
        batch: list[_Waiting] = []
        taken = self._buffer.get()
        while taken is not None:
            batch.append(taken)
            if len(batch) == BATCH or self._buffer.empty():
                return batch, True
            taken = self._buffer.get()
        return batch, False

    def _write(self, batch: list[_Waiting]) -> None:
        began = time.perf_counter()
        try:
            outcome: list[bool] | Exception = self._writer.write([waiting.delivery for waiting in batch])
        except Exception as error:  # noqa: BLE001 - the thread's outermost edge: whoever waits must hear of it
            outcome = error
        if self._on_batch is not None:
            self._on_batch(len(batch), time.perf_counter() - began)
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._settle, batch, outcome)

    def _settle(self, batch: list[_Waiting], outcome: list[bool] | Exception) -> None:
        self._waiting -= len(batch)
        self._waiting_bytes -= sum(len(waiting.delivery.body) for waiting in batch)
        for index, waiting in enumerate(batch):
            if waiting.stored.done():
                continue
            if isinstance(outcome, Exception):
                refusal = InboxUnavailable(f"deliveries cannot be stored: {outcome}")
                refusal.__cause__ = outcome
                waiting.stored.set_exception(refusal)
            else:
                waiting.stored.set_result(outcome[index])
