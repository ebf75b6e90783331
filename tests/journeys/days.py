"""Here lives the story in which every command is typed once at least: a seller's day, and then an administrator's."""

from domain.leads import Stage
from models.changes import Change
from models.customers import Customer, Identity
from models.dialogs import Dialog
from models.groups import Group
from models.leads import Lead
from models.merges import Merge
from models.messages import Message
from models.notes import Note
from models.plans import Plan
from models.snippets import Snippet
from models.staff import Staff, StaffAccount
from models.tasks import Task
from tests.journeys.audience_days import THE_AUDIENCES
from tests.journeys.group_days import THE_GROUPS
from tests.journeys.library_days import THE_LIBRARY
from tests.journeys.push_days import THE_PUSHES
from tests.journeys.schedule_days import THE_SCHEDULES
from tests.journeys.sync_days import THE_COMPARISON
from tests.journeys.tag_days import TAGGING
from tests.journeys.template_days import THE_TEMPLATES
from tests.journeys.walk import CHEN, GROUP, ZH, Step

THE_DAY_OF_A_SELLER = (
    Step(
        "bind",
        "seller",
        ("绑定 {code}", "{seller} 销售"),
        ("bind {code}", "{seller} sales"),
        lambda w: (StaffAccount.filter(account=w.platform, external_id=w.account("seller"), staff_id=w.id("seller")),),
    ),
    Step(
        "lang",
        "boss",
        ("语言 中文", "中文"),
        ("lang en", "English"),
        lambda w: (Staff.filter(id=w.id("boss"), language=w.language),),
    ),
    Step(
        "whoami", "seller", ("我是谁", "{seller} 销售 {seller_account}"), ("whoami", "{seller} sales {seller_account}")
    ),
    Step("help", "seller", ("帮助", "查 跟进 待办"), ("help", "find follow todo")),
    Step(
        "find",
        "seller",
        ("查 Mia", "1. C2 2. C1"),
        ("find Mia", "1. C2 2. C1"),
        lambda w: (Dialog.filter(staff_id=w.id("seller"), account=w.platform, chat=w.account("seller")),),
    ),
    Step("leads", "seller", ("线索 公海", "L1 L2 L3 新线索"), ("leads free", "L1 L2 L3 new")),
    Step(
        "claim",
        "seller",
        ("领 L1", "L1 C1 Mia 新线索"),
        ("claim L1", "L1 C1 Mia new"),
        lambda w: (Lead.filter(id=1, owner_id=w.id("seller")), Customer.filter(id=1, owner_id=w.id("seller"))),
    ),
    Step("show", "seller", ("看 C1", "C1 Mia {seller} L1"), ("show C1", "C1 Mia {seller} L1")),
    Step(
        "reply",
        "seller",
        ("回复 C1 有货，今天发", "C1 Mia"),
        ("reply C1 yes, it ships today", "C1 Mia"),
        lambda w: (Message.filter(customer_id=1, direction="out", staff_id=w.id("seller")),),
        reaches=("有货，今天发", "yes, it ships today"),
    ),
    Step("talk", "seller", ("聊天 C1", "X200 今天发"), ("talk C1", "X200 ships")),
    Step(
        "note",
        "seller",
        ("记 C1 怕贵", "C1 Mia"),
        ("note C1 price sensitive", "C1 Mia"),
        lambda w: (
            Note.filter(customer_id=1, staff_id=w.id("seller"), text="怕贵" if w.language == ZH else "price sensitive"),
        ),
    ),
    Step(
        "set",
        "seller",
        ("改 C1 公司=Acme 生日=5月1日", "C1 公司 Acme 05-01"),
        ("set C1 company=Acme birthday=05-01", "C1 company Acme 05-01"),
        lambda w: (
            Customer.filter(id=1, company="Acme", birthday="--05-01"),
            Change.filter(subject="C1", field="company", new="Acme", staff_id=w.id("seller")),
        ),
    ),
    Step(
        "snippets",
        "seller",
        ("话术 加 报价\n您好，我是{{我}}", "报价"),
        ("snippets add quote\nHi, this is {{me}}", "quote"),
        lambda w: (Snippet.filter(name="报价" if w.language == ZH else "quote", staff_id=w.id("seller")),),
    ),
    Step(
        "snippets",
        "seller",
        ("话术 报价 C1", "C1 Mia {seller}"),
        ("snippets quote C1", "C1 Mia {seller}"),
        lambda w: (Message.filter(customer_id=1, direction="out", text__endswith=w.staff["seller"].name),),
        reaches=("您好，我是{seller}", "Hi, this is {seller}"),
    ),
    Step(
        "takeover",
        "seller",
        ("接手 C1 @{mate}", "C1 Mia {mate}"),
        ("takeover C1 @{mate}", "C1 Mia {mate}"),
        lambda w: (Customer.filter(id=1, owner_id=w.id("seller"), attendant_id=w.id("mate")),),
        told="mate",
    ),
    Step(
        "handback",
        "mate",
        ("交回 C1", "C1 Mia {seller}"),
        ("handback C1", "C1 Mia {seller}"),
        lambda w: (Customer.filter(id=1, owner_id=w.id("seller"), attendant_id=None),),
        told="seller",
    ),
    Step(
        "follow",
        "seller",
        ("跟进 L1 有意向 明天10点 报价", "L1 C1 有意向 T1 10:00"),
        ("follow L1 interested tomorrow 10:00 quote", "L1 C1 interested T1 10:00"),
        lambda w: (
            Lead.filter(id=1, stage=Stage.INTERESTED),
            Note.filter(customer_id=1, stage=Stage.INTERESTED.value),
            Task.filter(id=1, staff_id=w.id("seller"), customer_id=1, due_at=w.tomorrow(10)),
        ),
    ),
    Step(
        "todo",
        "seller",
        ("待办 加 明天9点 打电话 C1", "T2 打电话 C1 09:00 (Asia/Shanghai)"),
        ("todo add tomorrow 9:00 call C1", "T2 call C1 09:00 (Asia/Shanghai)"),
        lambda w: (Task.filter(id=2, staff_id=w.id("seller"), customer_id=1, state="open", due_at=w.tomorrow(9)),),
    ),
    Step("todo", "seller", ("待办", "1. T2 2. T1"), ("todo", "1. T2 2. T1")),
    Step(
        "defer",
        "seller",
        ("改期 T2 明天下午3点", "T2 15:00"),
        ("defer T2 tomorrow 3pm", "T2 15:00"),
        lambda w: (Task.filter(id=2, state="open", due_at=w.tomorrow(15)),),
    ),
    Step(
        "done",
        "seller",
        ("完成 T2", "T2 打电话"),
        ("done T2", "T2 call"),
        lambda _: (Task.filter(id=2, state="done", done_at__not_isnull=True),),
    ),
    Step(
        "release",
        "seller",
        ("放 L1", "L1 C1 公海"),
        ("release L1", "L1 C1 pool"),
        lambda _: (Lead.filter(id=1, owner_id=None), Customer.filter(id=1, owner_id=None)),
    ),
)


