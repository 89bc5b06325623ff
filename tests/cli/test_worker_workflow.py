"""The worker workflow that `stepwise init` writes, run for real: a repository, an agent, and who takes the report."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.plans.model import Dialect
from bot.views.brief import brief
from tests.cli.workflow_run import Runner, git, load

FILE = Path(__file__).parents[2] / "bot/templates/workflows/stepwise-worker.yml"
WORKFLOW = load(FILE)
STEPS = WORKFLOW["jobs"]["work"]["steps"]
BRANCH = "feature/greeting"
BRIEF = '# B02: Greet by name\n\nRefs: docs/exec-plans/active/greeting.md\n\nSay `hello`, then "$(touch pwned)".\n'


@dataclass
class Listener:
    """Who gives tokens and takes reports; `answers` are the codes of the next answers, then 202."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    state = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Authorization"] == "Bearer request-token"
            state.audiences += parse_qs(urlsplit(self.path).query)["audience"]
            self._answer(200, json.dumps({"value": f"oidc-{len(state.audiences)}"}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.tokens.append(self.headers["Authorization"])
            state.reports.append(json.loads(body))
            self._answer(state.answers.pop(0) if state.answers else 202, '{"message": "said"}')

        def _answer(self, code: int, body: str) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Stage:
    """A remote repository, the runner's checkout of the branch, and the runner."""

    remote: Path
    runner: Runner
    sha: str
    listener: Listener

    def work(self, agent: str) -> bool:
        self.runner.context["vars.STEPWISE_AGENT_COMMAND"] = agent
        return self.runner.job(STEPS)

    def head(self) -> str:
        return git(self.remote, "rev-parse", BRANCH)

    def report(self) -> dict[str, Any]:
        assert len(self.listener.reports) == 1
        return self.listener.reports[0]


@pytest.fixture
def stage(tmp_path: Path, listener: Listener) -> Stage:
    remote, work, temp = tmp_path / "acme/shop.git", tmp_path / "work", tmp_path / "temp"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    git(tmp_path, "clone", "--quiet", str(remote), str(work))
    git(work, "checkout", "--quiet", "-b", BRANCH)
    (work / "a.txt").write_text("a\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "begin")
    git(work, "push", "--quiet", "origin", BRANCH)
    git(work, "remote", "set-url", "origin", "nowhere")
    temp.mkdir()
    sleep = temp / "bin/sleep"
    sleep.parent.mkdir()
    sleep.write_text("#!/bin/sh\n")
    sleep.chmod(0o755)
    sha = git(work, "rev-parse", "HEAD")
    context = {
        "inputs.dispatch_id": "sw-0123456789",
        "inputs.block": "B02",
        "inputs.branch": BRANCH,
        "inputs.sha": sha,
        "inputs.brief": BRIEF,
        "inputs.attempt": "1",
        "inputs.report_url": f"{listener.url}/reports",
        "inputs.audience": "https://stepwise.example.org/a b",
        "github.token": "ghs_secret",
    }
    environment = {
        "PATH": f"{sleep.parent}:/usr/local/bin:/usr/bin:/bin",
        "GITHUB_SERVER_URL": f"file://{tmp_path}",
        "GITHUB_REPOSITORY": "acme/shop",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{listener.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
    }
    return Stage(remote, Runner(work, temp, context, environment), sha, listener)


def test_it_takes_the_inputs_that_are_sent_and_says_which_dispatch_it_is() -> None:
    inputs = WORKFLOW[True]["workflow_dispatch"]["inputs"]
    sent = {"dispatch_id", "block", "branch", "sha", "brief", "attempt", "failure", "report_url", "audience"}
    assert sent <= set(inputs)
    assert {name for name, declared in inputs.items() if declared["required"]} <= sent
    assert WORKFLOW["run-name"].startswith("${{ inputs.dispatch_id }} ")
    assert WORKFLOW["permissions"] == {"contents": "write", "id-token": "write"}
    assert STEPS[0]["with"]["persist-credentials"] is False


def test_what_the_agent_leaves_is_committed_pushed_and_reported(stage: Stage) -> None:
    assert stage.work('cat >"$RUNNER_TEMP/seen"; echo "$STEPWISE_BLOCK" >b.txt'), stage.runner.output
    assert (stage.runner.temp / "seen").read_text() == BRIEF + "\n"
    message = git(stage.remote, "log", "-1", "--format=%B", BRANCH)
    assert message == ("B02: Greet by name\n\nRefs: docs/exec-plans/active/greeting.md\nStepwise-Block: B02")
    assert git(stage.remote, "show", f"{BRANCH}:b.txt") == "B02"
    assert git(stage.remote, "rev-parse", f"{BRANCH}~1") == stage.sha
    assert stage.report() == {
        "dispatch": "sw-0123456789",
        "block": "B02",
        "status": "done",
        "commit": stage.head(),
        "notes": None,
        "signal": None,
    }
    assert stage.listener.tokens == ["Bearer oidc-1"]
    assert stage.listener.audiences == ["https://stepwise.example.org/a b"]
    assert not (stage.runner.work / "pwned").exists()


@pytest.mark.parametrize(
    ("dialect", "plan", "refs"),
    [
        (Dialect.EXEC_PLAN, "docs/exec-plans/active/greeting.md", "docs/exec-plans/active/greeting.md"),
        (Dialect.MEMORY_BANK, "memory-bank/plan/greeting.md", "plan/greeting.md"),
    ],
)
def test_the_message_is_made_from_the_brief_that_is_really_sent(
    stage: Stage, dialect: Dialect, plan: str, refs: str
) -> None:
    run: Any = SimpleNamespace(
        promise=lambda block: {"title": "Greet *all* of it, it's 100%", "files": ["src/a.py"]},
        terms={},
        plan_path=plan,
        spec_path=None,
        branch=BRANCH,
        dialect=dialect,
    )
    stage.runner.context["inputs.brief"] = brief(run, "B02")
    assert stage.work("echo b >b.txt"), stage.runner.output
    assert git(stage.remote, "log", "-1", "--format=%B", BRANCH) == (
        f"B02: Greet *all* of it, it's 100%\n\nRefs: {refs}\nStepwise-Block: B02"
    )


def test_commits_of_the_agent_itself_are_pushed_as_they_are(stage: Stage) -> None:
    agent = "git config user.name A; git config user.email a@b; echo b >b.txt; git add .; git commit -qm 'B02: mine'"
    assert stage.work(agent), stage.runner.output
    assert git(stage.remote, "log", "-1", "--format=%s", BRANCH) == "B02: mine"
    assert stage.report()["commit"] == stage.head()


def test_the_plan_and_the_last_failure_are_used_when_they_are_sent(stage: Stage) -> None:
    stage.runner.context |= {"inputs.plan": "memory-bank/plan/x.md", "inputs.failure": "the tests were red"}
    assert stage.work("cat >b.txt"), stage.runner.output
    assert "Refs: memory-bank/plan/x.md" in git(stage.remote, "log", "-1", "--format=%B", BRANCH)
    assert git(stage.remote, "show", f"{BRANCH}:b.txt").endswith("the attempt before\n\nthe tests were red")


def test_without_an_agent_it_fails_with_a_clear_sentence(stage: Stage) -> None:
    assert not stage.work("")
    sentence = "The repository variable STEPWISE_AGENT_COMMAND is not set: there is no agent to run."
    assert f"::error::{sentence}" in stage.runner.output
    assert (stage.report()["status"], stage.report()["notes"]) == ("failed", sentence)


@pytest.mark.parametrize(
    ("agent", "notes"),
    [
        ("exit 3", "The agent ended with exit code 3."),
        ("true", "The agent changed nothing."),
        ('echo no >"$STEPWISE_RESULT_FILE"', "What the agent wrote as its result cannot be read."),
        ('echo "[]" >"$STEPWISE_RESULT_FILE"', "What the agent wrote as its result cannot be read."),
        ('echo \'{"status": "won"}\' >"$STEPWISE_RESULT_FILE"', "What the agent wrote as its result cannot be read."),
        (
            'echo \'{"status": "done"} {}\' >"$STEPWISE_RESULT_FILE"',
            "What the agent wrote as its result cannot be read.",
        ),
        ("git checkout -q --orphan other", "The agent took commits of the branch away."),
    ],
)
def test_an_agent_that_does_not_do_its_work_is_reported_as_failed(stage: Stage, agent: str, notes: str) -> None:
    assert not stage.work(agent)
    report = stage.report()
    assert (report["status"], report["commit"], report["notes"]) == ("failed", None, notes)
    assert stage.head() == stage.sha


@pytest.mark.parametrize("code", [0, 1])
def test_an_agent_that_gives_the_block_back_is_reported_and_nothing_is_pushed(stage: Stage, code: int) -> None:
    said = json.dumps({"status": "kickback", "notes": "two specs in one", "signal": "scope_creep"})
    assert stage.work(f"echo half >b.txt; echo '{said}' >\"$STEPWISE_RESULT_FILE\"; exit {code}") is (code == 0)
    report = stage.report()
    assert (report["status"], report["notes"], report["signal"]) == ("kickback", "two specs in one", "scope_creep")
    assert report["commit"] is None
    assert stage.head() == stage.sha


def test_what_was_pushed_in_the_meantime_stays(stage: Stage, tmp_path: Path) -> None:
    other = tmp_path / "other"
    push = f"git clone -q -b {BRANCH} {stage.remote} {other}; cd {other}; echo c >c.txt; git add .; "
    push += "git -c user.name=B -c user.email=b@c commit -qm 'B03: theirs'; git push -q origin HEAD; cd -"
    assert stage.work(f"({push}) >&2; echo b >b.txt"), stage.runner.output
    assert git(stage.remote, "log", "-3", "--format=%s", BRANCH).splitlines() == [
        "B02: Greet by name",
        "B03: theirs",
        "begin",
    ]
    assert stage.report()["commit"] == stage.head()


def test_work_that_does_not_go_on_top_of_the_branch_is_failed(stage: Stage, tmp_path: Path) -> None:
    other = tmp_path / "other"
    push = f"git clone -q -b {BRANCH} {stage.remote} {other}; cd {other}; echo c >a.txt; git add .; "
    push += "git -c user.name=B -c user.email=b@c commit -qm 'B03: theirs'; git push -q origin HEAD; cd -"
    assert not stage.work(f"({push}) >&2; echo b >a.txt")
    assert stage.report()["notes"] == "The branch has changed, and the agent's commits do not go on top of it."
    assert git(stage.remote, "log", "-1", "--format=%s", BRANCH) == "B03: theirs"


def test_a_branch_without_the_named_commit_is_not_worked_on(stage: Stage) -> None:
    for sha in ("0" * 40, "HEAD", "--help"):
        stage.listener.reports.clear()
        stage.runner.context["inputs.sha"] = sha
        assert not stage.work("touch ran.txt")
        assert not (stage.runner.work / "ran.txt").exists()
        assert stage.report()["status"] == "failed"


def test_the_agent_sees_no_token_and_its_hooks_do_not_run(stage: Stage) -> None:
    agent = (
        'echo "<${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-}${TOKEN:-}${GITHUB_ENV:-}${GITHUB_OUTPUT:-}>" >b.txt; '
        "for hook in pre-commit pre-push; do printf '#!/bin/sh\\nexit 1\\n' >.git/hooks/$hook; "
        "chmod +x .git/hooks/$hook; done; "
        'printf \'#!/bin/sh\\nenv >"%s/filter-env"; cat\\n\' "$RUNNER_TEMP" >"$RUNNER_TEMP/bin/filter"; '
        'chmod +x "$RUNNER_TEMP/bin/filter"; git config filter.x.clean filter; echo "* filter=x" >.git/info/attributes'
    )
    assert stage.work(agent), stage.runner.output
    assert git(stage.remote, "show", f"{BRANCH}:b.txt") == "<>"
    assert "ghs_secret" not in (stage.runner.temp / "filter-env").read_text()


@pytest.mark.parametrize("answers", [[503], [429, 500], [500, 409]])
def test_a_report_that_was_not_answered_is_sent_again_with_a_token_of_its_own(stage: Stage, answers: list[int]) -> None:
    stage.listener.answers = list(answers)
    assert stage.work("echo b >b.txt"), stage.runner.output
    tries = len(answers) + (answers[-1] != 409)
    assert stage.listener.tokens == [f"Bearer oidc-{number}" for number in range(1, tries + 1)]


@pytest.mark.parametrize(("answers", "tries"), [([401], 1), ([403], 1), ([409], 1), ([500, 500, 500], 3)])
def test_a_refused_report_fails_the_run_with_the_answer(stage: Stage, answers: list[int], tries: int) -> None:
    stage.listener.answers = list(answers)
    assert not stage.work("echo b >b.txt")
    assert len(stage.listener.reports) == tries
    assert f"::error::The report was not taken: {answers[-1]}" in stage.runner.output
    assert '{"message": "said"}' in stage.runner.output


def test_no_token_is_sent_over_plain_http(stage: Stage) -> None:
    stage.runner.context["inputs.report_url"] = "http://stepwise.example.org/reports"
    assert not stage.work("echo b >b.txt")
    assert "::error::The report is sent over HTTPS only." in stage.runner.output
    assert stage.listener.audiences == []


def test_without_an_address_the_outcome_of_the_run_is_the_report(stage: Stage) -> None:
    stage.runner.context["inputs.report_url"] = ""
    assert stage.work("echo b >b.txt"), stage.runner.output
    assert stage.listener.audiences == []


def test_a_brief_without_a_title_or_plan_still_gives_a_whole_message(stage: Stage) -> None:
    stage.runner.context["inputs.brief"] = "Just do it."
    assert stage.work("echo b >b.txt"), stage.runner.output
    assert git(stage.remote, "log", "-1", "--format=%B", BRANCH) == (
        "B02: what attempt 1 made of it\n\nRefs: sw-0123456789\nStepwise-Block: B02"
    )
