"""Attacks by those who do the work, and on secrets, resources and the way out."""

from __future__ import annotations

from typing import Final

from tests.attacks.attack import Attack, Who, rows_of

row = rows_of("R")
WORK: Final = "runs/test_attacks_workers.py::test_"
E2E: Final = "e2e/test_attacks_workers.py::test_"
CLIENT: Final = "github/test_client.py::test_"
LOGS: Final = "test_logs.py::test_"

ATTACKS: Final[tuple[Attack, ...]] = (
    # -- workers
    row(
        Who.WORKER,
        "reports the commit of the worker beside it as its own",
        "a commit belongs to one block",
        WORK + "a_worker_that_reports_the_commit_of_the_worker_beside_it_has_failed",
        WORK + "a_commit_is_reported_for_one_block_only",
    ),
    row(
        Who.WORKER,
        "names two blocks in one commit",
        "it closes one of them",
        WORK + "a_commit_that_names_two_tasks_closes_one_of_them",
    ),
    row(
        Who.WORKER,
        "says done without having done anything",
        "done needs a commit on the branch",
        "e2e/test_reports.py::test_done_without_a_commit_is_failed",
    ),
    row(
        Who.WORKER,
        "approves its own work, or commands beyond reporting",
        "an agent may report and nothing else",
        "runs/test_workers.py::test_the_agent_may_report_and_nothing_else",
    ),
    row(
        Who.STRANGER,
        "reports as if they were the agent",
        "only the App that was mentioned, and approvers",
        "runs/test_workers.py::test_somebody_who_is_neither_worker_nor_approver_reports_nothing",
    ),
    row(
        Who.CONTRIBUTOR,
        "starts a workflow run under the bot's dispatch id",
        "the run that GitHub named counts, or none",
        WORK + "a_run_that_somebody_started_under_the_same_id_does_not_pass_the_validation_commands",
        "github/test_attacks_webhooks.py::test_a_run_of_another_branch_is_nobodys_worker_whatever_its_title_says",
    ),
    row(
        Who.CONTRIBUTOR,
        "starts another workflow under that id",
        "the file has to be the dispatched one",
        WORK + "a_run_of_another_workflow_says_nothing_about_a_block",
        WORK + "a_run_of_another_workflow_says_nothing_about_the_validation_commands",
    ),
    row(
        Who.CONTRIBUTOR,
        "changes the worker's workflow in the pull request",
        "dispatched from the default branch only",
        "github/test_attacks_webhooks.py::test_a_run_of_another_branch_is_nobodys_worker_whatever_its_title_says",
        "github/test_workflows.py::test_a_name_that_is_no_workflow_file_is_never_sent",
    ),
    row(
        Who.OWN_MISTAKE,
        "aborts while a worker could not be started yet",
        "it is not started afterwards",
        E2E + "a_worker_that_could_not_be_started_is_not_started_after_the_run_has_ended",
    ),
    # -- the token on its way out
    row(
        Who.STRANGER,
        "has GitHub's answer redirect a read to another host",
        "nothing is sent there",
        CLIENT + "a_read_is_not_redirected_to_another_host",
    ),
    row(
        Who.STRANGER,
        "has a list's next page lie on another host",
        "it is not read",
        CLIENT + "a_next_page_on_another_host_is_not_read",
    ),
    row(
        Who.STRANGER,
        "has a write redirected, so that it is sent again as something else",
        "no write is redirected",
        CLIENT + "a_write_is_never_redirected",
    ),
    row(
        Who.CONTRIBUTOR,
        "writes a path, branch or login that changes the address of a call",
        "values are escaped or refused, never formatted in",
        CLIENT + "an_unsafe_value_is_refused_before_anything_is_sent",
        "github/test_urls.py::test_a_path_that_is_not_below_the_root_is_refused",
        "github/test_urls.py::test_a_slash_in_a_segment_stays_within_the_segment",
    ),
    row(
        Who.STRANGER,
        "has redirects and pages go in circles",
        "they end",
        CLIENT + "redirects_in_a_circle_end",
        CLIENT + "pages_in_a_circle_end",
    ),
    row(
        Who.STRANGER,
        "has an answer never end",
        "an answer is read only so far",
        CLIENT + "an_answer_is_read_only_so_far",
    ),
    row(
        Who.OWN_MISTAKE,
        "gives an address without TLS for the API or the issuer",
        "refused at the start",
        "test_settings.py::test_http_is_for_this_machine_only",
        "github/test_oidc.py::test_an_issuer_without_tls_is_refused_at_the_start",
    ),
    # -- secrets
    row(
        Who.STRANGER,
        "reads tokens and keys in logs, tracebacks included",
        "taken out by form and by value, wherever they stand",
        LOGS + "secrets_are_taken_out_wherever_they_stand",
        LOGS + "a_traceback_is_cleaned_too",
    ),
    row(
        Who.STRANGER,
        "reads secrets in the database or in comments",
        "there are none",
        "e2e/test_process.py::test_no_secret_is_in_a_log_the_database_or_a_comment",
    ),
    row(
        Who.STRANGER,
        "reads secrets in metrics, health and error pages",
        "there are none, and a fault of ours says nothing",
        "web/test_attacks_door.py::test_no_page_shows_a_secret_whatever_was_sent",
        "web/test_health.py::test_a_fault_of_ours_is_a_bare_500",
    ),
    row(
        Who.WORKER,
        "has the refusal of a report repeat the token",
        "it never does",
        "web/test_reports.py::test_a_refusal_never_repeats_the_token",
        "web/test_reports.py::test_the_body_that_is_stored_is_the_bots_own_and_holds_no_token",
    ),
    row(
        Who.STRANGER,
        "reads secrets out of settings, tokens and errors by printing them",
        "they do not show",
        "test_settings.py::test_secrets_do_not_show",
        "github/test_auth.py::test_no_token_is_in_what_an_error_or_a_token_says",
    ),
    row(
        Who.STRANGER,
        "reads the database file as another user of the machine",
        "the file is its owner's",
        "store/test_migrations.py::test_the_file_is_for_its_owner_only",
    ),
    row(
        Who.STRANGER,
        "learns versions from headers, or frames a page",
        "no version, and headers that forbid it",
        "web/test_webhook.py::test_every_answer_is_json_with_security_headers_and_no_version",
    ),
    # -- resources
    row(
        Who.STRANGER,
        "brings about a storm of deliveries",
        "calls grow with pull requests, not with deliveries",
        "e2e/test_calls.py::test_a_storm_of_deliveries_is_one_or_two_reactions",
    ),
    row(
        Who.STRANGER,
        "uses up the limits of one installation",
        "others are not held back",
        "github/test_limits.py::test_another_installation_is_not_held_back",
    ),
    row(
        Who.CONTRIBUTOR,
        "has hundreds of tasks started at once",
        "at most as many workers as the policy says",
        WORK + "a_session_of_very_many_free_tasks_starts_only_some_workers_at_once",
    ),
    row(
        Who.FORK,
        "brings a plan of very many blocks",
        "the checklist still fits into one comment",
        "e2e/test_checklist.py::test_a_plan_of_very_many_blocks_still_fits_into_one_comment",
        "views/test_checklist.py::test_the_largest_run_stays_within_githubs_limit",
    ),
    row(
        Who.STRANGER,
        "has GitHub's answers kept until memory is full",
        "the cache is bounded by bytes",
        "github/test_cache.py::test_the_cache_is_bounded_by_bytes",
    ),
    row(
        Who.OTHER_APP,
        "has one installation's cached answers shown to another",
        "what is kept belongs to one installation and scope",
        "github/test_cache.py::test_the_kept_answer_belongs_to_one_installation_and_scope",
    ),
)
