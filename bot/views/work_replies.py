"""Answers about the work on blocks, about validation and about what ends a run, as sentences."""

from __future__ import annotations

from bot.runs.messages import Problem, Refusal
from bot.views.words import bullets, code, commit, listed, plain


def work_sentence(refusal: Refusal) -> str:
    """The condition that failed and what to do, as Markdown; for the problems that `bot.views.replies` leaves here."""
    values, items = refusal.values, refusal.items
    match refusal.problem:
        case Problem.WHICH_BLOCK:
            return f"Several blocks are open. Name the one that you mean: {listed(items)}."
        case Problem.BLOCK_HELD:
            name = values["block"]
            return (
                f"{code(name)} is {values['state']}{_because(values)}. Say {code('/retry ' + name)} for another "
                f"attempt, or {code('/skip ' + name + ' <reason>')}."
            )
        case Problem.BLOCK_NOT_HELD:
            return "No block has failed or is blocked, so there is nothing to try again. `/status` shows what is open."
        case Problem.WORKER_AT_WORK:
            where = f" ({values['url']})" if values.get("url") else ""
            return f"A worker is at {code(values['block'])} already{where}. Wait for it, or say `/failed <reason>`."
        case Problem.COMMITS_UNDISCIPLINED:
            return (
                f"Every commit of {code(values['block'])} has to carry its id and a `Refs:` line:\n\n{bullets(items)}"
                f"\n\nReword these commits, for example as {code(values['block'] + ': <summary>')}."
            )
        case Problem.NO_SUCH_COMMIT:
            return (
                f"{commit(values['commit'])} is not among the commits pushed to {code(values['branch'])} for "
                f"{code(values['block'])}. Push it first; `done` needs a commit that exists on the branch."
            )
        case Problem.UNKNOWN_SIGNAL:
            return f"{code(values['signal'])} is no kickback signal. There are {listed(items)}."
        case Problem.PREFLIGHT_FAILED:
            return (
                f"The pre-flight of {code(values['path'])} failed, and nothing was executed. These readiness boxes are "
                f"not ticked:\n\n{bullets(items)}\n\nTick them in the plan once they hold, then say `/execute` again."
            )
        case _:
            return _ending_sentence(refusal)


def _ending_sentence(refusal: Refusal) -> str:
    values, items = refusal.values, refusal.items
    match refusal.problem:
        case Problem.VALIDATION_RUNNING:
            where = f" ({values['url']})" if values.get("url") else ""
            return f"The plan's validation commands have not finished on the head commit{where}."
        case Problem.VALIDATION_FAILED:
            where = f" ({values['url']})" if values.get("url") else ""
            return (
                f"The plan's validation commands failed{where}: {plain(values['reason'])}. Push a fix, or say "
                "`/validate high` to run them again."
            )
        case Problem.NOT_CONFIRMED:
            return (
                f"Validation at level high asks somebody to confirm these for the head commit:\n\n{bullets(items)}\n\n"
                "Tick their boxes in the checklist, or give `/verdict PASS_WITH_NOTES <notes>`."
            )
        case Problem.NO_SUCH_INVARIANT:
            choices = f" There are {listed(items)}." if items else ""
            return f"There is nothing called {code(values['name'])} to be confirmed now.{choices}"
        case Problem.NOT_FOR_THIS_DIALECT:
            if values["dialect"] == "fork":
                return "The branch is in a fork, and nothing is ever pushed there. Its owner can reset it."
            return f"This is for team sessions; the plan here is of the dialect {code(values['dialect'])}."
        case Problem.BAD_FOLDER:
            return f"Nothing can be exported to {code(values['path'])}: {plain(values['reason'])}."
        case Problem.ROLLBACK_NOT_ASKED:
            return (
                f"Say `/rollback` first, to see what it would do at {commit(values['head'])}; then "
                "`/rollback confirm`. A push in between asks for both again."
            )
        case Problem.NOTHING_TO_ROLL_BACK:
            return f"The branch is at {commit(values['head'])}, where the run began. There is nothing to bring back."
        case _:
            raise AssertionError(f"there are no words for {refusal.problem}")


def _because(values: dict[str, str]) -> str:
    return f" ({plain(values['reason'])})" if values.get("reason") else ""
