"""Here lives the story of the tag library: made, changed, merged and deleted in chat, and the platforms follow."""

from models.plans import Plan
from models.sync import Binding
from models.tags import Tag, Tagging, TagGroup
from tests.journeys.walk import ZH, Step, Walk

WORDS = {ZH: {"hot": "很高", "high": "高", "hottest": "最高", "group": "购买意向"}}
ENGLISH = {"hot": "hot", "high": "high", "hottest": "hottest", "group": "interest"}


def word(walk: Walk, name: str) -> str:
    return WORDS.get(walk.language, ENGLISH)[name]


THE_LIBRARY = (
    Step(
        "newtag",
        "boss",
        ("建标签 意向/高 意向/很高", "G2 意向/高 G3 意向/很高"),
        ("newtag intent/high intent/hot", "G2 intent/high G3 intent/hot"),
        lambda w: (
            Tag.filter(id=3, name=word(w, "hot"), source="staff"),
            Binding.filter(account="wecom", tag_id=2, remote_id__not_isnull=True, sent=None),
            Binding.filter(account="official", tag_id=3, remote_id__not_isnull=True, sent=None),
        ),
    ),
    Step("tags", "seller", ("标签 意向", "G2 高 G3 很高"), ("tags intent", "G2 high G3 hot")),
    Step(
        "edittag",
        "boss",
        ("改标签 意向/很高 名=最高", "G3 意向/很高 意向/最高"),
        ("edittag intent/hot name=hottest", "G3 intent/hot intent/hottest"),
        lambda w: (Tag.filter(id=3, name=word(w, "hottest")),),
    ),
    Step(
        "edittag",
        "boss",
        ("改标签 意向/ 名=购买意向", "意向 购买意向 2"),
        ("edittag intent/ name=interest", "intent interest 2"),
        lambda w: (TagGroup.filter(name=word(w, "group"), gone_at=None),),
    ),
    Step("tag", "seller", ("打标 C1 +高", "C1 ＋高"), ("tag C1 +high", "C1 +high")),
    Step(
        "mergetags",
        "boss",
        ("并标签 高 最高", "G2 购买意向/高 1 G3 购买意向/最高 确认"),
        ("mergetags high hottest", "G2 interest/high 1 G3 interest/hottest confirm"),
        lambda _: (Plan.filter(kind="mergetags", subject="G2", state="open", needs_approval=False),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "G2 购买意向/高 G3 购买意向/最高"),
        ("confirm {code}", "G2 interest/high G3 interest/hottest"),
        lambda _: (
            Tag.filter(id=2, merged_into_id=3, gone_at__not_isnull=True),
            Tagging.filter(tag_id=3, customer_id=1),
        ),
    ),
    Step(
        "deltag",
        "boss",
        ("删标签 购买意向/", "G3 购买意向 最高 确认"),
        ("deltag interest/", "G3 interest hottest confirm"),
        lambda _: (Plan.filter(kind="deltag", subject="G3", state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "购买意向 最高"),
        ("confirm {code}", "interest hottest"),
        lambda w: (
            TagGroup.filter(name=word(w, "group"), gone_at__not_isnull=True),
            Binding.filter(tag_id=3, account="wecom", agreed=None, sent=None),
            Binding.filter(tag_id=3, account="official", agreed=None, sent=None),
        ),
    ),
    Step(
        "newtag",
        "other",
        ("建标签 导入 通用", "通用 15"),
        ("newtag import general", "general 14"),
        lambda _: (Tag.filter(source="import"),),
    ),
)
