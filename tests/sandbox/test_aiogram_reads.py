"""What the simulated Telegram says is what a strict client library understands."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramForbiddenError
from aiogram.types import BotCommand, BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup

from sandbox import Sandbox
from tests.sandbox.tiny import Api

MIA = 50001
BUTTON = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="ok", callback_data="y")]])


@pytest.fixture
async def bot(api: Api, sandbox: Sandbox) -> AsyncIterator[Bot]:
    server = TelegramAPIServer.from_base(f"{api.url}/telegram")
    client = Bot(sandbox.stage.settings.telegram_token, session=AiohttpSession(api=server))
    yield client
    await client.session.close()


async def test_updates_of_all_kinds(bot: Bot, sandbox: Sandbox) -> None:
    telegram = sandbox.telegram
    telegram.polling = True
    await telegram.start(MIA, "spring")
    for kind in ("photo", "document", "voice", "location", "own_contact", "other_contact"):
        await telegram.user_sends(MIA, kind)
    await telegram.block(MIA)
    await telegram.unblock(MIA)
    await telegram.add_to_group(MIA, -5, "Order 1042")
    await telegram.migrate_group(-5, -1005)
    await telegram.press(MIA, 12345, "an old button")
    updates = await bot.get_updates()
    kinds = [update.event_type for update in updates]
    assert kinds == ["message"] * 7 + ["my_chat_member"] * 3 + ["message"] * 2 + ["callback_query"]


async def test_answers_of_all_kinds(bot: Bot, sandbox: Sandbox) -> None:
    sandbox.telegram.polling = True
    await sandbox.telegram.start(MIA)
    sent = await bot.send_message(MIA, "hi", reply_markup=BUTTON)
    await sandbox.telegram.press(MIA, sent.message_id, "y")
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert await query.answer("done").as_(bot)
    edited = await bot.edit_message_text("new", chat_id=MIA, message_id=sent.message_id)
    assert not isinstance(edited, bool)
    assert (edited.text, edited.reply_markup) == ("new", None)
    document = (await bot.send_document(MIA, BufferedInputFile(b"abc", "价目.pdf"))).document
    assert document is not None
    loaded = await bot.download(document.file_id)
    assert loaded is not None
    assert (document.file_name, loaded.read()) == ("价目.pdf", b"abc")
    assert await bot.set_my_commands([BotCommand(command="find", description="Find")])
    assert [each.command for each in await bot.get_my_commands()] == ["find"]
    assert (await bot.get_me()).username == "guanxi_bot"
    assert (await bot.get_chat(MIA)).first_name == "Mia"
    await sandbox.telegram.block(MIA)
    with pytest.raises(TelegramForbiddenError):
        await bot.send_message(MIA, "x")
