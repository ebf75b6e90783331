"""What administrators and members do to the simulated company's tags, and what our app may do to them."""

from typing import Any

import pytest

from sandbox import Sandbox, markup
from sandbox.crypto import Envelope
from tests.sandbox.tiny import Api, Clock, TinyServer

LIST = "externalcontact/get_corp_tag_list"
MARK = "externalcontact/mark_tag"
BATCH = "externalcontact/batch/get_by_user"


@pytest.fixture
def wecom(sandbox: Sandbox) -> Any:
    return sandbox.wecom


def told(sandbox: Sandbox, server: TinyServer) -> list[tuple[str, ...]]:
    """What each callback says of tags."""
    settings = sandbox.stage.settings
    envelope = Envelope(settings.wecom_token, settings.wecom_aes_key, settings.corp_id)
    events = [markup.read(envelope.open(str(markup.read(each.text)["Encrypt"]))) for each in server.received]
    return [tuple(str(event.get(name, "-") or "") for name in ("ChangeType", "TagType", "Id")) for event in events]


async def test_administrators_change_the_library_and_each_change_is_told(
    sandbox: Sandbox, server: TinyServer, wecom: Any
) -> None:
    one, two = await wecom.admin.create_tags("等级", "A", "B")
    [group] = wecom.tags.groups.values()
    await wecom.admin.rename(one.id, "甲")
    await wecom.admin.rename(group.id, "级别")
    await wecom.admin.reorder(two.id, 9)
    await wecom.admin.reorder(group.id, 5)
    assert (group.name, group.order, one.name, two.order) == ("级别", 5, "甲", 9)
    await wecom.admin.delete(one.id)
    await wecom.admin.delete(group.id)
    assert wecom.tags.groups == {}
    assert told(sandbox, server) == [
        ("create", "tag_group", group.id),
        ("create", "tag", one.id),
        ("create", "tag", two.id),
        ("update", "tag", one.id),
        ("update", "tag_group", group.id),
        ("shuffle", "-", group.id),
        ("shuffle", "-", ""),
        ("delete", "tag", one.id),
        ("delete", "tag_group", group.id),
    ]


async def test_a_tag_that_is_there_already_is_not_made_again(sandbox: Sandbox, server: TinyServer, wecom: Any) -> None:
    [first] = await wecom.admin.create_tags("等级", "A", told=False)
    same, new = await wecom.admin.create_tags("等级", "A", "B")
    assert same is first
    assert told(sandbox, server) == [("create", "tag", new.id)]


async def test_changes_can_go_unheard(server: TinyServer, wecom: Any) -> None:
    [tag] = await wecom.admin.create_tags("等级", "A", told=False)
    follow = wecom.befriend("wangfang", "wm1", "刘洋")
    await wecom.member_tags("wangfang", "wm1", add=[tag.id], told=False)
    assert follow.tags == [tag.id]
    await wecom.admin.rename(tag.id, "甲", told=False)
    await wecom.admin.reorder(tag.id, 3, told=False)
    await wecom.admin.delete(tag.id, told=False)
    assert (follow.tags, wecom.tags.groups, server.received) == ([], {}, [])


async def test_a_member_tags_a_customer(sandbox: Sandbox, server: TinyServer, wecom: Any) -> None:
    one, two = wecom.admin.stock("等级", ["A", "B"])
    follow = wecom.befriend("wangfang", "wm1", "刘洋")
    await wecom.member_tags("wangfang", "wm1", add=[one.id, two.id])
    await wecom.member_tags("wangfang", "wm1", drop=[one.id])
    assert follow.tags == [two.id]
    assert [change for change, *_ in told(sandbox, server)] == ["edit_external_contact"] * 2


async def test_our_app_may_not_edit_what_others_made(api: Api, wecom: Any) -> None:
    ours, theirs = *wecom.admin.stock("等级", ["A"]), *wecom.admin.stock("来源", ["展会"], foreign=True)
    [_, foreign] = wecom.tags.groups.values()
    for path, body in (
        ("edit", {"id": theirs.id, "name": "x"}),
        ("edit", {"id": foreign.id, "name": "x"}),
        ("del", {"tag_id": [ours.id, theirs.id]}),
        ("del", {"group_id": [foreign.id]}),
    ):
        assert (await api.wecom(f"externalcontact/{path}_corp_tag", body))["errcode"] == 301002
    follow = wecom.befriend("wangfang", "wm1", "刘洋")
    marked = {"userid": "wangfang", "external_userid": "wm1", "add_tag": [theirs.id]}
    assert (await api.wecom(MARK, marked))["errcode"] == 0
    assert follow.tags == [theirs.id]


async def test_calls_can_be_over_their_limit_for_a_span(api: Api, wecom: Any, clock: Clock) -> None:
    wecom.block(60, LIST)
    assert (await api.wecom(LIST, {}))["errcode"] == 45009
    assert (await api.wecom("getcallbackip"))["errcode"] == 0
    clock.move(60)
    assert (await api.wecom(LIST, {}))["errcode"] == 0
    wecom.block(60)
    assert (await api.wecom("getcallbackip"))["errcode"] == 45009


async def test_nobody_is_left_out_when_relations_end_between_two_pages(api: Api, wecom: Any) -> None:
    wecom.add_member("zhangwei", "张伟")
    for number in range(4):
        wecom.befriend("wangfang", f"wm{number}", f"客户{number}")
        wecom.befriend("zhangwei", f"wm{number}", f"客户{number}")
    body: dict[str, Any] = {"userid_list": ["wangfang", "zhangwei"], "limit": 3}
    first = await api.wecom(BATCH, body)
    wecom.contacts["wm0"].follows.clear()
    second = await api.wecom(BATCH, {**body, "cursor": first["next_cursor"]})
    third = await api.wecom(BATCH, {**body, "cursor": second["next_cursor"]})
    rows = [row for page in (first, second, third) for row in page["external_contact_list"]]
    assert [(row["external_contact"]["name"][-1], row["follow_info"]["userid"]) for row in rows] == [
        (number, member) for number in "0123" for member in ("wangfang", "zhangwei")
    ]
    assert third["next_cursor"] == ""
