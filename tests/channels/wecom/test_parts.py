from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.texts import octets
from channels.wecom.contents import TEXT, app_message, has_buttons
from channels.wecom.parts import MOST, divided, pieces
from domain.messages import (
    Acknowledge,
    Address,
    Button,
    Card,
    Content,
    File,
    Image,
    Link,
    Location,
    Markdown,
    MessageEdit,
    OutboundMessage,
    Priority,
    Text,
    Video,
    Voice,
    words,
)

ZHANG = Address("wecom", "zhangwei")
BUTTON = Button("认领", "认领 C12")
LONG = "价" * 700
CUT = "价" * 681 + "…"


@pytest.mark.parametrize(
    "content",
    [
        Text("好"),
        Text(""),
        Text("价" * 682),
        Markdown("**好**"),
        Image("m"),
        Image(url="https://example.com/a.png", caption="新品"),
        Voice("m"),
        File("m", name="a.pdf"),
        Link("标题", "https://example.com", "明" * 900),
        Location(1.0, 2.0, "海珠区"),
        Card("标题", "没有按钮"),
        Card("标题", "正" * 160, (BUTTON,)),
    ],
)
def test_what_fits_into_one_message_is_one(content: Content) -> None:
    assert pieces(content) == (content,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (Text(LONG), (Text("价" * 682), Text("价" * 18))),
        (Text("价" * 400 + "\n" + "格" * 400), (Text("价" * 400), Text("格" * 400))),
        (Markdown(LONG), (Markdown("价" * 682), Markdown("价" * 18))),
        (Image("m", caption="新品"), (Image("m"), Text("新品"))),
        (Video("m", "新品"), (Video("m"), Text("新品"))),
        (File("m", name="a.pdf", caption=LONG), (File("m", name="a.pdf"), Text("价" * 682), Text("价" * 18))),
        (Card("标题", "正文", (BUTTON, BUTTON)), (Text("标题\n正文\n\n认领: 认领 C12\n认领: 认领 C12"),)),
        (Card("标题", LONG), (Text("标题\n" + "价" * 680), Text("价" * 20))),
        (Card("标题", "正" * 161, (BUTTON,)), (Text("标题\n" + "正" * 161), Card("标题", "", (BUTTON,)))),
        (Card("标" * 37, "", (BUTTON,)), (Text("标" * 37), Card("标" * 35 + "…", "", (BUTTON,)))),
        (Card("", "第一行\n第二行", (BUTTON,)), (Text("\n第一行\n第二行"), Card("第一行", "", (BUTTON,)))),
        (
            Card("标题", LONG, (BUTTON, BUTTON)),
            (Text("标题\n" + "价" * 680), Text("价" * 20 + "\n\n认领: 认领 C12\n认领: 认领 C12")),
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_several(content: Content, said: tuple[Content, ...]) -> None:
    assert pieces(content) == said


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (Text(LONG * 10), (Text(CUT),)),
        (Markdown(LONG * 10), (Markdown(CUT),)),
        (Image("m", caption=LONG * 10), (Text(CUT),)),
        (Card("标题", LONG * 10), (Text(CUT),)),
        (Card("标题", LONG * 10, (BUTTON,)), (Text(CUT), Card("标题", "", (BUTTON,)))),
        (Card("标题", LONG * 10, (BUTTON, BUTTON)), (Text("价" * 668 + "…\n\n认领: 认领 C12\n认领: 认领 C12"),)),
    ],
)
def test_what_is_too_much_is_cut_before_the_buttons(content: Content, last: tuple[Content, ...]) -> None:
    said = pieces(content)
    assert len(said) == MOST
    assert said[-len(last) :] == last


@given(title=st.text(max_size=60), text=st.text(max_size=4000), count=st.integers(0, 8))
def test_every_piece_is_one_message_that_shows_all_of_it(title: str, text: str, count: int) -> None:
    buttons = tuple(Button(str(number), f"看 C{number}") for number in range(count))
    said = pieces(Card(title, text, buttons))
    assert 0 < len(said) <= MOST
    messages = [app_message(piece, "k") for piece in said]
    assert all(octets(message["text"]["content"]) <= TEXT for message in messages if message["msgtype"] == "text")
    shown = [button["key"] for each in messages for button in each.get("template_card", {}).get("button_list", [])]
    written = "".join(message["text"]["content"] for message in messages if message["msgtype"] == "text")
    everything = "".join(words(Card(title, text)).split())
    assert has_buttons(Card(title, text, buttons)) or everything in "".join(written.split())
    assert all(button.data in shown or button.data in written for button in buttons)


def test_every_part_is_the_same_promise() -> None:
    until = datetime(2026, 11, 22, tzinfo=UTC)
    whole = OutboundMessage(ZHANG, Text(LONG), Priority.ALERT, until, "event-1")
    first, second = divided(whole)
    assert first == OutboundMessage(ZHANG, Text("价" * 682), Priority.ALERT, until, "event-1")
    assert second == OutboundMessage(ZHANG, Text("价" * 18), Priority.ALERT, until, "event-1")


def test_an_edit_is_said_anew_in_as_many_messages() -> None:
    assert divided(MessageEdit(ZHANG, "1", Text("50 %"))) == (MessageEdit(ZHANG, "1", Text("50 %")),)
    assert divided(MessageEdit(ZHANG, "1", Text(LONG), Priority.ALERT)) == (
        OutboundMessage(ZHANG, Text("价" * 682), Priority.ALERT),
        OutboundMessage(ZHANG, Text("价" * 18), Priority.ALERT),
    )
    assert divided(Acknowledge(ZHANG, "code")) == (Acknowledge(ZHANG, "code"),)
