from bot.service.weighed import Weighed


def test_the_oldest_go_when_it_gets_too_heavy() -> None:
    kept: Weighed[str] = Weighed(100)
    for name in "abc":
        kept.keep(name, name.upper(), 40)
    assert [kept.get(name) for name in "abc"] == [None, "B", "C"]


def test_what_is_too_heavy_alone_is_not_kept_and_drives_nothing_out() -> None:
    kept: Weighed[str] = Weighed(100)
    kept.keep("light", "L", 1)
    kept.keep("heavy", "H", 101)
    assert (kept.get("light"), kept.get("heavy"), len(kept)) == ("L", None, 1)
