import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from channels.wecom.outcomes import tag_outcome
from domain.channel import Channel, Deferred, Delivered, DeliveryResult, Refused
from domain.messages import Address
from domain.outgoing import NewTag, TagChange, TagEdit
from sandbox import Sandbox

TO = Address("wecom", "")
ADD, EDIT, DELETE, LIST = (f"externalcontact/{verb}_corp_tag" for verb in ("add", "edit", "del", "get"))
LISTING = f"{LIST}_list"
MARK = "externalcontact/mark_tag"
NEW = TagEdit(TO, "create", name="等级", order=5, binding=1, tags=(NewTag(2, "A", 9), NewTag(3, "B")))


def change(remote: str, name: str | None = None, order: int | None = None) -> TagEdit:
    return TagEdit(TO, "change", remote, name, order, bindings=(1,))


def delete(*remotes: str) -> TagEdit:
    return TagEdit(TO, "delete", remotes=remotes, bindings=tuple(range(len(remotes))))


def give(*add: str, drop: tuple[str, ...] = ()) -> TagChange:
    return TagChange(TO, ("wm1",), add, drop, member="zhangwei")


def asked(sandbox: Sandbox, path: str = "externalcontact/") -> list[Any]:
    return [call.body for call in sandbox.calls if call.method_or_path.startswith(path)]


def library(sandbox: Sandbox) -> dict[str, list[str]]:
    return {group.name: [tag.name for tag in group.tags.values()] for group in sandbox.wecom.tags.groups.values()}


def ids(sandbox: Sandbox) -> dict[str, str]:
    groups = sandbox.wecom.tags.groups.values()
    return {thing.name: thing.id for group in groups for thing in (group, *group.tags.values())}


async def settled(channel: Channel, outgoing: TagEdit | TagChange) -> DeliveryResult:
    assert channel.repeatable(outgoing)
    return await channel.deliver("k", outgoing)


def refuse(sandbox: Sandbox, path: str, code: int, times: int = 1) -> None:
    sandbox.fail("wecom", path, times=times, body={"errcode": code, "errmsg": "no"})


async def test_tags_are_made_with_their_group_in_one_call(channel: Channel, sandbox: Sandbox) -> None:
    result = await settled(channel, NEW)
    made = ids(sandbox)
    assert result == Delivered(found=((1, made["等级"]), (2, made["A"]), (3, made["B"])))
    tags = [{"name": "A", "order": 9}, {"name": "B", "order": 0}]
    assert asked(sandbox) == [{"group_name": "等级", "order": 5, "tag": tags}]


