"""Commands that a plan names for validation: code spans and shell fences, told from routes, paths, ids and results."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from typing import Final

from bot.plans.document import Document, Section
from bot.plans.inline import code_spans
from bot.plans.nodes import Fence, Span, texts, walk
from bot.plans.placeholders import has_placeholder

LENGTH_LIMIT: Final = 2000

_PROGRAMS: Final = frozenset((
    "act", "actionlint", "alembic", "ansible-playbook", "awk", "aws", "az", "bandit", "basedpyright", "bash",
    "bats", "bazel", "biome", "black", "brew", "buf", "bun", "bundle", "bundler", "bunx", "cabal", "cargo",
    "cargo-nextest", "cat", "cd", "clang-format", "cmake", "codespell", "composer", "conda", "coverage", "cp",
    "ctest", "curl", "cypress", "dart", "deno", "detekt", "diff", "django-admin", "djlint", "docker",
    "docker-compose", "dotnet", "echo", "elixir", "env", "eslint", "export", "find", "firebase", "flake8",
    "flutter", "gcloud", "gh", "git", "gitleaks", "go", "golangci-lint", "gradle", "grep", "hadolint", "hatch",
    "head", "helm", "http", "isort", "java", "javac", "jest", "jq", "just", "k6", "kill", "ktlint", "kubectl",
    "lint-imports", "locust", "ls", "make", "markdownlint", "mix", "mkdir", "mkdocs", "mocha", "mv", "mvn", "mypy",
    "nc", "ng", "ninja", "node", "nox", "npm", "npx", "nvm", "nx", "openssl", "pdm", "perl", "pgrep", "php",
    "phpstan", "phpunit", "pip", "pip3", "pipenv", "pipx", "playwright", "pnpm", "podman", "poetry", "pre-commit",
    "prettier", "ps", "psql", "pwsh", "pylint", "pyrefly", "pyright", "pytest", "python", "python2", "python3",
    "radon", "rails", "rake", "redis-cli", "rg", "rm", "rspec", "rubocop", "ruby", "ruff", "rustc", "rustfmt",
    "sbt", "sed", "semgrep", "sh", "shellcheck", "sleep", "snyk", "sort", "sphinx-build", "sqlite3", "ssh", "stack",
    "stepwise", "stylelint", "sudo", "svelte-check", "swift", "swiftlint", "tail", "tar", "task", "terraform",
    "test", "time", "timeout", "tox", "tree", "trivy", "tsc", "tsx", "turbo", "ty", "uv", "uvx", "vite", "vitest",
    "vue-tsc", "vulture", "watch", "wc", "wget", "xargs", "xcodebuild", "yamllint", "yarn", "zig", "zsh",
))  # fmt: skip
# Programs that are run without a word behind them; the bare name of any other is only a mention.
_BARE: Final = frozenset({"pytest", "tox", "nox", "make", "ctest"})
# Programs whose names are also English words: what may stand behind them when a command is meant.
_BEHIND: Final = {
    "go": r"(?:test|build|vet|run|fmt|generate|mod|install|tool|list|work|clean|get|version)\b",
    "make": r"(?!sure\b|it\b|the\b|a\b|an\b|no\b)\S",
    "find": r"[./-]\S*|\w+/",
    "test": r"[-!$\"']",
    "time": r"\S*[/.-]|(?:{programs})\b",
    "sort": r"-|\S+\.\S+",
    "head": r"-|\S+\.\S+",
    "tail": r"-|\S+\.\S+",
    "diff": r"-|\S+[./]\S+",
    "watch": r"-",
    "node": r"-|\S+\.[cm]?[jt]s\b|\S+/",
    "cat": r"\S+[./]",
    "task": r"[-\w:]+$",
    "just": r"[-\w:]+(?:\s+-.*)?$",
    "tree": r"-|\S+/",
    "act": r"-|push\b|pull_request\b",
    "stack": r"(?:test|build|exec|run|ghc)\b",
    "env": r"[A-Za-z_]+=|-",
    "http": r"(?:GET|POST|PUT|DELETE|:)",
    "kill": r"-|\$|\d",
    "sleep": r"\d",
    "ps": r"-|aux\b",
    "ls": r"-|\S*[./]",
    "echo": r"\S",
    "export": r"[A-Za-z_]+=",
    "black": r"-|\S*[./]",
    "coverage": r"(?:run|report|xml|html|combine|erase|json)\b",
    "flutter": r"(?:test|build|analyze|run|pub|drive)\b",
    "swift": r"(?:test|build|run|package)\b",
    "ty": r"check\b",
    "stepwise": r"(?:lint|scope|serve|demo|doctor)\b",
}
_ASSIGNMENTS: Final = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]{0,60}=(?:\"[^\"]*\"|'[^']*'|\S*)\s+){0,8}")
_WORD: Final = re.compile(r"[A-Za-z][\w.+-]*$")
_SCRIPT: Final = re.compile(r"\.{1,2}/[\w./-]+|(?:[\w.-]+/)+[\w.-]+(?=\s)")
_FLAG: Final = re.compile(r"(?:^|\s)--?[A-Za-z][\w-]*(?=[\s=]|$)")
_ARROW: Final = re.compile(r"(?:^|\s)(?:->|=>|==|!=|<=|>=|→|:=)(?:\s|$)")


def is_command(text: str) -> bool:
    """Say whether a code span is a command: `uv run pytest -q` is; `GET /api`, `src/a.py`, `0 errors` are not."""
    text = text.strip()
    if not text or len(text) > LENGTH_LIMIT or "\n" in text or has_placeholder(text):
        return False
    if text.startswith("$ "):
        text = text[2:].strip()
    assigned = _ASSIGNMENTS.match(text)
    text = text[assigned.end() :] if assigned else text
    program, _, behind = text.partition(" ")
    behind = behind.strip()
    if program in ("sudo", "time", "timeout", "nohup", "xvfb-run") and behind:
        return is_command(re.sub(r"^(?:-\S+\s+|\d+[smh]?\s+)*", "", behind))
    if program in _PROGRAMS:
        return _fits(program, behind)
    if program.startswith("./") and _SCRIPT.match(text):
        return not re.search(r"\.(?:md|json|ya?ml|txt|toml|ts|tsx|css|html)$", program)
    if not behind or _ARROW.search(text):
        return False
    if _SCRIPT.match(text) and not program.endswith("/"):
        return bool(re.search(r"(?:\.(?:sh|py|js|mjs|rb|ps1|bat)$)|(?:^|/)(?:bin|scripts)/", program))
    return bool(_WORD.match(program)) and program == program.lower() and bool(_FLAG.search(behind))


def _fits(program: str, behind: str) -> bool:
    if not behind:
        return program in _BARE
    pattern = _BEHIND.get(program)
    return pattern is None or re.match(pattern, behind) is not None


_SECTION: Final = re.compile(
    r"\b(?:validations?|validate|validating|verifications?|verify|verifying|quality gates?"
    r"|test(?:ing)? (?:plan|strategy)|testing|gates|checks|smoke tests?)\b|검증|테스트|验证|驗證|测试|測試|検証"
)
_RECORD: Final = re.compile(
    r"\b(?:records?|results?|reports?|logs?|outputs?|history|evidence|status|notes)\b|결과|기록|结果|記録"
)
_SHELLS: Final = frozenset(
    {"sh", "bash", "shell", "zsh", "fish", "console", "terminal", "shell-session", "shellsession"}
)


def validation_sections(document: Document, aside: Container[int] = ()) -> tuple[Section, ...]:
    """The sections that say how the work is to be validated; records of what was done are none.

    `aside` are the lines of headings that are something else whatever their name, such as "Task 4: Verify it".
    """
    found: list[Section] = []
    covered = 0
    for section in document.sections:
        if section.heading.start in aside or _RECORD.search(section.name) or not _SECTION.search(section.name):
            continue
        if section.heading.start >= covered and section.level > 0:
            found.append(section)
            covered = section.body.end
    return tuple(found)


def validation_commands(document: Document, title_line: int | None) -> tuple[str, ...]:
    """The commands under the validation sections, in order and each once; a title with such a name is no section."""
    spans = [section.body for section in validation_sections(document) if section.heading.start != title_line]
    return tuple(dict.fromkeys(command for span in spans for command in commands_in(document, span)))


def commands_in(document: Document, span: Span) -> Iterator[str]:
    """The commands in these lines: code spans that are commands, and the lines of shell fences."""
    for node in walk(document.nodes_in(span)):
        if isinstance(node, Fence):
            yield from _fence_commands(node)
    for text in texts(document.nodes_in(span)):
        for code in code_spans(text):
            if is_command(code.text):
                yield code.text.strip().removeprefix("$ ")


def _fence_commands(fence: Fence) -> Iterator[str]:
    language = fence.info.split(None, 1)[0].casefold() if fence.info else ""
    if language and language not in _SHELLS:
        return
    lines = _joined(fence.content.splitlines())
    prompted = [line[2:].strip() for line in lines if line.startswith("$ ")]
    if prompted:
        yield from prompted
    elif language in ("", "console", "terminal"):
        yield from (line for line in lines if is_command(line))
    elif any(re.match(r"(?:if|for|while|until|case|function)\b|.*<<", line) for line in lines):
        # A script with control flow is one command; its lines alone are not.
        yield "\n".join(lines)
    else:
        yield from lines


def _joined(lines: Sequence[str]) -> list[str]:
    """Lines with their continuations joined; comments and blank lines left out."""
    joined: list[str] = []
    waiting = ""
    for line in lines:
        words = line.strip()
        if not waiting and (not words or words.startswith("#")):
            continue
        if words.endswith("\\") and not words.endswith("\\\\"):
            waiting += words[:-1].rstrip() + " "
            continue
        joined.append(waiting + words)
        waiting = ""
    return [*joined, waiting.strip()] if waiting.strip() else joined
