"""Random histories of tags on all sides: whatever happens, all come to the same, and to rest.

Each seed is another history; it is the same in every run.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from aiohttp.pytest_plugin import AiohttpServer

from domain.tags import Policy
from models.changes import Change
from models.tags import Tag
from tests.clock import Clock
from tests.journeys import tag_deeds as deeds
from tests.journeys import tag_deeds_there as there
from tests.journeys.histories import settled_land
from tests.journeys.tag_checks import ours, theirs, wrong
from tests.journeys.tag_deeds import Deed, History

LENGTH = 60
THERE = (*there.WECOM, *there.OFFICIAL)
GOING = (*deeds.HERE_GOING, *there.WECOM_GOING, *there.OFFICIAL_GOING)
POLICIES: tuple[Policy, ...] = ("platform", "ours", "ask")

pytestmark = pytest.mark.parametrize("seed", range(10))


@pytest.fixture
async def story(database: str, aiohttp_server: AiohttpServer, clock: Clock, seed: int) -> AsyncIterator[History]:
    chance = Random(seed)  # noqa: S311 - the same history in every run
    async with settled_land(aiohttp_server, clock, chance.randbytes, POLICIES[seed % 3]) as land:
        yield History(land, chance)


@asynccontextmanager
async def lived(story: History, *chosen: Deed) -> AsyncIterator[None]:
    """What is looked at before all comes to rest; then all must be well."""
    await story.live((*chosen, *deeds.BETWEEN), LENGTH)
    yield
    await story.rest()
    assert await wrong(story) == [], "\n".join(story.told)


async def test_both_sides_come_to_the_same_and_to_rest(story: History) -> None:
    async with lived(story, *deeds.HERE, *THERE, *GOING, *there.MEETING):
        pass


async def test_nothing_goes_that_nobody_takes_or_deletes(story: History) -> None:
    async with lived(story, *deeds.HERE, *THERE):
        pass
    assert not await Tag.exists(gone_at__not_isnull=True)
    assert not await Change.exists(field="tag", new="")


async def test_what_only_we_change_is_what_all_have(story: History) -> None:
    async with lived(story, *deeds.HERE, *deeds.HERE_GOING):
        library, groups, carried = await ours()
    tags, _, carriers = await ours()
    assert [tag for tag in tags if tag in library] == library
    assert carriers == carried
    assert {name for name, _ in groups} <= {name for name, _ in (await ours())[1]}


async def test_what_only_one_platform_changes_is_left_as_it_is(story: History) -> None:
    """The others follow. Where we win, what is deleted there is made anew: that is not tried here."""
    in_wecom = story.chance.random() < 0.5
    chosen = (*there.WECOM, *there.WECOM_GOING) if in_wecom else (*there.OFFICIAL, *there.OFFICIAL_GOING)
    if story.land.house.tags["wecom"].policy == "ours":
        chosen = tuple(deed for deed in chosen if "delete" not in deed.__name__)
    its = slice(0, 2) if in_wecom else slice(2, 4)
    async with lived(story, *chosen):
        before = theirs(story.land)[its]
    assert theirs(story.land)[its] == before