async def test_tags_are_made_in_a_group_that_is_there(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.wecom.admin.stock("等级", ["A"])
    result = await settled(channel, TagEdit(TO, "create", ids(sandbox)["等级"], tags=(NewTag(7, "B"),)))
    assert result == Delivered(found=((7, ids(sandbox)["B"]),))
    assert library(sandbox) == {"等级": ["A", "B"]}
    assert asked(sandbox) == [{"group_id": ids(sandbox)["等级"], "tag": [{"name": "B", "order": 0}]}]


@pytest.mark.parametrize("there", [["A"], ["B", "C"], ["B", "A"]], ids=str)
async def test_names_that_are_taken_are_found(channel: Channel, sandbox: Sandbox, there: list[str]) -> None:
    sandbox.wecom.admin.stock("来源", ["A", "B"])
    before = {tag.id for tag in sandbox.wecom.admin.stock("等级", there)}
    result = await settled(channel, NEW)
    group = next(each for each in sandbox.wecom.tags.groups.values() if each.name == "等级")
    named = {tag.name: tag.id for tag in group.tags.values()}
    assert result == Delivered(found=((1, group.id), (2, named["A"]), (3, named["B"])))
    assert set(named) == {"A", "B", *there}
    assert before <= set(named.values())


async def test_names_that_are_taken_are_found_in_the_group_of_this_id(channel: Channel, sandbox: Sandbox) -> None:
    [tag] = sandbox.wecom.admin.stock("级别", ["A"])
    edit = replace(NEW, remote=ids(sandbox)["级别"])
    result = await settled(channel, edit)
    assert result == Delivered(found=((1, edit.remote), (2, tag.id), (3, ids(sandbox)["B"])))
    assert library(sandbox) == {"级别": ["A", "B"]}


async def test_a_name_that_only_the_platform_takes_for_the_same_is_taken(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.wecom.admin.stock("等级", ["vip"])
    refuse(sandbox, ADD, 40071, times=2)
    assert await settled(channel, replace(NEW, tags=(NewTag(2, "VIP"),))) == Refused("name_taken")


async def test_a_group_that_went_while_its_names_were_looked_for_is_gone(channel: Channel, sandbox: Sandbox) -> None:
    refuse(sandbox, ADD, 40071)
    assert await settled(channel, replace(NEW, remote="etGone")) == Refused("tag_gone")


async def test_what_the_answer_leaves_out_is_looked_up(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", ADD, after_effect=True, body={"errcode": 0, "tag_group": {"group_id": "x"}})
    result = await settled(channel, NEW)
    assert isinstance(result, Delivered)
    assert dict(result.found) == {1: ids(sandbox)["等级"], 2: ids(sandbox)["A"], 3: ids(sandbox)["B"]}


async def test_a_rename_changes_only_the_name_and_an_order_only_the_order(channel: Channel, sandbox: Sandbox) -> None:
    [tag] = sandbox.wecom.admin.stock("等级", ["A"])
    group = ids(sandbox)["等级"]
    for edit in (change(tag.id, "甲"), change(tag.id, order=0), change(group, "级别", 7)):
        assert await settled(channel, edit) == Delivered()
    assert asked(sandbox) == [{"id": tag.id, "name": "甲"}, {"id": tag.id, "order": 0},
                              {"id": group, "name": "级别", "order": 7}]  # fmt: skip
    assert library(sandbox) == {"级别": ["甲"]}


async def test_a_name_that_the_tag_itself_has_is_not_taken(channel: Channel, sandbox: Sandbox) -> None:
    one, two = sandbox.wecom.admin.stock("等级", ["A", "B"])
    refuse(sandbox, EDIT, 40071)
    assert await settled(channel, change(one.id, "A", 3)) == Delivered()
    assert one.order == 3
    assert await settled(channel, change(two.id, "A")) == Refused("name_taken")


async def test_deleting_what_is_gone_already_is_done(channel: Channel, sandbox: Sandbox) -> None:
    one, two = sandbox.wecom.admin.stock("等级", ["A", "B"])
    assert await settled(channel, delete(one.id, "etGone")) == Delivered()
    assert await settled(channel, delete(one.id)) == Delivered()
    assert await settled(channel, delete()) == Delivered()
    assert library(sandbox) == {"等级": ["B"]}
    refuse(sandbox, DELETE, 40068)
    assert await settled(channel, delete(two.id)) == Refused("tag_gone")  # it is there, so this says nothing


async def test_a_tag_of_somebody_else_keeps_none_of_ours_from_going(channel: Channel, sandbox: Sandbox) -> None:
    ours = sandbox.wecom.admin.stock("等级", ["A", "B"])
    [theirs] = sandbox.wecom.admin.stock("来源", ["展会"], foreign=True)
    edit = delete(ours[0].id, theirs.id, "etGone", ours[1].id)
    assert await settled(channel, edit) == Refused("not_ours")
    assert library(sandbox) == {"来源": ["展会"]}
    assert await settled(channel, change(theirs.id, "x")) == Refused("not_ours")


async def test_a_failure_among_single_deletions_is_what_is_told(channel: Channel, sandbox: Sandbox) -> None:
    tags = sandbox.wecom.admin.stock("等级", ["A", "B"])
    refuse(sandbox, DELETE, 301002)
    refuse(sandbox, DELETE, 45009)
    assert isinstance(await settled(channel, delete(*(tag.id for tag in tags))), Deferred)


async def test_a_customer_gets_tags_and_loses_others(channel: Channel, sandbox: Sandbox) -> None:
    one, two, three = sandbox.wecom.admin.stock("等级", ["A", "B", "C"])
    follow = sandbox.wecom.befriend("zhangwei", "wm1", "刘洋")
    follow.tags = [one.id]
    for _ in range(2):
        assert await settled(channel, give(two.id, three.id, drop=(one.id,))) == Delivered()
    assert follow.tags == [two.id, three.id]
    assert await settled(channel, give()) == Delivered()
    assert len(asked(sandbox, MARK)) == 2


async def test_a_tag_that_is_gone_need_not_be_taken_from_anybody(channel: Channel, sandbox: Sandbox) -> None:
    one, two = sandbox.wecom.admin.stock("等级", ["A", "B"])
    follow = sandbox.wecom.befriend("zhangwei", "wm1", "刘洋")
    follow.tags = [two.id]
    assert await settled(channel, give(one.id, drop=("etGone", two.id))) == Delivered()
    assert follow.tags == [one.id]
    assert await settled(channel, give(drop=("etGone",))) == Delivered()
    assert await settled(channel, give("etGone", drop=(one.id,))) == Refused("tag_gone")
    assert await settled(channel, give("etGone")) == Refused("tag_gone")


async def test_tags_are_given_only_in_a_relation(channel: Channel, sandbox: Sandbox) -> None:
    [tag] = sandbox.wecom.admin.stock("等级", ["A"])
    assert await settled(channel, give(tag.id)) == Refused("no_relation")
    sandbox.wecom.befriend("zhangwei", "wm1", "刘洋").tags = []
    sandbox.wecom.contacts["wm1"].follows.clear()
    assert await settled(channel, give(tag.id)) == Refused("no_relation")
    assert await settled(channel, replace(give(tag.id), member="nobody")) == Refused("no_relation")


@pytest.mark.parametrize(
    ("outgoing", "path", "names"),
    [(NEW, ADD, {"等级", "A", "B", "旧"}), (change("old", "新"), EDIT, {"组", "新"}), (delete("old"), DELETE, set())],
    ids=lambda value: getattr(value, "edit", ""),
)
async def test_a_hang_up_after_the_effect_is_repeated_without_harm(
    channel: Channel, sandbox: Sandbox, outgoing: TagEdit, path: str, names: set[str]
) -> None:
    [tag] = sandbox.wecom.admin.stock("等级" if outgoing is NEW else "组", ["旧"])
    outgoing = replace(outgoing, remote=outgoing.remote and tag.id, remotes=outgoing.remotes and (tag.id,))
    sandbox.fail("wecom", path, hang_up=True, after_effect=True)
    assert isinstance(await settled(channel, outgoing), Deferred)
    after = ids(sandbox)
    assert set(after) == names
    assert isinstance(result := await settled(channel, outgoing), Delivered)
    assert ids(sandbox) == after
    assert set(dict(result.found).values()) <= set(after.values())


@pytest.mark.parametrize("path", [ADD, LISTING])
async def test_a_failure_in_the_middle_of_a_repeat_is_waited_out(channel: Channel, sandbox: Sandbox, path: str) -> None:
    sandbox.wecom.admin.stock("等级", ["A"])
    sandbox.fail("wecom", path, status=502)
    assert isinstance(await settled(channel, NEW), Deferred)
    assert isinstance(await settled(channel, NEW), Delivered)


async def test_a_token_taken_back_early_costs_nothing(channel: Channel, sandbox: Sandbox) -> None:
    await settled(channel, NEW)
    sandbox.wecom.revoke_token()
    assert isinstance(await settled(channel, delete(ids(sandbox)["A"])), Delivered)


@pytest.mark.parametrize(
    ("code", "wait", "reason", "whole"),
    [
        (-1, 3, "busy", False),
        (45033, 3, "concurrency", True),
        (45009, 60, "quota", True),
        (40001, 60, "bad_secret", True),
        (60020, 60, "ip_not_trusted", True),
        (50003, 60, "50003", True),
        (48001, 60, "no_right", True),
        (48002, 60, "no_right", True),
    ],
)
@pytest.mark.parametrize("outgoing", [NEW, change("et1", "x"), delete("et1"), give("et1")], ids=lambda each: each.kind)
async def test_what_has_to_be_waited_for(
    channel: Channel, sandbox: Sandbox, clock: Any, code: int, wait: int, reason: str, whole: bool, outgoing: Any
) -> None:
    for path in (ADD, EDIT, DELETE, MARK):
        refuse(sandbox, path, code)
    assert await settled(channel, outgoing) == Deferred(clock() + timedelta(seconds=wait), reason, whole_account=whole)


@pytest.mark.parametrize(
    ("outgoing", "code", "reason"),
    [
        (NEW, 40126, "library_full"),
        (NEW, 40058, "name_too_long"),
        (change("et1", "x" * 31), 40058, "name_too_long"),
        (change("et1", order=2**40), 40058, "40058"),
        (give("et1"), 40058, "40058"),
        (NEW, 40068, "tag_gone"),
        (change("et1", "x"), 40068, "tag_gone"),
        (give("et1"), 40068, "tag_gone"),
        (change("et1", "x"), 301002, "not_ours"),
        (NEW, 301002, "not_ours"),
        (give("et1"), 301002, "not_ours"),
        *((give("et1"), code, "no_relation") for code in (84061, 84084, 40096, 60111, 40003, 46004, 301021)),
        *((give("et1"), code, "no_right") for code in (60011, 60030, 50002)),
        (NEW, 40063, "40063"),
    ],
    ids=str,
)
def test_what_will_never_be(clock: Any, outgoing: TagEdit | TagChange, code: int, reason: str) -> None:
    assert tag_outcome(code, clock(), outgoing) == Refused(reason)


async def test_limits_of_the_platform_itself(channel: Channel, sandbox: Sandbox) -> None:
    assert await settled(channel, replace(NEW, name="等" * 31)) == Refused("name_too_long")
    assert await settled(channel, replace(NEW, tags=(NewTag(1, "x" * 31),))) == Refused("name_too_long")
    assert await settled(channel, replace(NEW, remote="etGone")) == Refused("tag_gone")
    assert await settled(channel, change("etGone", "x")) == Refused("tag_gone")
    sandbox.wecom.admin.stock("满", [f"标签{number}" for number in range(2999)])
    assert await settled(channel, NEW) == Refused("library_full")


async def test_calls_go_on_where_they_stopped_when_a_block_ends(channel: Channel, sandbox: Sandbox, clock: Any) -> None:
    sandbox.wecom.block(60, "externalcontact/")
    result = await settled(channel, NEW)
    assert isinstance(result, Deferred)
    clock.pass_by((result.until - clock()).total_seconds())
    assert isinstance(await settled(channel, NEW), Delivered)


async def test_results_of_tags_name_nobody(channel: Channel, sandbox: Sandbox) -> None:
    said = repr([await settled(channel, give("et1")), await settled(channel, change("et1", "机密"))])
    assert not [word for word in ("wm1", "zhangwei", "机密", sandbox.wecom.current_token) if word in said]


def test_a_server_without_tags_imports_no_blocking_client() -> None:
    """The first test of tags in this process may have, so another process is asked."""
    code = "import sys, bot.app, bot.__main__, channels.wecom; print({'wechatpy', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
