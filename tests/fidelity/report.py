"""The table of a test run: what was asked, answered and sent, what each operation needs, and what was never seen."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from githubkit.webhooks import parse
from pydantic import ValidationError

from tests.fidelity import permissions
from tests.fidelity.calls import called
from tests.fidelity.corrections import NULLABLE
from tests.fidelity.description import extract
from tests.fidelity.watch import OF_OTHERS, OF_THE_BOT, SCRIPTED, Watch


def never_seen(watch: Watch) -> list[str]:
    """Give the operations that the bot calls by its source and that no sandbox of the run was asked for."""
    return [name for name in sorted(called()) if not watch.checked["request", OF_THE_BOT, name]]


def not_parsed(watch: Watch) -> list[str]:
    """Give the webhooks, one of each shape, that githubkit's parsers do not take, with their first objection."""
    wrong = []
    for (event, _), packed in sorted(watch.shapes.items()):
        try:
            parse(event, zlib.decompress(packed))
        except ValidationError as error:
            # Its models are made from the same description, with the same mistakes.
            said = [one for one in error.errors() if one["input"] is not None or one["loc"][-1] not in NULLABLE]
            wrong += [f"{event}: {said[0]['loc']}: {said[0]['msg']}"] if said else []
    return wrong


def lines(watch: Watch) -> Iterator[str]:
    source = extract()["source"]
    yield f"against {source['package']} {source['version']}, API version {source['api_version']}"
    yield ""
    yield from _operations(watch)
    yield ""
    yield from _webhooks(watch)
    yield ""
    yield from _totals(watch)
    wrong = not_parsed(watch)
    yield f"{'shapes of webhooks, one each parsed by githubkit':<84} {'':<20} {len(watch.shapes):>6} {len(wrong):>6}"
    yield from wrong
    if missing := never_seen(watch):
        yield f"never seen in this run, though the bot calls it: {', '.join(missing)}"


def _operations(watch: Watch) -> Iterator[str]:
    yield f"{'operation of the bot':<84} {'needs':<20} {'asked':>6} {'failed':>6}   where"
    for name, calls in sorted(called().items(), key=lambda one: (one[1][0].template, one[1][0].method)):
        described = extract()["operations"][name]
        where = ", ".join(sorted({call.where for call in calls}))
        key = ("request", OF_THE_BOT, name)
        shown = f"{described['method']:<6} {described['path']}"
        yield (
            f"{shown:<84} {permissions.needed()[name]!s:<20} {watch.checked[key]:>6} {watch.failed[key]:>6}   "
            f"{name} ({where})"
        )


def _webhooks(watch: Watch) -> Iterator[str]:
    yield f"{'webhook':<84} {'needs':<20} {'sent':>6} {'failed':>6}"
    for kind, _, name in sorted(watch.checked):
        if kind == "webhook":
            backed = extract()["webhooks"].get(name, {}).get("permission") or ""
            key = (kind, "", name)
            yield f"{name:<84} {backed:<20} {watch.checked[key]:>6} {watch.failed[key]:>6}"


def _totals(watch: Watch) -> Iterator[str]:
    yield f"{'checked':<84} {'kinds':<20} {'all':>6} {'failed':>6}"
    rows = (
        ("requests of the bot to a sandbox", "request", OF_THE_BOT),
        ("requests of the bot to scripted answers", "request", SCRIPTED),
        ("requests of people, workers and githubkit to a sandbox", "request", OF_OTHERS),
        ("answers of the sandbox", "answer", None),
        ("webhooks of the sandbox", "webhook", None),
    )
    for label, kind, who in rows:
        keys = [key for key in watch.checked if key[0] == kind and who in (None, key[1])]
        failed = sum(watch.failed[key] for key in keys)
        kinds = len({key[2] for key in keys})
        yield f"{label:<84} {kinds:<20} {sum(watch.checked[key] for key in keys):>6} {failed:>6}"
    refused = sum(watch.allowed.values())
    yield f"{'of these meant to be refused (marked malformed)':<84} {'':<20} {refused:>6} {'':>6}"
