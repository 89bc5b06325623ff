"""Who may do what: JWTs, installation tokens, users' roles, and what is hidden from whom."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
import pytest

from bot.sandbox import Sandbox, control, generate_key
from tests.sandbox.conftest import Api, app_jwt, open_pull, write_branch

AsUser = Callable[[str], Api]


def with_token(sandbox: Sandbox, session: aiohttp.ClientSession, token: str) -> Api:
    return Api(session, sandbox.url, token)


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"iss": "Iv23li00000000004242"}, 200),
        ({"exp": 0}, 401),
        ({"iat": 4_000_000_000}, 401),
        ({"exp": 4_000_000_000}, 401),
        ({"iss": "5151"}, 401),
        ({"iss": "1"}, 404),
    ],
)
async def test_a_jwt_must_be_fresh_short_lived_and_ours(
    sandbox: Sandbox, session: aiohttp.ClientSession, claims: dict[str, object], status: int
) -> None:
    assert (await with_token(sandbox, session, app_jwt(sandbox, **claims))("GET", "/app")).status == status


async def test_a_jwt_signed_by_another_key_is_refused(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    sandbox.private_key_pem = generate_key()
    answer = await with_token(sandbox, session, app_jwt(sandbox))("GET", "/app")
    assert (answer.status, answer.body["message"]) == (401, "A JSON web token could not be decoded")


async def test_an_installation_token_lives_for_an_hour_of_the_sandbox_clock(sandbox: Sandbox, as_bot: Api) -> None:
    sandbox.clock.advance(3590)
    assert (await as_bot("GET", "/repos/acme/shop")).status == 200
    sandbox.clock.advance(20)
    answer = await as_bot("GET", "/repos/acme/shop")
    assert (answer.status, answer.body["message"]) == (401, "Bad credentials")


async def test_a_token_is_long_and_can_be_narrowed(
    sandbox: Sandbox, session: aiohttp.ClientSession, as_app: Api
) -> None:
    path = f"/app/installations/{sandbox.installation().id}/access_tokens"
    shop = sandbox.repo("acme/shop").id
    made = await as_app("POST", path, json={"permissions": {"contents": "read"}, "repository_ids": [shop]})
    assert made.status == 201
    assert len(made.body["token"]) > 450
    narrow = with_token(sandbox, session, made.body["token"])
    assert (await narrow("GET", "/repos/acme/shop/contents/README.md")).status == 200
    assert (await narrow("GET", "/repos/acme/ledger")).status == 404
    assert (await narrow("GET", "/repos/acme/shop/pulls")).status == 403
    too_much = await as_app("POST", path, json={"permissions": {"statuses": "write"}})
    assert too_much.status == 422
    unknown = await as_app("POST", path, json={"repositories": ["nowhere"]})
    assert unknown.status == 422


@pytest.mark.malformed
@pytest.mark.parametrize(
    ("method", "path", "accepted"),
    [
        ("POST", "/repos/acme/shop/statuses/{sha}", "statuses=write"),
        ("PUT", "/repos/acme/shop/collaborators/ada", "administration=write"),
    ],
)
async def test_a_missing_permission_is_named(
    sandbox: Sandbox, as_bot: Api, method: str, path: str, accepted: str
) -> None:
    sha = sandbox.repo("acme/shop").git.branch("main")
    answer = await as_bot(method, path.format(sha=sha), json={"state": "success"})
    assert (answer.status, answer.body["message"]) == (403, "Resource not accessible by integration")
    assert answer.headers["X-Accepted-GitHub-Permissions"] == accepted


async def test_issues_permission_is_needed_for_plain_issues_and_either_for_pull_requests(
    sandbox: Sandbox, session: aiohttp.ClientSession, as_user: AsUser, as_app: Api
) -> None:
    pull = (await open_pull(as_user("coda")))["number"]
    issue = (await as_user("ada")("POST", "/repos/acme/shop/issues", json={"title": "x"})).body["number"]
    path = f"/app/installations/{sandbox.installation().id}/access_tokens"
    token = (await as_app("POST", path, json={"permissions": {"pull_requests": "write"}})).body["token"]
    narrow = with_token(sandbox, session, token)
    assert (await narrow("POST", f"/repos/acme/shop/issues/{pull}/comments", json={"body": "x"})).status == 201
    assert (await narrow("POST", f"/repos/acme/shop/issues/{issue}/comments", json={"body": "x"})).status == 403


async def test_workflow_files_need_a_permission_of_their_own(as_bot: Api) -> None:
    path = "/repos/acme/shop/contents/.github/workflows/x.yml"
    assert (await as_bot("PUT", path, json={"message": "m", "content": "eA=="})).status == 403
    with pytest.raises(AssertionError, match="not accessible"):
        await write_branch(as_bot, "wf", {".github/workflows/x.yml": "on: push\n"})


@pytest.mark.parametrize(
    ("login", "read", "comment", "label", "write", "admin"),
    [
        ("olivia", 200, 201, 200, 201, 204),
        ("maria", 200, 201, 200, 201, 403),
        ("ada", 200, 201, 200, 201, 403),
        ("tom", 200, 201, 200, 404, 403),
        ("rita", 200, 201, 403, 404, 403),
        ("oscar", 200, 201, 403, 404, 403),
    ],
)
async def test_each_role_may_do_its_part(
    as_user: AsUser, login: str, read: int, comment: int, label: int, write: int, admin: int
) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    someone, shop = as_user(login), "/repos/acme/shop"
    assert (await someone("GET", shop)).status == read
    assert (await someone("POST", f"{shop}/issues/{number}/comments", json={"body": "x"})).status == comment
    assert (await someone("POST", f"{shop}/issues/{number}/labels", json={"labels": ["bug"]})).status == label
    assert (await someone("POST", f"{shop}/git/blobs", json={"content": "x"})).status == write
    assert (await someone("PUT", f"{shop}/collaborators/oscar", json={"permission": "pull"})).status == admin


async def test_a_private_repository_is_hidden_from_outsiders(as_user: AsUser, anonymous: Api, as_bot: Api) -> None:
    for caller in (as_user("oscar"), anonymous):
        assert (await caller("GET", "/repos/acme/ledger")).status == 404
    assert (await as_user("rita")("GET", "/repos/acme/ledger")).status == 200
    assert (await as_bot("GET", "/repos/acme/ledger")).status == 200


async def test_the_world_may_read_what_is_public_and_write_nothing(anonymous: Api) -> None:
    assert (await anonymous("GET", "/repos/acme/shop")).status == 200
    refused = await anonymous("POST", "/repos/acme/shop/issues/1/comments", json={"body": "x"})
    assert (refused.status, refused.body["message"]) == (401, "Requires authentication")


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [
        ("olivia", "admin", "admin"),
        ("maria", "write", "maintain"),
        ("ada", "write", "write"),
        ("tom", "read", "triage"),
        ("rita", "read", "read"),
        ("oscar", "read", "read"),
    ],
)
async def test_permission_levels_have_two_spellings(as_bot: Api, login: str, permission: str, role: str) -> None:
    body = (await as_bot("GET", f"/repos/acme/shop/collaborators/{login}/permission")).body
    assert (body["permission"], body["role_name"]) == (permission, role)


async def test_permission_levels_know_nothing_of_bots_and_outsiders_of_private_repositories(as_bot: Api) -> None:
    assert (await as_bot("GET", "/repos/acme/shop/collaborators/stepwise[bot]/permission")).status == 404
    body = (await as_bot("GET", "/repos/acme/ledger/collaborators/oscar/permission")).body
    assert (body["permission"], body["role_name"]) == ("none", "none")


async def test_a_role_that_is_taken_away_is_gone_at_once(as_user: AsUser, as_bot: Api) -> None:
    assert (await as_user("olivia")("DELETE", "/repos/acme/shop/collaborators/ada")).status == 204
    body = (await as_bot("GET", "/repos/acme/shop/collaborators/ada/permission")).body
    assert body["role_name"] == "read"


async def test_team_memberships_tell_pending_from_active(as_bot: Api) -> None:
    path = "/orgs/acme/teams/release-managers/memberships"
    assert (await as_bot("GET", f"{path}/rita")).body["state"] == "active"
    assert (await as_bot("GET", f"{path}/tom")).body["state"] == "pending"
    assert (await as_bot("GET", f"{path}/ada")).status == 404


async def test_the_association_of_a_concealed_member_says_nothing(as_user: AsUser) -> None:
    number = (await open_pull(as_user("coda")))["number"]
    comments = f"/repos/acme/shop/issues/{number}/comments"
    made = {who: (await as_user(who)("POST", comments, json={"body": "x"})).body for who in ("ada", "maria", "oscar")}
    found = {who: body["author_association"] for who, body in made.items()}
    assert found == {"ada": "MEMBER", "maria": "CONTRIBUTOR", "oscar": "NONE"}


async def test_a_suspended_or_removed_installation_has_no_access(sandbox: Sandbox, as_bot: Api, as_app: Api) -> None:
    installed = sandbox.installation()
    control.change_installation(sandbox.hub, installed, "suspend", sandbox.user("olivia"))
    assert (await as_bot("GET", "/repos/acme/shop")).status == 403
    control.change_installation(sandbox.hub, installed, "deleted", sandbox.user("olivia"))
    assert (await as_bot("GET", "/repos/acme/shop")).status == 401
    assert (await as_app("GET", f"/app/installations/{installed.id}")).status == 404


async def test_a_repository_outside_the_selection_cannot_be_written(sandbox: Sandbox, as_bot: Api) -> None:
    shop, ledger = sandbox.repo("acme/shop"), sandbox.repo("acme/ledger")
    control.select_repositories(sandbox.hub, sandbox.installation(), [], [shop, ledger], sandbox.user("olivia"))
    assert (await as_bot("GET", "/repos/acme/ledger")).status == 404
    assert (await as_bot("GET", "/repos/acme/shop")).status == 200
    assert (await as_bot("POST", "/repos/acme/shop/labels", json={"name": "x"})).status == 403


async def test_bad_credentials_are_not_anonymous(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    for token in ("ghp_wrong", "ghs_4242_a.b.c", "x"):
        assert (await with_token(sandbox, session, token)("GET", "/repos/acme/shop")).status == 401
