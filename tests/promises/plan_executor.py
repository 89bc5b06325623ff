"""What the plan executor's document demands of whoever executes a memory-bank plan (document 3)."""

from __future__ import annotations

from typing import Final

from tests.promises.demand import Demand, rows_of

row = rows_of(3)
HERE: Final = "promises/test_plan_executing.py::test_"
RUN: Final = "promises/test_orchestrating.py::test_"
LOG: Final = "plans/test_execution_log.py::test_"
PLAN: Final = "plans/test_memory_bank.py::test_"
TASKS: Final = "plans/test_memory_bank_tasks.py::test_"
REPORT: Final = "views/test_execution_report.py::test_"
SCOPE: Final = HERE + "a_file_that_no_task_touches_is_out_of_scope"
LOCKED: Final = HERE + "tasks_that_are_added_removed_or_changed_stop_the_run"
ASKED: Final = HERE + "a_plan_that_leaves_something_open_is_refused_with_the_question"
FORM: Final = LOG + "a_new_log_has_the_form_of_the_template"
WHOLE: Final = LOG + "a_finished_log_has_every_section_in_the_order_of_the_template"
BEFORE: Final = "promises/test_records_only.py::test_the_record_is_written_before_any_worker_is_asked"
STARTED: Final = HERE + "the_log_is_there_before_any_task_with_branch_rollback_point_and_readiness"
ONE_LOG: Final = HERE + "one_log_is_kept_from_the_first_task_to_the_end"
IN_ORDER: Final = HERE + "tasks_are_opened_in_the_plans_order_and_after_what_they_wait_for"
TASK: Final = HERE + "every_task_is_logged_with_status_commit_files_tests_and_notes"
COMMITS: Final = HERE + "a_commit_that_does_not_name_its_task_and_plan_is_refused_where_the_team_enforces_it"
TOLD: Final = HERE + "a_worker_is_told_how_commits_have_to_read"
GATES: Final = HERE + "every_gate_is_recorded_in_the_documents_order_with_its_evidence"
FAILED: Final = HERE + "a_gate_that_failed_stands_in_the_log_with_what_became_of_it"
STOPPED: Final = HERE + "a_failed_gate_stops_the_task_and_nothing_is_rolled_back_before_somebody_confirms_it"
LINKS: Final = HERE + "commits_and_checks_are_linked"
DEPLOYED: Final = HERE + "deployments_are_recorded_and_metrics_are_not_made_up"
END: Final = HERE + "the_end_is_said_with_report_log_and_the_next_command"
FINISHED: Final = HERE + "the_finished_log_says_end_commit_success_criteria_and_next_steps"
START_SAID: Final = HERE + "the_start_is_said_with_plan_branch_rollback_point_and_counts"
ABORTED: Final = HERE + "a_readiness_box_that_is_not_ticked_aborts_and_brings_the_blockers_section"
HANDED: Final = HERE + "each_task_is_handed_over_with_what_it_requires"
READ: Final = HERE + "the_whole_plan_is_read_before_it_is_locked"
SPOKEN: Final = "a run starts with a command that says who wants it; prose is none"
NO_TREE: Final = "there is no working tree: what is not pushed is not seen, and nothing of it is committed for anybody"
NO_METRICS: Final = "GitHub does not know metrics, and none are made up; the log links to where they are to be seen"

