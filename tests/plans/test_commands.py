"""Commands are told from everything else that stands in backticks."""

from __future__ import annotations

import pytest

from bot.plans.commands import is_command, validation_commands
from bot.plans.document import read_document


@pytest.mark.parametrize(
    "text",
    [
        "pytest", "pytest -q", "uv run pytest tests/a.py -v", "pnpm --filter @a/b typecheck",
        "pnpm docs:check", "make smoke", "go test ./...", "FOO=1 BAR='a b' npm test", "$ npm ci",
        "./scripts/check.sh", "scripts/check.py --all", "mytool --check src", "cargo clippy -- -D warnings",
        "python -m mypy .", 'grep -r "x" src/', "sudo make install", "cd app && pnpm test",
        "npx vitest run", "git diff --check", "docker compose up -d", "curl -fsS localhost:3000/healthz",
    ],
)  # fmt: skip
def test_a_command_is_a_command(text: str) -> None:
    assert is_command(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "GET /api/users", "/execute", "/approve B02", "src/app.py", "tests/a.py::test_b",
        "tests/a_test.go", "200 OK", "0 errors", "B01", "T001", "PASS", "issue-retrieval.test.ts",
        "OrderIntent", "open -> low -> high", "true", "mypy", "npm", "make sure it works", "go live",
        "find all users", "test suite", "docs/", "status: done", "qa_pending", "<command 1>", "feature/x",
        "key=value", "a && b", "cloud-swiftsight", "multiHopGraphHitCount > 0", "research -> trading",
        "{\"a\": 1}", "npm run <script>",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert not is_command(text)


def commands(text: str) -> tuple[str, ...]:
    return validation_commands(read_document(text), None)


def test_only_validation_sections_are_searched_and_records_are_not() -> None:
    text = (
        "# Plan\n\n`npm start`\n\n## Validation Plan\n\nRun `pytest -q`, see `GET /x`.\n\n"
        "### Smoke\n\n- `make smoke`\n\n"
        "## Notes\n\n`make notes`\n\n## 12. Validation Record\n\n- `npm test`\n"
    )
    assert commands(text) == ("pytest -q", "make smoke")


def test_shell_fences_are_read_line_by_line() -> None:
    shell = "```bash\n# build first\nnpm ci\nnpm test -- \\\n  --ci\n\n./x\n```\n"
    text = f"# Validation\n\n{shell}\n```json\nnpm start\n```\n"
    assert commands(text) == ("npm ci", "npm test -- --ci", "./x")


def test_what_a_console_prints_is_no_command() -> None:
    assert commands("# Validation\n\n```console\n$ npm test\nok 12 passed\n```\n") == ("npm test",)


def test_a_script_with_control_flow_stays_whole() -> None:
    assert commands("# Checks\n\n```sh\nfor f in *; do\n  test -f $f\ndone\n```\n") == (
        "for f in *; do\ntest -f $f\ndone",
    )
