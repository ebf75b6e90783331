"""What random histories have found, each once more with nothing else around it."""

from collections.abc import AsyncIterator
from random import Random

import pytest
from aiohttp.pytest_plugin import AiohttpServer

from models.tags import Tag, TagGroup
from tests.clock import Clock
from tests.journeys.histories import KEPT, Land, settled_land
from tests.journeys.tag_checks import wrong
from tests.journeys.tag_deeds import History


@pytest.fixture
async def land(database: str, aiohttp_server: AiohttpServer, clock: Clock) -> AsyncIterator[Land]:
    chance = Random(0)  # noqa: S311 - the same ids in every run
    async with settled_land(aiohttp_server, clock, chance.randbytes) as land:
        await land.run()
        yield land
        assert await wrong(History(land, chance)) == []


async def compared(land: Land) -> None:
    land.clock.forward(minutes=2)
    await land.compare()
    await land.run()


async def heard(land: Land) -> None:
    """What we are told is understood; nothing of ours goes out."""
    while lanes := [lane for lane in await land.due() if lane[0] == "inbox"]:
        await land.drain(lanes[0])


def library(land: Land) -> dict[str, list[str]]:
    groups = land.wecom.tags.groups.values()
    return {group.name: [tag.name for tag in group.tags.values()] for group in groups if group.name != KEPT}


def in_wecom(land: Land, name: str) -> str:
    return next(tag.id for _, tag in land.wecom.tags.all() if tag.name == name)


def calls(land: Land, method: str) -> list[object]:
    return [call.body for call in land.sandbox.calls if call.method_or_path.endswith(method)]


async def test_a_name_that_another_tag_of_ours_has_there_is_asked_for_once(land: Land) -> None:
    await land.typed("建标签 意向/甲")
    await land.run()
    (there,) = [tag for tag, name in land.wechat.tags.items() if name == "甲"]
    land.wechat.rename_tag(there, "乙")
    await land.typed("建标签 等级/乙")
    await land.run()
    assert len(calls(land, "tags/create")) == 2
    await compared(land)


async def test_a_tag_that_is_moved_and_moved_back_stays_as_it_was(land: Land) -> None:
    await land.typed("建标签 意向/甲")
    await land.run()
    there = in_wecom(land, "甲")
    await land.typed("改标签 甲 组=等级")
    await land.typed("改标签 甲 组=意向")
    await land.run()
    assert library(land) == {"意向": ["甲"]}
    assert in_wecom(land, "甲") == there


async def test_who_was_given_a_tag_while_it_was_moved_and_moved_back_keeps_it(land: Land) -> None:
    await land.typed("建标签 意向/甲")
    await land.run()
    there = in_wecom(land, "甲")
    await land.typed("改标签 甲 组=等级")
    await land.wecom.member_tags("hanmei", "wm甲", add=[there])
    await heard(land)
    await land.typed("改标签 甲 组=意向")
    await land.run()
    await compared(land)
    assert land.wecom.contacts["wm甲"].follows["hanmei"].tags == [there]
    assert not any(body["remove_tag"] for body in calls(land, "mark_tag") if isinstance(body, dict))


async def test_who_lost_a_tag_while_it_was_moved_and_moved_back_loses_it_there(land: Land) -> None:
    await land.typed("建标签 意向/甲")
    await land.typed("打标 C1 +甲")
    await land.run()
    await land.typed("改标签 甲 组=等级")
    await land.typed("打标 C1 -甲")
    await heard(land)
    await land.typed("改标签 甲 组=意向")
    await land.run()
    assert land.wecom.contacts["wm甲"].follows["hanmei"].tags == []


async def test_a_group_that_is_gone_here_is_here_again_with_what_is_new_in_it_there(land: Land) -> None:
    await land.typed("建标签 意向/甲")
    await land.run()
    await land.confirmed("删标签 甲")
    await land.wecom.admin.create_tags("意向", "乙", told=False)
    await compared(land)
    assert library(land) == {"意向": ["乙"]}
    assert [group.name for group in await TagGroup.living()].count("意向") == 1


async def test_a_group_made_anew_here_is_the_one_that_is_there(land: Land) -> None:
    await land.typed("建标签 意向/甲")
    await land.run()
    await land.confirmed("删标签 甲")
    await land.typed("建标签 意向/丙")
    await land.wecom.admin.create_tags("意向", "乙", told=False)
    await compared(land)
    assert {name: sorted(tags) for name, tags in library(land).items()} == {"意向": ["丙", "乙"]}


async def test_a_group_that_one_tag_leaves_and_another_enters_at_once_stays(land: Land) -> None:
    await land.wecom.admin.create_tags("意向", "甲", told=False)
    await compared(land)
    await land.wecom.admin.create_tags("意向", "乙", told=False)
    await land.wecom.admin.delete(in_wecom(land, "甲"), told=False)
    await compared(land)
    (tag,) = [tag for tag in await Tag.living() if tag.name == "乙"]
    assert tag.group.gone_at is None


async def test_what_was_deleted_and_is_still_there_is_deleted_again(land: Land) -> None:
    await land.typed("建标签 意向/甲 意向/乙")
    await land.run()
    land.sandbox.fail("wecom", "externalcontact/del_corp_tag", body={"errcode": 0, "errmsg": "ok"})
    await land.confirmed("删标签 甲")
    await land.run()
    assert library(land) == {"意向": ["甲", "乙"]}
    await compared(land)
    assert library(land) == {"意向": ["乙"]}
