"""Colleagues tag customers: all or nothing, by any spelling of a name, said in lines that fit a phone."""

from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from models.changes import Change
from models.customers import Customer
from models.dialogs import Dialog
from models.staff import Staff
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.test_customers import pressable
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
LIBRARY = {"意向": ("高", "低"), "等级": ("VIP", "老 客户"), "来源": ("试用",), "风险": ("高",)}


@pytest.fixture
async def library(database: str, clock: Clock) -> dict[str, Tag]:
    """By path; two groups have a 高."""
    made: dict[str, Tag] = {}
    for place, (group, names) in enumerate(LIBRARY.items()):
        row = await TagGroup.create(name=group, order=-place, created_at=clock())
        for name in names:
            tag = await Tag.create(group=row, name=name, created_at=clock())
            made[f"{group}/{name}"] = tag
    return made


async def carried(customer_id: int = 1) -> list[str]:
    return [each.tag.path for each in await Tagging.of(customer_id)]


async def trail() -> list[tuple[int, str, str]]:
    told = await Change.filter(field="tag").order_by("id").values_list("customer_id", "old", "new")
    return [(customer, old, new) for customer, old, new in told]


@pytest.fixture
async def lilei(hire: Hire, library: dict[str, Tag]) -> Phone:
    return await hire("李雷")


async def test_tags_are_given_and_taken_with_the_trail(lilei: Phone, meet: Meet) -> None:
    await meet("张三", owner="李雷")
    answer = await lilei.say("打标 C1 +VIP +意向/高")
    assert answer.splitlines() == ["C1 张三 打好标了：", "＋VIP ＋意向/高"]
    assert await carried() == ["意向/高", "等级/VIP"]
    answer = await lilei.say("打标 C1 ＋试用 +VIP －意向／高 -低")
    assert answer.splitlines() == ["C1 张三 打好标了：", "＋试用 －意向/高（原来就有 VIP；本来没有 低）"]
    assert await carried() == ["等级/VIP", "来源/试用"]
    staff = await Staff.get(name="李雷")
    assert await trail() == [(1, "", "意向/高"), (1, "", "等级/VIP"), (1, "", "来源/试用"), (1, "意向/高", "")]
    assert {each.staff_id for each in await Change.filter(field="tag")} == {staff.id}
    assert {(each.source, each.staff_id) for each in await Tagging.all()} == {("staff", staff.id)}


async def test_the_same_in_english(hire: Hire, library: dict[str, Tag], meet: Meet) -> None:
    lucy = await hire("Lucy", language="en")
    await meet("Mia", owner="Lucy")
    assert (await lucy.say("tag C1 +vip -试用")).splitlines() == [
        "C1 Mia, tags changed:",
        "+VIP (did not have 试用)",
    ]
    assert pressable(lucy)[0][0] == "Undo"
    assert await lucy.say("tag C1 +vip") == "C1 Mia: the tags are as they were\n(had VIP)"
    assert (await lucy.say("undo")).splitlines() == ["C1 Mia, taken back (a second undo puts it back):", "-VIP"]
    assert await carried() == []
    assert library


@pytest.mark.parametrize(
    "typed", ["+vip", "＋ｖｉｐ", "+等级/VIP", "+等级 / vip", "#VIP", '+"VIP"', "：+VIP", "＋ VIP。"]
)
async def test_a_name_is_found_whatever_its_width_and_case(lilei: Phone, meet: Meet, typed: str) -> None:
    await meet("张三")
    await lilei.say(f"打标 C1 {typed}")
    assert await carried() == ["等级/VIP"]


async def test_several_names_need_one_sign(lilei: Phone, meet: Meet) -> None:
    await meet("张三")
    await lilei.say("打标 C1 +VIP 试用、老 客户")
    assert await carried() == []
    await lilei.say("打标 C1 +VIP 试用 +老 客户")
    assert await carried() == ["等级/VIP", "等级/老 客户", "来源/试用"]


async def test_a_name_of_two_groups_is_a_choice(lilei: Phone, meet: Meet) -> None:
    await meet("张三")
    answer = await lilei.say("打标 C1 +VIP +高 -试用")
    assert answer.splitlines() == ["「高」不止一个，回数字选一个（2 分钟内）：", "1. 意向/高", "2. 风险/高"]
    assert await carried() == []
    assert (await lilei.say("2")).splitlines() == ["C1 张三 打好标了：", "＋VIP ＋风险/高（本来没有 试用）"]
    assert await carried() == ["等级/VIP", "风险/高"]


