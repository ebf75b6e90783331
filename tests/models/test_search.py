"""Here lives who is found by what, who may see it, and in which order."""

from datetime import timedelta

import pytest

from bot.database import transaction
from domain.permissions import Role, Scope, scope_of
from models.customers import Customer
from models.fields import instant
from models.search import Searchable, find
from models.staff import Staff

AT = instant(1_772_442_000_000)
MANAGER = scope_of(Role.MANAGER, 99)


async def keep(
    name: str,
    *,
    phone: str = "",
    ids: tuple[str, ...] = (),
    company: str = "",
    owner: Staff | None = None,
    seen: int = 0,
) -> int:
    customer = await Customer.create(name=name, owner=owner, created_at=AT, seen_at=AT + timedelta(seconds=seen))
    await Searchable.index(customer.id, names=[name], phones=[phone], ids=ids, company=company)
    return customer.id


async def asked(query: str, viewer: Scope = MANAGER, limit: int = 8) -> list[int]:
    return [customer_id for customer_id, _ in await find(query, viewer=viewer, limit=limit)]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("张三丰", "name"),
        ("张", "name"),
        ("张 三", "name"),
        ("三丰", "inside"),
        ("zhangsanfeng", "name"),
        ("Zhang San Feng", "name"),
        ("ＺＨＡＮＧ", "name"),
        ("zsf", "initials"),
        ("13800001234", "phone"),
        ("+86 138-0000-1234", "phone"),
        ("8613800001234", "phone"),
        ("１２３４", "phone"),
        ("00001234", "phone"),
        ("oAbC_1-x", "id"),
        ("wmqZ01", "id"),
        ("@sanfeng_z", "id"),
        ("10086001", "id"),
        ("C1", "id"),
        ("星辰", "inside"),
        ("星辰科技", "inside"),
        ("上海星辰科技有限公司", "inside"),
        ("acm", "inside"),
        ("张散疯", "sound"),
        ("张山丰", "typo"),
        ("zhangsanfen", "name"),
        ("zhagnsanfeng", "typo"),
        ("zhangsamfeng", "typo"),
        ("hangsanfeng", "typo"),
        ("zhangssanfeng", "typo"),
    ],
)
async def test_a_customer_is_found_by(database: str, query: str, why: str) -> None:
    ids = ("oAbC_1-x", "wmqZ01", "@sanfeng_z", "10086001")
    wanted = await keep("张三丰", phone="+8613800001234", ids=ids, company="ACME 上海星辰科技有限公司")
    await keep("李雷", phone="+8613900005678", ids=("oOther",), company="北京月亮商贸有限公司")
    assert await find(query, viewer=MANAGER) == [(wanted, why)]


@pytest.mark.parametrize(
    "query", ["", "  ", "王五", "9999", "月壳", "星月", "%", "_", "'; DROP TABLE customer", "\x00"]
)
async def test_nobody_is_found_by(database: str, query: str) -> None:
    await keep("张三丰", phone="+8613800001234", company="上海星辰科技有限公司")
    assert await find(query, viewer=MANAGER) == []


async def test_latin_names_are_found_by_any_word_in_any_order(database: str) -> None:
    mary = await keep("Mary Jane Smith")
    await keep("Bob Stone")
    for query in ("mary", "mary jane", "Smi", "smith mary", "mjs", "marry jane smith", "jane"):
        assert await asked(query) == [mary], query


async def test_exact_before_beginning_before_inside(database: str) -> None:
    inside = await keep("王张伟", seen=9)
    beginning = await keep("张伟强", seen=5)
    exact = await keep("张伟", seen=1)
    later = await keep("张伟", seen=2)
    assert await asked("张伟") == [later, exact, beginning, inside]
    assert await asked("张伟", limit=3) == [later, exact, beginning]
    assert await asked("zhangwei") == [later, exact, beginning]


async def test_what_is_near_is_only_shown_where_nothing_matches(database: str) -> None:
    wei, same, off = [await keep(name) for name in ("张伟", "章伟", "张飞")]
    assert await asked("张伟") == [wei]
    assert await asked("张") == [off, wei]
    assert await asked("掌伟") == [same, wei]
    assert await asked("掌肥") == [off]
    assert await asked("葬飞") == [off]


async def test_a_user_name_that_is_a_name_hides_nobody(database: str) -> None:
    other, mary = await keep("Bob", ids=("mary",)), await keep("Mary Jane")
    assert await asked("mary") == [other, mary]


async def test_an_id_or_a_whole_number_means_nobody_else(database: str) -> None:
    first, _ = await keep("张三", ids=("10086",), phone="13800010086"), await keep("李四", phone="13900010086")
    assert await asked("10086") == [first]
    assert await asked("13800010086") == [first]
    assert await asked("0086") == [2, 1]


