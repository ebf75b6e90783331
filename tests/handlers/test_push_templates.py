"""Here lives what managers do with templates of pushes: write, read, change, delete, and try them on themselves."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from domain.messages import Image, Link, Notice, OutboundMessage, Text
from domain.permissions import Role
from domain.pushes import PushRules
from models.customers import Customer
from models.links import Link as Address
from models.push_templates import PushTemplate
from models.schedules import Schedule
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]

RULES = PushRules(public_url="https://us.cn", link_key=b"k" * 32)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    phone = await hire("韩梅梅", Role.MANAGER)
    phone.house = replace(phone.house, push=RULES)
    return phone


async def test_a_template_is_kept_byte_for_byte_and_shown_with_its_blanks(boss: Phone) -> None:
    answer = await boss.say("模板 加 双十一 折扣=五折\n　{{ 客户 or “您” }}，\n全场{{ 折扣 }}，第{{ 期数 }}期 ")
    assert "模板「双十一」记下了" in answer
    assert "　{{ 客户 or “您” }}，\n全场{{ 折扣 }}，第{{ 期数 }}期 " in answer
    assert "占位符：客户（各人的资料）、折扣（默认「五折」）、期数（用时加 期数=…）" in answer
    kept = await PushTemplate.get()
    assert (kept.content, kept.defaults, kept.title) == (
        Text("　{{ 客户 or “您” }}，\n全场{{ 折扣 }}，第{{ 期数 }}期 "),
        {"折扣": "五折"},
        "双十一",
    )
    assert "（韩梅梅 写的）" in await boss.say("模板 看 双十一")
    assert len((await boss.say("模板 双十一")).splitlines()) <= 8


async def test_in_english_too(hire: Hire) -> None:
    phone = await hire("Lucy", Role.MANAGER, language="en")
    answer = await phone.say('tpl add D11 name=friend\n{{ name }}, {{ deal or "half price" }}!')
    assert answer.splitlines()[0] == "Template D11 is kept:"
    assert "Blanks: name (each person’s, else “friend”), deal (add deal=…)" in answer
    assert "Try it on yourself: test D11" in answer
    assert (await phone.say("tpl")).splitlines()[1].startswith("1. D11: {{ name }}, {{ deal or")
    assert "Template D11 (by Lucy)" in await phone.say("1")
    assert "deleted" in await phone.say("tpl del d11")
    assert "tpl add d11" in await phone.say("tpl")


async def test_the_text_is_asked_for(boss: Phone) -> None:
    asked = await boss.say("模板 加 双十一 折扣=五折")
    assert "接下来发的这条会原样记下" in asked
    assert "{{ 客户 or '您' }}" in asked
    await boss.say("群发 {{ 折扣 }}\n第二行 ")
    assert (await PushTemplate.get()).content == Text("群发 {{ 折扣 }}\n第二行 ")
    assert "模板消息" not in await boss.say("模板 加 空")
    assert await boss.say("取消")
    assert await PushTemplate.all().count() == 1


async def test_pictures_links_and_notices(boss: Phone) -> None:
    await boss.say("模板 加 图 图片=https://a.cn/x.png\n看{{ 折扣 }}")
    shown = await boss.say('模板 加 卡 链接=https://a.cn/x?a=1 标题="双十一 大促" 封面=https://a.cn/p.png')
    assert "[链接]https://a.cn/p.png\n双十一 大促 https://a.cn/x?a=1" in shown
    await boss.say("模板 加 通知 模板消息=TPL_1 链接=https://a.cn/y\nfirst: {{ 客户 }}\nkeyword1：好")
    kept = {row.title: row.content for row in await PushTemplate.all()}
    assert kept == {
        "图": Image(url="https://a.cn/x.png", caption="看{{ 折扣 }}"),
        "卡": Link("双十一 大促", "https://a.cn/x?a=1", "", "https://a.cn/p.png"),
        "通知": Notice("TPL_1", (("first", "{{ 客户 }}"), ("keyword1", "好")), "https://a.cn/y", "{{ 客户 }}\n好"),
    }
    listed = await boss.say("模板")
    assert "[图片]看{{ 折扣 }}" in listed
    assert "[模板消息]" in listed


async def test_who_writes_it_again_changes_it(boss: Phone, hire: Hire) -> None:
    await boss.say("模板 加 D11 折扣=五折\n{{ 折扣 }}")
    other = await hire("李雷", Role.MANAGER)
    await other.say("模板 加 d１１\n新的")
    kept = await PushTemplate.get().select_related("staff")
    assert (kept.content, kept.defaults, kept.title) == (Text("新的"), {}, "d11")
    assert kept.staff
    assert kept.staff.name == "李雷"


async def test_the_list_has_pages_and_numbers(boss: Phone) -> None:
    assert "还没有模板" in await boss.say("模板")
    for number in range(1, 9):
        await boss.say(f"模板 加 第{number}\n第{number}句 {'很长' * 20}")
    first = await boss.say("模板")
    assert len(first.splitlines()) == 8
    assert first.endswith("发 更多")
    assert "第7" in await boss.say("更多")
    assert "模板「第8」" in await boss.say("2")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("模板 加 双十一\n{{ x.y }}", "占位符里不能用「.y」"),
        ("模板 加 双十一\n{% for a in b %}{% endfor %}", "占位符里不能用「for」"),
        ("模板 加 双十一\n好\n{{ 客户", "第 2 行"),
        ("模板 加 双十一\n{客户}您好", "要写两层"),
        ("模板 加 双十一 折扣=五折\n您好", "没有「折扣」这个占位符"),
        ("模板 加 双十一 您好\n您好", "「您好」放错了地方"),
        ("模板 加 双十一 链接=https://a.cn\n", "卡片要有标题"),
        ("模板 加 双十一 图片=https://a.cn 文件=https://a.cn", "只能留一样"),
        ("模板 加 C12\n您好", "不能当模板的名字"),
        ("模板 加", "后面还差"),
        ("模板 看 双十二", "是不是：双十一二"),
        ("模板 看 完全不同", "看全部发：模板"),
        ("模板 删 完全不同", "没有叫「完全不同」的模板"),
        ("试发", "后面还差"),
        ("试发 双十二", "是不是：双十一二"),
        ("试发 双十一二 期数=3", "没有「期数」这个占位符，有：折扣"),
        ("试发 双十一二", "「折扣」没有内容"),
        ("试发 双十一二\n又写了正文", "内容写了两样"),
    ],
)
async def test_mistakes_teach(boss: Phone, said: str, why: str) -> None:
    await boss.say("模板 加 双十一二\n{{ 折扣 }}")
    answer = await boss.say(said)
    assert why in answer
    assert len(answer.splitlines()) <= 8
    assert await PushTemplate.all().count() == 1


async def test_a_template_that_a_schedule_sends_is_not_deleted(boss: Phone, clock: Clock) -> None:
    await boss.say("模板 加 周报\n第{{ 期数 or '新' }}期")
    told = {"account": "telegram", "chat": "1", "language": "zh-CN", "cron": "0 10 * * 1", "zone": "Asia/Shanghai"}
    schedule = await Schedule.planned(
        clock(), staff_id=(await Staff.get()).id, words="人群=#老客 模板=周报", state="active", **told
    )
    assert f"定时 停 {schedule.short_id}" in await boss.say("模板 删 周报")
    await schedule.turn("stopped")
    assert "删掉了" in await boss.say("模板 删 周报")
    assert await PushTemplate.all().count() == 0


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SALES])
async def test_only_managers_have_templates(hire: Hire, role: Role) -> None:
    phone = await hire("李雷", role)
    for said in ("模板", "模板 加 双十一\n您好", "试发 双十一"):
        assert "经理" in await phone.say(said)
    assert await PushTemplate.all().count() == 0


def contents(phone: Phone) -> list[object]:
    return [out.content for out in phone.sent if isinstance(out, OutboundMessage) and out.to == phone.address]


async def test_a_colleague_reads_what_a_customer_of_theirs_would(boss: Phone, meet: Meet) -> None:
    await meet("别人家的", company="很全", city="上海")
    await meet("", owner="韩梅梅")
    mine = await meet("张三", owner="韩梅梅", company="星辰科技")
    await boss.say(
        "模板 加 双十一 折扣=五折\n{{ 客户 }}（{{ 公司 }}），{{ 城市 }}{{ 折扣 }}，{{ 顾问 }}：https://a.cn/x"
    )
    await boss.say("试发 双十一 折扣=四折")
    first, second = contents(boss)
    assert f"换成 {mine.short_id} 张三 的资料" in getattr(first, "text", "")
    text = getattr(second, "text", "")
    assert text.startswith("张三（星辰科技）四折，韩梅梅：https://us.cn/t/")
    kept = await Address.get()
    assert (kept.url, kept.push_id) == ("https://a.cn/x", None)
    await boss.say("试发 双十一")
    assert await Address.all().count() == 1
    assert contents(boss)[1] == Text(text.replace("四折", "五折"))


async def test_without_customers_nothing_is_known_of_anybody(boss: Phone) -> None:
    await boss.say('试发\n{{ 客户 }}，您好，{{ 公司 or "贵公司" }}')
    first, second = contents(boss)
    assert "没有客户可以代入" in getattr(first, "text", "")
    assert second == Text("您好，贵公司")


async def test_every_kind_is_tried(boss: Phone, meet: Meet) -> None:
    await meet("张三")
    await boss.say("试发 图片=https://a.cn/x.png\n{{ 客户 }}")
    assert contents(boss)[1] == Image(url="https://a.cn/x.png", caption="张三")
    await boss.say("试发 模板消息=TPL_1\nfirst: {{ 客户 }}\nkeyword1: 好")
    assert contents(boss)[1] == Text("张三\n好")


async def test_a_manager_sees_nobody_but_their_teams_customers(hire: Hire, meet: Meet) -> None:
    await hire("李雷")
    boss = await hire("韩梅梅", Role.MANAGER)
    await Staff.filter(name="韩梅梅").update(team="东区")
    await meet("张三", owner="李雷")
    await boss.say("试发\n{{ 客户 or '谁' }}")
    assert contents(boss)[1] == Text("谁")
