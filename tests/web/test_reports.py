"""Reports of workers at the door: which are taken, and everything that is not, with what the ledger hears of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from multidict import CIMultiDict

from bot.github.errors import Unavailable
from bot.github.oidc import Verifier
from bot.metrics import Metrics
from bot.runs.effects import StartWorker
from bot.runs.events import ReportRefused, WorkerReported
from bot.runs.model import BlockRun, BlockState, Dispatch, DispatchState, PullKey, RunState, WorkerKind
from bot.runs.workers import effect_key
from bot.service.reports import MOST_NOTED, ReportDesk, read_filed
from bot.settings import Settings
from bot.store.delivery import OWN_EVENT, Delivery
from bot.store.dispatches import Work
from bot.store.errors import StoreError
from bot.store.store import Store
from bot.web.reports import NOTES_LIMIT, REPORT_LIMIT, Reports
from tests.github.test_oidc import AUDIENCE, ISSUER, Issuer, sign
from tests.store.examples import NOON, PULL, a_reaction, a_run, remember
from tests.web.conftest import FullInbox, Site, a_site

WAITED_FOR = "sw-" + "a" * 20
EARLIER = "sw-" + "b" * 20
FINISHED = "sw-" + "c" * 20
MENTIONED = "sw-" + "d" * 20
REPORTED = "sw-" + "e" * 20
VALIDATION = "sw-" + "f" * 20
OF_A_PAST_RUN = "sw-" + "0" * 20
OF_A_BLOCKED_BLOCK = "sw-" + "1" * 20
UNKNOWN = "sw-" + "9" * 20
WORKFLOW_RUN = 31
WORKFLOW = "acme/shop/.github/workflows/worker.yml@refs/heads/main"


def a_dispatch(name: str, **changes: Any) -> Dispatch:
    return replace(Dispatch(name, WorkerKind.WORKFLOW, "worker.yml", 1, NOON), **changes)


def a_block(name: str, dispatch: str, reached: BlockState = BlockState.ACTIVE, **changes: Any) -> BlockRun:
    return BlockRun(name, name, "d", reached, dispatch=a_dispatch(dispatch, **changes))


BLOCKS = (
    replace(a_block("B01", WAITED_FOR), earlier=(EARLIER,)),
    a_block("B02", FINISHED, BlockState.DONE, state=DispatchState.DONE),
    a_block("B03", MENTIONED, kind=WorkerKind.MENTION, worker="@agent"),
    a_block("B04", REPORTED, state=DispatchState.DONE),
    a_block("B05", OF_A_BLOCKED_BLOCK, BlockState.BLOCKED),
)


def start(dispatch: str, block: str) -> StartWorker:
    return StartWorker(effect_key(dispatch), dispatch, "worker.yml", block, ())


async def with_workers(store: Store) -> None:
    """A run with a worker at B01, and all that can be reported on otherwise; another repository that is known."""
    await remember(store)
    await remember(store, PullKey(88, 1), full_name="acme/other")
    past = a_run("past", state=RunState.ABORTED, blocks=(a_block("B01", OF_A_PAST_RUN),))
    await store.record(a_reaction(run=past, effects=(start(OF_A_PAST_RUN, "B01"),)))
    named = {
        EARLIER: "B01",
        WAITED_FOR: "B01",
        FINISHED: "B02",
        MENTIONED: "B03",
        REPORTED: "B04",
        VALIDATION: "",
        OF_A_BLOCKED_BLOCK: "B05",
    }
    effects = tuple(start(dispatch, block) for dispatch, block in named.items())
    await store.record(a_reaction(run=a_run(blocks=BLOCKS), effects=effects))
    await store.finish_effect(effect_key(WAITED_FOR), {"workflow_run_id": str(WORKFLOW_RUN), "url": "u"}, NOON)


@dataclass
class Door:
    """The endpoint with an issuer of its own, and the time on its clock."""

    site: Site
    issuer: Issuer
    now: datetime = NOON
    default_branch: str = "main"
    github_is_down: bool = False
    made: int = 0

    def token(self, key: str = "one", **changes: Any) -> str:
        """A token of the worker at B01, each with an id of its own; a change to `...` leaves the claim out."""
        self.made += 1
        now = int(self.now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "repo:acme/shop:ref:refs/heads/main",
            "jti": f"4f7ee2ab-9b07-4d5e-8f6e-{self.made:012}",
            "iat": now,
            "nbf": now - 600,
            "exp": now + 300,
            "repository": "acme/shop",
            "repository_id": "77",
            "run_id": str(WORKFLOW_RUN),
            "run_attempt": "1",
            "event_name": "workflow_dispatch",
            "workflow_ref": WORKFLOW,
            "job_workflow_ref": WORKFLOW,
            "ref": "refs/heads/main",
            "actor": "stepwise[bot]",
        }
        told = {name: value for name, value in {**claims, **changes}.items() if value is not ...}
        return sign(told, self.issuer.keys["one"], kid=key)

    async def post(self, body: bytes, *authorization: str, **headers: str) -> ClientResponse:
        sent = CIMultiDict({"Content-Type": "application/json", **headers})
        for one in authorization:
            sent.add("Authorization", one)
        return await self.site.client.post("/reports", data=body, headers=sent)

    async def report(self, token: str | None = None, **changes: Any) -> ClientResponse:
        """Report B01 as done, with changes; `...` leaves a field out."""
        return await self.post(a_body(**changes), f"Bearer {token or self.token()}")

    async def stored(self) -> list[WorkerReported | ReportRefused]:
        return [event for delivery in await self.site.store.unrouted(100) if (event := event_of(delivery))]


def event_of(delivery: Delivery) -> WorkerReported | ReportRefused | None:
    filed = read_filed(delivery)
    assert filed is not None
    assert filed.pull == PULL
    return filed.event


def a_body(**changes: Any) -> bytes:
    body = {
        "dispatch": WAITED_FOR,
        "block": "B01",
        "status": "done",
        "commit": "c" * 40,
        "notes": "It works",
        "signal": None,
        **changes,
    }
    return json.dumps({name: value for name, value in body.items() if value is not ...}).encode()


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
async def door(settings: Settings, key: RSAPrivateKey) -> AsyncIterator[Door]:
    issuer = Issuer({"one": key})

    async def default_branch(work: Work) -> str:
        assert (work.full_name, work.installation_id) == ("acme/shop", 1)
        if found.github_is_down:
            raise Unavailable("no connection")
        return found.default_branch

    def with_reports(store: Store, inbox: FullInbox, metrics: Metrics) -> Reports:
        verifier = Verifier(ISSUER, AUDIENCE, issuer.fetch, lambda: found.now)
        desk = ReportDesk(store, inbox, default_branch, lambda: found.now)
        return Reports(verifier, desk, lambda: woken.append("woken"), metrics, body_seconds=0.5)

    woken: list[str] = []
    async with a_site(settings, with_reports) as site:
        site.woken = woken
        found = Door(site, issuer)
        await with_workers(site.store)
        yield found


# -- what is taken ---------------------------------------------------------------------------------------------------


async def test_a_report_is_on_the_disk_before_it_is_acknowledged(door: Door) -> None:
    answer = await door.report()
    assert (answer.status, await answer.json()) == (202, {"accepted": True})
    assert await door.stored() == [
        WorkerReported(
            token_id="4f7ee2ab-9b07-4d5e-8f6e-000000000001",
            dispatch=WAITED_FOR,
            block="B01",
            status="done",
            commit="c" * 40,
            notes="It works",
            signal=None,
            workflow_run_id=WORKFLOW_RUN,
            at=NOON,
        )
    ]
    assert door.site.woken == ["woken"]
    assert door.site.counted("reports", status="202") == 1


async def test_the_body_that_is_stored_is_the_bots_own_and_holds_no_token(door: Door) -> None:
    token = door.token()
    await door.report(token)
    (delivery,) = await door.site.store.unrouted(10)
    assert (delivery.event, delivery.guid) == (OWN_EVENT, "report:4f7ee2ab-9b07-4d5e-8f6e-000000000001")
    assert token.encode() not in delivery.body
    assert token.rpartition(".")[2].encode() not in delivery.body


@pytest.mark.parametrize("status", ["done", "failed", "blocked", "kickback", "gap"])
async def test_every_status_is_taken(door: Door, status: str) -> None:
    assert (await door.report(status=status, commit=None, signal="scope_creep")).status == 202
    (event,) = await door.stored()
    assert isinstance(event, WorkerReported)
    assert (event.status, event.commit, event.signal) == (status, None, "scope_creep")


@pytest.mark.parametrize(
    ("field", "given", "taken"),
    [
        ("notes", "x" * 5000, "x" * NOTES_LIMIT),
        ("notes", None, ""),
        ("notes", ..., ""),
        ("notes", "one\ntwo\tthree\x00\x1b[31m", "one\ntwo\tthree[31m"),
        ("commit", "", None),
        ("commit", ..., None),
        ("commit", "ABCDEF1", "ABCDEF1"),
        ("signal", "", None),
        ("block", "b01", "b01"),
    ],
)
async def test_what_workers_write_a_little_otherwise_is_taken(door: Door, field: str, given: Any, taken: Any) -> None:
    assert (await door.report(**{field: given})).status == 202
    (event,) = await door.stored()
    assert getattr(event, field) == taken


async def test_a_run_that_github_did_not_name_may_be_any_of_the_workflow(door: Door) -> None:
    run = a_run("run-2", key=PullKey(77, 6), blocks=(a_block("B01", UNKNOWN),))
    await remember(door.site.store, PullKey(77, 6))
    await door.site.store.record(a_reaction(key=PullKey(77, 6), run=run, effects=(start(UNKNOWN, "B01"),)))
    assert (await door.report(door.token(run_id="999"), dispatch=UNKNOWN)).status == 202


async def test_a_run_seen_by_its_webhook_alone_is_held_against_the_token(door: Door) -> None:
    run = a_run("run-2", key=PullKey(77, 6), blocks=(a_block("B01", UNKNOWN, workflow_run_id=55),))
    await remember(door.site.store, PullKey(77, 6))
    await door.site.store.record(a_reaction(key=PullKey(77, 6), run=run, effects=(start(UNKNOWN, "B01"),)))
    assert (await door.report(dispatch=UNKNOWN)).status == 403
    assert (await door.report(door.token(run_id="55"), dispatch=UNKNOWN)).status == 202


# -- tokens that prove nothing, or the wrong thing -------------------------------------------------------------------

ELSEWHERE = "acme/shop/.github/workflows/other.yml@refs/heads/main"
ON_A_BRANCH = "acme/shop/.github/workflows/worker.yml@refs/heads/feature"


@pytest.mark.parametrize(
    ("claims", "status", "reason"),
    [
        ({"aud": "https://somebody-else.example"}, 401, "another audience"),
        ({"aud": [AUDIENCE, "x"]}, 401, "another audience"),
        ({"iss": "https://token.actions.evil"}, 401, "not issued by"),
        ({"exp": int(NOON.timestamp()) - 60}, 401, "expired"),
        ({"iat": int(NOON.timestamp()) - 7200, "exp": int(NOON.timestamp()) + 7200}, 401, "older than ten minutes"),
        ({"nbf": int(NOON.timestamp()) + 600}, 401, "not valid yet"),
        ({"jti": ...}, 401, "no usable jti"),
        ({"key": "two"}, 401, "a key that the issuer does not publish"),
        ({"event_name": "pull_request"}, 403, "not by a dispatch"),
        ({"workflow_ref": ELSEWHERE, "job_workflow_ref": ELSEWHERE}, 403, "another workflow"),
        ({"workflow_ref": ON_A_BRANCH, "job_workflow_ref": ON_A_BRANCH, "ref": "refs/heads/feature"}, 403, "default"),
        ({"run_id": "32"}, 403, "another workflow run"),
    ],
)
async def test_a_wrong_token_is_refused_with_the_reason_and_the_ledger_hears_of_it(
    door: Door, claims: dict[str, Any], status: int, reason: str
) -> None:
    answer = await door.report(door.token(**claims))
    said = (await answer.json())["error"]
    assert (answer.status, reason in said) == (status, True), said
    assert await door.stored() == [ReportRefused(WAITED_FOR, "B01", said, NOON)]
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert door.site.counted("reports", status=str(status)) == 1
    assert door.site.woken == ["woken"]


@pytest.mark.parametrize(
    "authorization",
    [[], ["Bearer"], ["Bearer "], ["Basic YTpi"], ["Bearer a b"], ["Bearer a.b.c"], ["Bearer x.y.z", "Bearer x.y.z"]],
)
async def test_without_one_readable_token_a_report_is_refused(door: Door, authorization: list[str]) -> None:
    answer = await door.post(a_body(), *authorization)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    (noted,) = await door.stored()
    assert isinstance(noted, ReportRefused)


async def test_a_token_signed_by_somebody_else_is_refused(door: Door) -> None:
    stranger = Door(door.site, Issuer({"one": generate_private_key(65537, 2048)}))
    answer = await door.report(stranger.token())
    assert answer.status == 401
    assert "signature" in (await answer.json())["error"]


async def test_a_token_is_taken_once(door: Door) -> None:
    token = door.token()
    assert (await door.report(token)).status == 202
    again = await door.report(token)
    assert (again.status, "used before" in (await again.json())["error"]) == (409, True)
    assert sorted(type(event).__name__ for event in await door.stored()) == ["ReportRefused", "WorkerReported"]


async def test_a_token_used_while_it_is_looked_at_is_taken_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests at once: both find nothing stored, and the inbox lets one through."""
    token = door.token()

    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr(Store, "has_delivery", never)
    assert [(await door.report(token)).status for _ in range(2)] == [202, 409]


