import pytest

from domain.rules import Compared, Contains, Empty, Fact, Not
from models import index, snapshots
from models.columns import CHUNK, MOST_WORDS
from models.customers import Customer
from models.sql import dialect, select
from models.tags import Tagging
from tests.models.looking import LATER, VIP, agrees, asked, here, in_sql, kept, stored
from tests.models.rule_town import MOMENT, NOW, Town

ANOTHER = """UPDATE index_mark SET told = '1 another/1/1', position = position + 1000000
    WHERE name = 'saved' RETURNING name"""
FORGOTTEN = "INSERT INTO index_mark (name, position, told) VALUES ('pruned', 1::bigint << 40, '') RETURNING name"
LINE = "INSERT INTO touched (customer_id, tag_id, xid) VALUES (1, 0, 1::bigint << 40) RETURNING id"
MANY = """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
    INSERT INTO customer (name, phone, company, position, email, city, gender, birthday, language, source, consent,
        score, custom, orders, amount, created_at, seen_at)
    SELECT '', '', '', '', '', '', '', '', '', 'qr-' || i, '', 0, '{}', 0, 0, 0, 0 FROM n RETURNING id"""


@pytest.fixture
async def town(database: str) -> Town:
    made = Town(7)
    await made.found()
    return made


async def test_a_process_begins_with_what_is_stored_and_what_changed_since(town: Town) -> None:
    for customer_id in (1, 2):
        await Tagging.create(customer_id=customer_id, tag_id=4, at=NOW)
        await Tagging.create(customer_id=customer_id, tag_id=3, at=NOW)
    assert not await index.keep(NOW)  # nobody asked yet
    await asked()
    assert await index.keep(NOW)
    assert dialect() == "postgres" or not await index.keep(LATER)  # nothing changed
    await index.close()
    await Tagging.filter(customer_id=2, tag_id=4).delete()
    await Tagging.create(customer_id=6, tag_id=4, at=NOW)
    await Customer.filter(id=1).update(city="Oslo")
    await Customer.create(name="new", created_at=NOW, seen_at=NOW, city="oslo")
    assert await asked() == [1, 6]
    assert await asked(Compared(Fact("city"), "=", "Oslo")) == [1, 13]
    assert stored()
    async with index.look(MOMENT) as view:
        await agrees(view, town, 40)
    assert not await index.keep(NOW)
    await kept()
    await index.close()
    async with index.look(MOMENT) as view:
        await agrees(view, town, 40)
    assert stored()


async def test_a_tag_that_changes_while_nobody_asks_for_it_is_right_when_somebody_does(town: Town) -> None:
    await Tagging.create(customer_id=1, tag_id=4, at=NOW)
    await asked()
    await index.keep(NOW)
    await index.close()
    everybody = Not(Compared(Fact("channel"), "=", "nowhere"))
    for customer_id, tags in ((2, 1), (3, 1), (2, -1), (1, -1), (1, 1)):
        if tags < 0:
            await Tagging.filter(customer_id=customer_id, tag_id=4).delete()
        else:
            await Tagging.create(customer_id=customer_id, tag_id=4, at=NOW)
        assert len(await asked(everybody)) == 12
    mirror = here().mirror
    assert mirror
    assert 4 in mirror.changes
    await kept()
    assert await asked() == [1, 3]
    await index.close()
    assert await asked() == [1, 3]


async def test_where_the_log_is_gone_everything_is_read_anew(town: Town) -> None:
    await Tagging.create(customer_id=1, tag_id=4, at=NOW)
    assert await asked() == [1]
    await index.keep(NOW)
    before = here().mirror
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    await select("DELETE FROM touched RETURNING id")
    assert await asked() == [1, 2]
    assert here().mirror is not before
    await index.close()
    assert await asked() == [1, 2]
    assert not stored()


async def test_the_log_may_go_as_far_as_it_was_read(town: Town) -> None:
    await asked()
    await Tagging.create(customer_id=1, tag_id=4, at=NOW)
    assert await asked() == [1]
    before = here().mirror
    column = "id" if dialect() == "sqlite" else "xid"
    assert before
    await select(f"DELETE FROM touched WHERE {column} < $1 RETURNING id", before.position)  # noqa: S608 - one of two
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    assert await asked() == [1, 2]
    assert here().mirror is before


