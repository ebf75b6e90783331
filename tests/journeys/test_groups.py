"""Groups on Telegram: opened by an administrator, quiet for everybody else, kept when their id changes."""

from domain.permissions import Role
from models.customers import Customer
from models.groups import Group
from tests.journeys.town import ADMIN, Town

GROUP = -100200300
MIA = 50001
SALES = "20002"


async def group_says(town: Town, person: str | int, text: str, group: int = GROUP) -> str:
    """Somebody types in the group; returns what everybody there reads then."""
    before = len(town.telegram_texts(group))
    await town.telegram.user_says(int(person), text, chat_id=group)
    await town.settled()
    return "\n".join(town.telegram_texts(group)[before:])


async def test_a_group_is_opened_used_and_closed(town: Town) -> None:
    await town.hire("王芳", Role.SALES, telegram=SALES)
    await town.telegram.add_to_group(MIA, GROUP, "Dealers")
    assert await group_says(town, SALES, "/群聊 开") == ""
    assert "现在可以在这个群里用命令" in await group_says(town, ADMIN, "/群聊 开")
    assert "王芳，销售" in await group_says(town, SALES, "/whoami@guanxi_bot")
    assert "王芳，销售" in await group_says(town, SALES, "@guanxi_bot 我是谁")
    assert await group_says(town, SALES, "我是谁") == ""
    for words in ("/whoami", "@guanxi_bot what does it cost?", "/start"):
        assert await group_says(town, MIA, words) == ""
    assert await Customer.all().count() == 0
    assert "不再说话" in await group_says(town, ADMIN, "/群聊 关")
    assert await group_says(town, ADMIN, "/我是谁") == ""


async def test_in_english_a_group_that_moves_stays_open_until_we_are_thrown_out(town: Town) -> None:
    await town.staff_says("lang en")
    await town.telegram.add_to_group(int(ADMIN), GROUP, "Dealers")
    assert "Commands work" not in await group_says(town, ADMIN, "/group")
    assert "Done" in await group_says(town, ADMIN, "/group on")
    await town.telegram.migrate_group(GROUP, GROUP - 1)
    await town.settled()
    assert "Commands work" in await group_says(town, ADMIN, "/group", GROUP - 1)
    assert (await Group.get()).title == "Dealers"
    await town.telegram.remove_from_group(int(ADMIN), GROUP - 1)
    await town.settled()
    await town.telegram.add_to_group(int(ADMIN), GROUP - 1, "Dealers", "supergroup")
    assert await group_says(town, ADMIN, "/whoami", GROUP - 1) == ""


async def test_the_command_is_for_groups_wherever_it_is_typed(town: Town) -> None:
    assert "要在 Telegram 群里发" in await town.member_says("群聊 开")
    assert "要在 Telegram 群里发" in await town.staff_says("group on")
