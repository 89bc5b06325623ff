"""Runs the jobs of a workflow file as GitHub's runner does: fill in the expressions, then run bash on the script."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

Action = Callable[[dict[str, str]], None]
"""What stands in for an action of others: takes the values of `with`, and raises ActionError where it fails."""
_FILES: Final = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE")
_STATUS: Final = {"always()", "!cancelled()", "success()"}


class ActionError(Exception):
    """An action failed."""


def load(path: Path) -> dict[Any, Any]:
    """A workflow or action file; the key `on` comes back as True, since YAML 1.1 reads it so."""
    loaded = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@dataclass(slots=True)
class Runner:
    """One machine with its folders: `work` is the checkout, `temp` is shared by the steps.

    As on GitHub, every process of a step can read and write what the steps share: the environment of the processes,
    the files behind GITHUB_OUTPUT and GITHUB_ENV, and so the environment of the steps behind it.
    """

    work: Path
    temp: Path
    context: dict[str, str]
    environment: dict[str, str]
    actions: dict[str, Action] = field(default_factory=dict)
    output: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)
    set_by_steps: dict[str, str] = field(default_factory=dict)
    first_in_path: list[str] = field(default_factory=list)
    tracking_id: str = field(default_factory=lambda: f"runner-{uuid.uuid4()}")

    def step(self, step: dict[str, Any]) -> int:
        """Run one step's script and return its exit code; its outputs can be used by the steps behind it."""
        files = {name: self.temp / name.lower() for name in _FILES}
        given = {name: self.filled_in(str(value)) for name, value in step.get("env", {}).items()}
        script = self.temp / "script.sh"
        assert "${{" not in step["run"], "an expression in a script is code that strangers write"
        script.write_text(step["run"], "utf-8")
        path = self.environment.get("PATH", os.environ["PATH"])
        try:
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=self.work,
                env={
                    "HOME": str(self.temp),
                    "RUNNER_TEMP": str(self.temp),
                    "RUNNER_TRACKING_ID": self.tracking_id,
                    **{name: str(path) for name, path in files.items()},
                    **self.environment,
                    "PATH": ":".join([*self.first_in_path, path]),
                    **self.set_by_steps,
                    **given,
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                timeout=60,
                check=False,
            )
        except OSError as error:
            # The kernel takes 128 KiB for one variable at most.
            self.output += f"{error}\n"
            return self._ended(step, 1)
        self.output += done.stdout
        if "id" in step:
            for name, value in _lines_of(files["GITHUB_OUTPUT"]):
                self.context[f"steps.{step['id']}.outputs.{name}"] = value
        self.set_by_steps |= dict(_lines_of(files["GITHUB_ENV"]))
        if files["GITHUB_PATH"].exists():
            self.first_in_path = [*files["GITHUB_PATH"].read_text().split(), *self.first_in_path]
        for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"):
            files[name].unlink(missing_ok=True)
        return self._ended(step, done.returncode)

    def job(self, steps: list[dict[str, Any]]) -> bool:
        """Run the steps whose condition holds, which is mostly that none has failed before. True when none failed."""
        succeeded = True
        for step in steps:
            if holds(step.get("if"), self.context, succeeded=succeeded):
                ended = self.step(step) if "run" in step else self._use(step)
                succeeded = ended == 0 and succeeded
            elif "id" in step:
                self.context[f"steps.{step['id']}.outcome"] = "skipped"
        return succeeded

    def end(self) -> None:
        """The machine is gone, with all that is left running on it."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"RUNNER_TRACKING_ID={self.tracking_id}\0".encode() in (process / "environ").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
            except (OSError, ValueError):
                continue

    @property
    def summary(self) -> str:
        return (self.temp / "github_step_summary").read_text("utf-8")

    def filled_in(self, value: str) -> str:
        def one(match: re.Match[str]) -> str:
            parts = [part.strip() for part in match[1].split("||")]
            return next((self.context[part] for part in parts if self.context.get(part)), "")

        return re.sub(r"\$\{\{(.*?)\}\}", one, value)

    def _use(self, step: dict[str, Any]) -> int:
        action = self.actions.get(step["uses"].partition("@")[0])
        try:
            if action is not None:
                action({name: self.filled_in(str(value)) for name, value in step.get("with", {}).items()})
        except ActionError as error:
            self.output += f"{error}\n"
            return self._ended(step, 1)
        return self._ended(step, 0)

    def _ended(self, step: dict[str, Any], code: int) -> int:
        self.outcomes[step["name"]] = code
        if "id" in step:
            self.context[f"steps.{step['id']}.outcome"] = "failure" if code else "success"
        return code


@dataclass(slots=True)
class WorkflowRun:
    """All jobs of a workflow, each on a machine of its own that is gone when the job is over.

    `with_identity` is what a job gets that may ask for tokens. A job that has a result before the run begins is not
    run: whoever controls a job can upload any artifact and set any output, so a test can do that in its place.
    """

    workflow: dict[Any, Any]
    folder: Path
    context: dict[str, str]
    environment: dict[str, str]
    with_identity: dict[str, str]
    check_out: Callable[[Path, dict[str, str]], None]
    artifacts: dict[str, bytes] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    runners: dict[str, Runner] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)

    def run(self) -> bool:
        """Run the jobs in their order. True when none failed."""
        for name, job in self.workflow["jobs"].items():
            if name in self.results:
                continue
            ran_before = all(self.results[one] == "success" for one in self._needs(job))
            if not holds(job.get("if"), self.context, succeeded=ran_before):
                self.results[name] = "skipped"
                continue
            self._run_job(name, job)
        return all(result == "success" for result in self.results.values())

    @property
    def output(self) -> str:
        return "".join(runner.output for runner in self.runners.values())

    def _run_job(self, name: str, job: dict[str, Any]) -> None:
        runner = self._machine(name, job)
        try:
            succeeded = runner.job(job["steps"])
        finally:
            runner.end()
        self.results[name] = "success" if succeeded else "failure"
        for output, expression in job.get("outputs", {}).items():
            self.outputs[f"needs.{name}.outputs.{output}"] = runner.filled_in(expression)

    def _machine(self, name: str, job: dict[str, Any]) -> Runner:
        work, temp = self.folder / name / "work", self.folder / name / "temp"
        work.mkdir(parents=True)
        temp.mkdir()
        results = {f"needs.{one}.result": self.results[one] for one in self._needs(job)}
        permissions = job.get("permissions", self.workflow.get("permissions")) or {}
        context = {**self.context, **self.outputs, **results, "runner.temp": str(temp)}
        if permissions.get("contents") != "write":
            context["github.token"] = "ghs_may-only-read"
        identity = self.with_identity if permissions.get("id-token") == "write" else {}
        runner = Runner(work, temp, context, {**self.environment, **identity})
        runner.actions = {
            "actions/checkout": lambda given: self.check_out(work, given),
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }
        self.runners[name] = runner
        return runner

    def _needs(self, job: dict[str, Any]) -> list[str]:
        needs = job.get("needs", [])
        return [needs] if isinstance(needs, str) else needs

    def _upload(self, given: dict[str, str]) -> None:
        path = Path(given["path"])
        if not path.is_file():
            raise ActionError(f"No files were found with the provided path: {path}")
        # Without an archive the file's name is the artifact's.
        assert given["archive"] == "False" and given["name"] == path.name
        self.artifacts[path.name] = path.read_bytes()

    def _download(self, given: dict[str, str]) -> None:
        name = given["name"]
        if name not in self.artifacts:
            raise ActionError(f"Artifact '{name}' not found")
        assert given["skip-decompress"] == "True", "an archive of a stranger is not unpacked"
        Path(given["path"]).mkdir()
        (Path(given["path"]) / name).write_bytes(self.artifacts[name])


def holds(condition: str | None, context: dict[str, str], *, succeeded: bool) -> bool:
    """Whether an `if` lets a job or a step run: terms joined by `&&`, and success unless it names a status."""
    text = (condition or "success()").strip().removeprefix("${{").removesuffix("}}")
    terms = [term.strip() for term in text.split("&&")]
    if not _STATUS & set(terms):
        terms.append("success()")
    return all(_term_holds(term, context, succeeded=succeeded) for term in terms)


def _term_holds(term: str, context: dict[str, str], *, succeeded: bool) -> bool:
    if term in _STATUS:
        return succeeded if term == "success()" else True
    compared = re.fullmatch(r"([\w.-]+) == '([^']*)'", term)
    assert compared, f"{term} is not a condition that this runner knows"
    return context.get(compared[1], "") == compared[2]


def _lines_of(file: Path) -> list[tuple[str, str]]:
    if not file.exists():
        return []
    lines = file.read_text("utf-8", errors="replace").splitlines()
    return [(name, value) for name, _, value in (line.partition("=") for line in lines) if name]


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Maria", "-c", "user.email=maria@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()
