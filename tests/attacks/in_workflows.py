"""Attacks by an agent, or by what talks it into them, in the workflows that `stepwise init` writes."""

from __future__ import annotations

from typing import Final

from tests.attacks.attack import Attack, Who, rows_of

row = rows_of("F")
SECRETS: Final = "cli/test_worker_secrets.py::test_"
BUNDLES: Final = "cli/test_worker_bundles.py::test_"
COMMITS: Final = "cli/test_worker_commits.py::test_"
WORKFLOW: Final = "cli/test_worker_workflow.py::test_"
GATES: Final = "cli/test_gates_workflow.py::test_"
RIGHTS: Final = "cli/test_workflow_rights.py::test_"

ATTACKS: Final[tuple[Attack, ...]] = (
    # -- from inside of the agent's job
    row(
        Who.WORKER,
        "reads the tokens of its job in the environment of other processes",
        "the job may read the repository and has no other token",
        SECRETS + "the_environment_of_its_parents_tells_the_agent_no_token",
        RIGHTS + "the_job_that_runs_the_agent_may_read_the_repository_and_nothing_else",
        RIGHTS + "no_secret_of_the_repository_is_named_where_strangers_code_runs",
    ),
    row(
        Who.WORKER,
        "leaves a process behind that waits for the step that pushes",
        "another job pushes, on another machine",
        SECRETS + "a_process_that_the_agent_leaves_behind_sees_no_token",
    ),
    row(
        Who.WORKER,
        "has git run a filter or a hook when its work is committed or pushed",
        "the job that commits has no token; the one that pushes has no checkout",
        SECRETS + "a_filter_that_git_add_runs_sees_no_token",
        COMMITS + "the_job_that_pushes_runs_nothing_that_the_agent_left",
        RIGHTS + "the_job_that_pushes_checks_nothing_out_and_unpacks_nothing",
    ),
    row(
        Who.WORKER,
        "changes the environment or the programs of the steps behind it",
        "they are steps of the same job and have no token either",
        SECRETS + "settings_for_the_steps_behind_the_agent_tell_it_no_token",
        SECRETS + "programs_that_the_agent_puts_first_in_the_path_are_not_handed_a_token",
    ),
    row(
        Who.WORKER,
        "has git's settings lead the push elsewhere or push tags too",
        "the job that pushes has settings of its own and pushes one commit to one branch",
        SECRETS + "git_settings_of_the_agent_do_not_lead_the_push_elsewhere",
        SECRETS + "git_settings_of_the_agent_push_no_other_ref",
    ),
    row(
        Who.WORKER,
        "prints instructions to the runner",
        "the runner does not read what the agent prints or says",
        SECRETS + "the_agents_words_in_the_log_are_not_read_as_instructions",
        BUNDLES + "whatever_the_agents_job_says_becomes_a_report_of_its_form",
    ),
    # -- by what it hands over
    row(
        Who.WORKER,
        "hands over a file that is no bundle, or a damaged or huge one",
        "refused with a reason, and nothing is pushed",
        BUNDLES + "no_bundle_at_all",
        BUNDLES + "a_file_that_is_no_bundle",
        BUNDLES + "a_damaged_bundle",
        BUNDLES + "a_bundle_that_is_too_large",
        BUNDLES + "a_bundle_that_leaves_objects_out",
        BUNDLES + "more_commits_than_a_block_can_need",
    ),
    row(
        Who.WORKER,
        "hands over other refs, or commits that build on something else",
        "one head, on top of the branch, after the commit that was handed out",
        BUNDLES + "a_bundle_with_other_refs",
        BUNDLES + "a_bundle_on_top_of_commits_that_the_branch_does_not_have",
        BUNDLES + "a_bundle_with_a_history_of_its_own",
        BUNDLES + "a_bundle_that_begins_before_the_commit_that_was_handed_out",
    ),
    row(
        Who.WORKER,
        "rewrites the branch, or merges over it with `-s ours`",
        "commits of the branch stay, and merges are not taken",
        COMMITS + "a_history_that_was_rewritten_is_not_pushed",
        COMMITS + "a_merge_is_not_pushed",
    ),
    row(
        Who.WORKER,
        "hands over objects that harm whoever checks them out",
        "git's own checks of objects, before anything is pushed",
        BUNDLES + "objects_that_harm_whoever_checks_them_out",
    ),
    row(
        Who.WORKER,
        "writes a workflow that would run with the secrets of the repository",
        "no commit may change `.github/workflows`",
        COMMITS + "a_workflow_that_the_agent_changed_is_not_pushed",
        COMMITS + "a_workflow_that_is_taken_back_in_the_next_commit_is_not_pushed_either",
    ),
    row(
        Who.WORKER,
        "claims in its job's outputs what is not so",
        "a status from a list and words; the commit is the one that was pushed",
        BUNDLES + "whatever_the_agents_job_says_becomes_a_report_of_its_form",
        BUNDLES + "a_job_of_the_agent_that_failed_pushes_nothing_whatever_it_says",
        BUNDLES + "a_bundle_without_a_commit",
        RIGHTS + "what_the_agents_job_says_reaches_one_step_alone",
    ),
    # -- by its commits
    row(
        Who.WORKER,
        "commits in the name of a person, or has trailers say who reviewed it",
        "commits are made anew, with an agent as the author",
        COMMITS + "a_commit_in_the_name_of_a_person_says_that_an_agent_wrote_it",
        COMMITS + "a_message_cannot_speak_for_people_or_for_stepwise",
    ),
    row(
        Who.WORKER,
        "keeps the checks from running with `[skip ci]`",
        "the marker is taken apart",
        COMMITS + "a_message_cannot_keep_the_checks_from_running",
    ),
    row(
        Who.WORKER,
        "names the block of the worker beside it in its commit",
        "each commit carries the block that the workflow was started for",
        COMMITS + "a_commit_belongs_to_the_agents_own_block_alone",
    ),
    row(
        Who.WORKER,
        "hides words of a commit message, or makes it endless",
        "what is not shown is left out, and the rest is cut",
        COMMITS + "a_message_holds_no_characters_that_hide_what_it_says",
        COMMITS + "a_message_of_any_length_and_bytes_is_cut_and_pushed",
    ),
    # -- from outside
    row(
        Who.CONTRIBUTOR,
        "moves, rewrites or deletes the branch while the commits are pushed",
        "the push is for the commit that was looked at, or it is tried again on the new one",
        WORKFLOW + "a_branch_that_moves_while_the_commits_are_pushed_is_looked_at_again",
        WORKFLOW + "a_branch_that_goes_at_the_last_moment_is_neither_made_anew_nor_overwritten",
        WORKFLOW + "a_branch_that_was_rewritten_meanwhile_is_left_alone",
        WORKFLOW + "a_branch_that_was_deleted_meanwhile_is_not_made_anew",
    ),
    row(
        Who.CONTRIBUTOR,
        "starts the worker workflow by hand with inputs that are code or refspecs",
        "inputs reach scripts as values only, and are checked",
        WORKFLOW + "inputs_that_nobody_sends_push_nothing",
        WORKFLOW + "a_brief_is_text_whatever_stands_in_it",
        RIGHTS + "expressions_stand_in_values_never_in_scripts",
    ),
    row(
        Who.CONTRIBUTOR,
        "starts it by hand so that the token of its report goes elsewhere",
        "a variable says the only address",
        WORKFLOW + "the_report_goes_to_no_other_address_than_the_one_in_the_variable",
        WORKFLOW + "no_token_is_sent_over_plain_http",
    ),
    row(
        Who.FORK,
        "looks for tokens from within a plan's validation commands",
        "the job has none",
        GATES + "commands_that_look_at_every_process_of_the_job_find_no_token",
        GATES + "a_command_is_not_handed_the_files_of_the_run_nor_the_other_commands",
    ),
)
