"""Attacks on what a yes means: approvals, clicks, gates, checks, verdicts, records, rollbacks."""

from __future__ import annotations

from typing import Final

from tests.attacks.attack import Attack, Who, rows_of

row = rows_of("A")
APPROVE: Final = "e2e/test_approve.py::test_"
ATTACK: Final = "e2e/test_attacks.py::test_"
FORKS: Final = "e2e/test_attacks_forks.py::test_"
LIFE: Final = "e2e/test_pull_life.py::test_"
CLICKS: Final = "runs/test_clicks.py::test_"
READ: Final = "github/test_attacks_webhooks.py::test_"
GATES: Final = "e2e/test_gates.py::test_"
BACK: Final = "runs/test_rollback.py::test_"
QUEUE: Final = "e2e/test_merge_queue.py::test_"

ATTACKS: Final[tuple[Attack, ...]] = (
    # -- who
    row(
        Who.STRANGER,
        "approves, executes, skips, allows without write permission",
        "a reaction and nothing else",
        APPROVE + "approvals_of_people_without_write_permission_count_for_nothing",
        "e2e/test_execute.py::test_readers_triagers_and_outsiders_get_a_reaction_and_nothing_else",
        "runs/test_commands.py::test_who_may_not_command_gets_a_reaction_and_nothing_happens",
    ),
    row(
        Who.FORK,
        "commands as the owner of the fork, where they may write",
        "what counts is the base repository",
        FORKS + "the_owner_of_a_fork_commands_nothing_in_the_repository_it_came_from",
        FORKS + "a_fork_that_is_executed_by_the_team_is_still_approved_by_the_team_alone",
    ),
    row(
        Who.OTHER_APP,
        "approves as a bot with write permission",
        "no bot approves, whatever it may write",
        ATTACK + "another_bot_cannot_approve_whatever_it_may_write",
        "runs/test_commands.py::test_a_bot_may_not_approve_whatever_its_permission",
    ),
    row(
        Who.OTHER_APP,
        "calls itself like the bot, or like an approver",
        "bots are told by their type, the App by its number",
        READ + "another_app_is_a_bot_whatever_it_is_called",
    ),
    row(
        Who.STRANGER,
        "takes a login that looks like an approver's",
        "GitHub is asked about exactly that login",
        "github/test_people.py::test_a_hostile_login_asks_about_nobody_else",
        READ + "a_person_is_who_github_says_and_not_who_the_comment_says",
    ),
    row(
        Who.CONTRIBUTOR,
        "commands after their permission was taken away",
        "asked from GitHub when it is handled",
        APPROVE + "a_permission_that_was_taken_away_is_gone_at_once",
    ),
    row(
        Who.STRANGER,
        "relies on GitHub not answering who they are",
        "what is not known is no permission",
        "runs/test_commands.py::test_a_permission_that_cannot_be_asked_is_none_and_is_said",
        "github/test_people.py::test_an_unknown_level_is_an_error_and_never_a_permission",
    ),
    row(
        Who.STRANGER,
        "is merely invited to the team that may approve",
        "active members only",
        "github/test_people.py::test_only_an_active_membership_counts",
    ),
    # -- when, and of what
    row(
        Who.CONTRIBUTOR,
        "has an old comment edited into an approval",
        "commands come from new comments only",
        APPROVE + "an_edited_comment_commands_nothing",
        READ + "only_a_new_comment_commands_whoever_touches_it_later",
    ),
    row(
        Who.CONTRIBUTOR,
        "edits or deletes the comment that approved, afterwards",
        "what was said stays on record",
        FORKS + "an_approval_stands_although_its_comment_is_edited_or_deleted_later",
    ),
    row(
        Who.CONTRIBUTOR,
        "pushes while the approval is on its way",
        "an approval is for the bytes that were shown",
        APPROVE + "a_bare_approval_written_before_a_push_does_not_approve_the_push",
        "runs/test_approve.py::test_a_bare_approval_that_was_written_before_the_push_is_refused_when_it_arrives_after_it",
        APPROVE + "a_push_that_the_bot_has_not_heard_of_is_not_approved",
        "e2e/test_deliveries.py::test_an_approval_that_arrives_late_does_not_approve_what_came_meanwhile",
    ),
    row(
        Who.CONTRIBUTOR,
        "has a head approved that is not the live one",
        "refused with both commits",
        APPROVE + "an_approval_that_names_an_older_head_is_refused_with_both_commits",
    ),
    row(
        Who.CONTRIBUTOR,
        "forces a push over approved commits",
        "the run stops until they are back",
        LIFE + "a_forced_push_over_approved_commits_stops_the_run_until_they_are_back",
        APPROVE + "after_a_force_push_that_drops_approved_commits_nothing_can_be_approved",
    ),
    row(
        Who.CONTRIBUTOR,
        "lets the bot's record, or a merge, pass for a block's work",
        "a block needs a commit of its own",
        APPROVE + "the_bots_own_record_is_no_commit_of_the_next_block",
        APPROVE + "a_merge_of_the_base_branch_is_no_commit_of_the_block",
    ),
    row(
        Who.CONTRIBUTOR,
        "forges the bot's commit: author, subject, trailers",
        "the bot knows its commits by their SHAs",
        ATTACK + "a_forged_record_commit_is_work_like_any_other",
        ATTACK + "a_forged_record_commit_after_the_verdict_needs_another_verdict",
    ),
    row(
        Who.CONTRIBUTOR,
        "pushes more after the verdict",
        "validation is open again",
        "e2e/test_validation.py::test_what_is_pushed_after_the_verdict_reopens_validation",
        "e2e/test_closeout.py::test_what_is_pushed_after_a_closeout_on_the_branch_needs_a_verdict_of_its_own",
    ),
    row(
        Who.CONTRIBUTOR,
        "slips commits in behind `/skip`",
        "they wait for the next approval",
        "e2e/test_steering.py::test_what_was_pushed_for_a_skipped_block_is_left_to_the_next_approval",
    ),
    row(
        Who.CONTRIBUTOR,
        "has the same bytes fail and then pass",
        "refused: fail is for good until they change",
        "e2e/test_validation.py::test_after_a_fail_the_same_bytes_cannot_pass",
    ),
    row(
        Who.CONTRIBUTOR,
        "has half a group shown and the whole group approved",
        "every part has to have been shown",
        "runs/test_attacks_workers.py::test_a_group_is_not_approved_while_a_part_of_it_was_not_shown",
    ),
    # -- clicks
    row(
        Who.STRANGER,
        "ticks the box of the block that waits, or presses the button",
        "who clicks is asked about like who comments",
        LIFE + "a_box_ticked_by_somebody_who_may_not_approve_is_unticked_again",
        LIFE + "the_buttons_do_nothing_for_an_outsider",
    ),
    row(
        Who.OTHER_APP,
        "edits the bot's comment: another commit, ticked boxes",
        "it is written again as it was; bots approve nothing",
        ATTACK + "a_checklist_that_somebody_edits_is_put_right",
        READ + "another_bots_edit_of_the_checklist_is_heard_of",
    ),
    row(
        Who.CONTRIBUTOR,
        "writes a box of their own into the checklist for somebody else to tick",
        "only a box that the bot wrote counts, unchanged but for its tick",
        CLICKS + "a_line_that_somebody_wrote_into_the_checklist_is_no_box",
        CLICKS + "changing_the_text_of_a_line_while_ticking_it_does_nothing",
    ),
    row(
        Who.CONTRIBUTOR,
        "has an old page ticked, or an old button pressed",
        "both carry the commit that they showed",
        LIFE + "a_box_that_showed_an_older_head_approves_nothing_newer",
        LIFE + "the_button_of_an_older_head_approves_nothing_newer",
    ),
    # -- gates and checks
    row(
        Who.OTHER_APP,
        "posts checks of the bot's own names",
        "the bot reads none but its own; the page on security says how to pin them",
        ATTACK + "a_check_of_our_name_by_another_app_changes_nothing",
        "github/test_checks.py::test_the_run_of_another_app_cannot_be_changed",
    ),
    row(
        Who.OTHER_APP,
        "posts a green check of the same name as a red gate",
        "each App's newest counts, and all of them have to be green",
        "github/test_checks.py::test_the_newest_run_of_each_app_and_name_counts",
    ),
    row(
        Who.CONTRIBUTOR,
        "has no check report at all",
        "silence is pending, then on record, and closes nothing by itself",
        GATES + "silence_is_pending_until_patience_runs_out_and_is_then_on_record",
        "runs/test_autonomous.py::test_silent_gates_close_nothing_by_themselves",
    ),
    row(
        Who.CONTRIBUTOR,
        "hides a red gate among more checks than are listed",
        "a list that may not be whole is not green",
        "github/test_checks.py::test_a_thousand_suites_are_not_known_to_be_all",
        GATES + "what_github_does_not_say_is_never_green",
    ),
    row(
        Who.CONTRIBUTOR,
        "posts a green status of a gate's name before the gate reports",
        "of a name that the policy pins only that App's report counts",
        "runs/test_attacks_gates.py::test_what_others_report_under_a_pinned_name_neither_helps_nor_hurts",
        "e2e/test_attacks_gates.py::test_a_green_status_that_a_contributor_posts_is_not_the_pinned_gate",
    ),
    row(
        Who.CONTRIBUTOR,
        "cancels a gate or lets it go stale",
        "only success, neutral and skipped are green",
        GATES + "what_is_no_success_is_none",
    ),
    row(
        Who.CONTRIBUTOR,
        "gets a stray commit into a merge group",
        "a group with a commit that is nobody's fails",
        QUEUE + "a_group_with_a_commit_that_is_nobodys_fails",
        QUEUE + "one_blocked_pull_request_blocks_every_group_that_it_is_in",
    ),
    # -- what the bot writes
    row(
        Who.CONTRIBUTOR,
        "prepares a branch, or a pull request, of the closeout's name",
        "the closeout is made on a branch of its own",
        ATTACK + "a_closeout_branch_that_was_there_before_is_not_used",
    ),
    row(
        Who.CONTRIBUTOR,
        "has the bot write to a branch name that climbs",
        "refused before anything is sent",
        "github/test_git_data.py::test_a_branch_name_cannot_climb",
        "github/test_urls.py::test_a_segment_cannot_climb_or_be_empty",
    ),
    row(
        Who.STRANGER,
        "rolls back, or confirms somebody's rollback",
        "approvers only, and only the head that was shown",
        BACK + "who_may_not_command_rolls_nothing_back",
        BACK + "a_push_after_the_question_asks_for_both_again",
    ),
    row(
        Who.OWN_MISTAKE,
        "confirms a rollback while somebody pushes",
        "it fails, and the push is kept",
        BACK + "a_push_between_confirmation_and_commit_makes_it_fail_and_is_kept",
    ),
    row(
        Who.OWN_MISTAKE,
        "allows more than was meant",
        "exceptions are approvers', with a reason, on record and shown",
        "e2e/test_scope.py::test_an_exception_beats_an_exclude_and_stands_on_record",
        "e2e/test_scope.py::test_who_may_not_approve_may_not_grant_exceptions",
    ),
)
