"""The merge queue: each pull request is tried on top of those before it, and merged when its checks have passed.

GitHub writes the trial to a branch of its own, asks for checks on it (`merge_group.checks_requested`) and waits. What
fails leaves the queue, and the groups behind it are made anew, since they were built on it.
"""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox.errors import unprocessable
from bot.sandbox.git.merge import merge_commits
from bot.sandbox.git.store import ZERO, Person
from bot.sandbox.hub import Hub
from bot.sandbox.payloads.commits import simple_commit
from bot.sandbox.payloads.pulls import pull_full
from bot.sandbox.pushes import RefUpdate, mark_merged, move
from bot.sandbox.required import failed_checks, unmet_checks
from bot.sandbox.state import Account, Json, MergeGroup, Pull, QueueEntry, Repository
from bot.sandbox.world import MERGE_QUEUE

RESPONSE_TIMEOUT = timedelta(minutes=60)
REASONS = (
    "MANUAL",
    "MERGE",
    "MERGE_CONFLICT",
    "CI_FAILURE",
    "CI_TIMEOUT",
    "ALREADY_MERGED",
    "QUEUE_CLEARED",
    "ROLL_BACK",
    "BRANCH_PROTECTIONS",
    "GIT_TREE_INVALID",
    "INVALID_MERGE_COMMIT",
    "UNKNOWN_REMOVAL_REASON",
)


def enqueue(hub: Hub, repo: Repository, number: int, sender: Account) -> QueueEntry | None:
    """Put a pull request at the end of its base branch's queue; None when it was merged or conflicts at once.

    Raises GitHubError 422 without a queue, for a draft, a closed or queued pull request, and while its own required
    checks have not passed.
    """
    pull = repo.pull(number)
    protection = repo.protections.get(pull.base_ref)
    if protection is None or not protection.merge_queue:
        raise unprocessable(f"The merge queue is not enabled for {pull.base_ref}")
    if not pull.is_open or pull.draft:
        raise unprocessable("Pull request is not in a state to be queued")
    if find(repo, number) is not None:
        raise unprocessable("Pull request is already in the queue")
    if unmet := unmet_checks(repo, pull.base_ref, pull.head_sha):
        raise unprocessable(f"Required status checks have not passed: {', '.join(unmet)}")
    _emit_pull(hub, pull, "enqueued", sender)
    _append(hub, repo, pull, sender)
    reconsider(hub, repo)
    return find(repo, number)


def find(repo: Repository, number: int) -> QueueEntry | None:
    return next((one for queue in repo.queues.values() for one in queue if one.pull.number == number), None)


def leave(hub: Hub, repo: Repository, number: int, reason: str, sender: Account) -> None:
    """Take a pull request out of the queue; the groups behind it are invalidated and made anew."""
    entry = find(repo, number)
    if entry is None:
        raise unprocessable("Pull request is not in the queue")
    if reason not in REASONS:
        raise ValueError(f"reason must be one of {', '.join(REASONS)}")
    _drop(hub, repo, entry, reason, sender)
    reconsider(hub, repo)


def group_payload(repo: Repository, entry: QueueEntry) -> Json:
    group = entry.group
    return {
        "head_sha": group.head_sha,
        "head_ref": group.ref,
        "base_sha": group.base_sha,
        "base_ref": f"refs/heads/{entry.pull.base_ref}",
        "head_commit": simple_commit(repo, group.head_sha),
    }


def reconsider(hub: Hub, repo: Repository) -> None:
    """Merge what has passed, from the front, and drop what has failed, changed or waited too long."""
    for queue in list(repo.queues.values()):
        while (verdict := _verdict(hub, repo, queue)) is not None:
            entry, reason = verdict
            if reason == "MERGE":
                _merge(hub, repo, entry)
            else:
                _drop(hub, repo, entry, reason, hub.world.account(MERGE_QUEUE))


