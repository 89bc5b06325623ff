"""Attacks by words: what the bot shows in its own name, and what it takes for a command."""

from __future__ import annotations

from typing import Final

from tests.attacks.attack import Attack, Who, rows_of

row = rows_of("W")
HERE: Final = "attacks/test_shown_words.py::test_"
INERT: Final = "plans/test_inert.py::test_"
ATTACK: Final = "e2e/test_attacks.py::test_"
LIST: Final = "views/test_checklist.py::test_"
LINES: Final = "runs/test_command_lines.py::test_"
LOGS: Final = "attacks/test_log_lines.py::test_"

ATTACKS: Final[tuple[Attack, ...]] = (
    # -- shown
    row(
        Who.FORK,
        "mentions teams in plan text, titles, file names",
        "shown as code, nobody is told",
        ATTACK + "a_hostile_plan_says_nothing_in_the_bots_name",
        INERT + "outside_code_spans_nobody_is_mentioned",
        HERE + "nobody_is_mentioned_whatever_stands_before_the_name",
    ),
    row(
        Who.FORK,
        "mentions by entity, zero width or unbalanced backticks",
        "shown as it was written",
        HERE + "entities_are_shown_as_they_were_written",
        HERE + "nobody_is_mentioned_whatever_stands_before_the_name",
    ),
    row(
        Who.FORK,
        "writes HTML, images, links, reference definitions, tables, headings",
        "one line of words",
        HERE + "markup_of_every_kind_is_words",
        INERT + "a_hostile_note_is_one_line_of_words_and_code_spans",
        ATTACK + "a_hostile_plan_says_nothing_in_the_bots_name",
    ),
    row(
        Who.FORK,
        "closes fences, code spans or `<details>` to break out of them",
        "the fence is longer than what is in it, the rest is escaped",
        HERE + "a_code_span_ends_where_it_should_whatever_is_in_it",
        INERT + "code_is_one_code_span_that_shows_everything_visible",
        LIST + "a_hostile_plan_stays_words",
    ),
    row(
        Who.FORK,
        "writes the bot's own markers and checklists into plan, comments or reasons",
        "a marker counts in the App's own comments only",
        ATTACK + "a_checklist_that_somebody_pastes_is_left_alone",
        "github/test_comments.py::test_a_marker_is_trusted_only_from_the_app_itself",
        HERE + "markup_of_every_kind_is_words",
    ),
    row(
        Who.FORK,
        "draws into the graph: links, directives, quotes",
        "names are reduced to what mermaid cannot misread",
        HERE + "a_name_made_for_the_graph_adds_nothing_to_it",
    ),
    row(
        Who.FORK,
        "names files with `@`, backticks, directions, line feeds",
        "shown as code with escapes",
        INERT + "file_names_cannot_hide",
        "e2e/test_scope.py::test_a_file_name_cannot_write_into_what_the_bot_says",
        LIST + "hostile_files_reports_reasons_and_people_stay_words",
    ),
    row(
        Who.OTHER_APP,
        "gives its check an address that breaks out of a link, or runs a script",
        "http and https that stay within their link, or no link",
        HERE + "an_address_that_could_break_out_of_its_link_is_not_linked",
    ),
    row(
        Who.CONTRIBUTOR,
        "titles a plan so that the bot's commit closes issues or mentions people",
        "no reference and no mention in a commit's message",
        HERE + "a_plans_title_closes_no_issue_when_the_bots_commit_is_merged",
        HERE + "a_plans_title_mentions_nobody_and_skips_nothing_in_a_commit",
    ),
    row(
        Who.CONTRIBUTOR,
        "titles a plan so that CI does not run on the bot's commit",
        "markers and trailers that skip are taken apart",
        "github/test_git_data.py::test_no_message_keeps_ci_from_running",
        ATTACK + "a_hostile_plan_says_nothing_in_the_bots_name",
    ),
    row(
        Who.CONTRIBUTOR,
        "smuggles trailers such as `Approved-by` into the bot's commit",
        "one line each, the trailers are the bot's",
        HERE + "a_trailer_cannot_bring_a_second_one_along",
        HERE + "a_plans_title_mentions_nobody_and_skips_nothing_in_a_commit",
    ),
    row(
        Who.WORKER,
        "writes commands, markers and HTML into its notes",
        "notes are shown and never obeyed, in comment and record",
        LIST + "hostile_files_reports_reasons_and_people_stay_words",
        INERT + "a_hostile_note_adds_no_field_and_no_block",
    ),
    row(
        Who.CONTRIBUTOR,
        "gives hostile reasons with `/skip`, `/pause`, `/allow`",
        "shown and never obeyed",
        "views/test_notices.py::test_what_people_give_as_a_reason_is_shown_and_never_obeyed",
    ),
    row(
        Who.CONTRIBUTOR,
        "smuggles steps into a worker's shell through brief, branch or title",
        "inputs reach the shell as variables, and no expression stands in a script",
        "cli/test_worker_workflow.py::test_a_brief_is_text_whatever_stands_in_it",
        "cli/test_gates_workflow.py::test_what_a_command_is_made_of_is_not_taken_for_markup_or_instructions",
        "cli/test_workflow_rights.py::test_expressions_stand_in_values_never_in_scripts",
    ),
    row(
        Who.FORK,
        "smuggles workflow commands or escapes into what `stepwise lint` prints",
        "escaped for the runner and for the terminal",
        "cli/test_lint.py::test_annotations_are_escaped_as_workflow_commands",
        "cli/test_lint.py::test_control_characters_of_a_plan_never_reach_the_terminal",
    ),
    row(
        Who.STRANGER,
        "forges log lines, or steers the operator's terminal through them",
        "every event is one line without control characters",
        LOGS + "on_a_terminal_nothing_moves_the_cursor_and_no_line_is_forged",
        LOGS + "for_machines_every_event_is_one_line_of_printable_json",
    ),
    row(
        Who.OTHER_APP,
        "has GitHub answer an error of hostile words",
        "one short line of words",
        "github/test_client.py::test_an_error_is_one_line_however_hostile",
        LIST + "a_hostile_fact_in_githubs_words_stays_words",
    ),
    # -- taken for a command
    row(
        Who.CONTRIBUTOR,
        "has an approver's comment show `/approve` in code, quotes, lists, tables, HTML, links",
        "only lines of top-level paragraphs command",
        ATTACK + "an_approval_that_is_shown_but_not_given_counts_for_nothing",
        LINES + "what_is_shown_quoted_or_hidden_is_no_command",
    ),
    row(
        Who.CONTRIBUTOR,
        "has an approver quote a comment that holds commands",
        "a quote commands nothing",
        LINES + "quoting_a_comment_commands_nothing",
    ),
    row(
        Who.CONTRIBUTOR,
        "writes commands with full-width slashes, entities, zero width or direction",
        "what begins with anything but `/word` is none",
        ATTACK + "an_approval_that_is_shown_but_not_given_counts_for_nothing",
    ),
    row(
        Who.CONTRIBUTOR,
        "has the bot quote a command back at itself",
        "the App's own comments command nothing, and no notice is a command",
        "github/test_attacks_webhooks.py::test_the_apps_own_comment_commands_nothing",
        "views/test_notices.py::test_no_notice_is_a_command_to_the_bot_itself",
        "e2e/test_approve.py::test_the_app_cannot_approve_by_its_own_comment",
    ),
    row(
        Who.STRANGER,
        "writes a comment of 64 KiB made to take long, or of a thousand commands",
        "read in seconds at worst; ten commands count",
        LINES + "64_kib_of_anything_are_read_with_an_effort_that_grows_with_their_length",
        LINES + "only_the_first_commands_of_a_comment_count",
        LINES + "a_comment_longer_than_github_takes_is_not_read",
    ),
    row(
        Who.STRANGER,
        "makes the bot talk: `/help` a hundred times, near misses, a bot that answers bots",
        "one answer per comment, none for outsiders' near misses and for bots",
        "runs/test_attacks_outsiders.py::test_an_answer_for_everybody_comes_once_per_comment",
        "e2e/test_steering.py::test_an_outsiders_near_miss_gets_no_answer",
        "runs/test_attacks_outsiders.py::test_a_bot_that_nobody_works_with_is_not_answered",
    ),
    row(
        Who.STRANGER,
        "talks about the pull request all day",
        "a comment that is no command costs no call",
        "e2e/test_calls.py::test_a_comment_that_is_no_command_costs_nothing",
    ),
)