def assigned(number: int, who: str) -> Step:
    return Step(
        "assign",
        "boss",
        (f"分配 L{number} @{{{who}}}", f"L{number} C{number} {{{who}}}"),
        (f"assign L{number} @{{{who}}}", f"L{number} C{number} {{{who}}}"),
        lambda w: (
            Lead.filter(id=number, owner_id=w.id(who)),
            Customer.filter(id=number, owner_id=w.id(who)),
        ),
        told=who,
    )


def previewed(number: int) -> Step:
    """Of two customers whose owners differ, so that another manager must approve."""
    return Step(
        "merge",
        "boss",
        ("合并 C1 C2", f"M{number} C1 C2 {{seller}} {{mate}} 批准"),
        ("merge C1 C2", f"M{number} C1 C2 {{seller}} {{mate}} approve"),
        lambda w: (
            Plan.filter(kind="merge", subject=f"M{number}", staff_id=w.id("boss"), needs_approval=True, state="open"),
            Merge.filter(id=number, kept_id=1, absorbed_id=2, state="planned"),
        ),
        told="other",
    )


THE_DAY_OF_AN_ADMINISTRATOR = (
    assigned(1, "seller"),
    assigned(2, "mate"),
    previewed(1),
    Step(
        "cancel",
        "boss",
        ("取消 M1", "M1 取消"),
        ("cancel M1", "M1 cancelled"),
        lambda _: (Plan.filter(subject="M1", state="cancelled"),),
    ),
    previewed(2),
    Step(
        "reject",
        "other",
        ("驳回 M2 still negotiating", "M2 {boss}"),
        ("reject M2 still negotiating", "M2 {boss}"),
        lambda w: (Plan.filter(subject="M2", state="rejected", approver_id=w.id("other"), reason="still negotiating"),),
        told="boss",
    ),
    previewed(3),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "M3 经理"),
        ("confirm {code}", "M3 manager"),
        lambda _: (Plan.filter(subject="M3", state="open", confirmed_at__not_isnull=True),),
    ),
    Step(
        "approve",
        "other",
        ("批准 M3", "M3 {boss}"),
        ("approve M3", "M3 {boss}"),
        lambda w: (
            Plan.filter(subject="M3", state="done", approver_id=w.id("other")),
            Merge.filter(id=3, state="done"),
            Customer.filter(id=2, merged_into_id=1),
        ),
        told="boss",
    ),
    Step(
        "unmerge",
        "boss",
        ("撤销合并 M3", "M3 C1 C2 确认"),
        ("unmerge M3", "M3 C1 C2 confirm"),
        lambda _: (Plan.filter(kind="unmerge", subject="M3", state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "M3 C1 C2"),
        ("confirm {code}", "M3 C1 C2"),
        lambda _: (Merge.filter(id=3, state="undone"), Customer.filter(id=2, merged_into_id=None)),
    ),
    Step(
        "merge",
        "boss",
        ("合并 C1 C3", "M4 C1 C3 公众号"),
        ("merge C1 C3", "M4 C1 C3 account"),
        lambda _: (Plan.filter(kind="merge", subject="M4", state="open", needs_approval=False),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "M4 C1 C3"),
        ("confirm {code}", "M4 C1 C3"),
        lambda _: (Merge.filter(id=4, state="done"), Identity.filter(external_id=CHEN, customer_id=1)),
    ),
    Step(
        "unlink",
        "boss",
        ("解除 C1 公众号", "M5 C1 公众号"),
        ("unlink C1 wechat", "M5 C1 account"),
        lambda _: (Plan.filter(kind="unlink", subject="M5", state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "C4"),
        ("confirm {code}", "C4"),
        lambda _: (Plan.filter(subject="M5", state="done"), Identity.filter(external_id=CHEN, customer_id=4)),
    ),
    Step("log", "boss", ("日志 @{seller} 今天", "{seller} 完成 更多"), ("log @{seller} today", "{seller} done more")),
    Step("more", "boss", ("更多", "接手 C1"), ("more", "takeover C1"), understood="log"),
    Step("group", "boss", ("群聊 开", "Telegram"), ("group on", "Telegram"), only="wecom", result="group_only"),
    Step(
        "group",
        "boss",
        ("/群聊 开", "斜杠"),
        ("/group on", "slash"),
        lambda _: (Group.filter(account="telegram", external_id=str(GROUP), allowed_at__isnull=False),),
        only="telegram",
        grouped=True,
    ),
)

STORY = (
    *THE_DAY_OF_A_SELLER,
    *THE_DAY_OF_AN_ADMINISTRATOR,
    *THE_GROUPS,
    *TAGGING,
    *THE_LIBRARY,
    *THE_COMPARISON,
    *THE_AUDIENCES,
    *THE_TEMPLATES,
    *THE_PUSHES,
    *THE_SCHEDULES,
)
