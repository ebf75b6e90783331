"""Every command of the table over real HTTP, in WeCom and in Telegram, in Chinese and in English."""

import pytest

from domain.commands import parse
from handlers.router import load, table
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from tests.journeys.conftest import Build
from tests.journeys.days import STORY
from tests.journeys.town import Sundial
from tests.journeys.walk import EN, GROUP, MIA, ZH, Walk, set_to_noon

FACES = [(platform, language) for platform in ("wecom", "telegram") for language in (ZH, EN)]


@pytest.mark.parametrize(("platform", "language"), FACES)
def test_the_story_has_every_command_in_its_own_words(platform: str, language: str) -> None:
    """A command that is new in the table has no journey until the story has a step for it."""
    load()
    told = [step for step in STORY if step.only in ("", platform)]
    assert {step.command for step in told} == {row.name for row in table().commands}
    for step in told:
        asked = parse(step.said(language)[0], table())
        assert asked.command.name == step.command
        assert asked.verb in (asked.command.zh if language == ZH else asked.command.en)


@pytest.mark.parametrize(("platform", "language"), FACES)
async def test_every_command_does_what_it_says(build: Build, sundial: Sundial, platform: str, language: str) -> None:
    set_to_noon(sundial)
    walk = await Walk.begun(build, platform, language)
    await walk.town.telegram.add_to_group(MIA, GROUP, "Dealers")
    for step in walk.steps(STORY):
        await walk.take(step)
    for queue in (InboxEvent, OutboxItem):
        assert await queue.filter(state__in=["dead", "unsure"]).count() == 0