async def test_an_id_that_fits_no_guid_is_remembered_all_the_same(door: Door) -> None:
    token = door.token(jti="ü " * 300)
    assert [(await door.report(token)).status for _ in range(2)] == [202, 409]


# -- reports that nobody waits for -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dispatch", "block", "reason"),
    [
        (EARLIER, "B01", "Another attempt"),
        (FINISHED, "B02", "B02 is done"),
        (REPORTED, "B04", "reported on already"),
        (MENTIONED, "B03", "in a comment"),
        (WAITED_FOR, "B02", "made for B01"),
        (OF_A_BLOCKED_BLOCK, "B05", "B05 is blocked"),
        (VALIDATION, "B01", "for no block"),
        (OF_A_PAST_RUN, "B01", "The run is aborted"),
    ],
)
async def test_a_report_that_nobody_waits_for_is_refused_and_noted(
    door: Door, dispatch: str, block: str, reason: str
) -> None:
    answer = await door.report(dispatch=dispatch, block=block)
    said = (await answer.json())["error"]
    assert (answer.status, reason in said) == (409, True), said
    (noted,) = await door.stored()
    assert isinstance(noted, ReportRefused)
    assert (noted.dispatch, noted.reason) == (dispatch, said)


async def test_an_unknown_dispatch_is_refused_and_there_is_no_ledger_to_note_it_in(door: Door) -> None:
    answer = await door.report(dispatch=UNKNOWN)
    assert (answer.status, "No worker was started" in (await answer.json())["error"]) == (409, True)
    assert await door.stored() == []
    assert door.site.woken == []


