"""Running the steps of a workflow file as GitHub's runner does: expressions filled in, then bash on the script."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


def load(path: Path) -> dict[Any, Any]:
    """A workflow or action file; the key `on` comes back as True, since YAML 1.1 reads it so."""
    loaded = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@dataclass(slots=True)
class Runner:
    """A runner with its folders: `work` is the checkout, `temp` what steps share."""

    work: Path
    temp: Path
    context: dict[str, str]
    environment: dict[str, str]
    output: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)

    def step(self, step: dict[str, Any]) -> int:
        """Run one step's script and return its exit code; its outputs can be used by the steps behind it."""
        files = {name: self.temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
        given = {name: self._filled_in(str(value)) for name, value in step.get("env", {}).items()}
        script = self.temp / "script.sh"
        assert "${{" not in step["run"], "an expression in a script is code that strangers write"
        script.write_text(step["run"], "utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.work,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.temp),
                "RUNNER_TEMP": str(self.temp),
                **{name: str(path) for name, path in files.items()},
                **self.environment,
                **given,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=False,
        )
        self.output += done.stdout
        if "id" in step and files["GITHUB_OUTPUT"].exists():
            for line in files["GITHUB_OUTPUT"].read_text().splitlines():
                name, _, value = line.partition("=")
                self.context[f"steps.{step['id']}.outputs.{name}"] = value
        files["GITHUB_OUTPUT"].unlink(missing_ok=True)
        self.outcomes[step["name"]] = done.returncode
        return done.returncode

    def job(self, steps: list[dict[str, Any]]) -> bool:
        """Run all scripts; after a failure only steps that say `always()`. True when none failed."""
        succeeded = True
        for step in steps:
            if "run" in step and (succeeded or step.get("if") == "always()"):
                succeeded = self.step(step) == 0 and succeeded
        return succeeded

    @property
    def summary(self) -> str:
        return (self.temp / "github_step_summary").read_text("utf-8")

    def _filled_in(self, value: str) -> str:
        def one(match: re.Match[str]) -> str:
            parts = [part.strip() for part in match[1].split("||")]
            return next((self.context[part] for part in parts if self.context.get(part)), "")

        return re.sub(r"\$\{\{(.*?)\}\}", one, value)


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Maria", "-c", "user.email=maria@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()
