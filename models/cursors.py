"""Here lives how far we have read what must be asked for."""

from tortoise import fields
from tortoise.models import Model


class Cursor(Model):
    """The position in one account's stream, written in the transaction that stores what came before it."""

    account = fields.CharField(64, primary_key=True)
    value = fields.CharField(200)

    class Meta:
        table = "cursor"

    @classmethod
    async def reach(cls, account: str, value: str) -> None:
        await cls.update_or_create(defaults={"value": value}, account=account)