@pytest.mark.parametrize(("repository_id", "name", "status"), [("88", "acme/other", 409), ("666", "mallory/shop", 403)])
async def test_a_token_of_another_repository_does_not_tell_whether_a_dispatch_is_known(
    door: Door, repository_id: str, name: str, status: int
) -> None:
    workflow = f"{name}/.github/workflows/worker.yml@refs/heads/main"
    claims = {"repository_id": repository_id, "repository": name, "workflow_ref": workflow}
    answers = [
        await door.report(door.token(**claims, job_workflow_ref=workflow), dispatch=dispatch)
        for dispatch in (WAITED_FOR, UNKNOWN)
    ]
    assert [answer.status for answer in answers] == [status, status]
    assert await answers[0].json() == await answers[1].json()
    # The run that was aimed at has it on record.
    (noted,) = await door.stored()
    assert isinstance(noted, ReportRefused)
    assert noted.dispatch == WAITED_FOR


async def test_without_a_valid_token_known_and_unknown_dispatches_are_answered_alike(door: Door) -> None:
    known, unknown = [
        await door.report("e30.e30.e30", dispatch=dispatch, block=block)
        for dispatch, block in ((FINISHED, "B02"), (UNKNOWN, "B02"))
    ]
    assert (known.status, await known.json()) == (unknown.status, await unknown.json())


