"""What platforms are told of our library, over real HTTP: each difference once, in an order that works."""

from domain.sync import TagsSettled
from handlers.bindings import Standing, bind, rehome, state, tell
from handlers.context import House
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.sync import Binding
from models.tags import Tag, TagGroup
from tests.clock import Clock
from tests.handlers.platforms import Platforms, Serve, carries, opened_platforms, reasons, states
from tests.statements import listened


async def rename(here: Platforms, **names: str) -> None:
    """Tags by their names."""
    async with here.act() as ctx:
        tags = {old: await Tag.get(name=old, gone_at=None) for old in names}
        for old, new in names.items():
            tags[old].name = new
            await tags[old].save(update_fields=["name"])
        await tell(ctx)


async def end(here: Platforms, *names: str) -> None:
    async with here.act() as ctx:
        await Tag.filter(name__in=names).update(gone_at=ctx.now)
        await tell(ctx)


async def move(here: Platforms, name: str, group: str) -> None:
    async with here.act() as ctx:
        tag = await Tag.get(name=name, gone_at=None).select_related("group")
        tag.group, _ = await TagGroup.get_or_create({"created_at": ctx.now}, name=group, gone_at=None)
        await tag.save(update_fields=["group_id"])
        await rehome(tag, ctx)
        await tell(ctx)


async def words(here: Platforms, name: str) -> dict[str, tuple[str, str]]:
    async with here.act() as ctx:
        tag = await Tag.get(name=name)
        return {each.account: (each.word, each.reason) for each in (await state([tag.id], ctx))[tag.id]}


async def test_new_tags_are_made_everywhere_each_group_in_one_call(here: Platforms) -> None:
    await here.make("意向/高", "意向/低", "等级/VIP")
    sent = await here.sent()
    assert [(out.to.account, len(out.tags)) for out in sent] == [  # type: ignore[union-attr]
        ("official", 1),
        ("official", 1),
        ("official", 1),
        ("wecom", 2),
        ("wecom", 1),
    ]
    assert (await words(here, "高"))["wecom"] == ("pending", "")
    await here.run()
    assert here.library() == {"意向": ["高", "低"], "等级": ["VIP"]}
    assert {"高", "低", "VIP"} < set(here.wechat.tags.values())
    assert await words(here, "高") == {"wecom": ("synced", ""), "official": ("synced", "")}
    async with here.act() as ctx:
        await tell(ctx)
        assert ctx.promises == []


async def test_a_second_tag_of_a_group_waits_until_the_group_is_there(here: Platforms) -> None:
    await here.make("意向/高", scope=("wecom",))
    await here.make("意向/低", scope=("wecom",))
    assert len(await here.sent()) == 1
    await here.run()
    assert here.library() == {"意向": ["高", "低"]}
    assert (await here.sent())[1].remote == next(iter(here.wecom.tags.groups))  # type: ignore[union-attr]


async def test_a_tag_that_is_renamed_while_it_is_made_gets_its_new_name_afterwards(here: Platforms) -> None:
    await here.make("意向/高")
    await rename(here, 高="很高")
    await here.run()
    assert here.library() == {"意向": ["很高"]}
    assert "很高" in here.wechat.tags.values()
    assert [out.edit for out in await here.sent() if out.to.account == "wecom"] == ["create", "change"]  # type: ignore[union-attr]


async def test_a_tag_that_is_deleted_while_it_is_made_goes_again(here: Platforms) -> None:
    await here.make("意向/高")
    await end(here, "高")
    await here.run()
    assert here.library() == {}
    assert "高" not in here.wechat.tags.values()


async def test_two_tags_swap_their_names(here: Platforms) -> None:
    await here.make("意向/高", "意向/低")
    await here.run()
    before = here.wecom_id("高")
    await rename(here, 高="低", 低="高")
    await here.run()
    assert here.wecom_id("低") == before
    assert sorted(here.library()["意向"]) == ["低", "高"]
    assert (await reasons("wecom"), await reasons("official")) == ({}, {})


async def test_names_move_on_one_after_the_other(here: Platforms) -> None:
    await here.make("意向/一", "意向/二", "意向/三")
    await here.run()
    ids = {name: here.wecom_id(name) for name in ("一", "二", "三")}
    await rename(here, 一="二", 二="三", 三="四")
    await here.run()
    assert {name: here.wecom_id(name) for name in ("二", "三", "四")} == {
        "二": ids["一"],
        "三": ids["二"],
        "四": ids["三"],
    }


async def test_a_name_that_is_freed_is_given_to_a_new_tag(here: Platforms) -> None:
    await here.make("意向/高", "意向/低")
    await here.run()
    old = here.wecom_id("高")
    await end(here, "高")
    await here.make("意向/高")
    await here.run()
    assert here.wecom_id("高") != old
    assert sorted(here.library()["意向"]) == ["低", "高"]


async def test_a_group_is_made_anew_after_its_last_tag_went(here: Platforms) -> None:
    await here.make("意向/高")
    await here.run()
    old = next(iter(here.wecom.tags.groups))
    await end(here, "高")
    await here.run()
    assert here.library() == {}
    await here.make("意向/低")
    await here.run()
    assert here.library() == {"意向": ["低"]}
    assert old not in here.wecom.tags.groups


async def test_a_group_that_is_gone_there_is_made_with_the_tag_that_needs_it(here: Platforms) -> None:
    await here.make("意向/高")
    await here.run()
    await here.wecom.admin.delete(next(iter(here.wecom.tags.groups)), told=False)
    await here.make("意向/低", scope=("wecom",))
    await here.run()
    assert here.library() == {"意向": ["低"]}
    assert "低" not in await reasons("wecom")


