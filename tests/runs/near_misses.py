"""A world where the next block, or the verdict, is ready for a person: and then one thing is wrong."""

from __future__ import annotations

from typing import Final

from bot.runs.facts import Unknown
from bot.runs.model import RunState
from bot.runs.policy import Policy, read_policy
from tests.runs.world import PLAN, World, plan_text, started

TROUBLES: Final = (
    "push", "silent push", "unheard push", "early", "red", "pending", "silence", "required", "scope", "rename",
    "forged file", "contract", "bad plan", "no plan", "merge of main", "record only", "rewritten", "paused", "policy",
    "no policy", "files", "gates", "progress", "plan", "permissions", "closed", "later block", "closed block",
    "forged record", "twice", "outsider", "bot",
)  # fmt: skip
NAMINGS: Final = ("bare", "live", "old", "wrong")


def make_ready(world: World) -> World:
    """Whatever stands in the way is taken away; a world whose run is over is left for a new one."""
    for what in ("files", "gates", "progress", "plan", "permissions"):
        setattr(world, f"{what}_unknown", None)
    world.react()
    if world.is_merged or world.run is None or world.state() in {RunState.CLOSED, RunState.ABORTED}:
        world = started()
    if not world.is_open:
        world.reopen()
    if not isinstance(world.policy, Policy) or world.policy.gates.required:
        world.policy = Policy()
    run = world.run
    assert run is not None
    if world.above(run.boundary) is None or run.plan_path not in world.tree:
        world.comment("/abort start again")
        world.push(plan=plan_text())
        world.comment("/execute")
    elif world.decision.situation.plan.state != "valid":
        world.push(plan=plan_text([block.id for block in run.blocks]))
        world.comment("/execute")
    world.comment("/resume")
    world.comment("/allow infra/... once\n\n/allow README.md once\n\n/allow src/payments.py once")
    world.push("src/next.py")
    world.reports[world.head] = []
    world.ci("green")
    return world


def all_but_one_thing(world: World, trouble: str, how: str) -> None:
    """Get into trouble; then somebody approves the block and judges the change all the same, naming a commit or not."""
    assert world.run is not None
    old = world.head
    early = [world.write("/approve"), world.write("/verdict PASS")]
    get_into(world, trouble)
    named = {"bare": "", "live": f" @{world.head[:7]}", "old": f" @{old[:7]}", "wrong": " @0000000"}[how]
    block = {"later block": " B03", "closed block": " B01"}.get(trouble, "")
    by, is_bot = "otto" if trouble == "outsider" else "maria", trouble == "bot"
    now = [
        world.write(f"/approve{block}{named}", by=by, is_bot=is_bot),
        world.write(f"/verdict PASS{named} fine", by=by, is_bot=is_bot),
    ]
    comment_ids = early if trouble == "early" else now
    world.deliver(*comment_ids, *(comment_ids if trouble == "twice" else []))


def get_into(world: World, trouble: str) -> None:
    run = world.run
    assert run is not None
    match trouble:
        case "push" | "early":
            world.push("src/later.py")
            world.ci("green")
        case "silent push" | "silence":
            world.push("src/later.py")
            if trouble == "silence":
                world.wait(9)
        case "unheard push":
            before = world.reports.get(world.head, [])
            world.push("src/later.py", react=False)
            world.reports[world.head] = before
        case "red" | "pending":
            world.ci(trouble, name="lint")
        case "scope":
            world.push("secret/x.py")
            world.ci("green")
        case "rename":
            world.push(files={"src/old.py": None, "README.md": None, "elsewhere/old.py": "old\n"})
            world.ci("green")
        case "forged file":
            world.push(files={"docs/exec-plans/active/index.md": "forged\n"})
            world.ci("green")
        case "contract":
            world.push(plan=plan_text([block.id for block in run.blocks], objective="Another objective."))
            world.ci("green")
        case "bad plan":
            world.push(files={run.plan_path: "# nothing\n"})
            world.ci("green")
        case "no plan":
            world.push(files={run.plan_path: None})
            world.ci("green")
        case "merge of main":
            world.base["base.txt"] = "x"
            world.push(files={"base.txt": "x"}, is_merge=True)
            world.ci("green")
        case "record only":
            world.rewind(run.boundary)
            world.comment("/closeout")
            world.push(is_merge=True)
            world.ci("green")
        case "rewritten":
            world.push("src/other.py", on=world.line[0].sha)
            world.ci("green")
        case "forged record":
            message = f"Record B01\n\nStepwise-Run: {run.id}\nStepwise-Block: B01\nApproved-by: maria\n"
            files = {PLAN: world.tree[PLAN] + "\n"} if PLAN in world.tree else {}
            world.push(files=files, by="stepwise[bot]", message=message)
            world.ci("green")
        case "paused":
            world.comment("/pause")
        case "policy":
            world.policy = read_policy(b"nonsense: 1")
        case "no policy":
            world.policy = Unknown("GitHub: 403")
        case "required":
            world.policy = read_policy(b"gates: {required: [tests, e2e]}")
        case "files" | "gates" | "progress" | "plan" | "permissions":
            setattr(world, f"{trouble}_unknown", "GitHub: 403")
        case "closed":
            world.close()
        case _:
            pass
