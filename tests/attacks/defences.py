"""Defences and what is put in their place to take them away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Removal:
    """`defence` stands once in `file`; with `without` in its place, `shown_by` of that attack has to fail."""

    attack: str
    what: str
    file: str
    defence: str
    without: str
    shown_by: str


HOOK: Final = "web/test_webhook.py::test_"
REPORT: Final = "web/test_reports.py::test_"
OIDC: Final = "github/test_oidc.py::test_"
HERE: Final = "attacks/test_shown_words.py::test_"
APPROVE: Final = "e2e/test_approve.py::test_"
ATTACK: Final = "e2e/test_attacks.py::test_"
NAMES: Final = "attacks/test_disguised_names.py::test_"
CLIENT: Final = "github/test_client.py::test_"

REMOVALS: Final = (
    Removal(
        "D01",
        "the signature is checked",
        "bot/web/webhook.py",
        "if not await self._is_signed(body, claimed):",
        "if False:",
        HOOK + "a_delivery_that_is_not_signed_with_the_secret_is_refused",
    ),
    Removal(
        "D03",
        "one signature header only",
        "bot/web/signature.py",
        "if len(values) != 1:",
        "if not values:",
        HOOK + "two_signatures_are_one_too_many",
    ),
    Removal(
        "D04",
        "digests are compared in constant time",
        "bot/web/signature.py",
        "hmac.compare_digest(hmac.digest(secret, body, hashlib.sha256), claimed)",
        "hmac.digest(secret, body, hashlib.sha256) == claimed",
        "web/test_attacks_door.py::test_digests_are_compared_in_constant_time",
    ),
    Removal(
        "D09",
        "the bot's own events come from the bot",
        "bot/web/webhook.py",
        "if event == OWN_EVENT or guid.startswith(OWN_GUIDS):",
        "if False:",
        REPORT + "a_webhook_cannot_bring_a_report",
    ),
    Removal(
        "D12",
        "compressed bodies are refused",
        "bot/web/webhook.py",
        'if request.headers.get("Content-Encoding", "identity").lower() != "identity":',
        "if False:",
        HOOK + "a_compressed_body_is_refused_before_it_grows",
    ),
    Removal(
        "D17",
        "a delivery is for this App",
        "bot/web/webhook.py",
        "if is_app_hook and target != self._app_id:",
        "if False:",
        HOOK + "a_delivery_of_another_app_with_the_same_secret_is_refused_aloud",
    ),
    Removal(
        "D23",
        "keys come from the issuer's own host",
        "bot/github/oidc_keys.py",
        "if not urls.is_same_origin(where, self._issuer):",
        "if False:",
        OIDC + "an_issuer_that_answers_oddly_is_an_error_and_never_a_key",
    ),
    Removal(
        "D24",
        "short keys are not used",
        "bot/github/oidc_keys.py",
        " and key.key_size >= _LEAST_BITS",
        "",
        OIDC + "a_short_key_is_not_used",
    ),
    Removal(
        "D25",
        "a token is for this audience",
        "bot/github/oidc.py",
        'if claims.get("aud") != self._audience:',
        "if False:",
        OIDC + "one_claim_of_the_wrong_kind_is_enough",
    ),
    Removal(
        "D25",
        "a token is ten minutes old at most",
        "bot/github/oidc.py",
        "end = min(expires, issued + int(MAX_AGE.total_seconds())) + leeway",
        "end = expires + leeway",
        OIDC + "a_token_is_accepted_until_it_ends_or_is_ten_minutes_old",
    ),
    Removal(
        "D27",
        "the workflow ran from the default branch",
        "bot/github/oidc.py",
        'if self.ref != f"refs/heads/{default_branch}":',
        "if False:",
        OIDC + "an_identity_from_elsewhere_is_not_what_was_expected",
    ),
    Removal(
        "D28",
        "reusable workflows do not report",
        "bot/github/oidc.py",
        "if len(set(named)) != 1:",
        "if False:",
        OIDC + "a_reusable_workflow_of_somebody_else_cannot_report",
    ),
    Removal(
        "N01",
        "disguised names are excluded",
        "bot/plans/patterns.py",
        "self.folded_exclude.match(_folded(path))",
        "None",
        NAMES + "a_name_that_some_file_system_takes_for_an_excluded_one_is_out_of_scope",
    ),
    Removal(
        "N04",
        "unsafe names are never in scope",
        "bot/plans/patterns.py",
        "if _is_unsafe(path):",
        "if False:",
        "plans/test_patterns.py::test_a_name_that_could_slip_past_a_rule_is_never_allowed",
    ),
    Removal(
        "N06",
        "both names of a rename count",
        "bot/runs/assess.py",
        "for name in (file.path, file.previous) if name is not None and name not in exempt",
        "for name in (file.path,) if name not in exempt",
        "e2e/test_scope.py::test_a_plan_made_out_of_an_excluded_file_does_not_hide_that_the_file_went",
    ),
    Removal(
        "N25",
        "the policy is the base branch's",
        "bot/service/policies.py",
        "base = await git_data.read_ref(target.client, target.repo, base_ref)",
        'base = await git_data.read_ref(target.client, target.repo, "feature/checkout-totals")',
        "e2e/test_checks.py::test_the_pull_requests_own_policy_has_no_effect",
    ),
    Removal(
        "N29",
        "YAML nests only so deep",
        "bot/runs/policy.py",
        "if depth > NESTING_LIMIT:",
        "if False:",
        "runs/test_policy.py::test_nesting_without_end_is_a_problem_and_no_crash",
    ),
    Removal(
        "N30",
        "values are tried before they are used",
        "bot/runs/policy.py",
        "_try_scalars(loader, node)\n        return",
        "return",
        "runs/test_policy.py::test_a_value_that_yaml_chokes_on_is_a_problem_with_its_line",
    ),
    Removal(
        "W01",
        "mentions become code",
        "bot/plans/inert.py",
        'f"`{found.group()}`")',
        "found.group())",
        HERE + "nobody_is_mentioned_whatever_stands_before_the_name",
    ),
    Removal(
        "W02",
        "a backtick before it disarms no mention",
        "bot/plans/inert.py",
        "(?<![A-Za-z0-9_])@",
        "(?<![A-Za-z0-9_`])@",
        HERE + "nobody_is_mentioned_whatever_stands_before_the_name",
    ),
    Removal(
        "W03",
        "markup is escaped",
        "bot/plans/inert.py",
        'return _MARKUP.sub(r"\\\\\\g<0>", text)',
        "return text",
        HERE + "markup_of_every_kind_is_words",
    ),
    Removal(
        "W08",
        "an address stays within its link",
        "bot/views/checklist.py",
        "url.isprintable() and ",
        "",
        HERE + "an_address_that_could_break_out_of_its_link_is_not_linked",
    ),
    Removal(
        "W09",
        "titles in commits refer to nothing",
        "bot/service/record.py",
        "words.subject(subject)",
        "subject",
        HERE + "a_plans_title_closes_no_issue_when_the_bots_commit_is_merged",
    ),
    Removal(
        "W16",
        "log lines steer no terminal",
        "bot/logs.py",
        "(_visible, structlog",
        "(structlog",
        "attacks/test_log_lines.py::test_on_a_terminal_nothing_moves_the_cursor_and_no_line_is_forged",
    ),
    Removal(
        "W18",
        "only top-level paragraphs command",
        "bot/runs/command_lines.py",
        " or opening.level != 0",
        "",
        "runs/test_command_lines.py::test_what_is_shown_quoted_or_hidden_is_no_command",
    ),
    Removal(
        "A01",
        "commands need permission",
        "bot/runs/decide.py",
        "isinstance(permission, Permission) and permission.level in APPROVING_LEVELS",
        "isinstance(permission, Permission)",
        "runs/test_commands.py::test_who_may_not_command_gets_a_reaction_and_nothing_happens",
    ),
    Removal(
        "A03",
        "bots approve nothing",
        "bot/runs/decide.py",
        "if call.comment.author.is_bot:\n        return False\n    if any(login",
        "if any(login",
        "runs/test_commands.py::test_a_bot_may_not_approve_whatever_its_permission",
    ),
    Removal(
        "A11",
        "an approval is for what was shown",
        "bot/runs/approve.py",
        "shown.head == head and shown.at <= call.comment.at:",
        "shown.head == head:",
        "runs/test_approve.py::test_a_bare_approval_that_was_written_before_the_push_is_refused_when_it_arrives_after_it",
    ),
    Removal(
        "A12",
        "a named commit is the live one",
        "bot/runs/approve.py",
        "if head.startswith(commit) or live.startswith(commit):",
        "if True:",
        APPROVE + "an_approval_that_names_an_older_head_is_refused_with_both_commits",
    ),
    Removal(
        "A15",
        "the bot's commits are known by their SHAs",
        "bot/service/observe.py",
        "is_ours=item.sha in ours",
        'is_ours="Stepwise-Run:" in item.message',
        ATTACK + "a_forged_record_commit_is_work_like_any_other",
    ),
    Removal(
        "A22",
        "only the bot's own boxes count",
        "bot/runs/clicks.py",
        "if not _is_box(line, ticked=True) or _without_box(line) not in before:",
        "if not _is_box(line, ticked=True):",
        "runs/test_clicks.py::test_a_line_that_somebody_wrote_into_the_checklist_is_no_box",
    ),
    Removal(
        "A28",
        "a pinned gate is its App's",
        "bot/runs/gates.py",
        " and policy.apps.get(report.name, report.source) == report.source",
        "",
        "runs/test_attacks_gates.py::test_what_others_report_under_a_pinned_name_neither_helps_nor_hurts",
    ),
    Removal(
        "A31",
        "a closeout branch is the bot's own",
        "bot/service/closeout.py",
        'if noted.get("branch") != name or not await _holds_nothing_foreign(target, name, base, noted):',
        "if False:",
        ATTACK + "a_closeout_branch_that_was_there_before_is_not_used",
    ),
    Removal(
        "R10",
        "a redirect stays on GitHub",
        "bot/github/client.py",
        'if "location" in answer.headers and urls.is_same_origin(location, self.wire.api_url):',
        'if "location" in answer.headers:',
        CLIENT + "a_read_is_not_redirected_to_another_host",
    ),
    Removal(
        "R11",
        "a next page stays on GitHub",
        "bot/github/client.py",
        "if following is not None and (following in seen or not urls.is_same_origin(following, self.wire.api_url)):",
        "if following is not None and following in seen:",
        CLIENT + "a_next_page_on_another_host_is_not_read",
    ),
    Removal(
        "R13",
        "dot segments are refused",
        "bot/github/urls.py",
        'if any(piece in (".", "..") for piece in pieces) or',
        "if",
        "github/test_urls.py::test_a_path_that_is_not_below_the_root_is_refused",
    ),
    Removal(
        "R17",
        "secrets are taken out of logs",
        "bot/logs.py",
        "cleaned = _SECRETS.sub(REDACTED, text)",
        "cleaned = text",
        "test_logs.py::test_secrets_are_taken_out_wherever_they_stand",
    ),
    Removal(
        "R26",
        "only some workers are started at once",
        "bot/runs/workers.py",
        "if at_work >= turn.policy.workers.at_once:",
        "if False:",
        "runs/test_attacks_workers.py::test_a_session_of_very_many_free_tasks_starts_only_some_workers_at_once",
    ),
)
