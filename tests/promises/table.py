"""All demands of the five documents, in their order."""

from __future__ import annotations

from typing import Final

from tests.promises import execution_workflow, plan_executor, plan_template, session_orchestrator, team_executor
from tests.promises.demand import Demand

DEMANDS: Final[tuple[Demand, ...]] = (
    *session_orchestrator.DEMANDS,
    *plan_template.DEMANDS,
    *team_executor.DEMANDS,
    *plan_executor.DEMANDS,
    *execution_workflow.DEMANDS,
)
NAMES: Final = {
    0: "Execution session",
    1: "Plan template",
    2: "Team executor",
    3: "Plan executor",
    4: "Execution workflow",
}
FOUND: Final = {0: 42, 1: 87, 2: 89, 3: 179, 4: 67}
"""How many sentences of each document were found to demand something."""
