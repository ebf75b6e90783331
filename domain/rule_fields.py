"""Here lives the table of what rules can ask of a customer, with every word for it."""

from collections.abc import Mapping

from domain.edits import CONSENT, GENDERS
from domain.edits import FIELDS as PROFILE
from domain.leads import STAGES
from domain.rules import Field


def _profile(name: str, *zh: str, **more: object) -> Field:
    words = (*PROFILE[name], *zh)
    kind = more.pop("kind", "text")
    return Field(
        name,
        kind,  # type: ignore[arg-type]
        tuple(word for word in words if not word.isascii()),
        tuple(word for word in words if word.isascii()),
        **more,  # type: ignore[arg-type]
    )


FIELDS: tuple[Field, ...] = (
    _profile("name"),
    _profile("phone"),
    _profile("company"),
    _profile("position"),
    _profile("email"),
    _profile("city"),
    _profile("gender", kind="choice", choices=GENDERS),
    _profile("birthday", kind="day"),
    Field("language", "text", ("语言",), ("language", "lang")),
    Field("source", "text", ("来源",), ("source", "from")),
    Field(
        "stage",
        "choice",
        ("阶段", "状态"),
        ("stage", "status"),
        choices={stage.value: words for stage, words in STAGES.items()},
    ),
    Field("owner", "staff", ("负责人", "跟进人", "归属"), ("owner",)),
    Field("channel", "channel", ("渠道",), ("channel", "via")),
    Field("consent", "choice", ("同意", "同意接收", "接收意愿"), ("consent",), choices=CONSENT),
    Field("score", "number", ("评分", "分数"), ("score",)),
    Field("created", "instant", ("创建", "创建时间", "建档"), ("created",)),
    Field("last_seen", "instant", ("最近活跃", "最后活跃", "活跃"), ("last_seen", "seen")),
    Field("last_order", "instant", ("最近下单", "最后下单", "最近订单"), ("last_order",)),
    Field("orders", "count", ("订单", "订单数", "下单"), ("orders",), windowed=True),
    Field("amount", "money", ("金额", "消费", "消费金额"), ("amount", "spend"), windowed=True),
    Field("messages", "count", ("消息", "发言", "来信"), ("messages",), windowed=True),
    Field("pushed", "count", ("群发",), ("pushed",), windowed=True),
    Field("clicked", "count", ("点击",), ("clicked",), windowed=True),
    Field("event", "count", ("事件",), ("event",), windowed=True, keyed=True),
    Field("custom", "custom", ("自定义",), ("custom",), keyed=True),
)
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
BY_WORD: Mapping[str, Field] = {word: field for field in FIELDS for word in (field.name, *field.en, *field.zh)}
