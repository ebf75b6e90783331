"""Here lives what becomes of changes of tags that were sent: agreed from now on, or failed, and what follows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from domain.outgoing import TagChange, TagEdit
from domain.own_events import DeliveryFailed
from domain.sync import TagsSettled
from domain.tags import Shape
from handlers import sync
from handlers.bindings import tell
from handlers.context import Context
from handlers.router import on
from handlers.wants import MANY, due, send, want
from handlers.wishes import refresh
from models import marks as rows
from models.customers import Identity
from models.differences import empty
from models.identities import alone
from models.outbox import OutboxItem
from models.sync import Binding, Mark

GONE = "tag_gone"  # the platform does not know it
WORDS = {"per_contact": "contact_full"}  # the same by our own count is something else
ONE_BY_ONE = frozenset({"not_ours", "too_many_fans", "name_taken", "name_too_long"})  # may be one tag's fault of many
FULL = ("per_contact", "contact_full")
OUTCOME = ("remote_id", "agreed", "sent", "reason", "touched_at", "retired", "heir_id")


@on(TagsSettled)
async def settle(event: TagsSettled, ctx: Context) -> None:
    """What was sent is agreed, and what became possible by it is sent."""
    item = await OutboxItem.get_or_none(id=event.outbox_id)
    match item.outgoing if item else None:
        case TagEdit() as edit:
            await _settle_edit(edit, dict(event.found), ctx)
        case TagChange() as change:
            await _settle_change(change, dict(event.failed), ctx)


async def fail(event: DeliveryFailed, outgoing: TagEdit | TagChange, ctx: Context) -> None:
    """Nobody is told: it is seen where the tag is, and tried again by the next comparison."""
    match outgoing:
        case TagEdit():
            await _fail_edit(outgoing, event.reason, ctx)
        case TagChange():
            await _settle_change(outgoing, dict.fromkeys(outgoing.contacts, event.reason), ctx)


async def _settle_edit(edit: TagEdit, found: Mapping[int, str], ctx: Context) -> None:
    """Of what nobody waits for any more, because a person let it happen late, the library tells what came of it."""
    await alone("tags")
    sent = await _on_their_way(edit)
    if not sent:
        await sync.ask(edit.to.account, ctx)
    match edit.edit:
        case "create":
            await _take_ids(edit, sent, found, ctx)
        case "change":
            for row in sent.values():
                row.agreed, row.sent, row.touched_at = row.sent, None, ctx.now
        case "delete":
            await _bury(sent.values(), ctx)
    await _write(sent.values())
    await tell(ctx, edit.to.account)
    tags = {row.tag_id for row in sent.values() if row.tag_id and row.remote_id and not row.retired}
    if tags:
        await due(edit.to.account, ctx, [tag_id for tag_id in tags if tag_id])


async def _on_their_way(edit: TagEdit) -> dict[int, Binding]:
    """Ours that still wait for this very change, as they are now."""
    ids = [edit.binding, *(tag.binding for tag in edit.tags), *edit.bindings]
    found = {row.id: row for row in await Binding.filter(id__in=ids) if row.sent is not None}
    match edit.edit:
        case "create":
            wanted = {tag.binding: (tag.name, tag.order) for tag in edit.tags} | {edit.binding: (edit.name, edit.order)}
            return {key: row for key, row in found.items() if not row.remote_id and _name(row) == wanted[key]}
        case "change":
            return {key: row for key, row in found.items() if row.remote_id == edit.remote and _is_like(row, edit)}
        case "delete":
            return {key: row for key, row in found.items() if row.sent == {}}


def _name(row: Binding) -> tuple[object, object]:
    sent = row.sent or {}
    return sent.get("name"), sent.get("order")


def _is_like(row: Binding, edit: TagEdit) -> bool:
    name, order = _name(row)
    return edit.name in {None, name} and edit.order in {None, order} and row.sent != {}


async def _take_ids(edit: TagEdit, sent: dict[int, Binding], found: Mapping[int, str], ctx: Context) -> None:
    """Groups first: their tags are in them. What has another's id failed, unless that one is nobody's any more."""
    home = edit.remote or found.get(edit.binding, "")
    for key in sorted(sent, key=lambda key: key != edit.binding):
        row, remote = sent[key], found.get(key, "")
        holder = await Binding.filter(account=row.account, remote_id=remote).first() if remote else None
        shape = replace(Shape(**row.sent or {}), group=home if row.tag_id else "")
        row.sent, row.touched_at = None, ctx.now
        if not remote:
            row.reason = GONE if row.tag_id else ""
        elif holder and not await _is_nobodys(holder):
            row.reason = "name_taken"
        else:
            row.remote_id, row.agreed, row.reason = remote, asdict(shape), ""
            if holder:
                await holder.delete()
    await _write(sent.values())


async def _is_nobodys(row: Binding) -> bool:
    """Deleted there or here: what has its name now takes its place."""
    if row.is_over:
        return True
    await row.fetch_related("tag", "group")
    subject = row.tag or row.group
    return row.sent is None and row.heir_id is None and subject is not None and subject.gone_at is not None


async def _bury(gone: Collection[Binding], ctx: Context) -> None:
    """What was deleted is known until a reading proves it; so is a group that went with its last tag.

    Whoever had it has room for one more.
    """
    crowded = await _crowded(gone)
    for row in gone:
        row.retired, row.heir_id, row.agreed, row.sent, row.reason = True, None, None, None, ""
        row.touched_at = ctx.now
    await Mark.filter(binding_id__in=[row.id for row in gone]).delete()
    await _write(gone)
    for account in sorted({row.account for row in gone}):
        await _bury_groups(account, ctx.now)
    if crowded:
        await _made_room(list(crowded))
        await want(set(crowded.values()), ctx)


async def _bury_groups(account: str, at: datetime) -> None:
    for group in await empty(account):
        await _lose_group(group, at)


async def _lose_group(group: Binding, at: datetime) -> None:
    """It is made anew as soon as a tag needs it."""
    group.retired, group.agreed, group.sent, group.touched_at = True, None, None, at
    await _write([group])


async def _fail_edit(edit: TagEdit, reason: str, ctx: Context) -> None:
    await alone("tags")
    sent = await _on_their_way(edit)
    account = edit.to.account
    if reason in ONE_BY_ONE and len(sent) > 1 and await _send_alone(edit, sent, ctx):
        return
    for row in sent.values():
        row.sent, row.touched_at = None, ctx.now
        row.reason = reason if row.tag_id or edit.edit != "create" else ""
    if reason == GONE and edit.edit == "create" and edit.remote:
        await _remake_group(account, edit.remote, sent.values(), ctx)
    await _write(sent.values())
    if reason == GONE:
        await sync.ask(account, ctx)
    if edit.edit != "delete":
        await tell(ctx, account)


async def _send_alone(edit: TagEdit, sent: Mapping[int, Binding], ctx: Context) -> bool:
    """Those that could be sent without the one that is at fault."""
    if edit.edit == "create" and len(edit.tags) > 1:
        parts = [replace(edit, tags=(tag,)) for tag in edit.tags if tag.binding in sent]
    elif edit.edit == "delete" and len(edit.remotes) > 1:
        both = zip(edit.remotes, edit.bindings, strict=True)
        parts = [replace(edit, remotes=(remote,), bindings=(key,)) for remote, key in both if key in sent]
    else:
        return False
    for part in parts:
        ctx.send(part)
    return True


async def _remake_group(account: str, remote: str, tags: Collection[Binding], ctx: Context) -> None:
    for row in tags:
        row.reason = ""
    for group in await Binding.filter(account=account, remote_id=remote, level="group", retired=False):
        await _lose_group(group, ctx.now)


async def _settle_change(change: TagChange, failed: Mapping[str, str], ctx: Context) -> None:
    """`failed` are the contacts for whom it was not done, each with the reason."""
    account = change.to.account
    identities = {
        row.id: row.external_id
        for row in await Identity.filter(account=account, external_id__in=list(change.contacts)).order_by("id")
    }
    customers = await rows.hold_behind(identities)
    marks = await _sent(change, list(identities))
    for mark in marks:
        reason = failed.get(identities[mark.identity_id], "")
        reason = WORDS.get(reason, reason)
        if mark.sending is not None and not reason:
            mark.agreed = mark.sending
        mark.sending, mark.reason, mark.touched_at = None, reason, ctx.now
        refresh(mark)
    await rows.keep(marks)
    reasons = {mark.reason for mark in marks}
    if GONE in reasons:
        await sync.ask(account, ctx)
    if "no_relation" in reasons or (change.drop and await _made_room(list(identities))):
        await want(set(customers.values()), ctx)
    else:
        await send(await rows.pending("identities", list(identities), MANY), ctx)
    await _let_go(account, marks, ctx)


async def _sent(change: TagChange, identities: Sequence[int]) -> list[Mark]:
    """The marks that wait for this very change; one whose tag was lost there meanwhile waits for nothing else."""
    found = Mark.filter(identity_id__in=identities, member=change.member, sending__not_isnull=True)
    marks = await found.filter(binding__account=change.to.account).select_related("binding").order_by("id")
    remotes = {True: {*change.add, None}, False: {*change.drop, None}}
    return [mark for mark in marks if mark.binding.remote_id in remotes[bool(mark.sending)]]


async def _made_room(identities: Sequence[int]) -> bool:
    """Whether somebody with too many tags has fewer now."""
    full = Mark.filter(identity_id__in=identities, state="failed", reason__in=FULL)
    found = await full.exists()
    await full.filter(reason="contact_full").update(state="pending", reason="")
    return found


async def _crowded(gone: Collection[Binding]) -> dict[int, int]:
    """The contacts who had too many tags and one of these among them, each with the customer."""
    accounts = {row.account for row in gone}
    full = Mark.filter(binding__account__in=accounts, state="failed", reason__in=FULL).values_list("identity_id")
    found = sorted({row[0] for row in await full})
    theirs = Mark.filter(binding_id__in=[row.id for row in gone], agreed=True, identity_id__in=found)
    chosen = {row[0] for row in await theirs.values_list("identity_id")} if found else set()
    return await rows.hold_behind(sorted(chosen))


async def _let_go(account: str, marks: Sequence[Mark], ctx: Context) -> None:
    """What was replaced can be deleted there as soon as nobody needs it."""
    tags = sorted({mark.binding.tag_id for mark in marks if mark.binding.tag_id})
    elders = Binding.filter(account=account, retired=True, sent__isnull=True, heir_id__in=tags, agreed__not_isnull=True)
    found = {elder.id: elder.heir_id or 0 for elder in (await elders if tags else ())}
    for elder in sorted(await rows.free(found)):
        await due(account, ctx, [found[elder]])


async def _write(changed: Collection[Binding]) -> None:
    if changed:
        await Binding.bulk_update(list(changed), fields=OUTCOME, batch_size=200)
