from __future__ import annotations

import asyncio
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from bot.github.app import GitHubApp
from bot.github.auth import Token
from bot.github.client import Client
from bot.github.errors import NotFound, RateLimited, Unauthorized, Unavailable
from tests.github.conftest import INSTALLATION, TOKEN_PATH, FakeClock, FakeGitHub, MakeApp, Reply


async def test_the_jwt_is_back_dated_and_ends_within_ten_minutes(
    github: FakeGitHub, app: GitHubApp, clock: FakeClock, private_key: str
) -> None:
    github.on("GET", "/app", Reply({}))
    await app.as_app().get("/app")
    scheme, _, token = github.seen[0].headers["authorization"].partition(" ")
    public_key = load_pem_private_key(private_key.encode(), None).public_key()
    assert isinstance(public_key, RSAPublicKey)
    claims = jwt.decode(
        token,
        public_key,
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    now = int(clock.now.timestamp())
    assert scheme == "bearer"
    assert claims["iss"] == "17"
    assert claims["iat"] == now - 60
    assert now < claims["exp"] <= now + 600


async def test_a_jwt_is_renewed_before_it_ends(github: FakeGitHub, app: GitHubApp, clock: FakeClock) -> None:
    github.on("GET", "/app", Reply({}))
    for seconds in (0, 60, 8 * 60):
        clock.advance(seconds)
        await app.as_app().get("/app")
    first, second, third = (seen.headers["authorization"] for seen in github.seen)
    assert first == second != third


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_refused_without_repeating_it(make_app: MakeApp, key: str) -> None:
    with pytest.raises(ValueError, match="not a PEM-encoded RSA key") as refusal:
        make_app(private_key=key)
    assert not key or key not in str(refusal.value)


def test_a_key_of_another_kind_is_refused(make_app: MakeApp) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="not an RSA key"):
        make_app(private_key=pem)


async def test_a_token_of_any_length_is_used_as_it_came(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({}))
    await client.get("/x")
    sent = github.requests("GET", "/x")[0].headers["authorization"]
    assert sent == "token ghs_1_1." + "x" * 500


async def test_a_token_is_kept_until_it_nearly_ends(github: FakeGitHub, client: Client, clock: FakeClock) -> None:
    github.on("GET", "/x", Reply({}))
    await client.get("/x")
    clock.advance(50 * 60)
    await client.get("/x")
    assert github.tokens_given == 1
    clock.advance(6 * 60)
    await client.get("/x")
    assert github.tokens_given == 2


async def test_many_who_ask_at_once_get_one_token(github: FakeGitHub, app: GitHubApp) -> None:
    github.on("GET", "/x", Reply({}))
    await asyncio.gather(*(app.installation(INSTALLATION).get("/x") for _ in range(20)))
    assert github.tokens_given == 1


async def test_one_who_gives_up_does_not_take_the_token_from_the_others(github: FakeGitHub, app: GitHubApp) -> None:
    github.on("GET", "/x", Reply({}))
    impatient = asyncio.create_task(app.installation(INSTALLATION).get("/x"))
    patient = asyncio.create_task(app.installation(INSTALLATION).get("/x"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == {}
    assert github.tokens_given == 1


async def test_a_token_can_be_narrowed_to_one_repository_and_is_kept_apart(github: FakeGitHub, app: GitHubApp) -> None:
    github.on("GET", "/x", Reply({}))
    await app.installation(INSTALLATION).get("/x")
    await app.installation(INSTALLATION, 99).get("/x")
    assert [seen.body for seen in github.requests("POST", TOKEN_PATH)] == [{}, {"repository_ids": [99]}]


@pytest.mark.parametrize("method", ["get", "post"])
async def test_a_kept_token_that_is_refused_is_replaced_once(github: FakeGitHub, client: Client, method: str) -> None:
    github.on("GET", "/warm", Reply({}))
    github.on(method.upper(), "/x", Reply({"message": "Bad credentials"}, 401), Reply({"ok": True}))
    await client.get("/warm")
    assert await getattr(client, method)("/x") == {"ok": True}
    first, second = (seen.headers["authorization"] for seen in github.requests(path="/x"))
    assert first != second


async def test_a_fresh_token_that_is_refused_is_not_replaced(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/x", Reply({"message": "Bad credentials"}, 401))
    with pytest.raises(Unauthorized, match="Bad credentials"):
        await client.get("/x")
    assert len(github.requests(path="/x")) == 1


async def test_github_that_refuses_every_token_is_asked_twice_and_no_more(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/warm", Reply({}))
    github.on("GET", "/x", Reply({"message": "Bad credentials"}, 401))
    await client.get("/warm")
    with pytest.raises(Unauthorized):
        await client.get("/x")
    assert len(github.requests(path="/x")) == 2
    assert github.tokens_given == 2


class Hopeful:
    """Credentials that always think that another token may help, as when others keep fetching new ones."""

    def __init__(self, clock: FakeClock) -> None:
        self._token = Token("x", "token", clock.now)

    async def token(self) -> Token:
        return self._token

    def refused(self, token: Token) -> bool:
        return True


async def test_there_is_no_third_attempt_however_many_fresh_tokens_there_are(
    github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    github.on("GET", "/x", Reply({"message": "Bad credentials"}, 401))
    with pytest.raises(Unauthorized):
        await replace(client, credentials=Hopeful(clock)).get("/x")
    assert len(github.requests(path="/x")) == 2


async def test_an_uninstalled_app_is_told_with_the_call_that_failed(github: FakeGitHub, client: Client) -> None:
    github.on("POST", TOKEN_PATH, Reply({"message": "Not Found"}, 404))
    with pytest.raises(NotFound) as failure:
        await client.get("/x")
    assert failure.value.path == TOKEN_PATH


async def test_a_write_whose_token_could_not_be_had_did_not_happen(github: FakeGitHub, client: Client) -> None:
    github.on("POST", TOKEN_PATH, Reply(drop=True))
    with pytest.raises(Unavailable) as failure:
        await client.post("/x")
    assert not failure.value.may_have_happened
    assert github.requests(path="/x") == []


async def test_a_limit_on_tokens_holds_back_all_installations(github: FakeGitHub, app: GitHubApp) -> None:
    github.on("POST", TOKEN_PATH, Reply({"message": "slow down"}, 429, {"retry-after": "30"}))
    for installation in (INSTALLATION, 6):
        with pytest.raises(RateLimited):
            await app.installation(installation).get("/x")
    assert len(github.seen) == 1


async def test_no_token_is_in_what_an_error_or_a_token_says(github: FakeGitHub, client: Client, app: GitHubApp) -> None:
    github.on("GET", "/x", Reply({"message": "no"}, 403))
    with pytest.raises(Exception, match="no") as failure:
        await client.get("/x")
    token = await app._tokens.token(INSTALLATION, None)
    assert token.value not in repr(token) + str(failure.value) + repr(failure.value)
