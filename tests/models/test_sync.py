"""Marks of many at once: written by a few statements, begun once, and free when nobody is left."""

from datetime import timedelta

import pytest

from domain.tags import Shape
from models import marks as rows
from models.customers import Customer, Identity
from models.database import insert_many
from models.marks import NEVER
from models.sync import Binding, Mark
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.racing import overlapping


@pytest.fixture
async def tag(database: str, clock: Clock) -> Tag:
    group = await TagGroup.create(name="意向", created_at=clock())
    return await Tag.create(group=group, name="高", created_at=clock())


@pytest.fixture
async def place(tag: Tag, clock: Clock) -> Binding:
    return await bound(tag, clock, remote_id="t1", agreed={"name": "高", "group": "g1", "order": 0})


async def bound(tag: Tag, clock: Clock, **more: object) -> Binding:
    told = {"account": "wecom", "level": "tag", "tag_id": tag.id, "touched_at": clock()}
    return await Binding.create(**told | more)


async def people(count: int, clock: Clock) -> list[Identity]:
    made = [(f"P{n}", clock(), clock()) for n in range(count)]
    ids = sorted(row[0] for row in await insert_many(Customer, ("name", "created_at", "seen_at"), made))
    columns = ("customer_id", "account", "external_id", "state_at", "added_at")
    await insert_many(Identity, columns, [(each, "wecom", f"wm{each}", clock(), clock()) for each in ids])
    return await Identity.all().order_by("id")


def wanted(place: Binding, identity: Identity) -> Mark:
    mark = rows.made(place.id, identity.id, "hanmei")
    mark.wanted, mark.state = True, "pending"
    return mark


async def test_thousands_are_kept_changed_and_forgotten(place: Binding, clock: Clock) -> None:
    identities = await people(5_000, clock)
    await rows.keep(wanted(place, identity) for identity in identities)
    await rows.keep(wanted(place, identity) for identity in identities[:2])  # somebody was quicker
    marks = await Mark.all().order_by("id")
    assert len(marks) == 5_000
    assert {(mark.touched_at, mark.sending, mark.wanted) for mark in marks} == {(NEVER, None, True)}
    for mark in marks:
        mark.sending, mark.agreed, mark.state, mark.touched_at, mark.reason = None, True, "synced", clock(), "x"
    marks[0].sending = False
    await rows.keep(marks)
    kept = await Mark.all().order_by("id")
    assert [kept[0].sending, kept[1].sending] == [False, None]
    assert {(mark.agreed, mark.state, mark.touched_at, mark.reason) for mark in kept} == {
        (True, "synced", clock(), "x")
    }
    await rows.forget([mark.id for mark in kept])
    assert await Mark.all().count() == 0


async def test_of_two_who_begin_one_does(place: Binding, clock: Clock) -> None:
    [identity] = await people(1, clock)
    await rows.keep([wanted(place, identity)])
    [mark] = await rows.pending("identities", [identity.id], 10)
    assert (mark.remote_id, mark.external_id, mark.wanted, mark.member) == ("t1", identity.external_id, True, "hanmei")
    first, second = await overlapping(lambda: rows.begin([mark.id], clock()), lambda: rows.begin([mark.id], clock()))
    assert (first, second) == ({mark.id}, set())
    assert await rows.pending("bindings", [place.id], 10) == []
    assert (await Mark.get()).sending is True


@pytest.mark.parametrize("change", ["remote", "retired", "gone", "same", "failed"])
async def test_what_cannot_be_sent_is_not_pending(place: Binding, tag: Tag, clock: Clock, change: str) -> None:
    [identity] = await people(1, clock)
    await rows.keep([wanted(place, identity)])
    match change:
        case "remote":
            await Binding.filter(id=place.id).update(remote_id=None)
        case "retired":
            await Binding.filter(id=place.id).update(retired=True)
        case "gone":
            await Tag.filter(id=tag.id).update(gone_at=clock())
        case "same":
            await Mark.all().update(agreed=True)
        case "failed":
            await Mark.all().update(state="failed")
    assert await rows.pending("bindings", [place.id], 10) == []


async def test_a_retired_tag_is_free_when_all_have_the_heir(place: Binding, tag: Tag, clock: Clock) -> None:
    [identity] = await people(1, clock)
    await Tagging.create(customer_id=identity.customer_id, tag=tag, at=clock())
    await Mark.create(binding=place, identity=identity, agreed=True, touched_at=clock(), seen_at=clock())
    place.retired, place.heir_id = True, tag.id
    await place.save()
    assert await rows.free([place.id])  # the heir is to be nowhere
    heir = await bound(tag, clock)
    assert not await rows.free([place.id])  # not there yet
    await Binding.filter(id=heir.id).update(remote_id="t2")
    assert not await rows.free([place.id])  # nobody has it yet
    assert await rows.unmarked("wecom", tag.id, 10) == [identity.customer_id]
    await rows.keep([wanted(heir, identity)])
    assert await rows.unmarked("wecom", tag.id, 10) == []
    for state, reason, free in (
        ("pending", "", False),
        ("sending", "", False),
        ("failed", "quota", False),
        ("failed", "no_relation", True),
        ("synced", "", True),
    ):
        await Mark.filter(binding_id=heir.id).update(state=state, reason=reason)
        assert bool(await rows.free([place.id])) is free


async def test_customers_are_held_as_they_are_now(place: Binding, clock: Clock) -> None:
    """Somebody who is joined with another customer while we wait is held with them."""
    one, other = await people(2, clock)

    async def join() -> None:
        await rows.hold([one.customer_id, other.customer_id])
        await Identity.filter(id=one.id).update(customer_id=other.customer_id)

    _, found = await overlapping(join, lambda: rows.hold_behind([one.id]))
    assert found == {one.id: other.customer_id}


async def test_what_was_seen_is_stamped(place: Binding, clock: Clock) -> None:
    one, other = await people(2, clock)
    await rows.keep([wanted(place, one), wanted(place, other)])
    later = clock() + timedelta(seconds=1)
    await rows.seen(place.id, [one.id], later)
    await rows.seen(place.id, [one.id], clock())
    assert [mark.seen_at for mark in await Mark.all().order_by("identity_id")] == [later, NEVER]


async def test_how_it_should_be_there(place: Binding, tag: Tag, clock: Clock) -> None:
    [row] = await Binding.on("wecom")
    assert row.ours("g1", grouped=True) == Shape("高", "g1")
    assert row.ours("g1", grouped=False) == Shape("高")
    for change in ({"scope": ["official"]}, {"scope": [], "gone_at": clock()}):
        await Tag.filter(id=tag.id).update(**change)
        assert (await Binding.on("wecom"))[0].ours("g1", grouped=True) is None


async def test_what_was_deleted_there_is_known_as_over(place: Binding) -> None:
    assert not place.is_over
    place.retired, place.agreed = True, None
    assert place.is_over
