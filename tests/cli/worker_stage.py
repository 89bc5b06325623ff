"""A stage for the worker workflow: a repository, an agent, and a listener for the tokens and reports."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.cli.workflow_run import ActionError, Runner, WorkflowRun, git, load

FILE = Path(__file__).parents[2] / "bot/templates/workflows/stepwise-worker.yml"
WORKFLOW = load(FILE)
BUNDLE = "stepwise-work.bundle"
BRANCH = "feature/greeting"
BRIEF = '# B02: Greet by name\n\nRefs: docs/exec-plans/active/greeting.md\n\nSay `hello`, then "$(touch pwned)".\n'
RUN = "acme/shop/actions/runs/4711"
PUSH_TOKEN = "ghs_push-token"
"""The token that may write; the agent's job must never hold it."""
REQUEST_TOKEN = "request-token"
"""What OIDC tokens are asked for with."""

SPY = """
import os, pathlib, sys
mark = b"RUNNER_TRACKING_ID=" + os.environ["RUNNER_TRACKING_ID"].encode()
loot, known = pathlib.Path(sys.argv[1]), set()
while True:
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            found = set((process / "environ").read_bytes().split(bytes(1)))
        except OSError:
            continue
        if mark in found and found - known:
            with loot.open("ab") as file:
                file.write(b"\\n".join(found - known) + b"\\n")
            known |= found
    if "--stay" not in sys.argv:
        break
"""
"""Writes down the environment of every process of this machine, once or as long as the machine is there."""


@dataclass
class Listener:
    """Gives out tokens and takes reports; `answers` are the codes of the next answers, then 202."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    state = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Authorization"] == f"Bearer {REQUEST_TOKEN}"
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
    """A remote repository whose branch holds one commit, `sha`, and one run of the worker workflow on it."""

    remote: Path
    folder: Path
    run: WorkflowRun
    sha: str
    listener: Listener

    def work(self, agent: str) -> bool:
        """Run the workflow with this agent."""
        self.run.context["vars.STEPWISE_AGENT_COMMAND"] = agent
        return self.run.run()

    def hand_over(self, bundle: bytes | None, *, said: str = '{"status": "done"}', result: str = "success") -> bool:
        """Run the rest of the workflow on what somebody hands over who has taken over the agent's job."""
        if bundle is not None:
            self.run.artifacts[BUNDLE] = bundle
        self.run.results["agent"] = result
        self.run.outputs["needs.agent.outputs.said"] = said
        self.run.run()
        return self.run.results["push"] == "success"

    @property
    def agents_machine(self) -> Runner:
        return next(iter(self.run.runners.values()))

    @property
    def inputs(self) -> dict[str, str]:
        return self.run.context

    @property
    def output(self) -> str:
        return self.run.output

    def head(self) -> str:
        return git(self.remote, "rev-parse", BRANCH)

    def log(self, form: str, *arguments: str) -> str:
        return git(self.remote, "log", f"--format={form}", *(arguments or ("-1",)), BRANCH)

    def report(self) -> dict[str, Any]:
        assert len(self.listener.reports) == 1
        return self.listener.reports[0]

    def clone(self, name: str) -> Path:
        """A checkout of the branch outside of the run, to prepare something in."""
        folder = self.folder / name
        git(self.folder, "clone", "--quiet", "--branch", BRANCH, str(self.remote), str(folder))
        return folder


def staged(folder: Path, listener: Listener) -> Stage:
    remote, first, tools = folder / "acme/shop.git", folder / "first", folder / "tools"
    git(folder, "init", "--quiet", "--bare", str(remote))
    git(folder, "clone", "--quiet", str(remote), str(first))
    git(first, "checkout", "--quiet", "-b", BRANCH)
    (first / "a.txt").write_text("a\n")
    git(first, "add", ".")
    git(first, "commit", "--quiet", "-m", "begin")
    git(first, "push", "--quiet", "origin", BRANCH)
    # The report step waits between its tries; nothing here has to wait.
    tools.mkdir()
    (tools / "sleep").write_text("#!/bin/sh\n")
    (tools / "sleep").chmod(0o755)
    sha = git(first, "rev-parse", "HEAD")
    context = {
        "inputs.dispatch_id": "sw-0123456789",
        "inputs.block": "B02",
        "inputs.branch": BRANCH,
        "inputs.sha": sha,
        "inputs.brief": BRIEF,
        "inputs.attempt": "1",
        "inputs.report_url": f"{listener.url}/reports",
        "inputs.audience": "https://stepwise.example.org/a b",
        "github.token": PUSH_TOKEN,
    }
    environment = {
        "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin",
        "GITHUB_SERVER_URL": f"file://{folder}",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "4711",
    }
    identity = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{listener.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }

    def check_out(work: Path, given: dict[str, str]) -> None:
        assert given["persist-credentials"] == "False"
        branch = given["ref"].removeprefix("refs/heads/")
        try:
            git(work, "clone", "--quiet", "--branch", branch, str(remote), ".")
        except Exception as error:
            raise ActionError(f"{branch} cannot be checked out") from error
        git(work, "remote", "set-url", "origin", "nowhere")

    run = WorkflowRun(WORKFLOW, folder / "machines", context, environment, identity, check_out)
    return Stage(remote, folder, run, sha, listener)
