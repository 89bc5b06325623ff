"""Scope patterns: they mean what git means by them, they are bounded, and exclude beats include."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from bot.plans.patterns import PatternError, ScopeRules, gitignore_lines, pattern_problem

NAMES = ["a", "b", "ab", "a.py", "b.py", "docs", ".github", "A", "x y", "[a]", "{b}", "é", "e\u0301"]


def is_included(pattern: str, path: str) -> bool:
    return ScopeRules.compile([pattern], []).judge(path).is_allowed


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("docs/...", ["docs/a", "docs/a/b.md"], ["docs", "docsx/a", "infra/docs/a"]),
        ("apps/api/...", ["apps/api/x", "apps/api/x/y"], ["apps/apis/x", "x/apps/api/y"]),
        ("src/", ["src/a", "src/b/c"], ["src", "infra/src/a"]),
        ("src", ["src", "src/a/b"], ["srcs", "infra/src"]),
        ("**/src/", ["src/a", "infra/src/a"], ["src"]),
        ("src/**/", ["src/a", "src/a/b"], ["src"]),
        ("src/**", ["src/a", "src/a/b"], ["src"]),
        ("src/*.py", ["src/a.py"], ["src/b/a.py", "src/a.pyc"]),
        ("src/*/b", ["src/x/b", "src/x/b/c"], ["src/b", "src/x/y/b"]),
        ("**/test_*.py", ["test_a.py", "a/b/test_.py"], ["a/xtest_a.py"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["az", "b/a/z"]),
        ("*.{ts,tsx}", ["a.ts", "x/b.tsx"], ["a.tsxx", "a.{ts,tsx}"]),
        ("{a,b/{c,d}}/x", ["a/x", "b/c/x", "b/d/x"], ["b/x"]),
        ("/README.md", ["README.md"], ["docs/README.md"]),
        ("README.md", ["README.md"], ["readme.md", "docs/README.md"]),
        ("*.md", ["README.md", "docs/README.md"], ["README.mdx"]),
        ("./src/a.py", ["src/a.py"], ["x/src/a.py"]),
        ("#notes/a", ["#notes/a"], ["notes/a"]),
        ("caf\u00e9", ["caf\u00e9"], ["cafe\u0301"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[ab]c", ["ac"], ["cc"]),
        ("{a}", ["{a}"], ["a"]),
    ],
)
def test_a_pattern_means_what_people_expect(pattern: str, inside: list[str], outside: list[str]) -> None:
    assert pattern_problem(pattern) is None
    for path in inside:
        assert is_included(pattern, path), path
    for path in outside:
        assert not is_included(pattern, path), path


@pytest.mark.parametrize(
    "pattern",
    [
        "", "  ", "!src/**", "<unrelated modules>", "...", "../x", "a/../b", "a/./b", "//etc", "~/x", "C:/x",
        "src\\app\\x.py", "/", "a//b", "x" * 501, "{a,b}" * 7, "*a" * 40, "a\nb", "[z-a]", "foo\\",
        "https://example.com/x", "a[",
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_held_to_is_refused(pattern: str) -> None:
    assert pattern_problem(pattern) is not None


def test_compiling_a_refused_pattern_is_an_error_and_never_silent() -> None:
    with pytest.raises(PatternError, match="negated"):
        ScopeRules.compile(["src/**"], ["!infra/**"])


def test_exclude_beats_include_and_an_exception_beats_exclude() -> None:
    rules = ScopeRules.compile(["src/**"], ["src/secret/..."], ["src/secret/a.py"])
    judged = {
        judgement.path: judgement for judgement in rules.judge_all(["src/x", "src/secret/b", "src/secret/a.py", "z"])
    }
    assert [(item.is_allowed, item.rule, item.reason) for item in judged.values()] == [
        (True, "src/**", "included"),
        (False, "src/secret/...", "excluded"),
        (True, "src/secret/a.py", "allowed"),
        (False, None, "outside"),
    ]


def test_a_plain_name_allows_at_the_root_only_and_excludes_at_any_depth() -> None:
    rules = ScopeRules.compile(["src/...", "infra/..."], ["secrets/...", "id_rsa"], ["keys/"])
    assert rules.judge("src/a").is_allowed
    assert rules.judge("vendor/src/a").reason == "outside"
    assert rules.judge("src/secrets/key").reason == "excluded"
    assert rules.judge("infra/id_rsa").reason == "excluded"
    assert rules.judge("keys/id_rsa").reason == "allowed"
    assert rules.judge("infra/keys/id_rsa").reason == "excluded"


@pytest.mark.parametrize("path", ["", "/a", "a/../b", "a//b", "a\nb", "infra/\x00", "./a", "..", "a/" * 3000 + "b"])
def test_a_name_that_could_slip_past_a_rule_is_never_allowed(path: str) -> None:
    judgement = ScopeRules.compile(["**"], []).judge(path)
    assert (judgement.is_allowed, judgement.reason) == (False, "unsafe")


def test_a_name_with_dots_in_it_is_an_ordinary_name() -> None:
    assert is_included("a/**", "a/..b/c...d")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a*a*a*a*a*a*ab", "a" * 4000),
        ("**/a/**/a/**/a/**/a/**/b/c", "a/" * 2000 + "a"),
        ("**/*a*a*ab/**/*a*a*a/**/b", "a" * 4000),
    ],
)
def test_a_pattern_made_to_take_for_ever_does_not(pattern: str, path: str) -> None:
    # With an expression that tries every way to split the path this test would not end.
    assert not is_included(pattern, path)


SEGMENTS = ["**", "*", "a", "b", "a*", "*a", "*a*", "*a*b", "?", "a*b*a", "[ab]", "*ab*"]


@given(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5), st.booleans(), st.booleans(), st.data())
@settings(max_examples=300)
def test_taking_the_first_fit_changes_no_answer(
    segments: list[str], is_rooted: bool, is_folder: bool, data: st.DataObject
) -> None:
    pattern = "/" * is_rooted + "/".join(segments) + "/" * is_folder
    name = st.text("ab", min_size=1, max_size=4)
    path = "/".join(data.draw(st.lists(name, min_size=1, max_size=5)))
    lines = gitignore_lines(pattern)
    regex, _ = GitIgnoreSpecPattern.pattern_to_regex(lines[0])
    assume(regex is not None)
    excluded = ScopeRules.compile(["**"], [pattern]).judge(path).reason == "excluded"
    assert excluded == (re.search(str(regex), path) is not None)


git_patterns = st.lists(
    st.sampled_from(["a", "b", "*", "**", "*.py", "docs", "a*", "[ab]", "[a-c]b", "x y", ".github", "A", "?", "é"]),
    min_size=1,
    max_size=3,
).map("/".join)


@given(
    st.lists(st.tuples(git_patterns, st.sampled_from(["", "/"]), st.sampled_from(["", "/"])), min_size=1, max_size=4),
    st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join), min_size=1, max_size=15),
)
@settings(max_examples=100, deadline=None)
def test_patterns_agree_with_git(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, str, str]], paths: list[str]
) -> None:
    patterns = [f"{front}{middle}{behind}" for middle, front, behind in parts]
    assume(all(pattern_problem(pattern) is None for pattern in patterns))
    # git matches bytes, so its "?" is half an "é"; here it is the letter that people see.
    assume(not any("?" in pattern for pattern in patterns) or all(path.isascii() for path in paths))
    # git leaves the files directly in "a" out of "a/**/"; whoever writes that means everything below, as with "a/".
    assume(not any(pattern.strip("/").endswith("/**") and pattern.endswith("/") for pattern in patterns))
    repository = git_repository(tmp_path_factory)
    (repository / ".git/info/exclude").write_text("".join(f"{pattern}\n" for pattern in patterns), "utf-8")
    asked = "".join(f"{path}\0" for path in paths).encode()
    exactly = ["-c", "core.ignorecase=false", "-c", "core.precomposeunicode=false"]
    answer = subprocess.run(
        [
            "git",
            *exactly,
            "check-ignore",
            "--no-index",
            "-z",
            "--stdin",
        ],
        cwd=repository,
        input=asked,
        capture_output=True,
        check=False,
    )
    ignored = set(answer.stdout.decode().split("\0")) - {""}
    rules = ScopeRules.compile(["**"], patterns)
    assert {path for path in paths if rules.judge(path).reason == "excluded"} == ignored


@given(
    st.lists(st.tuples(git_patterns, st.sampled_from(["", "/"]), st.sampled_from(["", "/"])), min_size=1, max_size=6),
    st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join), min_size=1, max_size=15),
)
@settings(max_examples=100, deadline=None)
def test_the_rule_that_is_named_is_the_one_that_pathspec_names(
    parts: list[tuple[str, str, str]], paths: list[str]
) -> None:
    patterns = [f"{front}{middle}{behind}" for middle, front, behind in parts]
    assume(all(pattern_problem(pattern) is None for pattern in patterns))
    rules = ScopeRules.compile(["**"], patterns)
    each = [GitIgnoreSpecPattern(regex, True) for regex, _ in reversed(rules.exclude.each)]
    spec = GitIgnoreSpec(each, backend="simple")
    for path in paths:
        index = spec.check_file(path).index
        named = rules.exclude.match(path)
        assert named == (None if index is None else rules.exclude.each[-1 - index][1]), path


_repositories: list[Path] = []


def git_repository(factory: pytest.TempPathFactory) -> Path:
    if not _repositories:
        folder = factory.mktemp("patterns")
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        _repositories.append(folder)
    return _repositories[0]