async def test_a_number_that_was_chosen_is_that_tag_whatever_others_are_called(
    lilei: Phone, meet: Meet, library: dict[str, Tag]
) -> None:
    await meet("张三")
    named = await Tag.create(group_id=1, name=f"G{library['意向/高'].id}", created_at=lilei.clock())
    await lilei.say("打标 C1 +高")
    assert "＋意向/高" in await lilei.say("1")
    assert await carried() == ["意向/高"]
    answer = await lilei.say(f"打标 C1 +意向/{named.name} -{named.name}")
    assert answer.splitlines()[1] == f"＋意向/{named.name} －意向/高"
    assert await carried() == [f"意向/{named.name}"]


async def test_what_is_taken_is_the_one_that_is_there(lilei: Phone, meet: Meet) -> None:
    await meet("张三")
    await lilei.say("打标 C1 +风险/高")
    assert "－风险/高" in await lilei.say("打标 C1 -高")
    assert "本来没有" in await lilei.say("打标 C1 -高")


async def test_a_customer_by_name_even_of_two_words(lilei: Phone, meet: Meet) -> None:
    await meet("Mia Novak")
    await meet("王芳")
    await meet("王芳")
    assert "C1 Mia Novak 打好标了" in await lilei.say("打标 Mia Novak +VIP")
    assert "有好几位" in await lilei.say("打标 王芳 +VIP -试用")
    assert "打好标了" in await lilei.say("1")
    assert await Tagging.all().count() == 2


async def test_several_customers_are_told_line_by_line(lilei: Phone, meet: Meet) -> None:
    for name in ("张三", "李四", "王五"):
        await meet(name)
    await lilei.say("打标 C2 +VIP")
    assert (await lilei.say("打标 C1 L2、C3，C1 +VIP -试用")).splitlines() == [
        "3 位客户打好标了：",
        "C1 张三 ＋VIP（本来没有 试用）",
        "C2 李四 没有变化（原来就有 VIP；本来没有 试用）",
        "C3 王五 ＋VIP（本来没有 试用）",
    ]
    assert await Tagging.all().count() == 3


async def test_many_customers_are_told_in_numbers(lilei: Phone, meet: Meet) -> None:
    ids = " ".join([(await meet(f"客户{number}")).short_id for number in range(7)])
    await lilei.say("打标 C3 +VIP +试用")
    assert (await lilei.say(f"打标 {ids} +VIP -试用")).splitlines() == [
        "7 位客户打好标了：",
        "＋VIP：6 位，1 位原来就有",
        "－试用：1 位，6 位本来没有",
    ]
    assert await lilei.say(f"打标 {ids} +VIP") == "7 位客户的标签都没有变化：\n＋VIP：0 位，7 位原来就有"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("打标 C1 C9 +VIP", "没有 C9"),
        (
            "打标 C1 C3 +VIP",
            "C3 是 韩梅梅 在跟的客户，内容只有 韩梅梅 和 韩梅梅 的经理能看。谁的标签都没改。",
        ),
        ("打标 C3 +VIP", "C3 是 韩梅梅 在跟的客户，内容只有 韩梅梅 和 韩梅梅 的经理能看。"),
        ("打标 +VIP", "给哪位客户打标？客户写在标签前面。什么都没改。\n写法：打标 客户 +标签 -标签"),
        ("打标 ＋VIP C1", "给哪位客户打标？"),
        ("打标 -VIP +试用", "给哪位客户打标？"),
        ("打标 #VIP", "给哪位客户打标？"),
        ("打标 +8613900000000 +VIP", "没找到「+8613900000000」。"),
        ("打标 客人0 客人1 +VIP", "没找到「客人0 客人1」这位客户，什么都没改。\n一次给几位打标要写编号：打标 C12 C30"),
        ("打标 客人0、客人1 +VIP", "没找到「客人0、客人1」这位客户"),
        ("打标 C1 李四 +VIP", "「李四」用不上"),
        ("打标 C1 T5 +VIP", "「T5」用不上"),
        ("打标 C1 VIP", "标签前面要有 + 或 -：+VIP 是加上，-VIP 是去掉。"),
        ("打标 C1 +VIP +VPI", "没有「VPI」这个标签，是不是：VIP。什么都没改。\n要新建请找经理；有哪些标签发：标签"),
        ("打标 C1 +VIP -等级/vip", "「VIP」又要加又要去掉"),
        ("打标 C1 +火星", "没有「火星」这个标签。什么都没改。"),
        (f"打标 {' '.join(f'C{n}' for n in range(1, 52))} +VIP", "一次最多写 50 位客户。"),
    ],
)
async def test_one_mistake_and_nothing_is_done(hire: Hire, lilei: Phone, meet: Meet, typed: str, answer: str) -> None:
    await hire("韩梅梅")
    for name, owner in (("张三", "李雷"), ("李四", ""), ("王五", "韩梅梅")):
        await meet(name, owner=owner)
    assert (await lilei.say(typed)).startswith(answer)
    assert await Tagging.all().count() == 0
    assert await trail() == []


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("tag C1 C2 +vip", "Nobody's tags were changed."),
        ("tag +vip", "Which customer? The customer goes before the tags. Nothing was changed."),
        ("tag mia zoe +vip", "Several customers at once go by their ids: tag C12 C30 +intent/high"),
        ("tag C1 +mars", "A manager can make it; to see all tags: tags"),
    ],
)
async def test_one_mistake_in_english(hire: Hire, library: dict[str, Tag], meet: Meet, typed: str, answer: str) -> None:
    lucy, _ = await hire("Lucy", language="en"), await hire("Mia")
    await meet("Zoe")
    await meet("Ann", owner="Mia")
    assert answer in await lucy.say(typed)
    assert await Tagging.all().count() == 0
    assert library


