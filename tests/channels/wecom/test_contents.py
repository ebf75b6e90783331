import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wecom.contents import app_message, card_text, has_buttons, task_id, welcome_message
from domain.messages import Button, Card, Content, File, Image, Link, Location, Markdown, Text, Video, Voice

BUTTON = Button("认领", "认领 C12")
SIX = tuple(Button("看", f"看 C{number}") for number in range(6))
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]))


@given(title=TEXTS, text=TEXTS, labels=st.lists(TEXTS.map(lambda text: text[:20]), max_size=6))
def test_a_card_in_words_fits_and_keeps_its_buttons(title: str, text: str, labels: list[str]) -> None:
    said = card_text(Card(title, text * 50, tuple(Button(label, "x 1") for label in labels)), 2048)
    assert len(said.encode()) <= 2048
    assert said.count("x 1") >= len(labels)


@pytest.mark.parametrize(
    ("card", "buttons"),
    [
        (Card("标题", "正文", (BUTTON,)), True),
        (Card("标题", "正" * 160, SIX), True),
        (Card("标题", "正文"), False),
        (Card("", "正文", (BUTTON,)), False),
        (Card("标题", "正文", (*SIX, BUTTON)), False),
        (Card("标题", "正" * 161, (BUTTON,)), False),
        (Card("标" * 37, "正文", (BUTTON,)), False),
        (Card("标题", "正文", (BUTTON, Button("也认领", BUTTON.data))), False),
        (Card("标题", "正文", (Button("认领", "x" * 1025),)), False),
        (Card("标题", "正文", (Button("认领", "x" * 1024),)), True),
        (Card("标题", "正文", (Button("认领", ""),)), False),
        (Card("标题", "正文", (Button(" ", "认领"),)), False),
    ],
)
def test_a_card_has_buttons_only_when_it_fits(card: Card, buttons: bool) -> None:
    assert has_buttons(card) is buttons
    assert app_message(card, "k")["msgtype"] == ("template_card" if buttons else "text")


def test_a_card_in_words_says_what_to_type() -> None:
    card = Card("标题", "正文", (BUTTON, Button("看 C12", "看 C12")))
    assert card_text(card, 2048) == "标题\n正文\n\n认领: 认领 C12\n看 C12"


@pytest.mark.parametrize("key", ["", "中文", "a:b", "x" * 129])
def test_a_key_that_is_no_task_id_becomes_one(key: str) -> None:
    assert len(task_id(key)) == 64
    assert task_id("gx1-a@B_") == "gx1-a@B_"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Voice("m"), {"msgtype": "voice", "voice": {"media_id": "m"}}),
        (Video("m"), {"msgtype": "video", "video": {"media_id": "m"}}),
        (File("m", name="a"), {"msgtype": "file", "file": {"media_id": "m"}}),
        (Markdown("**价**" * 999), {"msgtype": "markdown", "markdown": {"content": "**价**" * 292 + "*…"}}),
        (Location(1.0, 2.0, "海珠区"), {"msgtype": "text", "text": {"content": "海珠区"}}),
        (
            File(url="https://example.com/a/报价.pdf?x=/1"),
            {
                "msgtype": "textcard",
                "textcard": {
                    "title": "报价.pdf",
                    "description": "报价.pdf",
                    "url": "https://example.com/a/报价.pdf?x=/1",
                },
            },
        ),
    ],
)
def test_contents_have_their_shape(content: Content, message: dict[str, object]) -> None:
    assert app_message(content, "k") == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Markdown("**欢迎**"), {"text": {"content": "**欢迎**"}}),
        (Text("欢" * 2000), {"text": {"content": "欢" * 1332 + "…"}}),
        (
            Image(url="https://example.com/a.png", caption="新品"),
            {
                "text": {"content": "新品"},
                "attachments": [{"msgtype": "image", "image": {"pic_url": "https://example.com/a.png"}}],
            },
        ),
        (Image(media="m"), {"attachments": [{"msgtype": "image", "image": {"media_id": "m"}}]}),
        (File(media="m"), {"attachments": [{"msgtype": "file", "file": {"media_id": "m"}}]}),
        (Video("m"), {"attachments": [{"msgtype": "video", "video": {"media_id": "m"}}]}),
        (
            File(url="https://example.com/a.pdf", name="报价"),
            {
                "attachments": [
                    {"msgtype": "link", "link": {"title": "报价", "desc": "", "url": "https://example.com/a.pdf"}}
                ]
            },
        ),
        (
            Link("标题", "https://example.com", "说明", "https://example.com/p.png"),
            {
                "attachments": [
                    {
                        "msgtype": "link",
                        "link": {
                            "title": "标题",
                            "desc": "说明",
                            "url": "https://example.com",
                            "picurl": "https://example.com/p.png",
                        },
                    }
                ]
            },
        ),
        (Card("欢迎", "请选", (BUTTON,)), {"text": {"content": "欢迎\n请选\n\n认领: 认领 C12"}}),
    ],
)
def test_welcomes_have_their_shape(content: Content, message: dict[str, object]) -> None:
    assert welcome_message(content) == message
