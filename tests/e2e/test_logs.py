"""Every log line says whose it is: delivery and event at the webhook; pull request and run too in a reaction."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.logs import configure_logs
from bot.sandbox import Answer, Reset
from tests.e2e.scenario import Scenario
from tests.e2e.test_deliveries import deliver, sent
from tests.logging_state import kept_logging

AT_THE_WEBHOOK = ("bot.web.webhook",)
IN_A_REACTION = ("bot.service.reaction", "bot.service.perform", "bot.service.merge_group", "bot.service.fault")
OF_GITHUBS_CLIENT = "bot.github.client"


@dataclass
class Log:
    """What was logged, as the lines stand in the file."""

    stream: io.StringIO

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == event]


@pytest.fixture
def log() -> Iterator[Log]:
    with kept_logging():
        stream = io.StringIO()
        configure_logs("debug", [], stream)
        yield Log(stream)


async def test_every_line_of_a_story_says_whose_it_is(github: Scenario, log: Log) -> None:
    github.sandbox.faults.add(Answer(502, headers={"X-GitHub-Request-Id": "C0FFEE"}), path="/check-runs", nth=6)
    github.sandbox.faults.add(Reset(), path=r"/git/commits$", method="POST")
    await github.started()
    await github.block_done("B01")
    await github.wait(60)
    lines = log.lines()
    assert {"delivery accepted", "reacting", "a call to GitHub failed"} <= {line["event"] for line in lines}
    for line in lines:
        if line["logger"] in AT_THE_WEBHOOK:
            assert line["delivery"] and line["event_name"], line
        if line["logger"] in IN_A_REACTION or line["event"] == "reaction will be tried again":
            assert {"delivery", "run"} <= set(line), line
            assert (line["repository"], line["pull"]) == ("acme/shop", 1), line
    guids = {attempt.event.guid for attempt in github.sandbox.hooks.attempts}
    said = [line for line in lines if line["event"] == "reacting"]
    assert {guid for line in said for guid in line["deliveries"]} <= guids
    assert [line["delivery"] for line in said] == [" ".join(line["deliveries"]) for line in said]
    runs = {line["run"] for line in lines if line.get("run")}
    assert len(runs) == 1


async def test_a_call_that_failed_is_told_with_githubs_request_id_and_whose_it_was(github: Scenario, log: Log) -> None:
    await github.planned()
    github.sandbox.faults.add(Answer(502, headers={"X-GitHub-Request-Id": "C0FFEE"}), path=r"/pulls/1$", times=3)
    await github.comment("/execute")
    told = [line for line in log.of("a call to GitHub failed") if line["request_id"] == "C0FFEE"]
    assert len(told) == 3
    delivery = sent(github, "issue_comment", "created").guid
    for line in told:
        assert (line["method"], line["path"], line["status"]) == ("GET", "/repos/acme/shop/pulls/1", 502)
        assert (line["repository"], line["pull"], line["run"]) == ("acme/shop", 1, None)
        assert delivery in line["delivery"]
        assert line["level"] == "warning"
    (again,) = log.of("reaction will be tried again")
    assert delivery in again["delivery"]
    assert again["error"].startswith("GitHub answered 502 to GET /repos/acme/shop/pulls/1")


async def test_a_call_without_an_answer_is_told_too(github: Scenario, log: Log) -> None:
    await github.planned()
    github.sandbox.faults.add(Reset(), path=r"/pulls/1$", times=1)
    await github.comment("/execute")
    (line,) = [line for line in log.of("GitHub did not answer") if line["path"].endswith("/pulls/1")]
    assert line["pull"] == 1
    assert line["reason"]


async def test_a_delivery_that_is_refused_is_told_with_what_it_says_that_it_is(github: Scenario, log: Log) -> None:
    wrong = "sha256=" + "0" * 64
    assert await deliver(github, {}, guid="11111111-2222", X_Hub_Signature_256=wrong) == 401
    assert await deliver(github, {}, guid="spaces are no guid", X_Hub_Signature_256=wrong) == 401
    first, second = log.of("delivery refused")
    assert (first["delivery"], first["event_name"], first["status"]) == ("11111111-2222", "issue_comment", 401)
    assert (second["delivery"], second["event_name"]) == (None, "issue_comment")


async def test_a_fault_of_our_own_is_told_with_its_traceback_on_one_line(
    github: Scenario, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await github.planned()

    def breaks(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("first\nsecond \x1b[31mred")

    with monkeypatch.context() as broken:
        broken.setattr("bot.service.reaction.needs", breaks)
        await github.comment("/execute")
    (line,) = log.of("reaction failed")
    assert (line["repository"], line["pull"], line["level"]) == ("acme/shop", 1, "error")
    assert "RuntimeError: first\nsecond" in line["exception"]
    assert "\x1b" not in log.stream.getvalue()
