"""Here lives who is offered which commands while typing, and when they are told anew."""

from collections.abc import Awaitable, Callable

import pytest

from bot.database import transaction
from domain.messages import Address, CommandMenu
from domain.permissions import Role
from handlers import menus
from models.outbox import OutboxItem
from models.staff import Staff, StaffAccount
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Renew = Callable[[], Awaitable[list[CommandMenu]]]


@pytest.fixture
def renew(stranger: Phone, clock: Clock) -> Renew:
    """What a start tells the platforms."""

    async def renewed() -> list[CommandMenu]:
        last = await OutboxItem.all().order_by("-id").first()
        async with transaction():
            await menus.renew(stranger.house, clock())
        told = await OutboxItem.filter(id__gt=last.id if last else 0).order_by("id")
        return [each.outgoing for each in told if isinstance(each.outgoing, CommandMenu)]

    return renewed


async def test_strangers_are_offered_the_start_in_two_languages(renew: Renew) -> None:
    everybody = Address("telegram", "")
    assert await renew() == [
        CommandMenu(everybody, "", (("start", "开始聊天"),)),
        CommandMenu(everybody, "en", (("start", "start the chat"),)),
    ]


async def test_each_colleague_is_offered_what_their_role_may(hire: Hire, renew: Renew, clock: Clock) -> None:
    people = [await hire("小王", Role.VIEWER), await hire("Lucy", Role.ADMIN, language="en")]
    await StaffAccount.bind(Address("wecom", "lucy"), await Staff.get(name="Lucy"), clock())
    viewer, admin = (await renew())[2:]
    assert [viewer.to, admin.to] == [phone.address for phone in people]
    assert {"find", "help"} <= dict(viewer.commands).keys()
    assert not {"note", "group", "assign"} & dict(viewer.commands).keys()
    assert dict(admin.commands)["group"] == "let me speak in this group, or not"
    assert {viewer.language, admin.language} == {""}


async def test_a_start_tells_only_what_is_new(hire: Hire, renew: Renew) -> None:
    await hire("李雷")
    assert len(await renew()) == 3
    assert await renew() == []
    await Staff.all().update(role=Role.MANAGER)
    assert len(await renew()) == 3
    await Staff.all().update(active=False)
    assert len(await renew()) == 2


@pytest.mark.parametrize("typed", ["帮助", "/start"])
async def test_who_asks_for_help_has_the_menu_anew(hire: Hire, typed: str) -> None:
    phone = await hire("李雷")
    await phone.say(typed)
    (menu,) = [out for out in phone.sent if isinstance(out, CommandMenu)]
    assert menu == CommandMenu(phone.address, "", menus.menu("zh-CN", Role.SALES))


async def test_help_for_one_command_says_nothing_to_the_platform(hire: Hire) -> None:
    phone = await hire("李雷")
    await phone.say("帮助 查")
    assert not any(isinstance(out, CommandMenu) for out in phone.sent)


async def test_a_platform_without_menus_is_told_of_none(house: object, renew: Renew, clock: Clock) -> None:
    await Staff.appoint("李雷", Role.SALES, {"wecom": "lilei", "official": "o1"}, clock())
    assert len(await renew()) == 2
