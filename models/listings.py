"""Here lives what is asked of our rows while a platform lists its contacts."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from tortoise.expressions import Q

from models.customers import Customer, Relation
from models.sync import Binding, Mark
from models.tags import Tag


async def missed(
    account: str, members: Collection[str], since: datetime, skew: timedelta
) -> tuple[int, Sequence[Relation]]:
    """How many relations of these members were listed since then, and those that last here and were not.

    Whoever came to be a contact meanwhile is no miss; neither is one of whom nobody knows since when they are one.
    """
    lasting = Relation.filter(identity__account=account, userid__in=list(members), ended_at=None)
    listed = await lasting.filter(read_at__gte=since).count()
    old = Q(added_at__lt=since - skew) | Q(added_at=None, read_at__not_isnull=True)
    gone = lasting.filter(old, Q(read_at__lt=since) | Q(read_at=None))
    return listed, await gone.order_by("identity__customer_id", "id").select_related("identity")


async def is_told_since(identity_id: int, member: str, at: datetime) -> bool:
    """Whether this relation was in a listing after then, or has ended."""
    relation = Relation.filter(identity_id=identity_id, userid=member)
    return await relation.filter(Q(read_at__gt=at) | Q(ended_at__gte=at)).exists()


async def untold(account: str, remote: str, since: datetime) -> tuple[Sequence[Mark], int]:
    """Marks of a tag that no reading since then has told of, each with its identity; and how many agreed ones it has.

    Those that are to be there and are not wait for their turn, and are none of these.
    """
    marks = Mark.filter(binding__account=account, binding__remote_id=remote)
    stale = marks.filter(Q(agreed=True) | Q(wanted=False), sending=None, touched_at__lt=since, seen_at__lt=since)
    found = await stale.select_related("identity").order_by("identity_id")
    return found, await marks.filter(agreed=True, wanted=True).count() if found else 0


async def tags_there(account: str) -> dict[str, Tag]:
    """Our tags by the platform's ids, each with its group."""
    rows = Binding.filter(account=account, level="tag", remote_id__not_isnull=True, tag__gone_at=None)
    return {row.remote_id: row.tag for row in await rows.select_related("tag__group") if row.remote_id and row.tag}


async def agreed_there(identities: Collection[int]) -> set[tuple[int, str, int]]:
    """(identity, member, tag) of all that these have there, as far as we know."""
    rows = Mark.filter(identity_id__in=list(identities), agreed=True)
    found = await rows.values_list("identity_id", "member", "binding__tag_id")
    return {(int(identity), str(member), int(tag)) for identity, member, tag in found if tag}


async def failed_tags(account: str, reason: str, most: int) -> list[str]:
    """What people call the first tags and groups that failed there for this reason."""
    rows = Binding.filter(account=account, reason=reason, theirs=None).order_by("id").limit(most)
    found = await rows.select_related("tag__group", "group")
    return [row.tag.path if row.tag else row.group.name if row.group else "" for row in found]


async def troubled(pairs: Collection[tuple[int, int]]) -> list[int]:
    """The customers of these (customer, tag) to whom one of the tags cannot come somewhere."""
    customers, tags = sorted({pair[0] for pair in pairs}), sorted({pair[1] for pair in pairs})
    if not pairs:
        return []
    nowhere = Binding.filter(tag_id__in=tags, retired=False, remote_id=None).exclude(reason="")
    stuck = {int(str(tag)) for tag in await nowhere.values_list("tag_id", flat=True)}
    failed = Mark.filter(identity__customer_id__in=customers, binding__tag_id__in=tags, state="failed")
    found = {int(str(each)) for each in await failed.values_list("identity__customer_id", flat=True)}
    return sorted(found | {customer for customer, tag in pairs if tag in stuck})


async def failed_customers(account: str, reason: str, most: int) -> list[Customer]:
    """The first whose tags failed there for this reason."""
    rows = Mark.filter(binding__account=account, state="failed", reason=reason).order_by("id")
    found = await rows.limit(most * 5).values_list("identity__customer_id", flat=True)
    ids = list(dict.fromkeys(int(str(each)) for each in found))[:most]
    return await Customer.filter(id__in=ids).order_by("id")