async def test_a_moved_tag_is_made_anew_and_the_old_one_goes_when_all_have_the_new_one(here: Platforms) -> None:
    await here.make("意向/高", "等级/VIP")
    tag = await Tag.get(name="高")
    people = [await here.customer(f"客{n}", "hanmei", fan=True) for n in range(3)]
    for person in people:
        await here.tag(person, tag)
    await here.run()
    old = here.wecom_id("高")
    await move(here, "高", "等级")
    assert here.library() == {"意向": ["高"], "等级": ["VIP"]}
    await here.run()
    assert here.library() == {"等级": ["VIP", "高"]}
    assert here.wecom_id("高") != old
    assert [here.carried(f"客{n}") for n in range(3)] == [{"hanmei": ["高"]}] * 3
    deleted = [n for n, out in enumerate(await here.sent()) if out.kind == "tag_edit" and old in out.remotes]
    given = [
        n for n, out in enumerate(await here.sent()) if out.kind == "tag_change" and here.wecom_id("高") in out.add
    ]
    assert len(deleted) == 1
    assert max(given) < deleted[0]
    assert [await carries(person) for person in people] == [["高"]] * 3
    assert await states() == {"synced": 6}


async def test_a_tag_that_is_moved_back_at_once_stays_where_it_was(here: Platforms) -> None:
    await here.make("意向/高", "等级/VIP")
    await here.run()
    old = here.wecom_id("高")
    await move(here, "高", "等级")
    await move(here, "高", "意向")
    await here.run()
    assert here.wecom_id("高") == old
    assert here.library() == {"意向": ["高"], "等级": ["VIP"]}


async def test_a_name_that_is_taken_on_an_account_without_groups_is_said_and_tried_again(here: Platforms) -> None:
    await here.make("意向/高", "等级/高")
    await here.run()
    assert here.library() == {"意向": ["高"], "等级": ["高"]}
    assert list(here.wechat.tags.values()).count("高") == 1
    assert await reasons("official") == {"高": "name_taken"}
    second = await Tag.get(name="高", group__name="等级")
    async with here.act() as ctx:
        assert (await state([second.id], ctx))[second.id] == [
            Standing("wecom", "wecom", "synced"),
            Standing("official", "wechat", "failed", "name_taken"),
        ]
        second.name = "高级"
        await second.save(update_fields=["name"])
        await bind(await Tag.filter(id=second.id).select_related("group"), ctx)
        await tell(ctx)
    await here.run()
    assert {"高", "高级"} < set(here.wechat.tags.values())


async def test_a_full_account_is_not_asked(house: House, clock: Clock, aiohttp_server: Serve) -> None:
    async with opened_platforms(house, clock, aiohttp_server, official={"tags": 1}) as here:
        await here.make("意向/高", "意向/低")
        await here.run()
        assert await reasons("official") == {"低": "library_full"}
        assert here.library() == {"意向": ["高", "低"]}
        assert "低" not in here.wechat.tags.values()


async def test_what_somebody_else_made_is_not_ours_to_change(here: Platforms) -> None:
    await here.make("意向/高", "意向/低")
    await here.run()
    _, tag = here.wecom.tags.find(here.wecom_id("高"))  # type: ignore[misc]
    tag.foreign = True
    await rename(here, 高="很高", 低="很低")
    await here.run()
    assert here.library() == {"意向": ["高", "很低"]}
    assert (await words(here, "很高"))["wecom"] == ("not_ours", "not_ours")
    await end(here, "很高", "很低")
    await here.run()
    assert here.library() == {"意向": ["高"]}


async def test_the_one_that_may_not_be_deleted_keeps_no_other(here: Platforms) -> None:
    await here.make("意向/高", "意向/低")
    await here.run()
    _, tag = here.wecom.tags.find(here.wecom_id("高"))  # type: ignore[misc]
    tag.foreign = True
    await end(here, "高", "低")
    await here.run()
    assert here.library() == {"意向": ["高"]}


async def test_a_hang_up_after_the_effect_makes_nothing_twice(here: Platforms) -> None:
    here.sandbox.fail("wecom", "externalcontact/add_corp_tag", hang_up=True, after_effect=True)
    here.sandbox.fail("wechat", "tags/create", hang_up=True, after_effect=True)
    await here.make("意向/高", "意向/低")
    for _ in range(5):
        await here.later(seconds=30)
    assert here.library() == {"意向": ["高", "低"]}
    assert sorted(here.wechat.tags.values()).count("高") == 1
    assert await words(here, "高") == {"wecom": ("synced", ""), "official": ("synced", "")}


async def test_settled_twice_is_settled_once(here: Platforms) -> None:
    await here.make("意向/高")
    await here.run()
    before = [(row.id, row.remote_id, row.agreed, row.touched_at) for row in await Binding.all().order_by("id")]

    for item in await OutboxItem.all():
        now = here.clock()
        event = TagsSettled(now, item.account, item.id, ((before[0][0], "other"),))
        await InboxEvent.remind(event, f"again:{item.id}", now, now)
    await here.run()
    assert [(row.id, row.remote_id, row.agreed, row.touched_at) for row in await Binding.all().order_by("id")] == before


async def test_a_library_in_step_costs_the_same_whatever_its_size(here: Platforms) -> None:
    asked = []
    for paths in (["意向/高"], [f"组{n % 7}/标签{n}" for n in range(60)]):
        await here.make(*paths)
        await here.run()
        async with here.act() as ctx:
            with listened() as statements:
                await tell(ctx)
        assert len(statements) <= 5
        asked.append(statements)
    assert asked[0] == asked[1]
