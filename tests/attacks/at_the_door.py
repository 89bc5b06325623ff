"""Attacks on what the bot takes in: the webhook, and the reports of workers."""

from __future__ import annotations

from typing import Final

from tests.attacks.attack import Attack, Who, rows_of

row = rows_of("D")
HOOK: Final = "web/test_webhook.py::test_"
DOOR: Final = "web/test_attacks_door.py::test_"
REPORT: Final = "web/test_reports.py::test_"
OIDC: Final = "github/test_oidc.py::test_"
READ: Final = "github/test_attacks_webhooks.py::test_"
LATE: Final = "e2e/test_deliveries.py::test_"

ATTACKS: Final[tuple[Attack, ...]] = (
    # -- the webhook
    row(
        Who.STRANGER,
        "sends a delivery without a signature, with half of one, or one made with another secret",
        "401, nothing is stored and GitHub is not called",
        HOOK + "a_delivery_that_is_not_signed_with_the_secret_is_refused",
        LATE + "what_is_not_from_github_is_refused_and_costs_no_call",
        "web/test_signature.py::test_anything_but_one_well_formed_value_claims_nothing",
    ),
    row(
        Who.STRANGER,
        "signs with SHA-1 only",
        "the older header is not looked at",
        HOOK + "the_old_signature_alone_does_not_count",
    ),
    row(
        Who.STRANGER,
        "sends two signatures and hopes that one of them is looked at",
        "one header or none",
        HOOK + "two_signatures_are_one_too_many",
    ),
    row(
        Who.STRANGER,
        "measures how long a wrong signature takes",
        "digests are compared in constant time",
        DOOR + "digests_are_compared_in_constant_time",
    ),
    row(
        Who.STRANGER,
        "changes white space of a signed body",
        "the signature is over the raw bytes",
        HOOK + "the_signature_is_over_the_raw_bytes",
    ),
    row(
        Who.STRANGER,
        "replays a signed delivery under its own GUID",
        "it is stored once",
        HOOK + "a_redelivery_is_acknowledged_and_stored_once",
        LATE + "every_delivery_doubled_changes_nothing",
    ),
    row(
        Who.STRANGER,
        "replays a signed comment under a new GUID, which is not signed",
        "a comment counts once by its own id",
        LATE + "one_comment_under_two_guids_counts_once",
    ),
    row(
        Who.STRANGER,
        "replays a signed body under another event's name, which is not signed",
        "it commands nothing that its author did not write",
        READ + "a_body_sent_again_under_another_events_name_commands_nothing_new",
    ),
    row(
        Who.STRANGER,
        "claims to be what the bot hands to itself: a verified report, an adopted command",
        "such names and GUIDs are refused at the door",
        REPORT + "a_webhook_cannot_bring_a_report",
        "e2e/test_issues.py::test_a_delivery_from_outside_cannot_pass_for_one_that_was_handed_over",
    ),
    row(
        Who.STRANGER,
        "sends bodies larger than GitHub's, with and without a length",
        "413 by the length, and never more than the limit is read",
        HOOK + "a_body_beyond_the_limit_is_refused_by_its_length_alone",
        HOOK + "a_body_without_a_length_is_bounded_too",
    ),
    row(
        Who.STRANGER,
        "sends many large bodies at once",
        "all of them together have a budget; what is beyond gets 503",
        HOOK + "large_bodies_of_strangers_cannot_take_all_memory",
    ),
    row(
        Who.STRANGER,
        "sends a compressed body that grows",
        "415 before it is unpacked",
        HOOK + "a_compressed_body_is_refused_before_it_grows",
        REPORT + "a_compressed_body_is_refused",
    ),
    row(
        Who.STRANGER,
        "sends a body slowly, or never to its end",
        "408 after a while, and nothing is stored",
        HOOK + "a_body_that_never_ends_times_out",
        HOOK + "a_body_that_is_cut_off_is_not_stored",
        REPORT + "a_body_that_does_not_come_is_not_waited_for",
    ),
    row(
        Who.STRANGER,
        "smuggles a second request: two lengths, broken chunks, line ends in headers",
        "client errors; nothing is stored",
        HOOK + "two_lengths_are_refused",
        HOOK + "a_broken_chunk_is_a_client_error",
        HOOK + "hostile_headers_are_client_errors",
    ),
    row(
        Who.STRANGER,
        "gets a body signed that is deep, has huge numbers or half a surrogate pair",
        "stored as it is, read later, put aside with a reason",
        DOOR + "what_is_hard_to_read_is_taken_in_without_being_read",
        READ + "what_no_reader_can_hold_is_put_aside",
        LATE + "no_payload_of_odd_types_stops_the_bot",
    ),
    row(
        Who.STRANGER,
        "brings about a payload with addresses of another host in it",
        "no address of a payload is ever called",
        "e2e/test_attacks_forks.py::test_no_address_of_a_payload_is_ever_called",
    ),
    row(
        Who.OTHER_APP,
        "shares the webhook secret and sends its own deliveries here",
        "refused aloud, by the App's number",
        HOOK + "a_delivery_of_another_app_with_the_same_secret_is_refused_aloud",
    ),
    row(
        Who.OWN_MISTAKE,
        "starts the bot without a webhook secret",
        "there is no start",
        "test_settings.py::test_a_secret_of_blanks_is_no_secret",
    ),
    # -- the reports of workers
    row(
        Who.STRANGER,
        "sends a token with algorithm none, or HS256 with the public key as its secret",
        "RS256 and nothing else, with a key of the issuer's",
        OIDC + "another_algorithm_is_refused_even_with_the_right_key",
        OIDC + "what_is_no_signed_token_is_refused_without_asking_the_issuer",
    ),
    row(
        Who.STRANGER,
        "brings the key along in the token (`jwk`, `jku`, `x5u`)",
        "only published keys count",
        OIDC + "a_key_that_the_token_brings_along_is_not_used",
    ),
    row(
        Who.STRANGER,
        "names a key that is not there, a path, or no text",
        "401; made-up keys make the bot ask the issuer once a minute",
        OIDC + "an_unknown_key_is_looked_for_once_a_minute",
        OIDC + "a_key_id_that_is_no_text_is_refused",
        OIDC + "a_token_has_to_name_its_key",
    ),
    row(
        Who.STRANGER,
        "sends a huge token, or one with a critical extension",
        "refused unread",
        OIDC + "a_token_of_any_length_is_not_even_looked_into",
        OIDC + "a_header_with_a_critical_extension_is_refused",
    ),
    row(
        Who.STRANGER,
        "has the issuer's answers lead to keys elsewhere, or answer nonsense",
        "no redirect, same origin, bounded, or no key at all",
        OIDC + "an_issuer_that_answers_oddly_is_an_error_and_never_a_key",
        "github/test_oidc_keys.py::test_redirects_are_not_followed",
    ),
    row(
        Who.STRANGER,
        "finds a weak or foreign key among the published ones",
        "RSA of 2,048 bits for signatures, or it is not used",
        OIDC + "a_short_key_is_not_used",
        OIDC + "a_key_that_is_not_for_these_signatures_is_not_used",
    ),
    row(
        Who.WORKER,
        "sends a token for another audience, issuer or time",
        "401; the ledger hears of it",
        OIDC + "one_claim_of_the_wrong_kind_is_enough",
        OIDC + "a_token_is_accepted_until_it_ends_or_is_ten_minutes_old",
        REPORT + "a_wrong_token_is_refused_with_the_reason_and_the_ledger_hears_of_it",
    ),
    row(
        Who.WORKER,
        "sends one token twice, even while the first is looked at",
        "a token's id counts once, also across a restart",
        REPORT + "a_token_is_taken_once",
        REPORT + "a_token_used_while_it_is_looked_at_is_taken_once",
    ),
    row(
        Who.CONTRIBUTOR,
        "asks for a token in a workflow of their own branch, or another workflow",
        "403: only the dispatched file of the default branch may report",
        OIDC + "a_good_token_of_the_wrong_run_is_forbidden",
        OIDC + "the_workflow_has_to_be_a_file_on_a_branch_of_that_repository",
        OIDC + "an_identity_from_elsewhere_is_not_what_was_expected",
    ),
    row(
        Who.CONTRIBUTOR,
        "reports from a reusable workflow that the worker calls",
        "403",
        OIDC + "a_reusable_workflow_of_somebody_else_cannot_report",
    ),
    row(
        Who.WORKER,
        "reports for the block of another worker, or for nobody",
        "409, and the block stays as it is",
        REPORT + "a_report_that_nobody_waits_for_is_refused_and_noted",
        "runs/test_workers.py::test_a_report_of_an_earlier_attempt_is_noted_and_changes_nothing",
    ),
    row(
        Who.STRANGER,
        "asks around which dispatches exist",
        "known and unknown ones are answered alike",
        REPORT + "without_a_valid_token_known_and_unknown_dispatches_are_answered_alike",
        REPORT + "a_token_of_another_repository_does_not_tell_whether_a_dispatch_is_known",
    ),
    row(
        Who.STRANGER,
        "fills the ledger with refused reports",
        "a few notes an hour, also across a restart",
        REPORT + "a_flood_of_refusals_leaves_a_few_notes_per_hour",
        REPORT + "what_was_noted_before_a_restart_counts",
    ),
    row(
        Who.STRANGER,
        "sends a report with unknown, huge or wrong fields",
        "400 or 413, naming the field and nothing of the value",
        REPORT + "a_body_that_is_no_report_is_refused_by_its_field",
        REPORT + "a_body_that_is_too_large_is_refused",
    ),
)
