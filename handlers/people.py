"""Here lives how staff say which colleague they mean: @李雷, 李雷, @lilei, @li."""

from domain.errors import Refusal
from domain.people import meant
from models.staff import Staff

MOST = 5  # names that are offered where several fit


async def person(typed: str, *, left: bool = False) -> Staff:
    """The one colleague that `typed` stands for; a Refusal says what is wrong with it otherwise.

    Who has left is meant only where `left` says so, and only if nobody is who works here.
    """
    everybody = {each.name: each for each in await Staff.all().order_by("id")}
    named = meant(typed, everybody)
    fitting = [name for name in named if everybody[name].active] or (named if left else [])
    if len(fitting) == 1:
        return everybody[fitting[0]]
    if fitting:
        many = len(fitting) > MOST
        raise Refusal("refusals/several_people", typed=typed.lstrip("@"), names=fitting[:MOST], many=many)
    if named:
        raise Refusal("refusals/person_left", name=named[0])
    raise Refusal("refusals/no_such_person", typed=typed.lstrip("@"))
