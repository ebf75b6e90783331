from datetime import UTC, datetime
from typing import Any

import pytest

from channels.wecom import WeCom
from channels.wecom.config import Config
from domain.channel import Taggable
from domain.sync import TagLibraryRead, TagsAsked
from domain.tags import Library, Remote, Shape
from sandbox import Sandbox

LISTING = "externalcontact/get_corp_tag_list"
ASKED = TagsAsked(datetime(2026, 11, 21, tzinfo=UTC), "wecom", 7)
GOOD = {"group_id": "g1", "group_name": "等级", "tag": [{"id": "t1", "name": "A"}]}


@pytest.fixture
def channel(settings: dict[str, Any], tools: Any) -> WeCom:
    return WeCom(Config(**settings), tools)


def answer(sandbox: Sandbox, groups: list[Any]) -> None:
    sandbox.fail("wecom", LISTING, body={"errcode": 0, "errmsg": "ok", "tag_group": groups})


async def test_the_library_is_read_in_one_call(channel: WeCom, sandbox: Sandbox, clock: Any) -> None:
    assert isinstance(channel, Taggable)
    one, two = sandbox.wecom.admin.stock("等级", ["A", "B"])
    one.order = 3
    [group] = sandbox.wecom.tags.groups.values()
    assert await channel.look(ASKED) == TagLibraryRead(
        clock(),
        ASKED,
        Library(
            (
                Remote("group", group.id, Shape("等级")),
                Remote("tag", one.id, Shape("A", group.id, 3)),
                Remote("tag", two.id, Shape("B", group.id)),
            ),
            complete=True,
        ),
    )
    assert [call.method_or_path for call in sandbox.calls] == ["gettoken", LISTING]
    assert sandbox.calls[-1].body == {}


async def test_an_empty_library_proves_nothing(channel: WeCom) -> None:
    told = await channel.look(ASKED)
    assert isinstance(told, TagLibraryRead)
    assert told.library == Library((), complete=False)


async def test_what_is_marked_as_deleted_is_not_there(channel: WeCom, sandbox: Sandbox) -> None:
    tags = [{"id": "t1", "name": "A", "order": 1, "deleted": False}, {"id": "t2", "name": "B", "deleted": True}]
    gone = {"group_id": "g2", "group_name": "旧", "deleted": True, "tag": [{"id": "t3", "name": "C"}]}
    answer(sandbox, [{**GOOD, "tag": tags}, gone])
    told = await channel.look(ASKED)
    assert isinstance(told, TagLibraryRead)
    assert [each.id for each in told.library.items] == ["g1", "t1"]
    assert told.library.complete


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "x",
        {"group_id": "g2", "tag": [{"id": "t2", "name": "B"}]},
        {"group_id": "g2", "group_name": "来源", "tag": "x"},
        {"group_id": "g2", "group_name": "来源", "tag": []},
        {"group_id": "g2", "group_name": "来源"},
        {"group_id": "g2", "group_name": "来源", "tag": [{"id": 5, "name": "B"}]},
        {"group_id": "g2", "group_name": "来源", "tag": [{"id": "t2", "name": ""}]},
        {"group_id": "g2", "group_name": "来源", "tag": [None]},
        {"group_id": "g2", "group_name": "来源", "tag": [{"id": "t2", "name": "B", "order": "first"}]},
    ],
    ids=str,
)
async def test_a_library_of_which_something_cannot_be_read_proves_nothing_gone(
    channel: WeCom, sandbox: Sandbox, bad: object
) -> None:
    answer(sandbox, [GOOD, bad])
    told = await channel.look(ASKED)
    assert isinstance(told, TagLibraryRead)
    assert not told.library.complete
    assert {"g1", "t1"} <= {each.id for each in told.library.items}
