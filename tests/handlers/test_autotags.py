"""Rules that tag, as managers keep them: previewed, written after a yes, changed, paused, ended; in both languages."""

from dataclasses import replace

import pytest

from domain.permissions import Role
from models.audiences import Audience
from models.autotags import AutoTag, AutoTagVersion, RuleCursor
from models.customers import Customer
from models.staff import Staff
from models.tags import Tag
from tests.handlers.phone import Phone
from tests.handlers.planning import code_of, commands_of, told
from tests.handlers.platforms import Platforms, carries
from tests.handlers.ruling import applied, crowd, scored


@pytest.fixture
async def vip(here: Platforms) -> Tag:
    return (await here.make("等级/VIP"))[0]


async def confirmed(phone: Phone, typed: str, here: Platforms) -> str:
    """What is answered to the code of a preview, when everything has come of it."""
    preview = await phone.say(typed)
    assert "confirm" in preview or "确认" in preview, preview
    answer = await phone.press(commands_of(phone)[0])
    await applied(here)
    return answer


async def test_a_rule_is_shown_before_it_is_written(here: Platforms, boss: Phone, vip: Tag) -> None:
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await Customer.all().update(score=90)
    await here.tag(leo, vip)
    preview = await boss.say("规则 加 VIP 当 score>=80 否则去掉")
    assert preview.splitlines()[:4] == [
        "新规则 R1：打上 等级/VIP，当 评分不少于 80，否则去掉",
        "现在符合的 2 位，1 位已经带着，会新打上 1 位（带着的一共 1 位）",
        f"例如：C{mia.id} mia",
        "以后客户一变就按它打；手工打的、手工去掉的都不动",
    ]
    await applied(here)
    assert (await carries(mia), await AutoTagVersion.all().count(), await boss.say("规则")) == (
        [],
        0,
        "还没有自动打标的规则。\n新加一条，例如：规则 加 VIP 当 amount.90d>=5000",
    )
    await boss.say("规则 加 VIP 当 score>=80 否则去掉")
    assert await boss.press(commands_of(boss)[0]) == "R2 加好了，正在给 1 位客户打上 等级/VIP"
    await applied(here)
    assert await carries(mia) == ["VIP"]
    assert here.carried("mia") == {"hanmei": ["VIP"]}


