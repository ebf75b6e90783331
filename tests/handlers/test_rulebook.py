"""Rules that are out of order, for one reason or another, keep no other from its work."""

import pytest

from domain.sweeps import RuleDue
from models.audiences import Audience
from models.inbox import InboxEvent
from models.staff import Staff
from models.tags import Tag, Tagging
from tests.handlers.phone import Phone
from tests.handlers.platforms import Platforms, carries
from tests.handlers.ruling import applied, night, own, ruled, scored


@pytest.fixture
async def vip(here: Platforms) -> Tag:
    return (await here.make("等级/VIP"))[0]


async def test_a_rule_that_cannot_be_read_any_more_keeps_no_other_from_its_work(here: Platforms, vip: Tag) -> None:
    (gift,) = await here.make("活动/送礼")
    now = here.clock()
    await Audience.create(name="老客", rule="orders >= 3", created_at=now, changed_at=now)
    mia = await here.customer("mia", "hanmei")
    await ruled(here, gift, "@老客 or score >= 80")
    await ruled(here, vip, "score >= 80")
    await Audience.all().delete()
    await scored(here, mia, 90)
    assert await carries(mia) == ["VIP"]
    await night(here)
    assert await carries(mia) == ["VIP"]


async def test_what_a_rule_gave_that_cannot_be_read_any_more_no_other_takes(here: Platforms, vip: Tag) -> None:
    now = here.clock()
    await Audience.create(name="老客", rule="score >= 50", created_at=now, changed_at=now)
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "@老客")
    await scored(here, mia, 60)
    await ruled(here, vip, "score >= 80", removes=True)
    await Audience.all().delete()
    await scored(here, mia, 70)
    await night(here)
    assert await carries(mia) == ["VIP"]


async def test_rules_that_an_audience_has_closed_to_a_circle_stand_still(here: Platforms, vip: Tag) -> None:
    (gift,) = await here.make("活动/送礼")
    now = here.clock()
    await Audience.create(name="老客", rule="orders >= 3", created_at=now, changed_at=now)
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "not @老客", removes=True)
    await ruled(here, gift, f"#G{vip.id}", removes=True)
    assert sorted(await carries(mia)) == ["VIP", "送礼"]
    await Audience.all().update(rule=f"#G{gift.id}")
    await scored(here, mia, 90)
    await night(here)
    assert sorted(await carries(mia)) == ["VIP", "送礼"]


async def test_a_tag_that_was_merged_into_another_is_given_as_that(here: Platforms, vip: Tag) -> None:
    (best,) = await here.make("等级/至尊")
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await ruled(here, vip, "score >= 80", removes=True)
    await scored(here, leo, 90)
    async with here.act() as ctx:
        await Tag.end([vip.id], ctx.now, best.id)
    await scored(here, mia, 90)
    await scored(here, leo, 10)
    assert (await carries(mia), await carries(leo)) == (["至尊"], [])


async def test_a_tag_that_is_gone_is_given_to_nobody(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80")
    async with here.act() as ctx:
        await Tag.end([vip.id], ctx.now)
    await scored(here, mia, 90)
    await night(here)
    assert await Tagging.all().count() == 0


async def test_who_changes_an_audience_changes_whom_rules_tag_by_it(here: Platforms, vip: Tag, boss: Phone) -> None:
    mia = await here.customer("mia", "hanmei")
    await scored(here, mia, 70)
    await boss.say("人群 存 常客 = 评分>=80")
    await ruled(here, vip, "@常客", removes=True)
    assert await carries(mia) == []
    await boss.say("人群 存 常客 = 评分>=60")
    await applied(here)
    assert await carries(mia) == ["VIP"]
    await boss.say("人群 存 常客 = 评分>=60")
    assert not await InboxEvent.is_any_waiting("rule:")


async def test_only_the_rules_of_an_audience_go_through_everybody(here: Platforms, vip: Tag, boss: Phone) -> None:
    (gift,) = await here.make("活动/送礼")
    mia = await here.customer("mia", "hanmei")
    await scored(here, mia, 70)
    for typed in ("常客 = 评分>=80", "贵客 = @常客 且 评分>=1", "别的 = 评分>=90"):
        await boss.say(f"人群 存 {typed}")
    await ruled(here, vip, "@贵客")
    await ruled(here, gift, "@别的")
    done = len(await own(RuleDue))
    await boss.say("人群 存 常客 = 评分>=60")
    await applied(here)
    assert (await carries(mia), len(await own(RuleDue))) == (["VIP"], done + 1)


async def test_who_sees_a_team_s_customers_only_changes_no_audience_of_a_rule(
    here: Platforms, vip: Tag, boss: Phone
) -> None:
    await boss.say("人群 存 常客 = 评分>=80")
    await boss.say("人群 存 贵客 = @常客 且 评分>=1")
    await ruled(here, vip, "@贵客")
    await Staff.filter(name="韩梅梅").update(team="华东")
    refused = await boss.say("人群 存 常客 = 评分>=60")
    assert refused.startswith("「常客」有自动打标的规则在用（R1），改了会动到所有客户")
    assert (await Audience.get(name="常客")).rule == "score >= 80"
    assert "存好了" in await boss.say("人群 存 新客户 = 评分>=60")
    assert "改好了" in await boss.say("人群 存 新客户 = 评分>=70")