async def test_a_name_in_letters_may_be_another_one_mistyped(database: str) -> None:
    wei, wen, weiqiang = [await keep(name) for name in ("张伟", "张文", "张威强")]
    assert await asked("zhangwei") == [wei, weiqiang]
    assert await asked("zhangwe") == [weiqiang, wen, wei]
    assert await find("zhangwenq", viewer=MANAGER) == [(wen, "typo")]


async def test_a_common_spelling_does_not_hide_a_rare_one(database: str) -> None:
    rare = await keep("黄伟")
    for number in range(320):
        await keep("张伟", seen=number + 1)
    assert rare in await asked("hangwei", limit=500)
    assert len(await asked("hangwei", limit=500)) > 100


async def test_sales_see_their_own_and_nobodys(database: str) -> None:
    lilei, hanmei = [await Staff.create(name=name, role="sales", created_at=AT) for name in ("李雷", "韩梅梅")]
    mine, free = await keep("张伟", owner=lilei), await keep("张伟")
    theirs = await keep("张伟", owner=hanmei, phone="13800000000")
    for query in ("张伟", "zhang", "zw", "掌伟"):
        assert await asked(query, scope_of(Role.SALES, lilei.id)) == [free, mine]
        assert await asked(query, scope_of(Role.VIEWER, lilei.id)) == [theirs, free, mine]
    assert await asked("13800000000", scope_of(Role.SALES, lilei.id)) == []
    async with transaction():
        await Customer.filter(id=theirs).update(owner_id=lilei.id)
        await Searchable.owned(theirs, lilei.id)
    assert await asked("13800000000", scope_of(Role.SALES, lilei.id)) == [theirs]


async def test_who_stands_in_finds_the_customer_by_everything(database: str) -> None:
    everybody = ("韩梅", "李雷", "王")
    hanmei, lilei, wang = [await Staff.create(name=name, role="sales", created_at=AT) for name in everybody]

    async def known(seen: int) -> int:
        told = {"phone": "+8613800001234", "company": "上海星辰科技有限公司"}
        return await keep("张伟丰", owner=hanmei, seen=seen, ids=(f"oAbC{seen}",), **told)

    theirs, mine, other = await known(5), await keep("张伟丰", owner=lilei), await known(9)
    manager = scope_of(Role.MANAGER, lilei.id, [lilei.id, wang.id])
    everything = ("张伟", "张", "伟丰", "zhangweifeng", "zwf", "1234", "13800001234", "oAbC5", "星辰科技", "掌伟丰")
    for query in (*everything, "zhagnweifeng", f"c{theirs}"):
        found = await find(query, viewer=scope_of(Role.VIEWER, 99), limit=9)
        why = dict(found)[theirs]
        await Customer.filter(id=theirs).update(attendant_id=lilei.id)
        for viewer in (scope_of(Role.SALES, lilei.id), manager):
            seen = await find(query, viewer=viewer)
            assert seen == [hit for hit in found if hit[0] != other], query
            assert seen[0] == (theirs, why), query
        assert theirs not in await asked(query, scope_of(Role.SALES, wang.id)), query
        await Customer.filter(id=theirs).update(attendant_id=None)
        assert theirs not in await asked(query, scope_of(Role.SALES, lilei.id)), query
    assert mine in await asked("张伟", scope_of(Role.SALES, lilei.id))


async def test_who_stands_in_still_finds_nobody_by_other_words(database: str) -> None:
    hanmei, lilei = [await Staff.create(name=name, role="sales", created_at=AT) for name in ("韩梅", "李雷")]
    theirs = await keep("张伟丰", owner=hanmei, company="上海星辰科技有限公司")
    await Customer.filter(id=theirs).update(attendant_id=lilei.id)
    for query in ("星技", "月辰科技", "星辰贸易", "伟张", "王五", "9999"):
        assert await asked(query, scope_of(Role.SALES, lilei.id)) == [], query


async def test_an_owner_that_the_index_does_not_know_of_is_no_leak(database: str) -> None:
    lilei, hanmei = [await Staff.create(name=name, role="sales", created_at=AT) for name in ("李雷", "韩梅梅")]
    customer = await keep("张伟", owner=lilei)
    await Customer.filter(id=customer).update(owner_id=hanmei.id)
    assert await asked("张伟", scope_of(Role.SALES, lilei.id)) == []


async def test_indexed_anew_the_old_is_forgotten(database: str) -> None:
    customer = await keep("张伟", phone="13800000000", company="上海星辰科技")
    await Searchable.index(customer, names=["李雷", "小雷"], phones=["13900000000"], ids=[], company="")
    assert [await asked(query) for query in ("张伟", "138", "星辰", "0000")] == [[], [], [], [customer]]
    assert await asked("小雷") == [customer]
    await Customer.filter(id=customer).delete()
    assert await Searchable.all().count() == 0


async def test_more_than_can_be_ordered_is_still_found(database: str) -> None:
    numbers = [await keep(f"张伟{chr(0x4E00 + n)}") for n in range(320)]
    assert len(await asked("张伟", limit=500)) == 200
    assert await asked("张伟一") == [numbers[0]]