# -- the ledger is not flooded ---------------------------------------------------------------------------------------


async def test_a_flood_of_refusals_leaves_a_few_notes_per_hour(door: Door) -> None:
    for _ in range(MOST_NOTED + 4):
        assert (await door.report("e30.e30.e30")).status == 401
    assert len(await door.stored()) == len(door.site.woken) == MOST_NOTED
    await door.report("e30.e30.e30", dispatch=FINISHED, block="B02")
    assert len(await door.stored()) == MOST_NOTED + 1
    door.now += timedelta(hours=1)
    await door.report("e30.e30.e30")
    assert len(await door.stored()) == MOST_NOTED + 2


async def test_what_was_noted_before_a_restart_counts(door: Door, settings: Settings, key: RSAPrivateKey) -> None:
    for _ in range(MOST_NOTED):
        await door.report("e30.e30.e30")

    async def nobody(_work: Work) -> str:
        raise AssertionError

    desk = ReportDesk(door.site.store, door.site.inbox, nobody, lambda: NOON)
    assert not await desk.note_refusal(WAITED_FOR, "again")
    assert len(await door.stored()) == MOST_NOTED


async def test_a_refusal_never_repeats_the_token(door: Door) -> None:
    for token in (door.token(aud="x"), "secret-word.secret-word.secret-word"):
        answer = await door.report(token)
        told = await answer.text() + str(await door.stored())
        assert token not in told
        assert "secret-word" not in told


