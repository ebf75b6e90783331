"""Here lives the path of a lead, from the first word to won or lost."""

from enum import StrEnum


class Stage(StrEnum):
    NEW = "new"
    TALKING = "talking"
    INTERESTED = "interested"
    WON = "won"
    LOST = "lost"


def after_inbound(stage: Stage) -> Stage:
    """A customer who writes again after being lost is a new lead once more."""
    return Stage.NEW if stage is Stage.LOST else stage


def after_reply(stage: Stage) -> Stage:
    """A person of ours answered: the lead is being talked to."""
    return Stage.TALKING if stage is Stage.NEW else stage
