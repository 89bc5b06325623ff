"""Attacks by what a pull request changes: paths, patterns, links, the plan and the policy themselves."""

from __future__ import annotations

from typing import Final

from tests.attacks.attack import Attack, Who, rows_of

row = rows_of("N")
HERE: Final = "attacks/test_disguised_names.py::test_"
PATTERNS: Final = "plans/test_patterns.py::test_"
SCOPE: Final = "e2e/test_scope.py::test_"
ATTACK: Final = "e2e/test_attacks.py::test_"
REFUSED: Final = "e2e/test_plans_refused.py::test_"
CONTRACT: Final = "e2e/test_contract.py::test_"
CHECKS: Final = "e2e/test_checks.py::test_"
POLICY: Final = "runs/test_policy.py::test_"
FORKS: Final = "e2e/test_attacks_forks.py::test_"

ATTACKS: Final[tuple[Attack, ...]] = (
    # -- paths
    row(
        Who.CONTRIBUTOR,
        "writes an excluded path in other capitals, under a wide include",
        "out of scope, with the rule it runs into",
        HERE + "a_name_that_some_file_system_takes_for_an_excluded_one_is_out_of_scope",
        HERE + "a_disguised_name_stops_the_block_and_is_named_with_its_rule",
    ),
    row(
        Who.CONTRIBUTOR,
        "writes an included path in other capitals or another normal form",
        "what allows is matched to the letter",
        HERE + "what_allows_is_matched_to_the_letter",
        PATTERNS + "a_pattern_means_what_people_expect",
    ),
    row(
        Who.CONTRIBUTOR,
        "hides a path behind direction, blanks, dots or backslashes",
        "out of scope, and shown with escapes",
        ATTACK + "names_that_hide_are_still_out_of_scope_and_shown_as_they_are",
    ),
    row(
        Who.CONTRIBUTOR,
        "puts line feeds, control characters or `..` into a path",
        "a name that no pattern can be trusted with is never in scope",
        PATTERNS + "a_name_that_could_slip_past_a_rule_is_never_allowed",
    ),
    row(
        Who.CONTRIBUTOR,
        "renames a file from out of scope into it",
        "both names count",
        SCOPE + "every_kind_of_change_out_of_scope_is_named_with_its_commit",
    ),
    row(
        Who.CONTRIBUTOR,
        "makes the plan out of an excluded file, so that the file goes unseen",
        "the other name still counts",
        SCOPE + "a_plan_made_out_of_an_excluded_file_does_not_hide_that_the_file_went",
    ),
    row(
        Who.CONTRIBUTOR,
        "changes only a mode, adds a symlink, a submodule or a workflow out of scope",
        "each is a change and is named",
        SCOPE + "every_kind_of_change_out_of_scope_is_named_with_its_commit",
    ),
    row(
        Who.CONTRIBUTOR,
        "changes more files than GitHub lists",
        "what is not known is never in scope",
        "runs/test_approve.py::test_files_that_github_does_not_list_are_never_in_scope",
        "github/test_pulls.py::test_files_are_not_complete_when_github_counts_more_than_it_lists",
    ),
    row(
        Who.CONTRIBUTOR,
        "points the pull request at a base that holds the change already",
        "a live run keeps to the base it was started for, and checks are held",
        CHECKS + "pointing_the_pull_request_at_another_base_does_not_choose_another_policy",
        SCOPE + "a_pull_request_pointed_at_another_base_is_measured_against_that_base",
    ),
    row(
        Who.CONTRIBUTOR,
        "writes over one of the bot's own record files",
        "exempt are the bot's own bytes, not the name",
        "runs/test_finish.py::test_a_record_file_is_exempt_only_as_long_as_it_holds_the_bots_own_bytes",
    ),
    row(
        Who.CONTRIBUTOR,
        "keeps a session beside product code to put it in scope",
        "in a folder that is not hidden only artifacts are",
        "runs/test_attacks_workers.py::test_a_session_beside_product_code_does_not_put_it_in_scope",
    ),
    row(
        Who.CONTRIBUTOR,
        "lays links and files where artifacts are exported to",
        "nothing is overwritten, nothing is written through a link",
        "service/test_attacks_export.py::test_nothing_that_is_there_makes_way",
        "github/test_git_data.py::test_nothing_is_written_onto_or_through_what_is_no_file",
    ),
    # -- patterns
    row(
        Who.CONTRIBUTOR,
        "writes a pattern that takes for ever on a path made for it",
        "matching is linear in the path",
        PATTERNS + "a_pattern_made_to_take_for_ever_does_not",
        HERE + "names_made_to_take_long_do_not",
    ),
    row(
        Who.CONTRIBUTOR,
        "writes braces that stand for millions, negations, absolute paths",
        "refused with the reason",
        PATTERNS + "a_pattern_that_cannot_be_held_to_is_refused",
        PATTERNS + "compiling_a_refused_pattern_is_an_error_and_never_silent",
    ),
    row(
        Who.CONTRIBUTOR,
        "includes `src/` and means `infra/src/`",
        "a plain name allows at the root only",
        PATTERNS + "a_plain_name_allows_at_the_root_only_and_excludes_at_any_depth",
    ),
    # -- the plan
    row(
        Who.CONTRIBUTOR,
        "widens the scope in the plan during the run",
        "nothing is widened before an approver locks it",
        CONTRACT + "a_widened_scope_widens_nothing_before_somebody_locks_it",
    ),
    row(
        Who.CONTRIBUTOR,
        "takes a finished block out of the plan, or changes what it was",
        "the contract is locked; what changed is named",
        CONTRACT + "a_finished_block_may_not_vanish",
        CONTRACT + "a_finished_block_whose_definition_changed_is_open_again",
    ),
    row(
        Who.CONTRIBUTOR,
        "writes approvals and finished blocks into the plan's record",
        "a record is written, never believed",
        ATTACK + "a_record_that_somebody_writes_into_the_plan_closes_no_block",
    ),
    row(
        Who.FORK,
        "makes the plan, or its folder, a symlink to another file",
        "refused: a plan is a regular file",
        REFUSED + "a_plan_that_is_a_symlink_is_refused",
        REFUSED + "a_plan_folder_that_is_a_symlink_is_refused",
        ATTACK + "a_plan_that_becomes_a_symlink_in_the_run_stops_it",
    ),
    row(
        Who.CONTRIBUTOR,
        "names a plan outside the repository or outside its places",
        "refused, and never put into an address by hand",
        REFUSED + "a_plan_path_that_is_not_a_plan_of_this_repository_is_refused",
        "github/test_urls.py::test_whatever_path_is_let_through_stays_below_contents",
    ),
    row(
        Who.FORK,
        "sends a plan made to hurt: nested, huge, endless tables, ids, fields",
        "read to its end, refused, with bounded findings",
        "plans/test_hostile_plans.py::test_a_hostile_plan_is_refused_and_bounded",
        "plans/test_memory_bank_hostile.py::test_a_hostile_plan_is_read_to_the_end_and_bounded",
        "plans/test_team_session_bad_input.py::test_a_hostile_file_is_read_to_its_end_with_a_bounded_number_of_findings",
    ),
    row(
        Who.FORK,
        "brings hundreds of plans",
        "a few are read; one that is named is read however many there are",
        "runs/test_attacks_outsiders.py::test_of_very_many_plans_only_some_are_read",
    ),
    row(
        Who.FORK,
        "brings a session folder of gigabytes",
        "files are asked for as long as there is room",
        "service/test_attacks_session_folder.py::test_many_files_are_asked_for_only_as_long_as_there_is_room",
        "service/test_attacks_session_folder.py::test_a_file_that_is_too_large_is_not_asked_for",
    ),
    row(
        Who.CONTRIBUTOR,
        "calls everything in a session completed",
        "shown as such before it is executed, and a verdict is needed",
        "views/test_attacks_shown.py::test_tasks_that_a_session_calls_completed_are_shown_as_such_before_it_is_executed",
        "views/test_attacks_shown.py::test_a_session_that_calls_everything_completed_still_waits_for_a_verdict",
    ),
    # -- the policy
    row(
        Who.CONTRIBUTOR,
        "names themselves an approver in the pull request's own policy",
        "the policy is the base branch's",
        CHECKS + "the_pull_requests_own_policy_has_no_effect",
    ),
    row(
        Who.FORK,
        "brings policy and workflows of their own in a fork",
        "no effect, and out of scope",
        FORKS + "the_owner_of_a_fork_commands_nothing_in_the_repository_it_came_from",
    ),
    row(
        Who.CONTRIBUTOR,
        "opens a second pull request of the same head into a branch with a lax policy",
        "checks of a commit pass only when all its pull requests do",
        "e2e/test_attacks_workers.py::test_a_pull_request_into_a_branch_of_ones_own_with_a_lax_policy_passes_for_no_other",
        "e2e/test_attacks_workers.py::test_a_pull_request_without_a_plan_does_not_cover_the_checks_of_one_that_has_one",
    ),
    row(
        Who.OWN_MISTAKE,
        "misspells a key of the policy",
        "nothing advances; the line is named",
        CHECKS + "a_policy_with_an_unknown_key_stops_everything_with_its_line",
    ),
    row(
        Who.OWN_MISTAKE,
        "writes aliases that unfold to billions, or nests without end",
        "refused in no time",
        POLICY + "bombs_are_refused_in_no_time",
        POLICY + "nesting_without_end_is_a_problem_and_no_crash",
    ),
    row(
        Who.OWN_MISTAKE,
        "writes impossible dates, endless numbers, tags that call Python",
        "a problem with its line, never a crash, never a call",
        POLICY + "a_value_that_yaml_chokes_on_is_a_problem_with_its_line",
    ),
)
