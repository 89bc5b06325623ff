"""`stepwise doctor` against a GitHub and a bot on loopback: all is well, and then one thing after the other is not."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from bot.cli.main import app
from bot.github.app import utc_now
from bot.github.exchange import Timeouts
from bot.sandbox import Answer, Hang, Sandbox, control
from bot.store.migrate import prepare
from tests.cli.from_environment import settings_from
from tests.e2e.processes import OWN_SETTINGS, settings_of
from tests.e2e.whole import Whole, whole
from tests.logging_state import kept_logging

pytestmark = pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")


def small_key() -> str:
    """A key that is read quickly: every run of the command reads it three times."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


PEM = small_key()
OTHER_PEM = small_key()
Quick = Timeouts(connect=0.2, total=0.2)


class Told(NamedTuple):
    """What the command said: the findings that are not in order, and the exit code."""

    exit_code: int
    findings: list[dict[str, str]]
    text: str

    def of(self, check: str) -> list[tuple[str, str]]:
        return [(one["state"], one["says"]) for one in self.findings if one["check"] == check]

    @property
    def wrong(self) -> set[tuple[str, str]]:
        return {(one["check"], one["state"]) for one in self.findings if one["state"] != "ok"}


@dataclass
class Clinic:
    """A sandbox, a bot that serves it, and the settings of both."""

    sandbox: Sandbox
    bot: Whole
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    async def doctor(self, *arguments: str, **changes: str) -> Told:
        """Run it; a setting of "" is not set."""
        clean = dict.fromkeys(OWN_SETTINGS, "")
        environment = clean | self.settings | changes

        def run() -> Any:
            with kept_logging():
                return CliRunner(env=environment).invoke(app, ["doctor", "--json", *arguments])

        done = await asyncio.to_thread(run)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        told = Told(done.exit_code, json.loads(done.stdout)["findings"], done.stdout)
        secrets = (
            self.sandbox.webhook_secret,
            "hunter2",
            PEM.splitlines()[3],
            OTHER_PEM.splitlines()[3],
            "ghs_",
            "eyJ",
        )
        assert not any(secret in told.text for secret in secrets if secret)
        return told

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "stepwise.db", isolation_level=None)

    def do(self, *statements: str) -> None:
        with closing(self.database()) as connection:
            for statement in statements:
                connection.execute(statement)

    async def delivered(self) -> None:
        """GitHub has sent something, and it was taken."""
        control.ping(self.sandbox.hub, self.sandbox.app)
        await self.sandbox.settle()
        await self.bot.dispatcher.until_idle()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The bot under test shares its standard output with the command."""
    with kept_logging():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        yield


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    sandbox = await Sandbox.start(private_key_pem=PEM, directory=tmp_path / "git")
    settings = settings_of(sandbox, tmp_path, OIDC_ISSUER=sandbox.url, GITHUB_URL="https://github.com")
    (tmp_path / "app.pem").chmod(0o600)
    loaded = settings_from(settings)
    prepare(loaded.database_url)
    try:
        async with whole(loaded, utc_now) as bot:
            settings["PUBLIC_URL"] = bot.address
            sandbox.set_webhook_url(bot.address + loaded.webhook_path)
            await bot.dispatcher.until_idle()
            found = Clinic(sandbox, bot, tmp_path, settings)
            await found.delivered()
            yield found
    finally:
        await sandbox.stop()


async def test_where_all_is_well_every_line_is_in_order(clinic: Clinic) -> None:
    told = await clinic.doctor()
    assert told.wrong == set()
    assert told.exit_code == 0
    assert {one["check"] for one in told.findings} >= {
        "settings", "clock", "app.key", "app.permissions", "app.events", "installations", "calls_left", "webhook.url",
        "deliveries", "reachable", "signatures", "health", "oidc", "database.revision", "database.writable",
        "database.space", "queue", "process",
    }  # fmt: skip


async def test_people_get_a_mark_and_a_line_for_each(clinic: Clinic) -> None:
    clinic.sandbox.app.permissions["checks"] = "read"

    def run() -> Any:
        with kept_logging():
            return CliRunner(env=dict.fromkeys(OWN_SETTINGS, "") | clinic.settings).invoke(app, ["doctor"])

    done = await asyncio.to_thread(run)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert any(line.startswith("✓ clock: ") for line in lines)
    at = lines.index("✗ app.permissions: the App lacks checks: write")
    assert lines[at + 1].startswith("    change them in the App's settings")
    assert lines[-1].endswith("in order, 0 to look at, 1 failed")


# -- settings --------------------------------------------------------------------------------------------------------


async def test_a_setting_that_is_missing_is_named_and_the_database_is_looked_at_all_the_same(clinic: Clinic) -> None:
    told = await clinic.doctor(APP_ID="", WEBHOOK_SECRET="")
    assert told.of("settings") == [("failed", "APP_ID is not set"), ("failed", "WEBHOOK_SECRET is not set")]
    assert told.of("database.writable") == [("ok", "it can be written")]
    assert told.exit_code == 1


async def test_no_value_of_a_wrong_setting_is_shown(clinic: Clinic) -> None:
    told = await clinic.doctor(PRIVATE_KEY="hunter2", PRIVATE_KEY_PATH="", DATABASE_URL="mysql://user:hunter2@host/db")
    assert told.exit_code == 1
    assert {state for state, _ in told.of("settings")} == {"failed"}


async def test_a_key_that_others_can_read_is_a_warning(clinic: Clinic) -> None:
    (clinic.folder / "app.pem").chmod(0o644)
    assert (await clinic.doctor()).wrong == {("settings.key", "warning")}


async def test_a_wrong_url_on_the_command_line_is_wrong_usage() -> None:
    done = CliRunner().invoke(app, ["doctor", "--url", "http://example.com"])
    assert done.exit_code == 2
    assert "https" in done.stderr


# -- the App ---------------------------------------------------------------------------------------------------------


async def test_a_key_of_another_app_is_told(clinic: Clinic) -> None:
    told = await clinic.doctor(PRIVATE_KEY=OTHER_PEM, PRIVATE_KEY_PATH="")
    assert ("app.key", "failed") in told.wrong
    assert "could not be decoded" in told.of("app.key")[0][1]


@pytest.mark.parametrize(("seconds", "said"), [(45, "behind"), (-45, "ahead of")])
async def test_a_clock_that_differs_from_githubs_is_told(clinic: Clinic, seconds: float, said: str) -> None:
    clinic.sandbox.clock.advance(seconds)
    told = await clinic.doctor()
    ((state, says),) = told.of("clock")
    assert state == "failed"
    assert f"{said} GitHub's" in says


@pytest.mark.parametrize("fault", [Answer(502), Hang()])
async def test_a_github_that_is_down_is_one_finding_and_the_rest_is_looked_at(
    clinic: Clinic, fault: Answer | Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.doctor.TIMEOUTS", Quick)
    clinic.sandbox.faults.add(fault, path="^/app", times=0)
    told = await clinic.doctor()
    assert told.wrong == {("github", "failed"), ("webhook", "warning")}
    assert told.of("queue")[0][0] == "ok"
    assert told.of("reachable")[0][0] == "ok"


async def test_a_permission_that_the_app_lacks_is_told_once(clinic: Clinic) -> None:
    for permissions in (clinic.sandbox.app.permissions, clinic.sandbox.installation().permissions):
        permissions["checks"] = "read"
        permissions.pop("members", None)
    told = await clinic.doctor()
    assert told.of("app.permissions") == [("failed", "the App lacks checks: write, members: read")]
    assert told.wrong == {("app.permissions", "failed")}


async def test_more_than_is_needed_is_a_warning(clinic: Clinic) -> None:
    clinic.sandbox.app.permissions["administration"] = "write"
    clinic.sandbox.app.events.append("star")
    told = await clinic.doctor()
    assert told.wrong == {("app.permissions", "warning"), ("app.events", "warning")}
    assert told.exit_code == 0


async def test_an_event_that_the_app_does_not_hear_of_is_told(clinic: Clinic) -> None:
    clinic.sandbox.app.events.remove("merge_group")
    told = await clinic.doctor()
    assert told.of("app.events") == [("failed", "the App does not hear of merge_group")]


async def test_an_enterprise_server_needs_no_merge_queue(clinic: Clinic) -> None:
    clinic.sandbox.app.events.remove("merge_group")
    for permissions in (clinic.sandbox.app.permissions, clinic.sandbox.installation().permissions):
        permissions.pop("merge_queues")
    assert (await clinic.doctor(GITHUB_URL="https://github.acme.example")).wrong == set()


async def test_permissions_that_an_account_has_not_accepted_are_told_with_its_name(clinic: Clinic) -> None:
    clinic.sandbox.installation().permissions.pop("merge_queues")
    told = await clinic.doctor()
    assert told.of("installations") == [("failed", "acme has not granted merge_queues: read")]
    assert told.wrong == {("installations", "failed")}


async def test_a_suspended_installation_is_a_warning(clinic: Clinic) -> None:
    clinic.sandbox.installation().suspended_at = datetime.now(UTC)
    assert (await clinic.doctor()).wrong == {("installations", "warning")}


async def test_an_app_that_is_installed_nowhere_is_a_warning(clinic: Clinic) -> None:
    clinic.sandbox.hub.world.installations.clear()
    assert ("installations", "warning") in (await clinic.doctor()).wrong


async def test_calls_that_are_nearly_used_up_are_told(clinic: Clinic) -> None:
    await clinic.doctor()
    for window in clinic.sandbox.hub.windows.values():
        window.used = window.limit - 20
    told = await clinic.doctor()
    assert "of 5000 calls left until" in told.of("calls_left")[0][1]
    assert told.wrong == {("calls_left", "warning")}


# -- the webhook -----------------------------------------------------------------------------------------------------


async def test_a_webhook_that_points_elsewhere_is_told(clinic: Clinic) -> None:
    clinic.sandbox.set_webhook_url(f"{clinic.bot.address}/elsewhere")
    told = await clinic.doctor()
    assert told.wrong == {("webhook.url", "failed")}
    await clinic.delivered()
    told = await clinic.doctor()
    assert told.wrong == {("webhook.url", "failed"), ("deliveries", "failed")}
    assert "1x 404" in told.of("deliveries")[0][1]


async def test_without_a_public_url_the_ping_goes_where_github_sends_to(clinic: Clinic) -> None:
    told = await clinic.doctor(PUBLIC_URL="")
    assert told.wrong == set()
    assert clinic.bot.address in told.of("reachable")[0][1]


async def test_without_any_address_the_ping_is_left_out(clinic: Clinic) -> None:
    clinic.sandbox.set_webhook_url(None)
    told = await clinic.doctor(PUBLIC_URL="")
    assert told.wrong == {("webhook.url", "failed"), ("reachable", "warning")}


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("hook_content_type", "form", "webhook.content_type"),
        ("hook_insecure_ssl", "1", "webhook.ssl"),
        ("webhook_secret", "", "webhook.secret"),
    ],
)
async def test_settings_of_the_webhook_that_do_not_work_are_told(
    clinic: Clinic, name: str, value: str, check: str
) -> None:
    setattr(clinic.sandbox.app, name, value)
    assert (await clinic.doctor()).wrong == {(check, "failed")}


async def test_a_webhook_as_a_form_is_refused_by_the_bot_and_the_log_shows_it(clinic: Clinic) -> None:
    clinic.sandbox.app.hook_content_type = "form"
    await clinic.delivered()
    told = await clinic.doctor()
    assert "1x 415" in told.of("deliveries")[0][1]


async def test_another_secret_on_githubs_side_shows_in_the_log(clinic: Clinic) -> None:
    clinic.sandbox.app.webhook_secret = "another secret of GitHub's"
    await clinic.delivered()
    told = await clinic.doctor()
    assert told.wrong == {("deliveries", "failed")}
    remedies = [one["remedy"] for one in told.findings if one["check"] == "deliveries"]
    assert remedies == ["WEBHOOK_SECRET is not the one in the App's webhook settings"]


async def test_deliveries_that_got_lost_before_good_ones_are_a_warning(clinic: Clinic) -> None:
    clinic.sandbox.faults.add_hook("failed")
    await clinic.delivered()
    await clinic.delivered()
    told = await clinic.doctor()
    assert told.wrong == {("deliveries", "warning")}


async def test_a_github_that_has_sent_nothing_is_a_warning(clinic: Clinic) -> None:
    clinic.sandbox.hooks.attempts.clear()
    assert (await clinic.doctor()).wrong == {("deliveries", "warning")}


async def test_a_bot_with_another_secret_is_told_by_the_ping(clinic: Clinic) -> None:
    told = await clinic.doctor(WEBHOOK_SECRET="a secret that nobody else has")
    assert told.wrong == {("reachable", "failed")}
    assert "answered 401" in told.of("reachable")[0][1]


async def test_a_bot_that_nobody_reaches_is_told(clinic: Clinic) -> None:
    told = await clinic.doctor("--url", "http://127.0.0.1:9")
    assert told.wrong == {("reachable", "failed")}


@pytest.mark.malformed
async def test_something_else_that_answers_in_the_bots_place_is_told(clinic: Clinic) -> None:
    told = await clinic.doctor("--url", clinic.sandbox.url)
    assert told.wrong == {("reachable", "failed"), ("signatures", "failed"), ("health", "warning")}


async def test_a_bot_that_says_it_is_not_ready_is_quoted(clinic: Clinic) -> None:
    clinic.do("UPDATE alembic_version SET version_num = '0001'")
    told = await clinic.doctor()
    assert told.wrong == {("health", "failed"), ("database.revision", "failed")}
    assert "stepwise migrate" in told.of("health")[0][1]


async def test_an_issuer_of_tokens_that_does_not_answer_is_told(clinic: Clinic) -> None:
    assert (await clinic.doctor(OIDC_ISSUER="http://127.0.0.1:9")).wrong == {("oidc", "failed")}


# -- the database and the queue --------------------------------------------------------------------------------------


async def test_a_database_that_is_not_there_is_told(clinic: Clinic) -> None:
    told = await clinic.doctor(DATABASE_URL="sqlite:////nowhere/stepwise.db")
    assert told.wrong == {("database", "failed")}


async def test_a_database_that_cannot_be_written_is_told_in_its_own_words(clinic: Clinic) -> None:
    clinic.do("CREATE TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END")
    told = await clinic.doctor(PUBLIC_URL="")
    assert told.of("database.writable") == [("failed", "it cannot be written: disk I/O error")]
    assert told.wrong == {("database.writable", "failed"), ("reachable", "failed")}


async def test_looking_leaves_no_delivery_behind_but_the_ping(clinic: Clinic) -> None:
    await clinic.doctor()
    with closing(clinic.database()) as connection:
        found = connection.execute("SELECT event FROM deliveries WHERE guid LIKE 'doctor%'").fetchall()
    assert found == [("ping",)]


@pytest.mark.parametrize(("mebibytes", "state"), [(50, "failed"), (500, "warning")])
async def test_a_disk_that_is_nearly_full_is_told(
    clinic: Clinic, mebibytes: int, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(0, 0, mebibytes * 1024 * 1024))
    assert (await clinic.doctor()).wrong == {("database.space", state)}


async def test_a_database_that_others_can_read_is_a_warning(clinic: Clinic) -> None:
    (clinic.folder / "stepwise.db").chmod(0o644)
    assert (await clinic.doctor()).wrong == {("database.file", "warning")}


WAITING = "INSERT INTO deliveries (guid, event, body, received_at) VALUES ('old', 'ping', x'7b7d', '{}')"
PULL = (
    "INSERT INTO pulls (repository_id, number, installation_id, full_name, is_open, attempts, retry_at, last_error) "
    "VALUES (77, 5, 1, 'acme/shop', 1, 4, '2126-01-01 00:00:00.000000', 'GitHub answered 502\x1b[31m to GET /x')"
)
EFFECT = (
    "INSERT INTO effects (key, repository_id, number, seq, kind, payload, state, attempts, error, created_at, "
    "finished_at) VALUES ('e-{0}', 77, 5, 1, 'reply', '{{}}', '{0}', 3, 'GitHub answered 403', '{1}', {2})"
)


@pytest.mark.parametrize(("seconds", "state"), [(20, "ok"), (120, "warning"), (1200, "failed")])
async def test_a_delivery_that_waits_for_long_is_told(
    clinic: Clinic, seconds: int, state: str, quiescent: Callable[[Clinic], Any]
) -> None:
    await quiescent(clinic)
    clinic.do(WAITING.format(_ago(seconds)))
    told = await clinic.doctor("--url", "http://127.0.0.1:9")
    assert told.of("queue")[0][0] == state
    assert "1 deliveries wait" in told.of("queue")[0][1]


async def test_what_fails_and_what_was_given_up_is_told_on_one_line_each(
    clinic: Clinic, quiescent: Callable[[Clinic], Any]
) -> None:
    await quiescent(clinic)
    now = _ago(0)
    clinic.do(PULL, EFFECT.format("failed", now, f"'{now}'"), EFFECT.format("started", now, "NULL"))
    told = await clinic.doctor("--url", "http://127.0.0.1:9")
    ((_, failing),) = told.of("queue.failing")
    assert failing.startswith("acme/shop#5 has failed 4 times in a row, again in ")
    assert failing.endswith("GitHub answered 502\\u001b[31m to GET /x")
    assert {says for _, says in told.of("queue.effects")} == {
        "reply on acme/shop#5 was given up: GitHub answered 403",
        "reply on acme/shop#5 was tried 3 times: GitHub answered 403",
    }


async def test_that_nobody_reacts_is_told(clinic: Clinic, quiescent: Callable[[Clinic], Any]) -> None:
    await quiescent(clinic)
    told = await clinic.doctor("--url", "http://127.0.0.1:9")
    assert told.of("process") == [("warning", "no process reacts on this database now")]


@pytest.fixture
def quiescent() -> Callable[[Clinic], Any]:
    """A bot that no longer reacts, so that what is put into the queue stays there."""

    async def stop(clinic: Clinic) -> None:
        clinic.bot.dispatcher.stop()
        await asyncio.wait([clinic.bot.reacting])

    return stop


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def _ago(seconds: int) -> str:
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() - seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
