"""What the execution workflow's document demands of whoever executes a spec-plan (document 4)."""

from __future__ import annotations

from typing import Final

from tests.promises.demand import Demand, rows_of

row = rows_of(4)
HERE: Final = "promises/test_workflow_executing.py::test_"
PLAN: Final = "plans/test_spec_plan.py::test_"
FORMS: Final = "plans/test_spec_plan_forms.py::test_"
RECORDS: Final = "promises/test_records_only.py::test_the_bot_writes_its_records_and_nothing_else"
BEFORE: Final = "promises/test_records_only.py::test_the_record_is_written_before_any_worker_is_asked"
STARTED: Final = HERE + "progress_is_on_file_before_the_first_task_with_tasks_weight_and_step"
UPDATED: Final = HERE + "progress_is_brought_up_to_date_after_each_task_with_its_commit"
SPAWNED: Final = HERE + "an_executor_is_started_for_each_task_one_after_another"
FULL: Final = HERE + "in_full_weight_an_executor_gets_task_spec_plan_files_and_verification"
LIGHT: Final = HERE + "in_light_weight_an_executor_gets_no_more_than_task_and_files"
DONE: Final = HERE + "done_counts_only_with_a_commit_that_is_on_the_branch"
UNDONE: Final = HERE + "done_without_a_commit_is_failed_and_tried_once_more_with_the_instruction"
RETRIED: Final = HERE + "a_failed_executor_is_retried_once_with_the_failure_and_then_people_choose"
KICKED: Final = HERE + "a_kickback_stops_everything_is_said_and_goes_where_its_signal_leads"
BLOCKED: Final = HERE + "a_blocker_is_reported_and_people_are_asked_how_to_go_on"
TOGETHER: Final = HERE + "tasks_run_side_by_side_only_if_they_are_marked_and_touch_different_files"
FINAL: Final = HERE + "the_final_verification_looks_at_all_gates_on_the_last_head"
ROUNDS: Final = HERE + "failures_of_the_final_verification_are_fixed_three_times_at_the_most"
OUTPUT: Final = HERE + "the_output_block_ends_the_run"
REPLANNED: Final = HERE + "a_plan_that_was_made_anew_after_a_kickback_goes_on_once_it_is_locked"

