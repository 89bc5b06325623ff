"""What the team executor's document demands (document 2, a single line: places are offsets in characters)."""

from __future__ import annotations

from typing import Final

from tests.promises.demand import Demand, rows_of

row = rows_of(2)
HERE: Final = "promises/test_team_executing.py::test_"
READ: Final = "plans/test_team_session.py::test_"
BAD: Final = "plans/test_team_session_bad_input.py::test_"
SYNC: Final = "plans/test_session_sync.py::test_"
STATE: Final = "plans/test_session_state.py::test_"
RECORDS: Final = "promises/test_records_only.py::test_the_bot_writes_its_records_and_nothing_else"
INVALID: Final = HERE + "nothing_of_a_session_that_is_not_valid_is_executed_and_the_way_out_is_said"
RECONCILED: Final = HERE + "what_the_session_has_completed_is_completed_and_what_was_interrupted_is_pending_again"
ORPHANS: Final = HERE + "a_task_in_progress_without_a_worker_for_five_minutes_is_an_orphan"
FIRST: Final = HERE + "the_first_workers_are_started_for_every_task_that_is_ready_and_the_graph_is_shown"
ON: Final = HERE + "a_workers_callback_moves_the_pipeline_on"
SAVED: Final = HERE + "the_reconciled_state_is_written_to_the_sessions_own_file_and_nothing_else_is"
CHECK: Final = HERE + "a_check_shows_state_icons_and_graph_and_advances_nothing"
RESUME: Final = HERE + "a_resume_goes_on_with_what_was_stopped"
AT_WORK: Final = HERE + "a_resume_while_everybody_is_at_work_reports_who_and_suggests_to_check_later"
GAP: Final = HERE + "a_capability_gap_warns_and_makes_up_no_role"
CONSENSUS: Final = HERE + "a_consensus_that_is_blocked_with_high_severity_waits_for_a_person_even_in_an_autonomous_run"
ROLE: Final = HERE + "the_worker_of_a_task_is_the_one_of_its_role"
ASKS: Final = HERE + "interactive_asks_what_is_to_become_of_the_session"
BY_ITSELF: Final = HERE + "without_a_question_where_the_session_says_what_is_to_become_of_it"
REPORT: Final = HERE + "the_closing_report_has_the_form_of_the_document"
NOTED: Final = HERE + "what_workers_noted_with_their_tasks_stands_in_the_report"
TIMEOUT: Final = HERE + "a_task_that_times_out_is_logged_marked_as_failed_and_people_choose"
CRASH: Final = HERE + "a_worker_that_crashed_is_started_anew_on_the_same_task"
ONCE: Final = HERE + "no_task_is_ever_handed_to_two_workers"
STALL: Final = HERE + "a_pipeline_with_nothing_ready_and_nobody_at_work_is_reported"
KEPT: Final = HERE + "a_completion_action_that_fails_leaves_the_session_active_and_says_so"
NO_AGENTS: Final = "the policy says per role who does a task, a workflow, a mention or a person; none is part of this"

