"""What people do in a story, and where they look: pushes, comments, CI, deployments, merges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.demo.show import checklist, checks, picture, replies, reply_text
from bot.demo.stage import DemoFailed, Stage

Say = Callable[[str], None]

REPO: Final = "acme/shop"
POLICY: Final = ".github/stepwise.yml"


class Moves:
    """Each move is made and told; `number` is the pull request in play, `branch` where the work is pushed."""

    branch = ""

    def __init__(self, stage: Stage, say: Say, headline: Say) -> None:
        self.stage = stage
        self.say = say
        self.headline = headline
        self.number = 0

    def play(self) -> None:
        """The whole path. Raises DemoFailed where the pull request does not show what it should."""
        raise NotImplementedError

    # -- what people do ------------------------------------------------------------------------------------------

    def push(self, by: str, files: Mapping[str, bytes], message: str, *, branch: str = "", trailer: str = "") -> str:
        """Commit the files on top of the branch and push; what is in the clone already goes along. The commit's SHA."""
        stage, branch = self.stage, branch or self.branch
        stage.git(by, "fetch", "-q", "origin")
        exists = stage.git(by, "branch", "-r", "--list", f"origin/{branch}").strip()
        if files:
            stage.git(by, "checkout", "-q", "-B", branch, f"origin/{branch}" if exists else "origin/main")
        for path, content in files.items():
            file = stage.folder / by / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        stage.git(by, "add", "-A")
        stage.git(by, "commit", "-q", "-m", message, *(["-m", trailer] if trailer else []))
        stage.git(by, "push", "-q", "origin", branch)
        sha = stage.git(by, "rev-parse", "HEAD").strip()
        self.say(f"  {by}$ git push   # {sha[:7]} {message}")
        return sha

    def change(self, by: str, path: str, old: str, new: str, message: str, **how: str) -> str:
        """Replace some text of a file of the branch and push that. Raises DemoFailed where the text is not there."""
        before = self.file(path, self.branch)
        if before is None or old not in before:
            raise DemoFailed(f"{path} does not say «{old}»: {before}")
        return self.push(by, {path: before.replace(old, new, 1).encode()}, message, **how)

    def policy(self, text: str, also: Mapping[str, bytes] | None = None) -> None:
        """maria commits the team's policy to main, where it counts."""
        self.push("maria", {POLICY: text.encode(), **(also or {})}, "Policy", branch="main")
        self.say("\n".join(f"    {line}" for line in text.splitlines()))

    def open_pull(self, title: str, body: str) -> None:
        wanted = {"title": title, "head": self.branch, "base": "main", "body": body}
        self.number = self.stage.request("POST", f"/repos/{REPO}/pulls", "coda", wanted)["number"]

    def ci(self, conclusion: str | None, *, name: str = "tests", summary: str = "") -> None:
        body = {"repo": REPO, "sha": self.branch, "name": name, "conclusion": conclusion, "summary": summary}
        self.stage.request("POST", "/_sandbox/ci", None, body)
        self.say(f"  ci: {name} {conclusion or 'in progress'}")

    def comment(self, by: str, text: str) -> int:
        made = self.stage.request("POST", f"/repos/{REPO}/issues/{self.number}/comments", by, {"body": text})
        self.say(f"  {by}: {text}")
        return int(made["id"])

    def answered(self, by: str, command: str, *wanted: str) -> str:
        """A command that is to be answered with a comment that says all of these."""
        before = len(self.replies())
        self.comment(by, command)
        return self.said(before, *wanted)

    def said(self, before: int, *wanted: str) -> str:
        """Wait for a comment of the bot's, behind the first `before`, that says all of these; it is shown."""

        def found() -> str | None:
            return next((body for body in self.replies()[before:] if all(text in body for text in wanted)), None)

        self.until(f"a comment of the bot: … {' … '.join(wanted)} …", lambda: found() is not None)
        body = found()
        assert body is not None
        self.say(indented(reply_text(body)))
        return body

    def approve(self, block: str, head: str, by: str = "maria", *, then: str = "") -> None:
        """Wait until the checklist offers it, approve the commit, and wait for what comes then."""
        self.shows(f"/approve {block} @{head[:7]}", show=False)
        self.comment(by, f"/approve {block} @{head[:7]}")
        self.shows(*([then] if then else []), show=bool(then))

    def deploy(self, environment: str, state: str) -> None:
        """ada deploys the head of the branch: a deployment and its status."""
        made = self.stage.request(
            "POST",
            f"/repos/{REPO}/deployments",
            "ada",
            {"ref": self.branch, "environment": environment, "auto_merge": False, "required_contexts": []},
        )
        status = {"state": state, "environment_url": f"https://{environment}.shop.example/"}
        self.stage.request("POST", f"/repos/{REPO}/deployments/{made['id']}/statuses", "ada", status)
        self.say(f"  ada: deployed to {environment}: {state}")

    def merge(self, number: int | None = None) -> None:
        self.stage.request("PUT", f"/repos/{REPO}/pulls/{number or self.number}/merge", "maria", {})
        self.say(f"  maria: merged #{number or self.number}")

    def merge_closeout(self) -> None:
        """maria merges the closeout's own pull request, once its checks are green; its files are shown."""
        self.until("a closeout pull request is open", lambda: self.closeout_pull() is not None)
        number = self.closeout_pull()
        assert number is not None
        files = self.stage.request("GET", f"/repos/{REPO}/pulls/{number}/files", "ada")
        names = [f"{item.get('previous_filename', '')} -> {item['filename']}".removeprefix(" -> ") for item in files]
        self.say(indented("\n".join(f"{item['status']:<9} {name}" for item, name in zip(files, names, strict=True))))
        self.until("the closeout's own checks are green", lambda: self.is_green(number))
        self.merge(number)

    # -- where they look -----------------------------------------------------------------------------------------

    def replies(self) -> list[str]:
        return replies(self.stage, self.number)

    def checklist(self) -> str:
        return checklist(self.stage, self.number)

    def reactions(self, comment: int) -> list[str]:
        found = self.stage.request("GET", f"/repos/{REPO}/issues/comments/{comment}/reactions", "ada")
        return [item["content"] for item in found]

    def conclusion(self, name: str) -> str | None:
        return checks(self.stage, self.number).get(name, (None, ""))[0]

    def is_green(self, number: int | None = None) -> bool:
        found = checks(self.stage, number or self.number)
        return len(found) == 4 and all(conclusion == "success" for conclusion, _ in found.values())

    def closeout_pull(self) -> int | None:
        found = self.stage.request("GET", f"/repos/{REPO}/pulls?state=open", "ada")
        mine = [item["number"] for item in found if item["head"]["ref"].startswith("stepwise/closeout/")]
        return mine[0] if mine else None

    def file(self, path: str, ref: str) -> str | None:
        """A file's text on a branch as it is now; None where there is none."""
        self.stage.git("ada", "fetch", "-q", "--prune", "origin")
        if path not in self.files(ref):
            return None
        return self.stage.git("ada", "show", f"origin/{ref}:{path}")

    def files(self, ref: str) -> list[str]:
        self.stage.git("ada", "fetch", "-q", "--prune", "origin")
        return self.stage.git("ada", "ls-tree", "-r", "--name-only", f"origin/{ref}").splitlines()

    def show_file(self, path: str, ref: str) -> str:
        text = self.file(path, ref)
        if text is None:
            raise DemoFailed(f"{path} is not on {ref}")
        self.say(f"  {path}:\n{indented(text)}")
        return text

    def issues(self, state: str = "open") -> list[dict[str, Any]]:
        """The issues that are no pull requests."""
        found = self.stage.request("GET", f"/repos/{REPO}/issues?state={state}&per_page=100", "ada")
        return [item for item in found if "pull_request" not in item]

    def until(self, what: str, look: Callable[[], bool]) -> None:
        self.stage.until(what, look)

    def shows(self, *wanted: str, show: bool = True) -> None:
        """Wait until the checklist says all of these, and all four checks are there."""

        def look() -> bool:
            body = self.checklist()
            return all(text in body for text in wanted) and len(checks(self.stage, self.number)) == 4

        try:
            self.until("in the checklist: " + " and ".join(wanted), look)
        except DemoFailed as error:
            raise DemoFailed(f"{error}; it shows:\n{picture(self.stage, self.number)}") from error
        if show:
            self.picture()

    def picture(self) -> None:
        self.say("\n" + picture(self.stage, self.number) + "\n")

    def demand(self, wanted: Mapping[str, bool]) -> None:
        """Tell what holds in the end. Raises DemoFailed where something does not."""
        self.headline("What main holds in the end")
        self.say(indented("\n".join(f"{'✓' if holds else '✗'} {what}" for what, holds in wanted.items())))
        wrong = [what for what, holds in wanted.items() if not holds]
        if wrong:
            raise DemoFailed("the end state is wrong: not " + "; not ".join(wrong))


def indented(text: str) -> str:
    return "\n" + "\n".join(f"    {line}" for line in text.splitlines()) + "\n"