# fmt: off
DEMANDS: Final[tuple[Demand, ...]] = (
    row(3, "the plan is implemented by executors", SPAWNED),
    row(3, "the orchestrator writes no code", RECORDS),
    row(7, "the weight is light or full", PLAN + "the_weight_is_light_or_full_or_not_said"),
    row(8, "the tasks are the plan's", HERE + "the_task_list_is_read_with_action_files_verification_and_spec"),
    row(9, "the spec's path", PLAN + "the_spec_is_the_one_that_is_named_or_the_one_beside_the_plan"),
    row(10, "a list of test files, which may be empty", FULL,
        not_ours="a plan names no test files apart from those under a task's files and verification, and both "
                 "are in its brief"),
    row(14, "executors are started, followed, and their failures handled", SPAWNED, DONE, RETRIED),
    row(14, "the orchestrator does no task itself, whatever the weight", RECORDS),
    row(18, "progress is on file before the first task: tasks, weight, step", STARTED, BEFORE),
    row(18, "progress is updated after each task with its commit", UPDATED,
        "plans/test_progress_file.py::test_a_finished_task_changes_its_row_and_no_other_line"),
    row(18, "an interrupted session can be recovered", HERE + "an_interrupted_run_goes_on_where_its_progress_stands",
        "plans/test_progress_file.py::test_what_was_written_is_read_back"),
    row(20, "the file has the form that its reference gives",
        "plans/test_progress_file.py::test_a_file_that_is_not_there_is_created"),
    row(28, "the plan is read and its tasks extracted",
        HERE + "the_task_list_is_read_with_action_files_verification_and_spec", FORMS + "a_heading_of_a_task"),
    row(29, "what a task is to do", FORMS + "an_action_ends_where_the_next_field_begins"),
    row(30, "the files it modifies", FORMS + "the_files_of_a_task"),
    row(31, "how it is verified", FORMS + "the_verification_of_a_task"),
    row(32, "what of the spec it answers to", PLAN + "a_plan_of_the_template_is_read_and_may_be_executed"),
    row(36, "one executor for each task", SPAWNED, HERE + "a_task_is_handed_to_one_executor_only"),
    row(40, "it is given the task", FULL),
    row(41, "the spec", FULL),
    row(42, "the plan", FULL),
    row(43, "the files", FULL),
    row(44, "the verification", FULL),
    row(45, "the weight", FULL, LIGHT),
    row(47, "it is told to implement, verify and commit", FULL,
        "cli/test_worker_workflow.py::test_what_the_agent_leaves_is_committed_pushed_and_reported"),
    row(51, "light: task and files, and less verification", LIGHT),
    row(53, "full: task, spec, plan and tests", FULL),
    row(53, "full: each task is verified against tests", DONE,
        "runs/test_approve.py::test_gates_that_are_not_green_are_refused"),
    row(57, "every answer of an executor is handled", DONE, RETRIED, KICKED, BLOCKED),
    row(59, "done is one answer", DONE),
    row(60, "the commit has to exist",
        "runs/test_workers.py::test_done_without_a_commit_on_the_branch_is_failed_and_tried_once_more",
        "runs/test_attacks_workers.py::test_a_worker_that_reports_the_commit_of_the_worker_beside_it_has_failed", DONE,
        UNDONE),
    row(62, "it is looked up on the branch", DONE, "e2e/test_reports.py::test_done_without_a_commit_is_failed"),
    row(64, "a missing or wrong commit is a failure, retried once with an explicit instruction", UNDONE),
    row(65, "progress says done and the commit", UPDATED),
    row(66, "the next task follows", SPAWNED),
    row(68, "failed is one answer", RETRIED),
    row(69, "then it is decided", RETRIED),
    row(70, "one retry with the failure in its instructions",
        "runs/test_workers.py::test_failed_is_tried_once_more_with_the_failure", RETRIED),
    row(71, "or it is left out and flagged", HERE + "a_task_that_is_left_out_is_flagged"),
    row(72, "or people are asked at once",
        "runs/test_workers.py::test_a_dispatch_that_github_refuses_goes_to_people_at_once", RETRIED),
    row(73, "the retry is another executor that knows the failure", RETRIED,
        "e2e/test_reports.py::test_a_failed_worker_is_started_once_more_and_then_people_are_asked"),
    row(75, "a kickback is one answer", KICKED),
    row(76, "it stops at once", KICKED, "e2e/test_reports.py::test_a_kickback_stops_everything_and_people_plan_anew"),
    row(77, "it is reported in fixed words", KICKED),
    row(78, "the signal says where it goes", "runs/test_escalation.py::test_each_signal_asks_for_something_else",
        KICKED),
    row(79, "scope creep: what is left becomes full, the spec may be split", KICKED, REPLANNED),
    row(80, "missing context: back to the spec", KICKED),
    row(81, "research: found out first, then the rest is planned anew", KICKED, REPLANNED),
    row(82, "no later task is started", "runs/test_escalation.py::test_nothing_after_a_kickback_is_executed", KICKED),
    row(84, "blocked is one answer", BLOCKED),
    row(85, "the blocker is reported", BLOCKED),
    row(86, "people are asked how to go on", "runs/test_workers.py::test_blocked_asks_people_and_tries_nothing",
        BLOCKED),
    row(90, "tasks run one after another", TOGETHER, SPAWNED),
    row(90, "independent tasks may run side by side", TOGETHER),
    row(91, "if the plan marks them", TOGETHER, PLAN + "a_task_is_independent_when_it_is_marked",
        PLAN + "other_words_about_independence_mark_nothing"),
    row(92, "if their files are entirely different", TOGETHER,
        PLAN + "independent_tasks_that_share_a_file_are_warned_about_once"),
    row(93, "only if both hold", "runs/test_schedule.py::test_different_files_alone_set_no_tasks_side_by_side",
        "runs/test_schedule.py::test_independent_tasks_that_may_change_one_file_are_done_one_after_the_other",
        TOGETHER),
    row(95, "several executors are started together", TOGETHER),
    row(103, "after all tasks the whole test suite is run", FINAL,
        "promises/test_orchestrating.py::test_the_checks_that_the_plan_defines_are_run_at_level_high"),
    row(105, "with the commands of the project",
        "plans/test_spec_plan.py::test_validation_commands_are_those_of_validation_sections_and_not_of_tasks",
        "cli/test_gates_workflow.py::test_a_failing_command_fails_the_run_after_all_others_ran"),
    row(108, "failures are looked into and fixed, in three rounds at most",
        "runs/test_validation_high.py::test_three_fix_rounds_then_it_escalates", ROUNDS),
    row(108, "an executor is started for the fix", ROUNDS,
        not_ours="a verdict is a person's, and so is the choice who fixes what it found: it is pushed like any work"),
    row(115, "the outcome: complete, partial or failed", OUTPUT,
        "views/test_output_block.py::test_a_complete_execution"),
    row(116, "how many tasks of how many", OUTPUT),
    row(117, "the commits", OUTPUT),
    row(118, "the test results", OUTPUT, "views/test_output_block.py::test_a_partial_execution_counts_the_failures"),
    row(121, "what comes after the execution follows by itself",
        "runs/test_completion.py::test_a_finished_spec_plan_loses_its_progress_file_and_its_spec_follows",
        HERE + "the_closeout_of_a_spec_follows_the_report",
        "plans/test_spec_status.py::test_the_status_of_a_spec_is_replaced_where_it_stands"),
)
