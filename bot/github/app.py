"""The App on one GitHub: the way to a client for an installation, or for the App itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiohttp

from bot.github.answers import Json
from bot.github.auth import AppKey, InstallationCredentials, InstallationTokens
from bot.github.cache import KEPT_BYTES, AnswerCache
from bot.github.client import Client, Lane, OnCall, Pause, Wire
from bot.github.errors import GitHubError
from bot.github.exchange import MAX_ANSWER_BYTES, Timeouts
from bot.github.limits import Clock

DEFAULT_TIMEOUTS = Timeouts()


def utc_now() -> datetime:
    """The time of this machine's clock, with its zone."""
    return datetime.now(UTC)


class GitHubApp:
    """One App on one GitHub. Raises ValueError when the private key is not a usable RSA key."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        api_url: str,
        app_id: int | str,
        private_key: str | bytes,
        user_agent: str = "stepwise",
        clock: Clock = utc_now,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        pause: Pause = asyncio.sleep,
        on_call: OnCall | None = None,
        cache: AnswerCache | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._wire = Wire(
            session=session,
            api_url=api_url,
            user_agent=user_agent,
            clock=clock,
            timeouts=timeouts,
            cache=cache or AnswerCache(KEPT_BYTES),
            pause=pause,
            on_call=on_call,
            max_answer_bytes=max_answer_bytes,
        )
        self._key = AppKey(app_id, private_key, clock)
        self._tokens = InstallationTokens(self._ask_for_token, clock)
        self._own_lane = Lane(clock)
        self._lanes: dict[int, Lane] = {}

    def as_app(self) -> Client:
        """A client that speaks as the App itself (JWT): deliveries, installations, tokens."""
        return Client(self._wire, self._own_lane, self._key, "app")

    def installation(self, installation_id: int, repository_id: int | None = None) -> Client:
        """A client for one installation, its token narrowed to one repository if that is given."""
        credentials = InstallationCredentials(self._tokens, installation_id, repository_id)
        return Client(self._wire, self._lane(installation_id), credentials, (installation_id, repository_id))

    def budgets(self) -> dict[int, tuple[int, datetime]]:
        """Per installation, how many calls GitHub last said are left, and until when."""
        return {
            installation_id: (lane.gate.remaining, lane.gate.resets_at)
            for installation_id, lane in self._lanes.items()
            if lane.gate.remaining is not None and lane.gate.resets_at is not None
        }

    def closed_gates(self) -> dict[int, datetime]:
        """Per installation that GitHub limits now, when the next call may be sent."""
        known = {installation_id: lane.gate.closed_until for installation_id, lane in self._lanes.items()}
        return {installation_id: until for installation_id, until in known.items() if until is not None}

    def _lane(self, installation_id: int) -> Lane:
        return self._lanes.setdefault(installation_id, Lane(self._wire.clock))

    async def _ask_for_token(self, installation_id: int, repository_id: int | None) -> Json:
        body = {} if repository_id is None else {"repository_ids": [repository_id]}
        try:
            return await self.as_app().post(
                "/app/installations/{installation_id}/access_tokens", body, installation_id=installation_id
            )
        except GitHubError as error:
            # The caller's own write was never sent, and a second token does no harm.
            error.may_have_happened = False
            raise
