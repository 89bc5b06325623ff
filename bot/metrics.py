"""What is counted. The objects live here so that every room can count without knowing the web."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot import __version__

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """All metrics of one process, on a registry of their own. Labels never carry a repository's or person's name."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deliveries_accepted = Counter(
            "stepwise_deliveries_accepted", "Deliveries stored and acknowledged", ["event"], registry=self.registry
        )
        self.deliveries_repeated = Counter(
            "stepwise_deliveries_repeated", "Acknowledged deliveries that were stored already", registry=self.registry
        )
        self.deliveries_refused = Counter(
            "stepwise_deliveries_refused", "Deliveries not accepted, by reason", ["reason"], registry=self.registry
        )
        self.acknowledge_seconds = Histogram(
            "stepwise_acknowledge_seconds",
            "From the request's headers to the durable acknowledgement",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.inbox_waiting = Gauge(
            "stepwise_inbox_waiting", "Deliveries that wait for the disk", registry=self.registry
        )
        self.inbox_batch = Histogram(
            "stepwise_inbox_batch",
            "Deliveries that share one trip to the disk",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 512),
            registry=self.registry,
        )
        self.inbox_commit_seconds = Histogram(
            "stepwise_inbox_commit_seconds", "How long such a trip takes", buckets=SECONDS, registry=self.registry
        )
        self.redeliveries = Counter(
            "stepwise_redeliveries", "Lost deliveries that GitHub was asked for again", registry=self.registry
        )
        self.database_seconds = Histogram(
            "stepwise_database_seconds",
            "How long transactions of reactions take",
            ["kind"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.database_up = Gauge(
            "stepwise_database_up", "Whether the database answered this scrape", registry=self.registry
        )
        self.queue_age = Gauge(
            "stepwise_queue_age_seconds",
            "How long the oldest delivery waits that could be handled now",
            registry=self.registry,
        )
        self.deliveries_waiting = Gauge(
            "stepwise_deliveries_waiting",
            "Stored deliveries, by what they wait for: route, reaction",
            ["stage"],
            registry=self.registry,
        )
        self.pulls_waiting = Gauge(
            "stepwise_pulls_waiting", "Pull requests that are due for a reaction", registry=self.registry
        )
        self.pull_age = Gauge(
            "stepwise_pull_age_seconds", "How long the pull request is due that waits longest", registry=self.registry
        )
        self.pulls_failing = Gauge(
            "stepwise_pulls_failing", "Pull requests whose last reaction failed", registry=self.registry
        )
        self.issue_commands_waiting = Gauge(
            "stepwise_issue_commands_waiting", "Commands on issues that are not done", registry=self.registry
        )
        self.effects_waiting = Gauge(
            "stepwise_effects_waiting", "Effects that are decided and not done", registry=self.registry
        )
        self.effect_age = Gauge(
            "stepwise_effect_age_seconds",
            "How long ago the oldest of them was decided",
            registry=self.registry,
        )
        self.reports = Counter(
            "stepwise_reports", "Reports of workers, by the status of the answer", ["status"], registry=self.registry
        )
        self.live_runs = Gauge("stepwise_live_runs", "Runs that are not over", registry=self.registry)
        self.reactions = Counter(
            "stepwise_reactions", "Passes over a pull request, by outcome", ["outcome"], registry=self.registry
        )
        self.reaction_seconds = Histogram(
            "stepwise_reaction_seconds", "How long one reaction takes", buckets=SECONDS, registry=self.registry
        )
        self.effects = Counter(
            "stepwise_effects", "Effects by kind and outcome", ["kind", "outcome"], registry=self.registry
        )
        self.github_calls = Counter(
            "stepwise_github_calls",
            "Calls to GitHub by method, route template and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.github_call_seconds = Histogram(
            "stepwise_github_call_seconds",
            "How long GitHub takes to answer, by method",
            ["method"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.github_calls_left = Gauge(
            "stepwise_github_calls_left",
            "Calls left this hour, as GitHub last told this process",
            ["installation"],
            registry=self.registry,
        )
        self.github_calls_reset = Gauge(
            "stepwise_github_calls_reset_timestamp_seconds",
            "When that hour ends, in Unix time",
            ["installation"],
            registry=self.registry,
        )
        self.errors = Counter("stepwise_errors", "Errors by kind", ["kind"], registry=self.registry)
        self.build_info = Gauge(
            "stepwise_build_info", "1, with the version that runs", ["version"], registry=self.registry
        )
        self.build_info.labels(__version__).set(1)

    def transaction(self, kind: str, seconds: float) -> None:
        """A transaction of a reaction ended: `read` or `write`."""
        self.database_seconds.labels(kind).observe(seconds)

    def batch(self, size: int, seconds: float) -> None:
        """A batch of deliveries went to the disk; called from the thread that wrote it."""
        self.inbox_batch.observe(size)
        self.inbox_commit_seconds.observe(seconds)
