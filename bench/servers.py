"""The contestants' server processes in Python: this bot's webhook endpoint, and the usual small bot on aiohttp."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

import uvloop
from aiohttp import web
from gidgethub import routing, sansio

from bench.load import APP_ID, PATH, SECRET
from bot.cli.collector import settle_collector
from bot.cli.serve import listening
from bot.logs import configure_logs
from bot.metrics import Metrics
from bot.sandbox.server import generate_key
from bot.settings import Settings
from bot.store.delivery import Delivery, DeliveryWriter
from bot.store.inbox import Inbox
from bot.store.migrate import migrate
from bot.web.app import create_app


class OneByOne:
    """A commit for each delivery, as without a group commit: the design that the inbox has to beat."""

    def __init__(self, writer: DeliveryWriter) -> None:
        self._writer = writer

    def write(self, batch: Sequence[Delivery]) -> list[bool]:
        return [self._writer.write([delivery])[0] for delivery in batch]

    def close(self) -> None:
        self._writer.close()


class Forgetful:
    """Stores nothing: what the endpoint costs without its disk."""

    def write(self, batch: Sequence[Delivery]) -> list[bool]:
        return [True] * len(batch)

    def close(self) -> None:
        pass


async def serve_stepwise(url: str, design: str) -> None:
    """The application that `stepwise serve` has, up to the durable acknowledgement; nothing reacts beside it."""
    inbox = Inbox.open(url)
    if design == "one by one":
        inbox = Inbox(OneByOne(inbox._writer))
    elif design == "nothing stored":
        inbox = Inbox(Forgetful())
    settings = Settings(app_id=APP_ID, private_key=generate_key(), webhook_secret=SECRET, webhook_path=PATH)

    async def ready() -> Mapping[str, str | None]:
        return {}

    await inbox.start()
    async with listening(create_app(settings, inbox, lambda: None, ready, Metrics()), "127.0.0.1", 0) as address:
        await _until_told(address)
    await inbox.stop()


async def serve_bedevere_style() -> None:
    """An aiohttp app in the style of python/bedevere: gidgethub reads the event, a router calls who wants it."""
    router = routing.Router()

    @router.register("issue_comment", action="created")
    async def commented(event: sansio.Event) -> None:
        if event.data["comment"]["body"].startswith("/lgtm"):
            raise NotImplementedError("the comment of the benchmark says something else")

    async def receive(request: web.Request) -> web.Response:
        event = sansio.Event.from_http(request.headers, await request.read(), secret=SECRET)
        await router.dispatch(event)
        return web.Response(status=200)

    app = web.Application()
    app.router.add_post(PATH, receive)
    # Its own main() calls web.run_app, which logs every request only where somebody configured logging.
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await _until_told(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()


async def _until_told(address: str) -> None:
    """Say the port, and serve until standard input closes."""
    print(address.rpartition(":")[2], flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """`python -m bench.servers bedevere`, or `… stepwise DATABASE_URL DESIGN`."""
    configure_logs("info", [SECRET])
    if sys.argv[1] == "bedevere":
        asyncio.run(serve_bedevere_style())
    else:
        migrate(sys.argv[2])
        settle_collector()
        # As `stepwise serve` does.
        uvloop.run(serve_stepwise(sys.argv[2], sys.argv[3]))


if __name__ == "__main__":
    main()