def _verdict(hub: Hub, repo: Repository, queue: list[QueueEntry]) -> tuple[QueueEntry, str] | None:
    """Find the first entry about which something is settled."""
    for entry in queue:
        pull, group = entry.pull, entry.group
        if not pull.is_open:
            return entry, "ALREADY_MERGED" if pull.merged_at is not None else "UNKNOWN_REMOVAL_REASON"
        if pull.head_sha != entry.head_sha:
            return entry, "UNKNOWN_REMOVAL_REASON"
        if failed_checks(repo, pull.base_ref, group.head_sha):
            return entry, "CI_FAILURE"
        if unmet_checks(repo, pull.base_ref, group.head_sha):
            if hub.now() - group.requested_at >= RESPONSE_TIMEOUT:
                return entry, "CI_TIMEOUT"
        elif entry is queue[0]:
            if group.base_sha == repo.git.branch(pull.base_ref):
                return entry, "MERGE"
            return entry, "INVALID_MERGE_COMMIT"
    return None


def _append(hub: Hub, repo: Repository, pull: Pull, sender: Account) -> None:
    """Build the group on the last one and ask for its checks; a conflict keeps the pull request out."""
    queue, git = repo.queues.setdefault(pull.base_ref, []), repo.git
    base = queue[-1].group.head_sha if queue else git.branch(pull.base_ref)
    if base is None or not pull.is_open:
        _emit_pull(hub, pull, "dequeued", sender, reason="UNKNOWN_REMOVAL_REASON")
        return
    merged = merge_commits(git, base, pull.head_sha)
    if merged.tree is None:
        _emit_pull(hub, pull, "dequeued", sender, reason="MERGE_CONFLICT")
        return
    bot = Person("GitHub", "noreply@github.com", hub.now())
    message = f"Merge pull request #{pull.number} from {pull.head_label.replace(':', '/')}\n\n{pull.issue.title}"
    head = git.add_commit(merged.tree, [base, pull.head_sha], message, bot, bot)
    repo.verified.add(head)
    ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{base}"
    entry = QueueEntry(pull, pull.head_sha, sender, MergeGroup(ref, base, head, hub.now()))
    queue.append(entry)
    queue_bot = hub.world.account(MERGE_QUEUE)
    move(hub, repo, RefUpdate(ref, ZERO, head), queue_bot)
    payload: Json = {"action": "checks_requested", "merge_group": group_payload(repo, entry)}
    hub.emit(repo, "merge_group", payload, queue_bot)


def _merge(hub: Hub, repo: Repository, entry: QueueEntry) -> None:
    """Move the base branch to the group's head; the groups behind stand on it and stay."""
    pull, group = entry.pull, entry.group
    repo.queues[pull.base_ref].remove(entry)
    mark_merged(hub, pull, group.head_sha, group.base_sha, entry.by)
    _emit_pull(hub, pull, "dequeued", entry.by, reason="MERGE")
    base = RefUpdate(f"refs/heads/{pull.base_ref}", group.base_sha, group.head_sha)
    move(hub, repo, base, hub.world.account(MERGE_QUEUE))
    _destroy(hub, repo, entry, "merged")


def _drop(hub: Hub, repo: Repository, entry: QueueEntry, reason: str, sender: Account) -> None:
    queue = repo.queues[entry.pull.base_ref]
    behind = queue[queue.index(entry) + 1 :]
    del queue[queue.index(entry) :]
    _emit_pull(hub, entry.pull, "dequeued", sender, reason=reason)
    _destroy(hub, repo, entry, "dequeued")
    for one in behind:
        _destroy(hub, repo, one, "invalidated")
    for one in behind:
        _append(hub, repo, one.pull, one.by)


def _destroy(hub: Hub, repo: Repository, entry: QueueEntry, reason: str) -> None:
    queue_bot = hub.world.account(MERGE_QUEUE)
    payload: Json = {"action": "destroyed", "reason": reason, "merge_group": group_payload(repo, entry)}
    hub.emit(repo, "merge_group", payload, queue_bot)
    move(hub, repo, RefUpdate(entry.group.ref, entry.group.head_sha, ZERO), queue_bot)


def _emit_pull(hub: Hub, pull: Pull, action: str, sender: Account, **extra: str) -> None:
    payload: Json = {"action": action, "number": pull.number, **extra, "pull_request": pull_full(hub.site, pull)}
    hub.emit(pull.repo, "pull_request", payload, sender)
