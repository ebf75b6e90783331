"""Here lives the story of tagging: what a seller does to customers' tags in chat, and that the platforms follow."""

from models.changes import Change
from models.sync import Mark
from models.tags import Tagging
from tests.journeys.walk import CHEN, Step

TAGGING = (
    Step(
        "newtag",
        "other",
        ("建标签 等级/VIP", "等级/VIP"),
        ("newtag Level/VIP", "Level/VIP"),
    ),
    Step(
        "tag",
        "seller",
        ("打标 C1 C4 +vip", "C1 C4 ＋VIP"),
        ("tag C1 C4 +vip", "C1 C4 +VIP"),
        lambda w: (
            Tagging.filter(customer_id=1, tag__name="VIP", staff_id=w.id("seller")),
            Change.filter(customer_id=4, field="tag", staff_id=w.id("seller")),
            Mark.filter(identity__external_id=CHEN, binding__tag__name="VIP", agreed=True, state="synced"),
        ),
    ),
    Step("show", "seller", ("看 C1", "C1 VIP"), ("show C1", "C1 VIP")),
    Step(
        "undo",
        "seller",
        ("撤销", "C1 C4 －VIP"),
        ("undo", "C1 C4 -VIP"),
        lambda _: (Change.filter(customer_id=1, field="tag", new=""),),
    ),
)