async def test_who_may_make_tags_is_told_how(hire: Hire, library: dict[str, Tag], meet: Meet) -> None:
    manager = await hire("王经理", Role.MANAGER)
    await meet("张三")
    assert (await manager.say("打标 C1 +意向/很高")).splitlines()[-1] == "要新建发：建标签 意向/很高"
    assert (await manager.say("打标 C1 +新 客户")).splitlines()[-1] == '要新建发：建标签 "新 客户"'
    assert (await manager.say("打标 C1 -新 客户")).splitlines()[-1] == "有哪些标签发：标签"
    assert "建标签" not in (told := await manager.say(f"打标 C1 +{'长' * 40}"))
    assert "找经理" not in told
    assert library


async def test_what_is_missing_is_asked_for(lilei: Phone, meet: Meet) -> None:
    await meet("张三")
    await meet("李四")
    assert (await lilei.say("打标 C1")).splitlines() == [
        "C1 张三 还没有标签",
        "加哪个直接发名字，去掉的前面写 -，可以一起写，比如：VIP -试用",
        "不改了发：取消",
    ]
    assert "「火星」" in await lilei.say("火星")
    assert "＋VIP ＋试用" in await lilei.say("VIP 试用")
    assert (await lilei.say("打标 C1")).startswith("C1 张三 现在有：VIP、试用")
    assert "＋低 －VIP" in await lilei.say("-vip +低")
    assert (await lilei.say("打标 C1 C2")).startswith("2 位客户：C1、C2")
    await lilei.say("取消")
    assert not await Dialog.exists()


async def test_viewers_tag_nobody(hire: Hire, library: dict[str, Tag], meet: Meet) -> None:
    viewer = await hire("小王", Role.VIEWER)
    await meet("张三")
    assert "要销售以上" in await viewer.say("打标 C1 +VIP")
    assert "要销售以上" in await viewer.say("撤销")
    assert library


async def test_two_who_tag_at_once_are_both_right(hire: Hire, lilei: Phone, meet: Meet) -> None:
    other = await hire("韩梅梅")
    await meet("张三")
    answers = await overlapping(lambda: lilei.say("打标 C1 +VIP +低"), lambda: other.say("打标 C1 +VIP -低 +试用"))
    assert "＋VIP ＋低" in answers[0]
    assert "＋试用 －低（原来就有 VIP）" in answers[1]
    assert await carried() == ["等级/VIP", "来源/试用"]
    assert await trail() == [(1, "", "意向/低"), (1, "", "等级/VIP"), (1, "", "来源/试用"), (1, "意向/低", "")]


async def test_a_customer_who_is_given_away_meanwhile_is_not_tagged(hire: Hire, lilei: Phone, meet: Meet) -> None:
    await hire("韩梅梅")
    customer = await meet("张三", owner="李雷")
    other = await Staff.get(name="韩梅梅")

    async def give_away() -> None:
        await Customer.filter(id=customer.id).update(owner_id=other.id)

    _, answer = await overlapping(give_away, lambda: lilei.say("打标 C1 +VIP"))
    assert "是 韩梅梅 在跟的客户" in answer
    assert await carried() == []
