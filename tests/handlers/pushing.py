"""Here live the media of a house with one account of each kind, as their platforms have them."""

from datetime import timedelta

from domain.media import Medium
from domain.messages import Content, Text

MEDIA = {
    "wecom": (
        Medium("task", 4000, "bytes", "", personal=False, most=10_000, monthly=0),
        Medium("message", 2048, "bytes", ""),
    ),
    "official": (
        Medium("message", 2048, "bytes", "", window=timedelta(hours=48)),
        Medium(
            "mass",
            2048,
            "bytes",
            "",
            kinds=frozenset({"text", "image", "link"}),
            personal=False,
            least=2,
            most=10_000,
            monthly=4,
        ),
        Medium("notice", 2048, "bytes", ""),
    ),
    "telegram": (Medium("message", 4096, "utf16", "", caption=1024, per_second=30),),
}


def to_follow() -> Content:
    """What somebody says who may be answered for a while."""
    return Text("在吗")
