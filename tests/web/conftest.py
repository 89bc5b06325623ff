from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.metrics import Metrics
from bot.settings import Settings
from bot.store.errors import InboxUnavailable
from bot.store.inbox import Inbox
from bot.store.store import Store
from bot.web.app import create_app
from bot.web.reports import Reports

SECRET = "It's a Secret to Everybody"
HOOK = "/api/github/webhooks"


@pytest.fixture(scope="session")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
def settings(pem: str, database: str) -> Settings:
    values: dict[str, Any] = {
        "app_id": 4711,
        "private_key": pem,
        "webhook_secret": SECRET,
        "database_url": database,
    }
    return Settings(_env_file=None, **values)


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class FullInbox(Inbox):
    """An inbox whose disk is full when told so."""

    is_full = False

    async def accept(self, guid: str, event: str, body: bytes) -> bool:
        if self.is_full:
            raise InboxUnavailable("database or disk is full", retry_after=7)
        return await super().accept(guid, event, body)

    @contextmanager
    def full(self) -> Iterator[None]:
        self.is_full = True
        yield
        self.is_full = False


@dataclass
class Site:
    """The application on a loopback port, with GitHub's side of the conversation."""

    client: TestClient[Any, Any]
    store: Store
    inbox: FullInbox
    metrics: Metrics
    ready: dict[str, str | None]
    woken: list[str] = field(default_factory=list)

    async def deliver(
        self,
        body: bytes = b'{"zen": "."}',
        *,
        guid: str = "guid-1",
        event: str = "ping",
        changes: Mapping[str, str | None] = MappingProxyType({}),
    ) -> ClientResponse:
        """Send a delivery as GitHub would; a change of None leaves that header out."""
        headers: dict[str, str | None] = {
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-Hub-Signature-256": signature(body),
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/044aadd",
            **changes,
        }
        return await self.client.post(HOOK, data=body, headers=present(headers), skip_auto_headers=["Content-Type"])

    async def stored(self) -> list[str]:
        return [delivery.guid for delivery in await self.store.unrouted(100)]

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"stepwise_{name}_total", labels) or 0.0


def present(headers: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value is not None}


@asynccontextmanager
async def a_site(
    settings: Settings, with_reports: Callable[[Store, FullInbox, Metrics], Reports] | None = None, **options: Any
) -> AsyncIterator[Site]:
    store = Store.open(settings.database_url)
    inbox = FullInbox.open(settings.database_url)
    await inbox.start()
    metrics = Metrics()
    woken: list[str] = []
    ready: dict[str, str | None] = {"database": None}

    async def readiness() -> Mapping[str, str | None]:
        return ready

    if with_reports is not None:
        options["reports"] = with_reports(store, inbox, metrics)
    app = create_app(settings, inbox, lambda: woken.append("woken"), readiness, metrics, **options)
    async with TestClient(TestServer(app)) as client:
        yield Site(client, store, inbox, metrics, ready, woken)
    await inbox.stop()
    await store.close()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with a_site(settings) as site:
        yield site


@pytest.fixture
async def impatient_site(settings: Settings) -> AsyncIterator[Site]:
    """One that gives a body a tenth of a second."""
    async with a_site(settings, body_seconds=0.1) as site:
        yield site
