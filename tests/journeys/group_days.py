"""Here lives the story of group chats: listed, labelled by name, found by the label."""

from models.groups import GroupLabel
from tests.journeys.walk import ZH, Step

THE_GROUPS = (
    Step("groups", "boss", ("群 列表", "1. Q1 Dealers"), ("groups", "1. Q1 Dealers")),
    Step(
        "groups",
        "boss",
        ("群 Dealers 标签 +区域A", "Q1 Dealers 区域A"),
        ("groups Dealers labels +areaA", "Q1 Dealers areaA"),
        lambda w: (GroupLabel.filter(group_id=1, name="区域A" if w.language == ZH else "areaA"),),
    ),
    Step("groups", "seller", ("群 Q1", "Q1 Dealers 区域A"), ("groups Q1", "Q1 Dealers areaA")),
    Step("groups", "boss", ("群 #区域A", "1. Q1 Dealers"), ("groups #areaA", "1. Q1 Dealers")),
)