# fmt: off
DEMANDS: Final[tuple[Demand, ...]] = (
    row(2, "plans in the folder of plans are executed", PLAN + "plans_are_kept_in_one_folder"),
    row(2, "nothing but executed: no planning, no fixes out of scope", LOCKED, SCOPE),
    row(2, "gates, atomic commits and one log", STOPPED, COMMITS, ONE_LOG),
    row(2, "execution starts when a plan's path is given or somebody asks for it", START_SAID,
        "runs/test_execute.py::test_two_plans_are_asked_about_and_one_of_them_can_be_named"),
    row(3, "nothing but the log's folder is written to", ONE_LOG,
        "plans/test_execution_log.py::test_the_path_is_safe_whatever_the_topic"),
    row(4, "the tools an agent may use",
        not_ours="the product runs no tools on a machine; what a worker may use is its workflow's business"),
    row(5, "the plan is followed exactly", LOCKED),
    row(5, "nothing out of scope is fixed", SCOPE),
    row(5, "a rollback point before the start", STARTED),
    row(5, "one log, kept up to date", ONE_LOG, LOG + "a_log_kept_current_equals_one_made_at_the_end"),
    row(5, "one task, one commit", COMMITS),
    row(8, "plans are executed with gates, atomic commits and a living log", STOPPED, COMMITS, ONE_LOG),
    row(10, "no improvising: the plan as it is", LOCKED, SCOPE),
    row(11, "what is ambiguous or missing is asked about", ASKED,
        TASKS + "numbered_steps_outside_a_list_of_tasks_are_shown_and_refused"),
    row(13, "a plan's path starts it",
        "runs/test_execute.py::test_two_plans_are_asked_about_and_one_of_them_can_be_named"),
    row(14, "the words that name the path",
        "runs/test_execute.py::test_two_plans_are_asked_about_and_one_of_them_can_be_named"),
    row(15, "words that start the plan", START_SAID, not_ours=SPOKEN),
    row(16, "a mention of a plan starts it", START_SAID, not_ours=SPOKEN),
    row(20, "tasks are executed as written, not planned again", LOCKED),
    row(21, "only the plan's scope", SCOPE),
    row(22, "every gate is run, failures are documented", GATES, FAILED),
    row(23, "the plan is the source of truth", LOCKED),
    row(26, "the input is a path in the folder of plans", PLAN + "plans_are_kept_in_one_folder",
        "runs/test_execute.py::test_a_path_that_is_no_plan_is_refused"),
    row(28, "the whole plan is read", READ, PLAN + "a_plan_is_read_with_everything_it_says"),
    row(29, "milestones", READ, PLAN + "milestones_have_ids_and_titles"),
    row(30, "tasks by id and in order", TASKS + "every_spelling_of_an_id_is_read_in_every_form", READ),
    row(31, "acceptance tests", TASKS + "terms_of_a_task_come_from_fields_and_from_sections"),
    row(32, "quality gates", PLAN + "gates_are_read_in_order"),
    row(33, "success criteria", PLAN + "success_criteria_are_a_section_or_the_deliverables"),
    row(35, "a snapshot before any change", STARTED, BEFORE),
    row(36, "which branch it is", STARTED),
    row(37, "which commit it starts from", STARTED),
    row(38, "what is not committed", not_ours=NO_TREE),
    row(39, "a rollback point is made", STARTED, START_SAID),
    row(40, "whatever lies about is added to it", not_ours=NO_TREE),
    row(41, "the rollback point is a commit that can be gone back to", STARTED, STOPPED),
    row(42, "the log is created under the time and the topic", STARTED, LOG + "the_path_says_the_time_in_utc"),
    row(44, "the log's title", FORM, STARTED),
    row(45, "the phase", FORM, STARTED),
    row(46, "the date", FORM, LOG + "front_matter_is_what_any_reader_of_yaml_understands"),
    row(47, "the owner", FORM, STARTED),
    row(48, "the plan's path", FORM, STARTED),
    row(49, "the first commit", FORM, STARTED),
    row(50, "the environment", FORM, LOG + "what_nobody_knows_is_called_so"),
    row(52, "the pre-flight checks", FORM, STARTED),
    row(53, "the branch", STARTED),
    row(54, "the rollback commit", STARTED),
    row(55, "whether it is ready", STARTED, PLAN + "readiness_is_read_from_boxes_and_marks_and_plain_bullets_are_none"),
    row(56, "whether access and secrets are there", STARTED),
    row(57, "whether fixtures and data are ready", STARTED),
    row(58, "any no aborts and brings a section of blockers", ABORTED,
        LOG + "a_failed_pre_flight_check_brings_the_blockers_section"),
    row(60, "every task, in the plan's order", IN_ORDER),
    row(61, "what the task requires is read", HANDED, TOLD),
    row(62, "the minimal slice is implemented", HANDED, SCOPE,
        not_ours="the product writes no code; whoever does is given the task's own words and held to its files"),
    row(63, "the work is validated", STOPPED),
    row(64, "one commit with the task's id", COMMITS),
    row(65, "the log is brought up to date", ONE_LOG, TASK),
    row(67, "the subject is the id and a summary", COMMITS, TOLD),
    row(68, "the body describes the change", TOLD,
        "cli/test_worker_workflow.py::test_the_message_is_made_from_the_brief_that_is_really_sent"),
    row(69, "the commit refers to the plan", COMMITS, TOLD),
    row(71, "gates in order, all results documented", GATES, FAILED, PLAN + "gates_are_read_in_order"),
    row(72, "the gate of code quality", GATES),
    row(73, "tests", GATES),
    row(74, "type checks", GATES),
    row(75, "formatting", GATES),
    row(76, "coverage", GATES),
    row(77, "gates are documented in the log", GATES, FORM),
    row(79, "tests with evidence", GATES, LINKS),
    row(80, "coverage with its target, as the check gives them", GATES),
    row(81, "type checks", GATES),
    row(82, "linters", GATES),
    row(83, "a gate that fails is dealt with", STOPPED),
    row(84, "the failure and what was tried are recorded", FAILED),
    row(85, "it stops and asks", STOPPED),
    row(86, "nothing is rolled back before somebody confirms", STOPPED),
    row(88, "what was pushed is linked", LINKS),
    row(89, "owner and name of the repository", LINKS),
    row(90, "permalinks are attached", LINKS),
    row(91, "to the pull request and commits", LINKS),
    row(92, "to build logs", LINKS),
    row(93, "to coverage reports, which are checks", LINKS, GATES),
    row(94, "to security scans, which are checks", LINKS, GATES),
    row(95, "the pointers are kept in the log", LINKS),
    row(96, "after a deployment, where there is one, it is looked at", DEPLOYED),
    row(97, "the section after the deployment", DEPLOYED),
    row(98, "error rates", DEPLOYED, not_ours=NO_METRICS),
    row(99, "latencies", DEPLOYED, not_ours=NO_METRICS),
    row(100, "links to dashboards", DEPLOYED),
    row(101, "results of smoke tests after the deployment", GATES, DEPLOYED,
        not_ours="to GitHub a smoke test is a check or a deployment status like any other: it stands under gates or "
                 "deployment"),
    row(103, "one document, updated all along", ONE_LOG),
    row(105, "the title of the template", FORM),
    row(106, "its phase", FORM),
    row(107, "its date", FORM),
    row(108, "its plan", FORM),
    row(109, "its first commit", FORM),
    row(110, "its last commit", FINISHED, LOG + "a_run_that_goes_on_has_no_end_commit"),
    row(111, "its environment", FORM),
    row(113, "pre-flight checks in the template's place", WHOLE),
    row(114, "branch", FORM),
    row(115, "rollback", FORM),
    row(116, "readiness", FORM),
    row(117, "ready or not", FORM, ABORTED),
    row(118, "the section of tasks", WHOLE),
    row(119, "a heading with id and summary", FORM,
        LOG + "a_renamed_task_keeps_its_section_and_what_somebody_put_behind_its_name"),
    row(120, "status", TASK),
    row(121, "commit", TASK),
    row(122, "files", TASK),
    row(123, "commands with their output", TASK, FORM,
        not_ours="the product sees no terminal; what CI ran stands under tests and gates, and commands are said "
                 "to be not known"),
    row(124, "tests", TASK),
    row(125, "how coverage changed", TASK,
        not_ours="no check of GitHub's says how coverage changed by one commit: it is said to be not known, the "
                 "check's own words stand under gates"),
    row(126, "notes with the decisions", TASK),
    row(128, "the same for every task", ONE_LOG),
    row(129, "gate results in the template's place", WHOLE),
    row(130, "tests", GATES),
    row(131, "coverage", GATES),
    row(132, "type checks", GATES),
    row(133, "security", GATES),
    row(134, "linters", GATES),
    row(135, "deployment, where there is one", DEPLOYED, WHOLE),
    row(136, "staging", DEPLOYED),
    row(137, "production", DEPLOYED),
    row(138, "from when to when", DEPLOYED),
    row(139, "issues and what became of them", FAILED, WHOLE),
    row(140, "the task, the issue, the resolution", FAILED,
        "plans/test_execution_log.py::test_a_log_reads_back_as_what_was_recorded"),
    row(141, "success criteria", FINISHED, WHOLE),
    row(142, "all gates passed", FINISHED),
    row(143, "rolled out or back", DEPLOYED),
    row(144, "thresholds are for people to tick", DEPLOYED),
    row(145, "the log is saved", FINISHED),
    row(146, "next steps", FINISHED),
    row(147, "follow-ups, debts, documentation", FINISHED, END),
    row(149, "a summary ends the phase", END),
    row(150, "the report's title", REPORT + "the_final_report_has_every_section"),
    row(151, "date", REPORT + "the_final_report_has_every_section"),
    row(152, "plan", END),
    row(153, "log", END),
    row(154, "an overview", REPORT + "the_final_report_has_every_section"),
    row(155, "environment", REPORT + "what_nobody_knows_is_called_so"),
    row(156, "first commit", REPORT + "the_final_report_has_every_section"),
    row(157, "last commit", REPORT + "the_final_report_has_every_section"),
    row(158, "duration in hours and minutes", REPORT + "the_final_report_has_every_section"),
    row(159, "branch", REPORT + "the_final_report_has_every_section"),
    row(160, "the outcomes", END),
    row(161, "tasks attempted", END),
    row(162, "tasks completed", END),
    row(163, "success, failure or blocked", END, REPORT + "the_end_block_says_the_outcome_and_the_next_command"),
    row(164, "gate results", END),
    row(165, "tests", REPORT + "no_gate_of_the_same_name_hides_another"),
    row(166, "coverage", REPORT + "the_final_report_has_every_section"),
    row(167, "type checks", REPORT + "the_final_report_has_every_section"),
    row(168, "security", REPORT + "the_final_report_has_every_section"),
    row(169, "what was touched", END),
    row(170, "every modified file", END),
    row(171, "next steps", END),
    row(172, "as boxes", END),
    row(175, "one log, created once, never several", ONE_LOG),
    row(176, "one commit per task, with its id", COMMITS),
    row(177, "the rollback point comes first", STARTED, BEFORE),
    row(178, "gates are mandatory, failures documented, and stop", STOPPED, FAILED),
    row(179, "tasks are neither added nor removed nor changed", LOCKED),
    row(180, "whoever is blocked stops and asks", STOPPED, ASKED,
        "promises/test_workflow_executing.py::test_a_blocker_is_reported_and_people_are_asked_how_to_go_on"),
    row(183, "before a task: is it clear", HANDED, ASKED),
    row(184, "before a task: is it in scope", SCOPE),
    row(185, "before a task: is what it waits for done", IN_ORDER,
        "plans/test_memory_bank_dependencies.py::test_dependencies_are_read_in_every_spelling"),
    row(186, "before a task: is there a way back", STARTED, STOPPED),
    row(188, "the start is said in a fixed form", START_SAID),
    row(189, "which plan", START_SAID),
    row(190, "which branch", START_SAID),
    row(191, "the rollback point", START_SAID),
    row(192, "how many tasks", START_SAID),
    row(193, "how many milestones", START_SAID),
    row(194, "the end is said in a fixed form", END),
    row(195, "the outcome", END),
    row(196, "how many tasks of how many", END),
    row(197, "where the log is", END),
    row(198, "the next command", END),
    row(200, "the log is handed to the QA phase", END),
    row(201, "the next command is suggested", END),
    row(202, "in its exact words", REPORT + "the_end_block_says_the_outcome_and_the_next_command"),
)
