"""One reading of an account's updates: the machine that orders them, what is told of them, and what the store keeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from mtproto.account.kept import nobody_is_logged_in
from mtproto.account.update_mail import Answered, News
from mtproto.client import UndecodableUpdate, read_update
from mtproto.errors import LocalProtocolError, RequestCancelled
from mtproto.flows import Gap, Incoming, UpdateOrder
from mtproto.net import UpdatesDropped
from mtproto.session import Update, UpdatesGap
from mtproto.store import StoreError
from tl import DecodeError, TLObject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.account.kept import KeptAccount
    from mtproto.account.known_peers import KnownPeers
    from mtproto.account.options import AccountOptions
    from mtproto.account.update_mail import Mail, UpdateMail
    from mtproto.flows import Fetch
    from mtproto.store import AccountRecord
    from tl import Schema

__all__ = ["IncomingItem", "Readings", "UpdateReading", "wanted_types"]

Told = TypeVar("Told", bound=TLObject)
N = TypeVar("N", bound=News)

IncomingItem: TypeAlias = Incoming[Told] | Gap | UndecodableUpdate
"""What `incoming` tells: an update in its place; the news that updates are missing; an update that can't be read."""

Wanted: TypeAlias = tuple[type[TLObject], ...]

_OWNER = "owner"


def wanted_types(types: Iterable[type[TLObject]] | None, schema: Schema) -> Wanted | None:
    """Return the classes of the updates that are told; None: all.

    Args:
        types: classes of the type `Update`.
        schema: the account's.

    Raises:
        TypeError: something else is among them.
        ValueError: there is none.

    """
    if types is None:
        return None
    if isinstance(types, type | str):
        raise TypeError(
            f"types= takes a list of classes of updates, and {_written(types)} is not one: "
            f"write [{_class_meant(types, schema)}]"
        )
    found = tuple(types)
    if not found:
        raise ValueError("types= is empty: leave it out to be told all updates")
    for kind in found:
        if not (isinstance(kind, type) and issubclass(kind, schema.boxed.Update)):
            raise TypeError(
                f"types= takes classes of the type Update of {schema.name}, and {_written(kind)} is not one: "
                f"write {_class_meant(kind, schema)}"
            )
    return found


def _written(value: object) -> str:
    name = getattr(value, "NAME", None)
    if isinstance(value, type):
        return str(name or value.__name__)
    return f"a {value.__class__.__name__}" if isinstance(value, TLObject) else repr(value)


def _class_meant(value: object, schema: Schema) -> str:
    """Return how to write the class of updates that is meant: by an object, a class of another schema, or a name."""
    name = value if isinstance(value, str) else getattr(value, "NAME", "")
    found = schema.get(name[:1].lower() + name[1:]) if name else None
    place = "api.types" if schema.name == "api" else "types"
    if found is None or not issubclass(found, schema.boxed.Update):
        return f"{place}.UpdateNewMessage, say"
    return f"{place}.{found.__qualname__}"


class UpdateReading:
    """One iteration over the updates of one login. Any thread may call it.

    Args:
        order: the machine.
        options: of the account.
        login: the number of the login (`KeptAccount.login`).
        owner: who is logged in.
        wanted: the classes of the updates that are told; None: all.
        lock: guards the machine.

    Attributes:
        login: likewise.
        owner: likewise.
        steps: a number that grows with whatever may change the state.

    """

    def __init__(
        self,
        order: UpdateOrder[UndecodableUpdate],
        options: AccountOptions,
        login: int,
        owner: int,
        wanted: Wanted | None,
        lock: threading.Lock | None = None,
    ) -> None:
        self._order = order
        self._options = options
        self._wanted = wanted
        self._lock = lock or threading.Lock()  # the state is asked for while another thread reads
        self._is_over = False
        self._tells_rest = False  # of the reading before, which comes before any call
        self.login = login
        self.owner = owner
        self.steps = 0
        self._saved = -1

    def again(self, wanted: Wanted | None) -> UpdateReading:
        """Return the reading that goes on with what this one has not told; this one tells and asks nothing more."""
        with self._lock:
            self._is_over = True
            self._order.give_up()
            reading = UpdateReading(self._order, self._options, self.login, self.owner, wanted, self._lock)
            reading._tells_rest = True
            return reading

    def close(self) -> dict[str, Any]:
        """Tell and ask nothing more; return the state."""
        with self._lock:
            self._is_over = True
        return self.state()

    @property
    def is_settled(self) -> bool:
        """Whether the account's numbers are known. While they are not, all that waits has to be fed first."""
        with self._lock:
            return self._order.is_settled

    def feed(self, mail: Mail, now: float) -> None:
        """Take something that came."""
        item: Any = None
        if not isinstance(mail, Answered):
            item = read_update(mail, self._options.schema, self._options.limits.elements)
        size = len(mail.body) if isinstance(mail, Update) else 0
        with self._lock:
            self.steps += 1
            if isinstance(mail, Answered):
                self._order.received(mail.answer, now, mail.request, size=mail.size)
            elif isinstance(item, UndecodableUpdate):
                self._order.unreadable(item)
            elif isinstance(item, UpdatesGap | UpdatesDropped):
                self._order.missed()
            else:
                self._order.received(item, now, size=size)

    def missed(self) -> None:
        """Note that anything may have been missed."""
        with self._lock:
            self._order.missed()

    def next(self, now: float) -> Fetch | None:
        """Return a call that is to be made now; None: there is none."""
        with self._lock:
            return None if self._is_over or self._tells_rest else self._order.next(now)

    def wake_at(self) -> float | None:
        """Return when `next` has something to do if nothing else comes (Unix seconds); None: never."""
        with self._lock:
            return self._order.wake_at()

    def fetched(self, fetch: Fetch, outcome: Any, now: float) -> None:
        """Take the end of a call that `next` returned: the answer, or the error."""
        with self._lock:
            self.steps += 1
            if not isinstance(outcome, Exception):
                self._order.answered(fetch, outcome, now)
                return
            raw = outcome.raw if isinstance(outcome, DecodeError) else None
            item = None if raw is None or not isinstance(outcome, DecodeError) else UndecodableUpdate(raw, outcome)
            self._order.failed(fetch, outcome, now, item)

    def take(self) -> IncomingItem[TLObject] | None:
        """Return the next item that is told; None: there is none now."""
        with self._lock:
            while not self._is_over and (item := self._order.take()) is not None:
                self.steps += 1
                if self._wanted is None or not isinstance(item, Incoming) or isinstance(item.update, self._wanted):
                    return item
            if self._tells_rest and not self._is_over:
                self._tells_rest = False
                self._order.missed()
            return None

    @property
    def is_changed(self) -> bool:
        """Whether the store may have another state."""
        return self.steps != self._saved

    def was_saved(self, steps: int) -> None:
        """Note that the store has the state after so many steps."""
        self._saved = steps

    def state(self) -> dict[str, Any]:
        """Return how far the items were taken, for the store; empty: not known yet."""
        with self._lock:
            state = self._order.state()
        return {_OWNER: self.owner, **state} if state else {}


