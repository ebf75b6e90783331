"""A rule that tags, from the chat to the platforms: seconds after a customer changes both of them have the tag."""

from models import spans
from tests.journeys.conftest import Build
from tests.journeys.tag_town import FAN, LIU, WANG, TagTown


async def comes_to(tags: TagTown, names: list[str]) -> None:
    """Nobody tells us when the pulse feels something: wait until it is so there."""

    async def is_so() -> bool:
        await tags.town.settled()
        return tags.on_relations() == {WANG: [f"等级/{name}" for name in names]} and tags.followed() == names

    await tags.town.until(is_so)


async def looked_at(tags: TagTown) -> None:
    """Wait until the rules have seen everything that happened."""

    async def is_so() -> bool:
        await tags.town.settled()
        return await spans.news() is None

    await tags.town.until(is_so)


async def heard(tags: TagTown, *texts: str) -> None:
    for text in texts:
        await tags.town.wechat.user_says(FAN, text)
    await tags.town.settled()


async def test_a_customer_who_writes_twice_is_tagged_everywhere(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 等级/VIP")
    preview = await tags.says("规则 加 VIP 当 来信>=2 否则去掉")
    assert preview.startswith("新规则 R1：打上 等级/VIP，当 ")
    assert "现在没有客户符合" in preview
    assert (await tags.confirmed("规则 加 VIP 当 来信>=2 否则去掉")).startswith("R2 加好了")
    await heard(tags, "你好", "多少钱")
    await comes_to(tags, ["VIP"])
    assert "VIP（规则）" in await tags.says("看 C1")
    assert "R2 改 标签 ＋等级/VIP" in await tags.says("日志 C1")
    await tags.in_step()
    await tags.says("打标 C1 -VIP")
    await heard(tags, "在吗")
    await looked_at(tags)
    assert await tags.carries() == []
    await tags.in_step()


async def test_what_a_member_takes_in_wecom_stays_taken(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 等级/VIP")
    await tags.confirmed("规则 加 VIP 当 城市=上海")
    await tags.says("改 C1 城市=上海")
    await comes_to(tags, ["VIP"])
    await tags.member_tags(drop=["VIP"])
    await tags.says("改 C1 公司=好东西")
    await looked_at(tags)
    assert await tags.carries() == []
    await tags.in_step()


async def test_the_same_in_english_and_the_tag_leaves_again(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 等级/VIP 等级/Gift")
    await tags.says("语言 英文")
    assert (await tags.says("rules")).startswith("There is no rule yet")
    preview = await tags.says("rules add vip when city = Shanghai and not #gift else remove")
    assert preview.startswith("New rule R1: give 等级/VIP when ")
    await tags.says(_code(preview))
    await tags.says("set C1 city=Shanghai")
    await comes_to(tags, ["VIP"])
    await tags.says("tag C1 +gift")
    await comes_to(tags, ["Gift"])
    await tags.says("undo")
    await comes_to(tags, ["VIP"])
    await tags.says("rules pause R1")
    await tags.says("set C1 city=Paris")
    await looked_at(tags)
    assert await tags.carries() == ["等级/VIP"]
    await tags.says("rules resume R1")
    await comes_to(tags, [])
    await tags.in_step()


async def test_whoever_fulfils_a_new_rule_is_tagged_at_once(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    guests = await tags.guests_come(40)
    await tags.says("建标签 等级/VIP")
    assert "正在给 41 位客户打上 等级/VIP" in await tags.confirmed("规则 加 VIP 当 渠道=企微")
    await looked_at(tags)
    assert tags.theirs()[1] == {key: ["等级/VIP"] for key in (LIU, *guests)}
    await tags.in_step()


def _code(preview: str) -> str:
    return next(line for line in preview.splitlines() if "confirm " in line).rpartition(": ")[2]
