"""The sandbox as a server: start it, point a bot at it, look at what it saw, stop it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox import api, controlapi, githttp, mergequeue, oidc, seeding
from bot.sandbox.auth import AsInstallation, Vault
from bot.sandbox.clock import Clock
from bot.sandbox.errors import GitHubError
from bot.sandbox.faults import Faults
from bot.sandbox.hooks import Hooks
from bot.sandbox.hub import Hub, RequestLog
from bot.sandbox.payloads.accounts import Site
from bot.sandbox.state import Account, App, Installation, Repository
from bot.sandbox.world import World

MAX_BODY = 200 * 1024 * 1024


def generate_key() -> str:
    """Make a new RSA key of 2048 bits and give it as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class Sandbox:
    """A running sandbox. `hub` has all its parts; the attributes below are what tests use."""

    def __init__(
        self, hub: Hub, app: App, private_key_pem: str, runner: web.AppRunner, *, owns_directory: bool
    ) -> None:
        self.hub = hub
        self.app = app
        self.app_id = app.id
        self.private_key_pem = private_key_pem
        self.tokens = {account.login: token for token, account in hub.world.user_tokens.items()}
        self._runner = runner
        self._owns_directory = owns_directory

    @classmethod
    async def start(
        cls,
        seed: Path | None = None,
        webhook_url: str | None = None,
        port: int = 0,
        directory: Path | None = None,
        clock: Clock | None = None,
        *,
        host: str = "127.0.0.1",
        private_key_pem: str | None = None,
        webhook_secret: str | None = None,
        hook_timeout: float = 10.0,
    ) -> Sandbox:
        """Start on a loopback port (0: any free one). Raises SeedError for a bad seed, OSError for a taken port."""
        pem = private_key_pem or generate_key()
        # Only its public half is needed here: checking the key's numbers takes 50 ms and shows nothing.
        private = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(private, rsa.RSAPrivateKey)
        folder = directory or Path(tempfile.mkdtemp(prefix="sandbox-git-"))
        clock = clock or Clock()
        world, faults = World(), Faults()
        try:
            app = seeding.load(
                world, seed or seeding.DEFAULT, folder, private.public_key(), webhook_secret or secrets.token_hex(20)
            )
            web_app = web.Application(client_max_size=MAX_BODY)
            runner = web.AppRunner(web_app, access_log=None, shutdown_timeout=1.0)
            hooks = Hooks(clock, faults, timeout=hook_timeout)
            hub = Hub(Site("", world), world, clock, Vault(world, clock), faults, hooks, folder)
            web_app.router.add_route("*", "/{path:.*}", _entrance(hub))
            await runner.setup()
            site = web.TCPSite(runner, host, port)
            await site.start()
        except BaseException:
            if directory is None:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        bound = runner.addresses[0][1]
        hub.site = Site(f"http://{host}:{bound}", world)
        await hooks.start()
        app.webhook_url = webhook_url
        return cls(hub, app, pem, runner, owns_directory=directory is None)

    async def stop(self) -> None:
        """Stop serving and remove what was made for this run."""
        self.hub.stopping.set()
        await self._runner.cleanup()
        await self.hub.hooks.stop()
        for repo in self.hub.world.repos.values():
            repo.git.close()
        if self._owns_directory:
            shutil.rmtree(self.hub.directory, ignore_errors=True)

    @property
    def url(self) -> str:
        """The base of the API; pages and git repositories stand under the same one."""
        return self.hub.site.url

    @property
    def webhook_secret(self) -> str:
        return self.app.webhook_secret

    @property
    def requests(self) -> RequestLog:
        return self.hub.requests

    @property
    def faults(self) -> Faults:
        return self.hub.faults

    @property
    def clock(self) -> Clock:
        return self.hub.clock

    @property
    def hooks(self) -> Hooks:
        return self.hub.hooks

    def set_webhook_url(self, url: str | None) -> None:
        self.app.webhook_url = url

    async def settle(self) -> None:
        """Wait until every queued webhook has been tried."""
        await self.hub.hooks.settle()

    def repo(self, full_name: str) -> Repository:
        return self.hub.world.repo(full_name)

    def user(self, login: str) -> Account:
        return self.hub.world.account(login)

    def installation(self, account: str = "acme") -> Installation:
        """Give the installation of the App under test on an account."""
        for installed in self.hub.world.installations.values():
            if installed.app is self.app and installed.account.login == account:
                return installed
        raise GitHubError(404, f"not installed on {account}")

    def installation_token(self, account: str = "acme") -> str:
        """Make a token as the App would, without the round trip."""
        installed = self.installation(account)
        actor: AsInstallation = self.hub.vault.issue(installed, dict(installed.permissions), None)
        return actor.token


def _entrance(hub: Hub) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def enter(request: web.Request) -> web.StreamResponse:
        answer = await _answer(hub, request)
        # GitHub looks after its merge queues in the background: whatever has just changed may have settled something.
        for repo in list(hub.world.repos.values()):
            mergequeue.reconsider(hub, repo)
        return answer

    return enter


async def _answer(hub: Hub, request: web.Request) -> web.StreamResponse:
    if request.path.startswith("/_sandbox"):
        return await controlapi.answer(hub, request)
    if oidc.is_oidc(request.path):
        return oidc.answer(hub, request)
    if githttp.is_git(request.path):
        return await githttp.answer(hub, request)
    return await api.answer(hub, request)
