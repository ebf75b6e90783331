import pytest

from channels.telegram import Telegram
from domain.channel import Delivered
from domain.messages import Button, Card
from sandbox import Sandbox
from tests.channels.telegram.test_sender import OFFER, asked, say


async def test_a_card_has_its_buttons(bot: Telegram, sandbox: Sandbox) -> None:
    assert isinstance(await say(bot, OFFER), Delivered)
    (body,) = asked(sandbox, "sendMessage")
    rows = body["reply_markup"]["inline_keyboard"]
    assert body["text"] == "线索 L88\n领取？"
    assert [[key["text"] for key in row] for row in rows] == [["领", "放"], ["看"]]
    assert rows[0][0]["callback_data"] == "领 L88"


async def test_a_button_that_does_not_fit_is_written_out(bot: Telegram, sandbox: Sandbox) -> None:
    long = "改 C1024 公司=" + "长" * 20
    assert isinstance(await say(bot, Card("T", "", (Button("Change", long), Button("Show", "看 C1")))), Delivered)
    (body,) = asked(sandbox, "sendMessage")
    assert body["text"] == f"T\nChange: {long}"
    assert body["reply_markup"]["inline_keyboard"] == [[{"text": "Show", "callback_data": "看 C1"}]]


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (("确认 7K3F", "取消"), [2]),
        (("认领这个新的线索一号", "看"), [1, 1]),
        (("Show the whole customer", "Claim"), [1, 1]),
        (("Confirm 7K3F", "Cancel", "Stop"), [2, 1]),
        (("Confirm 7K3F", "Cancel", "Show the whole customer", "Stop", "Later"), [2, 1, 2]),
    ],
)
async def test_two_buttons_share_a_row_where_a_phone_shows_both(
    bot: Telegram, sandbox: Sandbox, labels: tuple[str, ...], rows: list[int]
) -> None:
    assert isinstance(await say(bot, Card("T", "", tuple(Button(label, label) for label in labels))), Delivered)
    assert [len(row) for row in asked(sandbox, "sendMessage")[0]["reply_markup"]["inline_keyboard"]] == rows
