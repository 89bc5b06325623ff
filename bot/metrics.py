"""What is counted. The objects live here so that every room can count without knowing the web."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

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
        self.deliveries_unrouted = Gauge(
            "stepwise_deliveries_unrouted", "Stored deliveries nobody has looked into yet", registry=self.registry
        )
        self.pulls_waiting = Gauge(
            "stepwise_pulls_waiting", "Pull requests that wait for a reaction", registry=self.registry
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
        self.github_calls_left = Gauge(
            "stepwise_github_calls_left",
            "Calls left in this window, as GitHub last said",
            ["installation", "resource"],
            registry=self.registry,
        )
        self.errors = Counter("stepwise_errors", "Errors by kind", ["kind"], registry=self.registry)