async def test_the_same_in_english(here: Platforms, lucy: Phone, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await Customer.all().update(score=90)
    preview = await lucy.say("rules add vip when score >= 80 else remove")
    assert preview.splitlines()[:4] == [
        "New rule R1: give 等级/VIP when score at least 80, else remove",
        "1 customer fulfils it now, 0 of them have the tag, 1 would get it (carried by 0 in all)",
        f"Such as C{mia.id} mia",
        "From then on it follows every change; what people give or take by hand stays so",
    ]
    assert await lucy.say(f"confirm {code_of(lucy)}") == "R1 is there; 1 customer is getting 等级/VIP"
    await applied(here)
    assert await carries(mia) == ["VIP"]
    shown = await lucy.say("rules R1")
    assert shown.splitlines()[:3] == [
        "R1 等级/VIP: 1 customer carries it, 1 from rules",
        "When score at least 80, else remove",
        "1 customer fulfils it now",
    ]


async def test_a_rule_is_changed_and_what_follows_is_shown_before(here: Platforms, boss: Phone, vip: Tag) -> None:
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await confirmed(boss, "规则 加 VIP 当 score>=80 否则去掉", here)
    await scored(here, mia, 85)
    await scored(here, leo, 95)
    preview = await boss.say("规则 改 R1 当 score>=90")
    assert preview.splitlines()[:3] == [
        "改规则 R1：打上 等级/VIP，当 评分不少于 90，否则去掉",
        "现在符合的 1 位，1 位已经带着，会新打上 0 位（带着的一共 2 位）",
        "规则打过、不再符合的 1 位会去掉",
    ]
    assert await boss.say(f"确认 {code_of(boss)}") == "R1 改好了，正在从 1 位去掉"
    await applied(here)
    assert (await carries(mia), await carries(leo)) == ([], ["VIP"])
    shown = (await boss.say("规则 看 R1")).splitlines()
    assert shown[0] == "R1 等级/VIP：1 位客户带着，1 位是规则打的"
    assert shown[3].endswith("韩梅梅 改过，原来：评分不少于 80")
    assert shown[4].endswith("韩梅梅 新加")
    await confirmed(boss, "规则 改 R1 否则保留", here)
    await scored(here, leo, 5)
    assert await carries(leo) == ["VIP"]


async def test_a_rule_is_paused_goes_on_and_ends(here: Platforms, boss: Phone, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await confirmed(boss, "规则 加 VIP 当 score>=80 否则去掉", here)
    assert await boss.say("规则 停 R1") == "R1 停用了：不再打 等级/VIP，也不去掉。再用：规则 开 R1"
    assert await boss.say("规则 停 R1") == "R1 本来就是停用的。"
    assert await RuleCursor.all().count() == 0
    await scored(here, mia, 90)
    assert await carries(mia) == []
    assert (await boss.say("规则")).splitlines()[1] == "R1 等级/VIP（停用） 当 评分不少于 80，否则去掉"
    assert await boss.say("规则 开 R1") == "R1 启用了，正在按它给所有客户打 等级/VIP"
    await applied(here)
    assert await carries(mia) == ["VIP"]
    assert await boss.say("规则 删 R1") == (
        f"R1 删掉了，不再打 等级/VIP\n规则打上的 1 位客户还带着；也要去掉：批量打标 #G{vip.id} -G{vip.id}"
    )
    await scored(here, mia, 5)
    assert await carries(mia) == ["VIP"]
    assert "已经删掉了" in await boss.say("规则 开 R1")
    assert (await boss.say("规则 看 R1")).startswith("R1 等级/VIP（已删）")


async def test_what_a_paused_rule_says_is_changed_without_consequences(here: Platforms, boss: Phone, vip: Tag) -> None:
    await here.customer("mia", "hanmei")
    await confirmed(boss, "规则 加 VIP 当 score>=80", here)
    await boss.say("规则 停 R1")
    assert await confirmed(boss, "规则 改 R1 当 score>=0", here) == "R1 改好了，还停用着：规则 开 R1"
    assert (await AutoTag.get()).state == "paused"
    await boss.say("规则 开 R1")
    await applied(here)
    assert (await boss.say("标签 VIP")).startswith(f"G{vip.id} 等级/VIP · 1 位客户")


async def test_rules_that_wait_for_each_other_are_refused(here: Platforms, boss: Phone, vip: Tag) -> None:
    await here.make("活动/送礼")
    now = here.clock()
    await Audience.create(name="老客", rule=f"#G{vip.id}", created_at=now, changed_at=now)
    assert (await boss.say("规则 加 VIP 当 非 #VIP")).startswith("这样会绕成圈：等级/VIP ← 等级/VIP")
    await confirmed(boss, "规则 加 送礼 当 @老客", here)
    number = (await AutoTag.get(state="active")).id
    refused = await boss.say("规则 加 VIP 当 #送礼")
    assert refused.startswith("这样会绕成圈：等级/VIP ← 活动/送礼 ← 等级/VIP")
    await boss.say(f"规则 停 R{number}")
    assert (await boss.say("规则 加 VIP 当 #送礼")).startswith("这样会绕成圈")
    await boss.say(f"规则 删 R{number}")
    assert (await boss.say("规则 加 VIP 当 #送礼")).startswith("新规则")


async def test_two_who_confirm_a_circle_close_none(here: Platforms, boss: Phone, lucy: Phone, vip: Tag) -> None:
    await here.make("活动/送礼")
    await boss.say("规则 加 VIP 当 #送礼")
    await lucy.say("rules add 送礼 when #VIP")
    assert (await boss.say(f"确认 {code_of(boss)}")).startswith("R1 加好了")
    assert (await lucy.say(f"confirm {code_of(lucy)}")).startswith("That goes in a circle: 活动/送礼 ← 等级/VIP")


async def test_what_has_changed_much_since_is_shown_again(here: Platforms, boss: Phone, vip: Tag) -> None:
    await boss.say("规则 加 VIP 当 score>=80")
    await crowd(here, 6, 90)
    answer = await boss.say(f"确认 {code_of(boss)}")
    assert answer.startswith("R1 的情况刚刚变了")
    assert "会新打上 6 位" in answer
    assert "正在给 6 位客户打上" in await boss.say(f"确认 {code_of(boss)}")


async def test_more_customers_take_two_managers(here: Platforms, boss: Phone, lucy: Phone, vip: Tag) -> None:
    boss.house = lucy.house = replace(here.house, approval_over=2)
    await crowd(here, 3, 90)
    assert "超过 2 位客户，要另一位经理批准" in await boss.say("规则 加 VIP 当 score>=80")
    approve = commands_of(boss, lucy.address)[0]
    assert "New rule R1: give 等级/VIP when score at least 80" in told(boss, lucy)
    await boss.say(f"确认 {code_of(boss)}")
    assert (await AutoTag.get()).state == "planned"
    await lucy.press(approve)
    assert "正在给 3 位客户打上 等级/VIP" in told(lucy, boss)
    assert [version.staff_id for version in await AutoTagVersion.all()] == [(await Staff.get(name="韩梅梅")).id]


@pytest.mark.usefixtures("lucy", "vip")
async def test_what_grew_to_many_meanwhile_is_asked_for_anew(here: Platforms, boss: Phone) -> None:
    boss.house = replace(here.house, approval_over=2)
    await boss.say("规则 加 VIP 当 score>=80")
    await crowd(here, 3, 90)
    assert (await boss.say(f"确认 {code_of(boss)}")).startswith("R1 现在会动到 3 位客户，要另一位经理批准")


async def test_who_sees_a_team_s_customers_only_changes_no_rule(here: Platforms, boss: Phone, vip: Tag) -> None:
    await crowd(here, 1, 90)
    await confirmed(boss, "规则 加 VIP 当 score>=80", here)
    await boss.say("规则 改 R1 当 score>=70")
    code = code_of(boss)
    await Staff.filter(name="韩梅梅").update(team="华东")
    for typed in ("加 VIP 当 score>=50", "改 R1 当 score>=50", "停 R1", "开 R1", "删 R1"):
        assert (await boss.say(f"规则 {typed}")).startswith("自动打标的规则管的是所有客户"), typed
    assert (await boss.say(f"确认 {code}")).startswith("自动打标的规则管的是所有客户")
    assert (await boss.say("规则")).splitlines()[1] == "R1 等级/VIP 当 评分不少于 80"
    assert (await boss.say("规则 R1")).startswith("R1 等级/VIP：")
    assert (await AutoTag.get()).version == 1


async def test_a_rule_may_be_asked_for_step_by_step(here: Platforms, boss: Phone, vip: Tag) -> None:
    assert (await boss.say("规则 加 VIP")).startswith("什么样的客户打上 等级/VIP？")
    assert (await boss.say("score>=80 否则去掉")).startswith("新规则 R1：打上 等级/VIP，当 评分不少于 80，否则去掉")
    await boss.say(f"确认 {code_of(boss)}")
    assert (await boss.say("规则 改 R1")).startswith("R1 现在是：评分不少于 80\n改成什么条件？")
    assert (await boss.say("score>=70")).startswith("改规则 R1：打上 等级/VIP，当 评分不少于 70，否则去掉")


async def test_a_tag_of_several_names_is_chosen_first(here: Platforms, boss: Phone, vip: Tag) -> None:
    await here.make("活动/VIP")
    assert "不止一个" in await boss.say("规则 加 VIP 当 score>=80 否则去掉")
    assert (await boss.say("2")).startswith("新规则 R1：打上 活动/VIP，当 评分不少于 80，否则去掉")


async def test_what_cannot_be_meant_is_explained(here: Platforms, boss: Phone, vip: Tag) -> None:
    assert (await boss.say("规则 加 贵宾 当 score>1")).startswith("没有叫「贵宾」的标签")
    assert "scoer>1\n^" in await boss.say("规则 加 VIP 当 scoer>1")
    assert (await boss.say("规则 看 R9")) == "没有 R9 这条规则。发 规则 看有哪些。"
    assert "写法：规则 加 标签 当 条件" in await boss.say("规则 停")
    assert await AutoTag.all().count() == 0


async def test_a_rule_whose_tag_or_audience_is_gone_says_so(here: Platforms, boss: Phone, vip: Tag) -> None:
    now = here.clock()
    await Audience.create(name="老客", rule="orders>=3", created_at=now, changed_at=now)
    await confirmed(boss, "规则 加 VIP 当 @老客", here)
    await Audience.all().delete()
    assert (await boss.say("规则")).splitlines()[1].startswith("R1 等级/VIP（失效） 当 ")
    assert "\n失效：" in await boss.say("规则 看 R1")
    async with here.act() as ctx:
        await Tag.end([vip.id], ctx.now)
    assert "已经删掉了" in await boss.say("规则 看 R1")
    assert "已经删掉了" in await boss.say("规则 改 R1 当 score>1")
    await boss.say("规则 停 R1")
    assert "已经删掉了" in await boss.say("规则 开 R1")


async def test_a_long_list_goes_on(here: Platforms, boss: Phone) -> None:
    for tag in await here.make(*(f"组/标{number}" for number in range(8))):
        await confirmed(boss, f"规则 加 G{tag.id} 当 score>={tag.id}", here)
    first = (await boss.say("规则")).splitlines()
    assert (len(first), first[-1]) == (8, "后面还有，发 更多")
    assert len((await boss.say("更多")).splitlines()) == 4


async def test_the_trail_and_the_card_tell_of_the_rule(here: Platforms, boss: Phone, vip: Tag) -> None:
    await Staff.all().update(role=Role.ADMIN)
    mia = await here.customer("mia", "hanmei")
    await confirmed(boss, "规则 加 VIP 当 score>=80", here)
    await scored(here, mia, 90)
    assert "VIP（规则）" in await boss.say(f"看 C{mia.id}")
    assert "R1 改 标签 ＋等级/VIP" in await boss.say(f"日志 C{mia.id}")
    assert "规则 加 VIP 当 score>=80" in await boss.say("日志 R1")
    await boss.say(f"打标 C{mia.id} +VIP")
    assert "VIP（规则）" not in await boss.say(f"看 C{mia.id}")
