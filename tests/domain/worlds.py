"""Here lives a small world in which our library and a platform's are edited, and news travels slowly between them.

It keeps the books as handlers do, without rows: what is on its way, when a binding was last written, what was agreed.
"""

from dataclasses import dataclass, field, replace
from itertools import count

from domain.reconcile import (
    Bound,
    Changed,
    Created,
    Disputed,
    Ended,
    Free,
    Lost,
    Matched,
    Step,
    Vanished,
    chosen,
    plan,
)
from domain.tags import Library, Policy, Remote, Shape


@dataclass
class Book:
    """What we know of one tag of ours there."""

    remote: str = ""
    agreed: Shape | None = None
    sent: Shape | None = None
    deletes: bool = False
    arrived: bool = False
    found: str = ""
    touched: int = -1
    theirs: Shape | None = None
    disputed: bool = False

    @property
    def on_its_way(self) -> bool:
        return self.sent is not None or self.deletes


@dataclass
class World:
    """One account without groups; `ours` maps our tags to what they are, None once they are gone.

    `said` is how they were edited here last.
    """

    policy: Policy = "platform"
    ours: dict[int, Shape | None] = field(default_factory=dict)
    books: dict[int, Book] = field(default_factory=dict)
    there: dict[str, Shape] = field(default_factory=dict)
    reading: tuple[int, Library] | None = None
    said: dict[int, Shape | None] = field(default_factory=dict)
    time: int = 0
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def create_here(self, name: str) -> None:
        if all(shape is None or shape.name != name for shape in self.ours.values()):
            subject = next(self.numbers)
            self.ours[subject], self.books[subject] = Shape(name), Book()
            self.said[subject] = self.ours[subject]

    def rename_here(self, subject: int, name: str) -> None:
        if shape := self.ours.get(subject):
            self.ours[subject] = self.said[subject] = replace(shape, name=name)

    def delete_here(self, subject: int) -> None:
        if self.ours.get(subject):
            self.ours[subject] = self.said[subject] = None

    def create_there(self, name: str) -> None:
        if all(shape.name != name for shape in self.there.values()):
            self.there[f"r{next(self.numbers)}"] = Shape(name)

    def rename_there(self, remote: str, name: str) -> None:
        self.there[remote] = replace(self.there[remote], name=name)

    def delete_there(self, remote: str) -> None:
        del self.there[remote]

    def send(self, subject: int) -> None:
        """Promise the next difference; nothing happens there yet."""
        book, shape = self.books.get(subject), self.ours.get(subject)
        if book is None or book.on_its_way or book.disputed:
            return
        if shape is None and not book.remote:
            del self.books[subject]
        elif shape != book.agreed:
            book.sent, book.deletes, book.arrived, book.touched = shape, shape is None, False, self.time

    def carry_out(self, subject: int) -> None:
        """The call arrives; once more does no harm, as when the answer was lost or the sender died."""
        book = self.books.get(subject)
        if book is None or not book.on_its_way:
            return
        if book.deletes:
            self.there.pop(book.remote, None)
        elif book.sent and book.remote:
            if book.remote in self.there:
                self.there[book.remote] = book.sent
        elif book.sent:  # what has the name already is what was to be made
            named = [remote for remote, shape in self.there.items() if shape.name == book.sent.name]
            book.found = named[0] if named else f"r{next(self.numbers)}"
            self.there[book.found] = book.sent
        book.arrived = True

    def settle(self, subject: int) -> None:
        book = self.books.get(subject)
        if book is None or not book.on_its_way or not book.arrived:
            return
        if book.deletes:  # known until a reading that began later does not have it: an older one still may
            book.agreed, book.deletes, book.touched = None, False, self.time
            return
        if not book.remote:
            if book.found not in {each.remote for each in self.books.values()}:
                book.remote, book.agreed = book.found, book.sent
        else:
            book.agreed = book.sent
        book.sent, book.touched = None, self.time

    def deliver(self, subject: int, *, answered: bool = True) -> None:
        self.send(subject)
        self.carry_out(subject)
        if answered:
            self.settle(subject)

    def deliver_all(self) -> None:
        for subject in list(self.books):
            self.deliver(subject)

    def read(self) -> None:
        """One reading of an account at a time: the next begins when this one was heard, or we died over it."""
        items = tuple(Remote("tag", remote, shape) for remote, shape in self.there.items())
        self.reading = self.reading or (self.time, Library(items, complete=bool(items)))

    def hear(self) -> None:
        for step in self.steps():
            self._apply(step)
        self.reading = None

    def die(self) -> None:
        """Whatever was written for the reading is gone with it."""
        self.reading = None

    def steps(self) -> tuple[Step, ...]:
        if self.reading is None:
            return ()
        began, library = self.reading
        return plan(self.bounds(began), self.free(), library, self.policy)

    def bounds(self, began: int) -> list[Bound]:
        return [
            Bound(
                subject,
                "tag",
                subject,
                book.remote,
                book.agreed,
                self.ours[subject],
                busy=book.on_its_way or book.touched >= began or book.disputed,
                making=book.sent.name if book.sent and not book.remote else "",
            )
            for subject, book in self.books.items()
        ]

    def free(self) -> list[Free]:
        """Waiting to be made there: it may be there already."""
        return [
            Free("tag", subject, shape.name)
            for subject, shape in self.ours.items()
            if shape and not ((book := self.books.get(subject)) and (book.remote or book.on_its_way))
        ]

    def choose(self, policy: Policy) -> None:
        for subject, book in list(self.books.items()):
            if book.disputed:
                book.disputed = False
                bound = Bound(subject, "tag", subject, book.remote, book.agreed, self.ours[subject])
                self._apply(chosen(bound, book.theirs, policy))

    def _apply(self, step: Step) -> None:
        match step:
            case Created(remote):
                subject = next(self.numbers)
                self.ours[subject] = remote.shape
                self.books[subject] = Book(remote.id, remote.shape, touched=self.time)
            case Matched(free, remote):
                self.books[free.subject] = Book(remote.id, remote.shape, touched=self.time)
            case Changed(bound, ours, agreed):
                self.ours[bound.subject] = ours
                self.books[bound.subject].agreed = agreed
                self.books[bound.subject].touched = self.time
            case Disputed(bound, theirs):
                self.books[bound.subject].disputed, self.books[bound.subject].theirs = True, theirs
            case Vanished(bound) | Ended(bound):
                self.ours[bound.subject] = None
                del self.books[bound.subject]
            case Lost(bound):
                self.books[bound.subject] = Book(touched=self.time)

    def come_to_rest(self) -> None:
        """Everything that is on its way arrives, and both sides are compared, until nothing is left to do."""
        for _ in range(6):
            self.time += 1
            for _ in range(2):  # what was on its way, and what has changed since
                self.deliver_all()
            self.time += 1
            self.reading = None
            self.read()
            self.hear()
            self.choose("platform")
