import pytest

from channels.telegram.parts import MOST, pieces
from domain.messages import Button, Card, Content, File, Image, Link, Markdown, Text, Voice

CLAIM = Button("领", "领 L88")
UNFIT = Button("改", "改 C1024 公司=" + "长" * 20)


@pytest.mark.parametrize(
    "content",
    [
        Text("好"),
        Text(""),
        Text("😀" * 2048),
        Markdown("**好**"),
        Voice("m"),
        Image("m", caption="c" * 1024),
        Link("标题", "https://example.com", "明" * 900),
        Card("线索", "正" * 900, (CLAIM, UNFIT)),
    ],
)
def test_what_fits_into_one_message_is_one(content: Content) -> None:
    assert pieces(content) == (content,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (Text("😀" * 2049), (Text("😀" * 2048), Text("😀"))),
        (Image("m", caption="c" * 1025), (Image("m"), Text("c" * 1025))),
        (File(url="https://e.com/a", caption="c" * 4097), (File(url="https://e.com/a"), Text("c" * 4096), Text("c"))),
        (Card("线索", "正" * 4096), (Text("线索\n" + "正" * 4093), Text("正正正"))),
        (Card("线索", "正" * 4096, (CLAIM,)), (Text("线索\n" + "正" * 4093), Card("正正正", "", (CLAIM,)))),
        (
            Card("线索", "正" * 4096, (CLAIM, UNFIT)),
            (Text("线索\n" + "正" * 4093), Card(f"正正正\n改: {UNFIT.data}", "", (CLAIM,))),
        ),
        (Card("线索", "正" * 4096, (UNFIT,)), (Text("线索\n" + "正" * 4093), Text(f"正正正\n改: {UNFIT.data}"))),
    ],
)
def test_what_does_not_fit_is_said_in_several(content: Content, said: tuple[Content, ...]) -> None:
    assert pieces(content) == said


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (Text("正" * 40_961), Text("正" * 4095 + "…")),
        (Image("m", caption="正" * 40_961), Text("正" * 4095 + "…")),
        (Card("线索", "正" * 41_000, (CLAIM,)), Card("正" * 4095 + "…", "", (CLAIM,))),
        (Card("线索", "正" * 41_000, (CLAIM, UNFIT)), Card("正" * 4060 + f"…\n改: {UNFIT.data}", "", (CLAIM,))),
    ],
)
def test_what_is_too_much_is_cut_before_the_buttons(content: Content, last: Content) -> None:
    said = pieces(content)
    assert len(said) == MOST
    assert said[-1] == last


def test_nothing_but_white_space_is_nothing() -> None:
    assert pieces(Card(" " * 5000, "", (CLAIM,))) == ()
