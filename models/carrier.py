"""Here live the tables of procrastinate, which carries wakes between processes: made and brought up to date by us.

Its own migrations are files of its package, named so that their order is their names'. Which of them a database
has is written on its table of jobs. https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html
"""

from importlib import resources
from importlib.util import find_spec

from tortoise.backends.base.client import BaseDBAsyncClient

from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.shards import index

MARK = "guanxi: "


class CarrierMissing(Exception):  # noqa: N818 - named for what happened
    """procrastinate is not installed."""


def known() -> str:
    """The newest migration of the installed procrastinate; raises CarrierMissing."""
    return _migrations()[-1]


async def applied(connection: BaseDBAsyncClient) -> str:
    """The newest migration that this database has; empty where it has no such tables."""
    found = await connection.execute_query_dict(
        "SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class') AS mark"
    )
    return str(found[0]["mark"] or "").removeprefix(MARK)


async def upgrade(connection: BaseDBAsyncClient) -> bool:
    """Inside the caller's transaction; whether there was something to do. Raises CarrierMissing."""
    newest, present = known(), await applied(connection)
    if present >= newest:
        return False
    if present:
        scripts = [_read(f"migrations/{name}.sql") for name in _migrations() if name > present]
    else:
        scripts = [_read("schema.sql")]
    scripts += [index(InboxEvent), index(OutboxItem), f"COMMENT ON TABLE procrastinate_jobs IS '{MARK}{newest}'"]
    for script in scripts:
        await connection.execute_script(script)
    return True


def _migrations() -> list[str]:
    if find_spec("procrastinate") is None or find_spec("psycopg") is None:
        raise CarrierMissing
    folder = resources.files("procrastinate") / "sql" / "migrations"
    return sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql"))


def _read(name: str) -> str:
    return (resources.files("procrastinate") / "sql" / name).read_text("utf-8")
