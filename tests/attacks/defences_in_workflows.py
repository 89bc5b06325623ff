"""Defences of the workflows that `stepwise init` writes, and what is put in their place to take them away."""

from __future__ import annotations

from typing import Final

from tests.attacks.attack import Removal

WORKER_FILE: Final = "bot/templates/workflows/stepwise-worker.yml"
SECRETS: Final = "cli/test_worker_secrets.py::test_"
BUNDLES: Final = "cli/test_worker_bundles.py::test_"
COMMITS: Final = "cli/test_worker_commits.py::test_"
WORKFLOW: Final = "cli/test_worker_workflow.py::test_"
GATES_FILE: Final = "bot/templates/workflows/stepwise-gates.yml"

IN_WORKFLOWS: Final = (
    Removal(
        "F01",
        "the agent's job may only read",
        WORKER_FILE,
        "    permissions:\n      contents: read\n    outputs:",
        "    permissions:\n      contents: write\n      id-token: write\n    outputs:",
        SECRETS + "the_environment_of_its_parents_tells_the_agent_no_token",
    ),
    Removal(
        "F06",
        "the runner does not read what the agent prints",
        WORKER_FILE,
        '          echo "::stop-commands::$pause"\n',
        "",
        SECRETS + "the_agents_words_in_the_log_are_not_read_as_instructions",
    ),
    Removal(
        "F07",
        "a bundle has a limit",
        WORKER_FILE,
        "((size <= MOST_BYTES)) ||",
        "true ||",
        BUNDLES + "a_bundle_that_is_too_large",
    ),
    Removal(
        "F08",
        "commits come after the one that was handed out",
        WORKER_FILE,
        'base=$(in_store merge-base "$tip" "$head") && in_store merge-base --is-ancestor "$SHA" "$base" ||',
        'base=$(in_store merge-base "$tip" "$head") ||',
        BUNDLES + "a_bundle_that_begins_before_the_commit_that_was_handed_out",
    ),
    Removal(
        "F09",
        "merges are not taken",
        WORKER_FILE,
        '(($(in_store rev-list --count --min-parents=2 "$base..$tip") == 0)) ||',
        "true ||",
        COMMITS + "a_merge_is_not_pushed",
    ),
    Removal(
        "F10",
        "git checks the agent's objects",
        WORKER_FILE,
        "in_store -c fetch.fsckObjects=true fetch",
        "in_store fetch",
        BUNDLES + "objects_that_harm_whoever_checks_them_out",
    ),
    Removal(
        "F11",
        "workflows are not an agent's",
        WORKER_FILE,
        'if [[ "$(workflows_of "$commit")" != "$(workflows_of "$head")" ]]; then',
        "if false; then",
        COMMITS + "a_workflow_that_the_agent_changed_is_not_pushed",
    ),
    Removal(
        "F12",
        "a job that failed hands nothing over",
        WORKER_FILE,
        'if .status == "done" and $outcome != "success"',
        "if false",
        BUNDLES + "a_job_of_the_agent_that_failed_pushes_nothing_whatever_it_says",
    ),
    Removal(
        "F13",
        "trailers speak for nobody",
        WORKER_FILE,
        "|skip-checks|[a-z-]+-by)",
        "|skip-checks)",
        COMMITS + "a_message_cannot_speak_for_people_or_for_stepwise",
    ),
    Removal(
        "F14",
        "markers that skip checks are taken apart",
        WORKER_FILE,
        "s/\\[((skip|no)[ -][a-z]{1,20}|[a-z]{1,20}[ -]skip)\\]/(\\1)/Ig",
        "",
        COMMITS + "a_message_cannot_keep_the_checks_from_running",
    ),
    Removal(
        "F15",
        "a commit is its own block's",
        WORKER_FILE,
        'subject="$BLOCK: ${subject:-what attempt $ATTEMPT made of it}"',
        ":",
        COMMITS + "a_commit_belongs_to_the_agents_own_block_alone",
    ),
    Removal(
        "F16",
        "characters that hide words are left out",
        WORKER_FILE,
        " and . != 65279",
        "",
        COMMITS + "a_message_holds_no_characters_that_hide_what_it_says",
    ),
    Removal(
        "F17",
        "the push is for the commit that was looked at",
        WORKER_FILE,
        '--force-with-lease="refs/heads/$BRANCH:$head" ',
        "",
        WORKFLOW + "a_branch_that_goes_at_the_last_moment_is_neither_made_anew_nor_overwritten",
    ),
    Removal(
        "F18",
        "a branch is a branch's name",
        WORKER_FILE,
        'git check-ref-format "refs/heads/$BRANCH" ||',
        "true ||",
        WORKFLOW + "inputs_that_nobody_sends_push_nothing",
    ),
    Removal(
        "F19",
        "a report goes to one address",
        WORKER_FILE,
        'if [[ -n "$ONLY_URL" && "$REPORT_URL" != "$ONLY_URL" ]]; then',
        "if false; then",
        WORKFLOW + "the_report_goes_to_no_other_address_than_the_one_in_the_variable",
    ),
    Removal(
        "F20",
        "commands are not handed the files of the run",
        GATES_FILE,
        " -u GITHUB_STEP_SUMMARY",
        "",
        "cli/test_gates_workflow.py::test_a_command_is_not_handed_the_files_of_the_run_nor_the_other_commands",
    ),
)
