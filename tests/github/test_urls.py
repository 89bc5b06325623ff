from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github import urls
from bot.github.errors import UnsafeValue
from bot.github.repos import Repo

API = "https://ghes.example/api/v3"
CONTENTS = "/repos/{owner}/{repo}/contents/{+path}{?ref}"


def expand_path(path: str) -> str:
    return urls.expand(API, CONTENTS, {"owner": "o", "repo": "r", "path": path})


def test_a_template_is_joined_to_an_api_below_a_path() -> None:
    assert urls.expand(API, "/repos/{owner}", {"owner": "o"}) == "https://ghes.example/api/v3/repos/o"


@pytest.mark.parametrize(
    ("path", "escaped"),
    [
        ("docs/plan.md", "docs/plan.md"),
        ("a b/ü.md", "a%20b/%C3%BC.md"),
        ("what?.md", "what%3F.md"),
        ("a#b.md", "a%23b.md"),
        ("100%/%2F.md", "100%25/%252F.md"),
        ("%2e%2e/x", "%252e%252e/x"),
        ("{x}.md", "%7Bx%7D.md"),
    ],
)
def test_a_path_keeps_its_slashes_and_nothing_else(path: str, escaped: str) -> None:
    assert expand_path(path) == f"{API}/repos/o/r/contents/{escaped}"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "a//b",
        "a/",
        "../x",
        "a/../b",
        "a/./b",
        "..",
        "a\nb",
        "a\x00b",
        "a\x7fb",
        "a\u0085b",
        "\ud800",
    ],
)
def test_a_path_that_is_not_below_the_root_is_refused(path: str) -> None:
    with pytest.raises(UnsafeValue):
        expand_path(path)
    if path:
        with pytest.raises(UnsafeValue):
            urls.repository_path(path)


@pytest.mark.parametrize("login", ["", ".", "..", "../admin", "x/../y", "a\r\nb", "a" * 5000])
def test_a_segment_cannot_climb_or_be_empty(login: str) -> None:
    with pytest.raises(UnsafeValue):
        urls.expand(API, "/users/{login}", {"login": login})


def test_a_missing_segment_is_refused_and_not_left_out() -> None:
    with pytest.raises(UnsafeValue, match="login is missing"):
        urls.expand(API, "/users/{login}", {})


def test_a_slash_in_a_segment_stays_within_the_segment() -> None:
    assert urls.expand(API, "/x/{label}/y", {"label": "a/b?c#d"}) == f"{API}/x/a%2Fb%3Fc%23d/y"


def test_query_values_are_escaped_left_out_when_none_and_lower_case_when_boolean() -> None:
    values: dict[str, urls.Value] = {"ref": "a&b=c#d\n", "page": 0, "all": True, "none": None}
    assert urls.expand(API, "/x{?ref,page,all,none}", values) == f"{API}/x?ref=a%26b%3Dc%23d%0A&page=0&all=true"


@given(st.text())
def test_whatever_path_is_let_through_stays_below_contents(path: str) -> None:
    try:
        url = expand_path(path)
    except UnsafeValue:
        return
    parts = urlsplit(url)
    assert (parts.query, parts.fragment, parts.netloc) == ("", "", "ghes.example")
    assert unquote(parts.path) == f"/api/v3/repos/o/r/contents/{path}"


def test_the_origin_counts_scheme_host_and_port() -> None:
    assert urls.is_same_origin("https://a.example/x", "https://a.example:443/y")
    assert not urls.is_same_origin("https://a.example", "http://a.example")
    assert not urls.is_same_origin("https://a.example", "https://a.example:8443")
    assert not urls.is_same_origin("https://a.example", "https://a.example.evil.example")
    assert not urls.is_same_origin("https://a.example", "https://a.example@evil.example/")
    assert not urls.is_same_origin("https://a.example", "https://a.example:port/")


@pytest.mark.parametrize("sha", ["main", "abc", "", "A" * 40, "a...b", "0" * 65])
def test_a_branch_name_is_no_sha(sha: str) -> None:
    with pytest.raises(UnsafeValue):
        urls.commit_sha(sha)


@pytest.mark.parametrize("name", ["o", "o/..", "./r", "o/r/x", "o /r", "o/r\n", "/r", "o/", "ö/r", "o/" + "r" * 101])
def test_what_can_be_no_repository_on_github_is_refused(name: str) -> None:
    with pytest.raises(UnsafeValue):
        Repo.of(name)


def test_a_repository_is_named_by_owner_and_name() -> None:
    assert Repo.of("octo-org/.github") == Repo("octo-org", ".github")
    assert Repo("octo", "plans").full_name == "octo/plans"
