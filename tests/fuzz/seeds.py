"""What the fuzzer begins with: the corpus where it is beside the checkout, the tests' own plans, the templates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.corpus import CORPUS
from tests.plans import memory_bank_text, plan_text, session_text
from tests.runs.plans import memory_bank_text as small_memory_bank
from tests.runs.plans import session_files, spec_plan_text
from tests.runs.world import plan_text as small_exec_plan

TEMPLATES: Final = Path(__file__).parents[2] / "bot/templates"
_DIALECTS: Final = {
    "exec-plan": b"E",
    "exec-plan-foreign": b"E",
    "memory-bank": b"M",
    "spec-plan": b"S",
    "spec-plan-foreign": b"S",
}


def plans() -> Iterator[bytes]:
    """Each begins with the letter of its dialect."""
    for folder, letter in _DIALECTS.items():
        for path in (*sorted((CORPUS / folder).rglob("*.md")), *sorted((TEMPLATES / folder).rglob("*.md"))):
            yield letter + path.read_bytes()
    yield b"E" + plan_text.plan_text().encode()
    yield b"E" + small_exec_plan().encode()
    yield b"M" + memory_bank_text.plan_text("### T001: One\n\n**Files/modules touched:** `src/a.py`\n").encode()
    yield b"M" + small_memory_bank().encode()
    yield b"S" + spec_plan_text().encode()


def sessions() -> Iterator[bytes]:
    folders = [path.parent for path in sorted((CORPUS / "team-session").rglob("team-session.json"))]
    for folder in folders:
        yield _session(
            {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        )
    small = session_files({"IMPL-1": (), "TEST-1": ("IMPL-1",)})
    yield _session({path.partition("TC-shop/")[2]: text.encode() for path, text in small.items()})
    made = {name: session_text.content_of(content) or b"" for name, content in session_text.session_files().items()}
    yield _session(made)


def _session(files: dict[str, bytes]) -> bytes:
    return b"\n".join(b"=== " + name.encode() + b"\n" + content for name, content in sorted(files.items()))


def comments() -> Iterator[bytes]:
    yield b"/approve B01 @ab12cd3\n\nThank you.\n/status"
    yield b"> /approve\n\n<details>\n\n/execute\n\n</details>\n\n/help"
    yield b"Text with `code` and **bold**\n/pause because *of* this\n- /approve\n\n| a |\n|---|\n| /approve |"
    yield b"```\n/approve\n```\n\n    /approve\n\n<div>\n/approve\n</div>\n\\/approve\n[a]: <b> 'c'\n/allow `src/**` x"
    for path in sorted(CORPUS.rglob("*.md"))[::8]:
        yield b"/approve\n\n" + path.read_bytes()[:3000]


def policies() -> Iterator[bytes]:
    for path in sorted(TEMPLATES.rglob("policy.yml")):
        yield path.read_bytes()
    yield b"approvers: [maria, acme/leads]\nrecord: end\ncloseout: commit\nreadiness: warn\ncommits: off\n"
    yield b"gates:\n  required: [tests, 'build (3.11)']\n  ignore: [lint]\n  patience_minutes: 0\n"
    yield b"workers: {default: {workflow: w.yml}, roles: {tester: {mention: '@agent'}, x: person}, at_once: 3}\n"
    yield b"validation: {level: high, workflow: g.yml, invariants: [{name: Ten, paths: [src/]}], documentation: []}\n"
    yield b"plans:\n  exec-plan: ['docs/plans/*.md']\n  spec-plan: []\n"


def patterns() -> Iterator[bytes]:
    yield b"src/...\ninfra/...\nsrc/a.py"
    yield b"**\n.github/workflows/**\n.GitHub/Workflows/x.yml"
    yield b"{a,b/{c,d}}/*.ts\n[!a-c]*\n/x/**/y\n*.md\nb/c/x.ts"
    yield "café/**\n\ncafe\u0301/x".encode()


def webhooks() -> Iterator[tuple[str, bytes]]:
    """Event names with payloads, as GitHub documents them."""
    from tests.github.test_webhooks import EXAMPLES

    for name, example in EXAMPLES:
        yield name, json.dumps(example).encode()


_MARKDOWN: Final = (
    b"\n## ",
    b"\n- ",
    b"- [x] ",
    b"**",
    b"`",
    b"```\n",
    b"| a | b |\n|---|---|\n",
    b"\n---\n",
    b"<!--",
    b"\t",
    b"\r\n",
)
PLAN_WORDS: Final = (
    *_MARKDOWN,
    *(
        b"**Block ID:** `B01`",
        b"B01-B99",
        b"### Task 1: x",
        b"T001",
        b"M1-T1",
        b"## File Scope Contract",
        b"### Include",
    ),
    *(b"- `src/**`", b"src/...", b"{a,b}", b"**Depends on**: Task 1", b"`autonomous`", b"**Execution Branch:** `x`"),
    *(b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\x00", b"\xff", b"\xea\xb0\x80"),
    *(b"&amp;", b"[a]: <b>", b"<details>", b"~~~"),
)
SESSION_WORDS: Final = (
    *(
        b'"tasks"',
        b'"dependency_graph"',
        b'"completed_tasks"',
        b'"roles"',
        b'{"a":',
        b"[",
        b"]",
        b"null",
        b"1e999",
        b"NaN",
    ),
    *(
        b"\\ud800",
        b'"IMPL-1"',
        b"\n=== role-specs/x.md\n",
        b"---\n",
        b"inner_loop: true",
        b"9" * 50,
        b'"":',
        b"\\u0000",
    ),
)
COMMENT_WORDS: Final = (
    *_MARKDOWN,
    *(
        b"\n/approve",
        b"\n/execute",
        b"\n\n",
        b"<div>",
        b"</div>",
        b"<b",
        b"\\",
        b"\n    ",
        b"> ",
        b"[x](y)",
        b"!",
        b"&#47;",
    ),
    *(
        b"\xe2\x80\x8b",
        b"\xef\xbc\x8f",
        b"<![CDATA[",
        b"<?",
        b"*_",
        b"\xc2\xa0",
        b"\x0b",
        b"\xe2\x80\xa8",
        b"~~",
        b"====",
    ),
)
POLICY_WORDS: Final = (
    *(
        b": ",
        b"\n  ",
        b"- ",
        b"[",
        b"{",
        b"&a ",
        b"*a",
        b"!!int ",
        b"!!timestamp ",
        b"!!binary ",
        b"<<: ",
        b"? ",
        b"| ",
        b"> ",
    ),
    *(
        b"2026-99-99",
        b"0x_",
        b"1:99",
        b".nan",
        b"~",
        b"off",
        b'"\\ud800"',
        b"--- ",
        b"%YAML 9.9\n",
        b"\xc2\x85",
        b"record",
        b"gates",
    ),
)
PATTERN_WORDS: Final = (
    *(
        b"**",
        b"*",
        b"?",
        b"[a-",
        b"]",
        b"{",
        b"}",
        b",",
        b"/",
        b"\\",
        b"!",
        b"...",
        b"\n",
        b" ",
        b"[[:alpha:]]",
        b"[Z-a]",
    ),
    *(b"\xcc\x81", b"\xe2\x80\x8b", b"\xc3\xa9", b"\xff", b"a" * 40, b"../", b"./", b"#"),
)