async def test_what_another_database_stored_is_worth_nothing(town: Town) -> None:
    """As it is after a restore: places in the log are numbers of another server's transactions."""
    await asked()
    await index.keep(NOW)
    await index.close()
    await select(ANOTHER)
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    assert await asked() == [2]
    assert not stored()
    await kept()
    await index.close()
    assert await asked() == [2]
    assert stored()


async def test_what_was_forgotten_on_another_server_is_no_matter_here(postgres: str) -> None:
    """A dump tells of transactions that this server has yet to reach."""
    await Town(7).found()
    await select(FORGOTTEN)
    await select(LINE)
    assert await asked() == []
    before = here().mirror
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    assert await asked() == [2]
    assert here().mirror is before
    await select("DELETE FROM touched RETURNING id")
    await Tagging.create(customer_id=3, tag_id=4, at=NOW)
    await select("DELETE FROM touched RETURNING id")
    assert await asked() == [2, 3]
    assert here().mirror is not before


async def test_where_the_log_goes_back_everything_is_read_anew(town: Town) -> None:
    """As it does while we run when a server is put back to an image of its disks."""
    await asked()
    await index.keep(NOW)
    mirror = here().mirror
    assert mirror
    mirror.position += 1_000_000
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    assert await asked() == [2]
    await index.close()
    await select("UPDATE index_mark SET position = position + 1000000 WHERE name = 'saved' RETURNING name")
    await Tagging.create(customer_id=3, tag_id=4, at=NOW)
    assert await asked() == [2, 3]
    assert not stored()


async def test_a_snapshot_with_a_piece_missing_is_not_used(town: Town) -> None:
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    await asked()
    await index.keep(NOW)
    await index.close()
    await select("DELETE FROM index_piece WHERE name IN ('score/0', 'tag/4') RETURNING name")
    assert await asked() == [2]
    assert not stored()


async def test_who_is_overtaken_leaves_what_is_there(town: Town) -> None:
    await asked()
    await index.keep(NOW)
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    claim = snapshots._alone(LATER)
    async with claim:
        with pytest.raises(snapshots.Overtaken):
            await kept()
    await kept()
    await index.close()
    assert await asked() == [2]


async def test_words_of_which_there_are_too_many_are_asked_in_sql(town: Town) -> None:
    await asked()
    await index.keep(NOW)
    await select(MANY, MOST_WORDS)
    rule = Contains(Fact("source"), "QR-19999")
    assert len(await asked(rule)) == 1
    assert here().mirror
    assert "source" not in here().mirror.columns.words
    await kept()
    await index.close()
    assert len(await asked(rule)) == 1
    assert "source" not in here().mirror.columns.words
    async with index.look(MOMENT) as view:
        for _ in range(20):
            rule = town.rule()
            assert list(await view.ids(rule)) == await in_sql(view, rule), rule


async def test_ids_far_apart_need_no_more_than_room(town: Town) -> None:
    await asked()
    for number in (CHUNK - 1, CHUNK, 3 * CHUNK):
        await Customer.create(id=number, name="far", created_at=NOW, seen_at=NOW, score=9)
    far = [CHUNK - 1, CHUNK, 3 * CHUNK]
    assert await asked(Compared(Fact("score"), ">=", 9)) == far
    await index.keep(NOW)
    await index.close()
    assert await asked(Compared(Fact("score"), ">", 10**15)) == []
    assert await asked(Compared(Fact("score"), ">=", 9)) == far
    async with index.look(MOMENT) as view:
        assert list(await view.ids(Compared(Fact("score"), ">=", 9), 2)) == far[:2]
        assert await view.count(VIP, within=await view.matching(Empty(Fact("owner")))) == 0


async def test_without_customers_nobody_fits(database: str) -> None:
    assert await asked(Not(VIP)) == []
    await index.keep(NOW)
    await index.close()
    assert await asked(Not(VIP)) == []