# fmt: off
DEMANDS: Final[tuple[Demand, ...]] = (
    row(0, "sessions are validated, reconciled, handed out, watched and completed", INVALID, RECONCILED, FIRST, ON,
        ASKS),
    row(160, "worker roles come from the session's role specs alone", READ + "every_role_has_to_have_its_role_spec",
        GAP),
    row(287, "the executor is called by its name", REPORT),
    row(310, "what it says carries its tag", REPORT),
    row(334, "its responsibilities, in their order", INVALID, RECONCILED, FIRST, ON, ASKS, REPORT),
    row(518, "a session is validated before anything is executed", INVALID),
    row(568, "its state is reconciled at the start", RECONCILED),
    row(619, "tasks that were interrupted are pending again",
        "runs/test_records.py::test_interrupted_tasks_are_reset_in_the_file", RECONCILED,
        SYNC + "step_4_any_task_in_progress_is_reset_whether_it_has_a_worker_or_not"),
    row(676, "orphans are found and pending again",
        "runs/test_schedule.py::test_in_progress_without_a_worker_for_more_than_five_minutes_is_an_orphan", ORPHANS,
        SYNC + "step_5_a_task_in_progress_without_a_worker_for_five_minutes_is_an_orphan_and_reset"),
    row(727, "workers are started and not waited for", FIRST),
    row(727, "they are team workers and no other agents", ROLE, not_ours=NO_AGENTS),
    row(790, "progress is followed by the workers' callbacks", ON,
        "e2e/test_reports.py::test_a_report_of_work_that_is_done_makes_the_block_await_approval"),
    row(790, "messages reach whom they concern",
        "runs/test_workers.py::test_every_report_leaves_an_entry_in_the_ledger",
        "e2e/test_reports.py::test_a_blocked_worker_leaves_the_choice_to_people"),
    row(849, "the session's state is kept in its file",
        "runs/test_records.py::test_a_session_knows_its_active_workers_and_completed_tasks", SAVED,
        STATE + "completed_tasks_workers_and_status_are_written_and_nothing_else"),
    row(906, "a capability gap is a warning", "runs/test_workers.py::test_a_gap_is_a_warning_and_the_worker_goes_on",
        GAP, "e2e/test_reports.py::test_a_capability_gap_warns_and_the_worker_goes_on"),
    row(985, "the completion action follows the pipeline's end", ASKS, BY_ITSELF),
    row(1049, "no task is done by the executor itself", RECORDS),
    row(1100, "what workers delivered is not modified", HERE + "what_workers_left_is_theirs", RECORDS),
    row(1164, "no implementing agent is called directly", ROLE,
        "e2e/test_reports.py::test_a_worker_is_told_where_to_report_and_for_whom_its_token_is"),
    row(1228, "no role spec is made up", "runs/test_escalation.py::test_a_gap_is_a_warning_and_invents_no_role", GAP),
    row(1293, "validation is never skipped", INVALID, READ + "whatever_is_wrong_is_said_at_once"),
    row(1319, "a consensus blocked with severity HIGH is not overridden without a person", CONSENSUS,
        HERE + "a_consensus_that_is_blocked_with_less_severity_is_no_obstacle"),
    row(1379, "no worker is an agent for general purposes", ROLE, not_ours=NO_AGENTS),
    row(1471, "the executor orchestrates and executes nothing", RECORDS),
    row(1519, "all work goes to the roles that the session defines", ROLE,
        BAD + "a_role_that_the_session_does_not_have_is_refused"),
    row(1604, "no role specs can be generated", GAP),
    row(1685, "what it is called for is found out first", "runs/test_commands.py::test_every_command_in_every_state",
        "runs/test_command_lines.py::test_lines_of_top_level_paragraphs_are_commands"),
    row(1833, "a worker's callback is taken as one", ON, "web/test_reports.py::test_every_status_is_taken"),
    row(1925, "a check, by either word", CHECK, "runs/test_commands.py::test_aliases_name_the_same_command"),
    row(1999, "a resume, by either word", RESUME, "runs/test_commands.py::test_aliases_name_the_same_command"),
    row(2078, "a capability gap", GAP, HERE + "a_report_of_a_gap_goes_on_too"),
    row(2150, "a pipeline whose tasks are all completed", ASKS),
    row(2238, "anything else is a new execution",
        "runs/test_execute.py::test_execute_locks_the_contract_and_opens_the_first_block"),
    row(2283, "each is handled and then it stops", CHECK,
        "runs/test_commands.py::test_several_commands_of_one_comment_are_taken_in_order_with_one_reaction"),
    row(2475, "the structure is validated and the state reconciled", INVALID, RECONCILED),
    row(2567, "the structure is validated", INVALID),
    row(2648, "the folder exists", READ + "the_folder_has_to_exist"),
    row(2687, "the session's file exists and parses",
        READ + "team_session_json_has_to_exist_and_the_tasks_are_still_read", READ + "team_session_json_has_to_parse"),
    row(2731, "the analysis exists and parses", READ + "task_analysis_json_has_to_exist",
        READ + "task_analysis_json_has_to_parse_and_the_roles_are_still_read"),
    row(2776, "there is a role spec", READ + "there_has_to_be_a_role_spec"),
    row(2825, "every role has its role spec", READ + "every_role_has_to_have_its_role_spec"),
    row(2907, "role specs have valid front matter", READ + "a_role_spec_has_to_have_valid_front_matter"),
    row(2907, "role specs have the phases 2 to 4", READ + "a_role_spec_has_to_have_the_phases_2_to_4"),
    row(2998, "a failure is said with its reason", INVALID, READ + "whatever_is_wrong_is_said_at_once"),
    row(3028, "and nothing goes on", INVALID),
    row(3048, "both files are read", READ + "a_session_tells_its_state",
        READ + "blocks_come_from_the_graph_each_after_what_it_waits_for"),
    row(3126, "completed tasks are compared in both directions",
        SYNC + "step_3_a_task_that_only_the_session_has_as_completed_is_completed",
        SYNC + "step_3_a_task_that_only_the_run_has_as_completed_is_added"),
    row(3231, "tasks in progress are pending again",
        SYNC + "step_4_any_task_in_progress_is_reset_whether_it_has_a_worker_or_not", RECONCILED),
    row(3307, "without a worker and for five minutes: an orphan, pending again",
        SYNC + "step_5_five_minutes_have_to_be_over", ORPHANS),
    row(3439, "every task of the analysis is there", HERE + "every_task_of_the_analysis_is_a_block_of_the_run"),
    row(3564, "the reconciled file is written", SAVED),
    row(3632, "a team is set up where there is none",
        not_ours="a team is the session's roles and the policy's workers; there is nothing to be created before "
                 "a task is handed out"),
    row(3678, "then it is validated, reconciled and ready", FIRST),
    row(3796, "the first ready workers are started together",
        "runs/test_schedule.py::test_a_graph_opens_everything_that_it_leaves_free", FIRST),
    row(3796, "and then it stops", "e2e/test_calls.py::test_events_of_no_interest_cost_nothing", ONCE),
    row(3926, "tasks that are pending, wait for nothing more and have an owner", ON,
        "plans/test_team_session_bad_input.py::test_a_task_without_a_role_is_refused_unless_its_prefix_tells_it"),
    row(4001, "each gets its worker", "runs/test_workers.py::test_each_role_has_its_own_worker", FIRST),
    row(4084, "a summary with the graph is shown", FIRST, CHECK),
    row(4130, "then it stops; three things wake it", ON, CHECK, RESUME),
    row(4190, "a worker's callback, by itself", ON),
    row(4254, "a check, which only shows", CHECK),
    row(4298, "a resume, which advances", RESUME),
    row(4398, "a report, a choice, what may follow", REPORT, ASKS),
    row(4488, "completed tasks and duration", REPORT),
    row(4545, "deliverables with their paths", REPORT),
    row(4605, "what was discussed", NOTED),
    row(4666, "what was learned", NOTED,
        not_ours="a session's own notes on what it learned are read by its workers; the report has what they "
                 "noted with each task"),
    row(4715, "the report has a fixed form", REPORT),
    row(4730, "its head and the deliverables", REPORT),
    row(4851, "each deliverable with its path", REPORT),
    row(4905, "the pipeline's tasks", REPORT),
    row(4934, "the roles", REPORT),
    row(4941, "the duration", REPORT),
    row(4962, "the session", REPORT),
    row(5056, "the completion action is the session's", ASKS, BY_ITSELF,
        "plans/test_team_session_departures.py::test_people_are_asked_at_the_end_unless_the_session_says_otherwise"),
    row(5164, "interactive asks: archive, keep, export",
        "runs/test_completion.py::test_an_interactive_session_asks_what_is_to_become_of_it", ASKS),
    row(5233, "auto_archive archives without a question",
        "runs/test_completion.py::test_a_session_that_says_so_itself_is_not_asked_about", BY_ITSELF),
    row(5293, "auto_keep keeps without a question",
        "runs/test_completion.py::test_a_session_that_says_so_itself_is_not_asked_about", BY_ITSELF),
    row(5346, "how the question is answered", ASKS),
    row(5479, "a session that fails validation: the reason, and to run team-coordinate again", INVALID),
    row(5569, "a task that times out: logged, failed, retry or skip",
        "runs/test_workers.py::test_a_run_that_takes_longer_than_the_policy_lets_is_cancelled_and_tried_again",
        TIMEOUT),
    row(5632, "a worker that crashed: another one, for the same task",
        "runs/test_workers.py::test_a_workflow_run_that_does_not_end_well_is_failed", CRASH),
    row(5681, "a corrupted session: what can be read is, the rest is for people",
        READ + "team_session_json_has_to_parse", STATE + "a_file_that_cannot_be_read_safely_is_left_alone",
        BAD + "a_hostile_file_is_read_to_its_end_with_a_bounded_number_of_findings"),
    row(5758, "a capability gap: a warning, no role", GAP),
    row(5843, "a resume while all are at work: who, and to check later", AT_WORK),
    row(5920, "a stalled pipeline: people are told what is missing",
        "runs/test_workers.py::test_when_only_held_blocks_are_left_people_are_told_that_it_stalled", STALL,
        BAD + "a_reference_to_a_task_that_is_not_there_is_refused_with_its_line"),
    row(6004, "no worker is started twice",
        "runs/test_workers.py::test_deciding_again_while_a_dispatch_is_out_starts_no_second_worker", ONCE,
        SYNC + "a_worker_that_is_seen_at_work_is_left_at_it_so_that_no_second_one_starts"),
    row(6073, "a role spec that is not there: an error", READ + "every_role_has_to_have_its_role_spec", INVALID),
    row(6150, "a completion that fails: kept active, with a warning",
        "runs/test_completion.py::test_a_completion_that_fails_keeps_the_session", KEPT),
)