class Readings(Generic[N]):
    """Which reading is the account's present one, and what the store keeps of it. Any thread may call it.

    What one reading has not told waits for the next one, as long as the login lasts.

    Args:
        options: of the account.
        kept: the record, whose `updates` hold how far the items were taken.
        known: what is known of peers: the access hashes of channels.
        mail: is read.

    Attributes:
        present: the latest reading that has not ended.

    """

    def __init__(self, options: AccountOptions, kept: KeptAccount, known: KnownPeers, mail: UpdateMail[N]) -> None:
        self._options = options
        self._kept = kept
        self._known = known
        self._mail = mail
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._latest: UpdateReading | None = None
        self.present: UpdateReading | None = None

    def begin(self, wanted: Wanted | None, news: N, *, catch_up: bool) -> UpdateReading:
        """Return a new reading, which goes on where the one before it, or the store, ends; the one before is over.

        Args:
            wanted: the classes of the updates that are told; None: all.
            news: wakes the reader.
            catch_up: whether what came before is told.

        Raises:
            LocalProtocolError: nobody is logged in.

        """
        login, record = self._kept.login, self._kept.record
        if record.user_id is None:
            raise LocalProtocolError(nobody_is_logged_in(record, "there are no updates"))
        with self._lock:
            before = self._latest if self._latest is not None and self._latest.login == login else None
            if before is not None and catch_up:
                reading = before.again(wanted)
            else:
                state = {} if before is None else before.close()
                order: UpdateOrder[UndecodableUpdate] = UpdateOrder(
                    self._options.schema,
                    state or _state_in(record),
                    catch_up=catch_up,
                    self_id=record.user_id,
                    access_hash=self._access_hash,
                )
                reading = UpdateReading(order, self._options, login, record.user_id, wanted)
            self._latest = self.present = reading
            self._mail.begin(news, empty=not catch_up)
        return reading

    def end(self, reading: UpdateReading) -> None:
        """Note that a reading is over, and keep how far it came."""
        self.save()
        with self._lock:
            if self.present is reading:
                self.present = None
                self._mail.end()

    def forget(self) -> None:
        """Drop what waits for a reader: the login that it belongs to has ended."""
        with self._lock:
            if self._latest is not None and self._latest.login != self._kept.login:
                self._latest = None
        self._mail.forget()

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        reading = self.present
        return reading is not None and reading.is_changed

    def save(self) -> None:
        """Let the store keep how far the items were taken. A store that fails is asked again: the state may be lost."""
        with self._saving:
            reading = self.present
            if reading is None or reading.login != self._kept.login:
                return
            steps, state = reading.steps, reading.state()
            try:
                if state and state != self._kept.record.updates:
                    self._kept.keep_updates(state)
                reading.was_saved(steps)
            except (StoreError, LocalProtocolError, RequestCancelled):
                return

    def _access_hash(self, channel: int) -> int | None:
        try:
            return self._known.book.channel_hash(channel)
        except (LocalProtocolError, RequestCancelled):  # the account was closed meanwhile
            return None


def _state_in(record: AccountRecord) -> dict[str, Any]:
    """Return what a record tells of the updates of who is logged in."""
    updates: dict[str, Any] = dict(record.updates)
    return updates if updates.pop(_OWNER, record.user_id) == record.user_id else {}
