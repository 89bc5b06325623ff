"""What `docs/operations.md` says of metrics, alerts and numbers is what the product has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from bot.github import errors
from bot.metrics import Metrics
from bot.service.dispatch import AT_ONCE
from bot.service.perform import ATTEMPTS, LONGEST_WAIT
from bot.service.sweep import EVERY, REDELIVERY_WINDOW
from bot.service.tasks import TELL_AFTER
from bot.settings import Settings
from bot.store import postgres, queue
from bot.store.deliveries import FORGOTTEN_AT_ONCE
from tests.test_documents import code, rows, section

PAGE: Final = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()
RULES: Final[list[dict[str, Any]]] = yaml.safe_load(
    section(PAGE, "Alerts").partition("```yaml\n")[2].partition("```")[0]
)["groups"][0]["rules"]


def _metrics() -> list[Counter | Gauge | Histogram]:
    return [value for value in vars(Metrics()).values() if isinstance(value, Counter | Gauge | Histogram)]


def test_every_metric_is_described_with_its_labels_and_no_other_is() -> None:
    described = {code(row[0])[0]: set(code(row[1])) for row in rows(section(PAGE, "Metrics"), 3)}
    assert described == {metric._name: set(metric._labelnames) for metric in _metrics()}


def test_every_alert_rests_on_metrics_that_exist() -> None:
    samples = set()
    for metric in _metrics():
        suffixes = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}[type(metric)]
        samples |= {metric._name + suffix for suffix in suffixes}
    for rule in RULES:
        named = set(re.findall(r"stepwise_[a-z_]+", rule["expr"]))
        assert named and named <= samples, rule["alert"]


def test_every_alert_says_what_it_means() -> None:
    explained = [code(row[0])[0] for row in rows(section(PAGE, "Alerts"), 2)]
    assert sorted(explained) == sorted(rule["alert"] for rule in RULES)


def test_an_error_of_githubs_is_no_fault_of_our_own() -> None:
    (rule,) = [rule for rule in RULES if rule["alert"] == "StepwiseFaultOfItsOwn"]
    spared = set(re.search(r'kind!~"([^"]*)"', rule["expr"])[1].split("|"))  # type: ignore[index]
    ours = {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert spared == ours | {"inbox"}


def test_the_page_names_every_kind_of_log_field_that_lines_are_searched_by() -> None:
    fields = {name for row in rows(section(PAGE, "Logs"), 3) for name in code(row[0])}
    assert {"delivery", "event_name", "repository", "pull", "run", "request_id"} <= fields


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("every ten minutes", EVERY.total_seconds() == 600),
        ("500 rows in a transaction", FORGOTTEN_AT_ONCE == 500),
        ("7 by default", Settings.model_fields["keep_deliveries_days"].default == 7),
        ("eight run side by side", AT_ONCE == 8),
        ("of the last three days", REDELIVERY_WINDOW.days == 3),
        ("After five failures the pull request says so too", TELL_AFTER == 5),
        ("It is tried for three days", (ATTEMPTS * LONGEST_WAIT).days == 3),
        ("at most 26 connections", postgres.POOL_SIZE + postgres.POOL_OVERFLOW + queue.POOL_SIZE + 2 == 26),
    ],
)
def test_the_numbers_that_the_page_says_are_those_of_the_code(said: str, number: bool) -> None:
    assert said in " ".join(PAGE.split())
    assert number
