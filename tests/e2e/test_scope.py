"""Scope: every file that differs between base and head is inside the plan, or it is named."""

from __future__ import annotations

from tests.e2e.clones import Executable, File, Link, MovedFrom, Submodule
from tests.e2e.scenario import PLAN, PLAN_TEXT, Scenario, block_files

SOME_COMMIT = "1234567890123456789012345678901234567890"


OUT_OF_SCOPE: dict[str, tuple[dict[str, File], list[str]]] = {
    "outside": ({"tools/x.py": "X = 1\n"}, ["tools/x.py"]),
    "excluded": ({"infra/more.yaml": "more: 1\n"}, ["infra/more.yaml"]),
    "excluded inside an included folder": ({"src/shop/payments.py": "# emptied\n"}, ["src/shop/payments.py"]),
    "deleted": ({"infra/deploy.yaml": None}, ["infra/deploy.yaml"]),
    "moved in": ({"src/shop/deploy.yaml": MovedFrom("infra/deploy.yaml")}, ["infra/deploy.yaml"]),
    "moved out": ({"tools/cart.py": MovedFrom("src/shop/cart.py")}, ["tools/cart.py"]),
    "mode": ({"infra/deploy.yaml": Executable("service: shop\nreplicas: 2\n")}, ["infra/deploy.yaml"]),
    "symlink": ({"infra/link": Link("../src/shop/cart.py")}, ["infra/link"]),
    "submodule": ({"vendor/lib": Submodule(SOME_COMMIT)}, ["vendor/lib"]),
    "workflow": ({".github/workflows/ci.yml": "on: push\n"}, [".github/workflows/ci.yml"]),
    "two": ({"README.md": "# Shop\n", "infra/a b.yaml": "a: 1\n"}, ["README.md", "infra/a b.yaml"]),
}


async def test_every_kind_of_change_out_of_scope_is_named_with_its_commit(github: Scenario) -> None:
    await github.started()
    start = await github.head()
    for kind, (files, violations) in OUT_OF_SCOPE.items():
        brought = await github.push({**block_files("B01"), **files}, start=start, force=True)
        check = (await github.checks())["scope"]
        assert check.conclusion == "failure", kind
        assert f"{len(violations)} file" in check.title, kind
        for path in violations:
            line = next(line for line in check.summary.splitlines() if f"`{path}`" in line)
            assert brought[:7] in line, kind
            assert f"`{path}`" in await github.checklist(), kind


async def test_a_file_out_of_scope_stops_the_block(github: Scenario) -> None:
    await github.started()
    await github.push({**block_files("B01"), "infra/deploy.yaml": None})
    await github.ci()
    reply = await github.answer("/approve")
    assert "`infra/deploy.yaml`" in reply and "/allow" in reply
    assert "done" not in await github.block("B01")


async def test_a_violation_names_its_rule_and_is_annotated(github: Scenario) -> None:
    await github.started()
    await github.push({"infra/more.yaml": "more: 1\n", "tools/x.py": "X = 1\n"})
    check = (await github.checks())["scope"]
    assert "`infra/...`" in next(line for line in check.summary.splitlines() if "infra/more.yaml" in line)
    assert "no include pattern" in next(line for line in check.summary.splitlines() if "tools/x.py" in line)
    path = f"/repos/{github.repository}/check-runs/{check.id}/annotations"
    found = {item["path"]: item["annotation_level"] for item in await github.api("GET", path, "olivia")}
    assert found == {"infra/more.yaml": "failure", "tools/x.py": "failure"}


async def test_what_is_taken_back_is_forgiven(github: Scenario) -> None:
    await github.started()
    await github.push({**block_files("B01"), "infra/more.yaml": "more: 1\n"})
    clean = await github.push({"infra/more.yaml": None})
    await github.ci()
    assert (await github.checks())["scope"].conclusion == "success"
    await github.comment(f"/approve B01 @{clean[:7]}")
    assert "done" in await github.block("B01")


async def test_an_exception_beats_an_exclude_and_stands_on_record(github: Scenario) -> None:
    await github.started()
    await github.push({**block_files("B01"), "infra/deploy.yaml": "replicas: 3\n"})
    await github.ci()
    await github.comment("/allow infra/deploy.yaml the operators asked for three replicas")
    assert (await github.checks())["scope"].conclusion == "success"
    assert "the operators asked for three replicas" in await github.timeline()
    assert "awaits approval" in await github.block("B01")
    await github.push({"infra/other.yaml": "more: 1\n"})
    assert "`infra/other.yaml`" in (await github.checks())["scope"].summary
    assert "`infra/deploy.yaml`" not in (await github.checks())["scope"].summary


async def test_an_exception_needs_a_pattern_and_a_reason(github: Scenario) -> None:
    await github.started()
    await github.push({"infra/deploy.yaml": "replicas: 3\n"})
    for text in ("/allow", "/allow infra/deploy.yaml", "/allow !infra/deploy.yaml it is ours"):
        assert "/allow" in await github.answer(text), text
    assert (await github.checks())["scope"].conclusion == "failure"


async def test_who_may_not_approve_may_not_grant_exceptions(github: Scenario) -> None:
    await github.started()
    await github.push({"infra/deploy.yaml": "replicas: 3\n"})
    assert await github.reactions(await github.comment("/allow infra/** why not", by="tom")) == ["-1"]
    assert (await github.checks())["scope"].conclusion == "failure"


async def test_before_the_plan_is_started_its_scope_is_already_checked(github: Scenario) -> None:
    await github.planned(also={"infra/deploy.yaml": "replicas: 3\n"})
    assert (await github.checks())["scope"].conclusion == "failure"


async def test_the_plan_itself_is_in_scope_wherever_the_include_list_points(github: Scenario) -> None:
    await github.push({PLAN: PLAN_TEXT.replace("- `docs/...`\n", "")})
    await github.open_pull()
    assert (await github.checks())["scope"].conclusion == "success"
    await github.comment("/execute")
    await github.block_done("B01")
    assert (await github.checks())["scope"].conclusion == "success"


async def test_a_plan_made_out_of_an_excluded_file_does_not_hide_that_the_file_went(github: Scenario) -> None:
    await github.push({"infra/draft.md": PLAN_TEXT}, branch="main", by="maria")
    await github.push({PLAN: MovedFrom("infra/draft.md")})
    await github.open_pull()
    assert "`infra/draft.md`" in (await github.checks())["scope"].summary


async def test_a_pull_request_pointed_at_another_base_is_measured_against_that_base(github: Scenario) -> None:
    await github.push({"infra/deploy.yaml": "replicas: 3\n"}, branch="release", by="maria")
    await github.push(block_files("B01"), start="origin/release")
    await github.push({PLAN: PLAN_TEXT})
    await github.open_pull(base="release")
    assert (await github.checks())["scope"].conclusion == "success"
    await github.change_pull(base="main")
    assert "`infra/deploy.yaml`" in (await github.checks())["scope"].summary


async def test_a_file_name_cannot_write_into_what_the_bot_says(github: Scenario) -> None:
    await github.started()
    await github.push({"infra/`@maria` <b>|x.yaml": "more: 1\n"})
    reply = await github.answer("/approve")
    for text in (reply, await github.checklist(), (await github.checks())["scope"].summary):
        assert "<b>" not in text.replace("``", "").replace("infra/`@maria` <b>|x.yaml", "")
    assert (await github.checks())["scope"].conclusion == "failure"
