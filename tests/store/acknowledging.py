"""A process of its own that accepts deliveries and says which ones it acknowledged, until it is killed."""

from __future__ import annotations

import asyncio
import itertools
import sys

from bot.store.inbox import Inbox


async def accept_until_killed(url: str) -> None:
    inbox = Inbox.open(url)
    await inbox.start()
    numbers = itertools.count()

    async def one_sender() -> None:
        while True:
            guid = f"guid-{next(numbers)}"
            await inbox.accept(guid, "push", b'{"guid": "%s"}' % guid.encode())
            print(guid, flush=True)

    await asyncio.gather(*(one_sender() for _ in range(16)))


if __name__ == "__main__":
    asyncio.run(accept_until_killed(sys.argv[1]))