# -- bodies that are no reports --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body"),
        (b"not json", "the body"),
        (b"[]", "the body"),
        (b"null", "the body"),
        (b"\xff\xfe", "the body"),
        (b"[" * 30_000, "the body"),
        (a_body(dispatch=...), "dispatch"),
        (a_body(dispatch="sw-1"), "dispatch"),
        (a_body(dispatch=WAITED_FOR + "\n"), "dispatch"),
        (a_body(dispatch=7), "dispatch"),
        (a_body(block=""), "block"),
        (a_body(block=None), "block"),
        (a_body(block="x" * 201), "block"),
        (a_body(status="finished"), "status"),
        (a_body(status=None), "status"),
        (a_body(commit="main"), "commit"),
        (a_body(commit="c" * 40 + "\n"), "commit"),
        (a_body(notes=["x"]), "notes"),
        (a_body(signal="x" * 101), "signal"),
        (a_body(token="x"), "token"),
        (a_body(**{"x" * 5000: 1}), "x" * 60),
    ],
)
async def test_a_body_that_is_no_report_is_refused_by_its_field(door: Door, body: bytes, reason: str) -> None:
    answer = await door.post(body, f"Bearer {door.token()}")
    said = (await answer.json())["error"]
    assert (answer.status, said.startswith("the body is not a report")) == (400, True), said
    assert reason in said
    assert len(said) < 600
    assert await door.stored() == []


async def test_a_body_that_is_too_large_is_refused(door: Door) -> None:
    answer = await door.post(a_body(notes="x" * REPORT_LIMIT), f"Bearer {door.token()}")
    assert answer.status == 413
    assert str(REPORT_LIMIT) in (await answer.json())["error"]


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}]
)
async def test_other_kinds_of_bodies_are_refused(door: Door, headers: dict[str, str]) -> None:
    assert (await door.post(a_body(), f"Bearer {door.token()}", **headers)).status == 415


async def test_a_compressed_body_is_refused(door: Door) -> None:
    answer = await door.post(a_body(), f"Bearer {door.token()}", **{"Content-Encoding": "gzip"})
    assert answer.status == 415


async def test_a_body_that_does_not_come_is_not_waited_for(door: Door) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b'{"dispatch":'
        await asyncio.Event().wait()

    answer = await door.site.client.post("/reports", data=slow(), headers={"Content-Type": "application/json"})
    assert answer.status == 408


async def test_only_post_is_answered(door: Door) -> None:
    assert (await door.site.client.get("/reports")).status == 405


# -- when something needed is away -----------------------------------------------------------------------------------


async def test_without_the_issuers_keys_a_report_is_to_be_sent_again(door: Door) -> None:
    door.issuer.is_down = True
    answer = await door.report()
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert await door.stored() == []


async def test_without_github_a_report_is_to_be_sent_again_with_the_same_token_even(door: Door) -> None:
    door.github_is_down, token = True, door.token()
    assert (await door.report(token)).status == 503
    door.github_is_down = False
    assert (await door.report(token)).status == 202


async def test_a_full_disk_is_no_acknowledgement(door: Door) -> None:
    token = door.token()
    with door.site.inbox.full():
        assert (await door.report(token)).status == 503
        assert (await door.report("e30.e30.e30")).status == 401
    assert await door.stored() == []
    assert (await door.report(token)).status == 202


async def test_without_the_database_a_report_is_to_be_sent_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise StoreError("the database cannot be read")

    monkeypatch.setattr(door.site.store, "work_of", broken)
    assert (await door.report()).status == 503
    assert (await door.report("e30.e30.e30")).status == 401


# -- who may put a report into the inbox -----------------------------------------------------------------------------


@pytest.mark.parametrize(("guid", "event"), [("g-1", OWN_EVENT), ("report:1", "ping"), ("report:1", OWN_EVENT)])
async def test_a_webhook_cannot_bring_a_report(site: Site, guid: str, event: str) -> None:
    answer = await site.deliver(a_body(), guid=guid, event=event)
    assert answer.status == 400
    assert await site.stored() == []


async def test_without_a_public_address_no_reports_are_taken(site: Site) -> None:
    answer = await site.client.post("/reports", data=a_body(), headers={"Content-Type": "application/json"})
    assert answer.status == 404
    assert "PUBLIC_URL" in (await answer.json())["error"]
