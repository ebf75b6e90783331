import pytest

from channels.wechat.parts import MOST, pieces
from domain.messages import Button, Card, Content, File, Image, Link, Markdown, Text, Video, Voice

CHOICE = Button("价格", "price")


@pytest.mark.parametrize(
    "content",
    [
        Text("好"),
        Text(""),
        Text("é" * 1024),
        Markdown("**好**"),
        Image("m"),
        Voice("m"),
        Video("m", "看"),
        Link("标题", "https://example.com", "明" * 900),
        File(url="https://example.com/a"),
        Card("预约", "", (CHOICE,)),
    ],
)
def test_what_fits_into_one_message_is_one(content: Content) -> None:
    assert pieces(content) == (content,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (Text("é" * 1025), (Text("é" * 1024), Text("é"))),
        (Text("汉😀" * 300), (Text("汉😀" * 292 + "汉"), Text("😀" + "汉😀" * 7))),
        (Image("m", caption="新品"), (Image("m"), Text("新品"))),
        (Image(url="https://e.com/a", caption="é" * 1025), (Image(url="https://e.com/a"), Text("é" * 1024), Text("é"))),
        (Card("长", "汉" * 680, (CHOICE,)), (Text("长\n" + "汉" * 680), Text("[价格] price"))),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_several(content: Content, said: tuple[Content, ...]) -> None:
    assert pieces(content) == said


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (Text("汉" * 3500), "汉" * 681 + "…"),
        (Image("m", caption="汉" * 3500), "汉" * 681 + "…"),
        (Card("长", "汉" * 3500, (CHOICE,)), "汉" * 676 + "…\n\n[价格] price"),
    ],
)
def test_more_than_the_platform_lets_us_say_is_cut(content: Content, last: str) -> None:
    said = pieces(content)
    assert len(said) == MOST
    assert said[-1] == Text(last)
