"""Here lives the proof that the codes of links are ours alone, and that robots are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.links import Opening, code_of, is_robot, opening_of

KEY = b"k" * 32
NUMBERS = st.integers(0, 2**40 - 1)


@given(NUMBERS, NUMBERS, st.sampled_from(["", "页面", "。", "/x", "?a=b", ")"]))
def test_a_code_is_read_again(link: int, recipient: int, behind: str) -> None:
    code = code_of(Opening(link, recipient), KEY)
    assert len(code) == 24
    assert opening_of(code + behind, KEY) == Opening(link, recipient)
    assert opening_of(code, b"x" * 32) is None
    assert opening_of(f"{code}A", KEY) is None


@given(st.integers(0, 23), st.sampled_from("ABCxyz019-_"))
def test_a_code_that_was_changed_is_none_of_ours(place: int, letter: str) -> None:
    code = code_of(Opening(7, 12), KEY)
    changed = code[:place] + letter + code[place + 1 :]
    assert opening_of(changed, KEY) in ({Opening(7, 12)} if changed == code else {None})


@given(st.text(max_size=40))
def test_anything_is_no_code(text: str) -> None:
    assert opening_of(text, KEY) is None


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "TelegramBot (like TwitterBot)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Twitterbot/1.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "WhatsApp/2.23.20.0 A",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "curl/8.5.0",
    ],
)
def test_robots(agent: str) -> None:
    assert is_robot(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Linux; Android 14; V2324A) AppleWebKit/537.36 Chrome/116.0 Mobile MicroMessenger/8.0.49",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile Safari/604.1",
        "Mozilla/5.0 (Linux; Android 10; CUBOT_X19) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
    ],
)
def test_people(agent: str) -> None:
    assert not is_robot(agent)
