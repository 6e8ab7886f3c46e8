"""The order of an account's updates: a machine that sorts, drops what came twice, and asks for what is missing.

core.telegram.org/api/updates. The machine does no I/O: what came goes in (`received`), the calls that are to be made
come out (`next`), and so do the updates in order (`take`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mtproto.errors import FloodWait, RpcError
from mtproto.flows.incoming import Fetch, Gap, Incoming
from mtproto.flows.layers import make, name_of
from mtproto.flows.update_fetches import account_request, channel_request, new_updates, numbers
from mtproto.flows.update_forms import SHORT_MESSAGES, Count, count_of, count_of_answer, expand, expand_sent, mark_of
from mtproto.flows.update_queue import OrderedQueue
from mtproto.flows.update_sources import UpdateSources
from mtproto.flows.update_state import read_state, write_state
from tl import TLError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mtproto.flows.update_boxes import Box, Piece, UpdateSource
    from mtproto.flows.update_queue import Place
    from tl import Schema, TLFunction, TLObject

__all__ = ["UpdateOrder"]

U = TypeVar("U")

FETCHES_AT_ONCE = 4
"""Differences that are under way at once: each channel has one of its own."""

SILENCE = 15 * 60.0
"""Seconds without an update after which the account's difference is asked for: documented."""

_REFUSED_FOR_GOOD = frozenset({400, 403, 406})


class UpdateOrder(Generic[U]):
    """The machine. One owner calls it, in this manner:

        order.received(updates, now)        # whatever comes; answers of calls, too
        while fetch := order.next(now):     # calls to make: their ends go to `answered` and `failed`
            ...
        while item := order.take():         # what is due, in order
            ...                             # `wake_at()` tells when to call `next` again

    Args:
        schema: the account's.
        kept: what `state` returned before; empty: nothing is known of the account.
        catch_up: whether what was missed since `kept` is told; otherwise all begins with what comes from now on.
        self_id: the account's user id, the sender of its own short messages.
        access_hash: finds the access hash of a channel (`InputChannel`) that no update told.
        room: items that may wait to be taken. What has no room is fetched later; one difference may go beyond the
            room. Updates without a number (`updateUserStatus`, say) can't be fetched: `dropped` counts them.

    """

    def __init__(
        self,
        schema: Schema,
        kept: Mapping[str, Any] | None = None,
        *,
        catch_up: bool = False,
        self_id: int | None = None,
        access_hash: Callable[[int], int | None] | None = None,
        room: int = 1024,
    ) -> None:
        known = read_state(kept or {})
        if not (catch_up and known.account):
            known = known.from_now_on()
        self._schema = schema
        self._self_id = self_id
        self._access_hash = access_hash
        self._queue: OrderedQueue[Incoming[TLObject] | Gap | U] = OrderedQueue(room, known.cursor())
        self._date = known.account.get("date", 0)
        self._sources = UpdateSources(known)
        self._account = self._sources.account
        self._under_way: dict[Fetch, UpdateSource] = {}
        self._watched: set[int] = set()
        self.dropped = 0
        self._sources.lag(*self._sources.known)

    @property
    def is_settled(self) -> bool:
        """Whether the account's numbers are known. While they are not, all that came first has to be fed first."""
        return self._account.known

    def received(self, updates: TLObject, now: float, request: TLFunction[Any] | None = None, *, size: int = 0) -> None:
        """Take what the server sent.

        Args:
            updates: an object of the type `Updates`, unasked or as an answer; of any other answer the numbers are
                taken that it may tell (`messages.AffectedMessages`).
            now: Unix seconds.
            request: the call that was answered so.
            size: bytes of `updates` on the wire, by which what has to wait is bounded.

        """
        held: Any = updates
        match name_of(updates):
            case "updates" | "updatesCombined":
                self._container(held, now, size)
            case "updateShort":
                self._tell_uncounted(self._route([held.update], (), (), now, size))
            case "updatesTooLong":
                self._sources.lag(self._account)
            case "updateShortSentMessage":
                self._sent(held, request, now, size)
            case name if name in SHORT_MESSAGES:
                self._route([expand(held, self._schema, self._self_id)], (), (), now, size)
            case _:
                count = count_of_answer(held, request)
                if count is not None:
                    self._place(count, (), now)
                return
        self._hear(self._account, now)

    def missed(self) -> None:
        """Note that anything may have been missed: the server or a queue dropped updates, or the network was away."""
        self._sources.lag(*self._sources.known)

    def give_up(self) -> None:
        """Take back the calls that are under way, whose ends nobody will hear of: `next` returns them anew."""
        while self._under_way:
            _, source = self._under_way.popitem()
            source.end_fetch()
            self._sources.touch(source)

    def unreadable(self, item: U) -> None:
        """Tell something that is no readable update, in its turn. Its number, if it has one, is found missing later."""
        if self._queue.full:
            self.dropped += 1
            self._sources.lag(self._account)
        else:
            self._queue.put(item)

    def watch(self, channel: int, *, on: bool = True) -> None:
        """Ask for the difference of a channel at the intervals that the server states.

        Updates of a channel that the account has not joined are told in no other way.
        """
        if not on:
            self._watched.discard(channel)
            return
        self._watched.add(channel)
        source = self._channel(channel)
        if source.known:
            self._sources.lag(source)

    def know_channel(self, channel: int, pts: int, now: float, access_hash: int | None = None) -> None:
        """Take the number of a channel from a `Dialog`, unless the number is known already."""
        source = self._channel(channel)
        if access_hash is not None:
            source.learn(access_hash)
        if not source.known:
            self._found(source, pts, now)

    def take(self) -> Incoming[TLObject] | Gap | U | None:
        """Return the next item that is due; None: there is none. There may be room for a difference now: see `next`."""
        return self._queue.take()

    def state(self) -> dict[str, Any]:
        """Return how far the items were taken, as JSON's kinds; empty: not known yet."""
        return write_state(self._queue.cursor, self._sources.access_hashes(), self._sources.waiting())

    def next(self, now: float) -> Fetch | None:
        """Return a call that is to be made now; None: there is none. Call it until it returns None."""
        for source in list(self._sources.active):
            due = source.wake_at()
            if due is None or now < due:
                continue
            if not source.behind:
                self._overdue(source, now)
            if source.behind and source.fetch is None and self._may_ask:
                fetch = self._ask(source, now)
                if fetch is not None:
                    return fetch
        return None

    def wake_at(self) -> float | None:
        """Return when `next` has something to do if nothing else comes (Unix seconds); None: never."""
        sources = (source for source in self._sources.active if self._may_ask or not source.behind)
        return min((when for when in (source.wake_at() for source in sources) if when is not None), default=None)

    def answered(self, fetch: Fetch, answer: Any, now: float) -> None:
        """Take the answer of a call that `next` returned."""
        source = self._under_way.pop(fetch, None)
        if source is None:
            return
        if source.annulled and fetch.request.NAME != "updates.getState":
            source.end_fetch()
        elif source is self._account:
            self._answered_account(answer, now)
        else:
            self._answered_channel(source, answer, now)
        self._sources.touch(source)

    def failed(self, fetch: Fetch, error: Exception, now: float, item: U | None = None) -> None:
        """Take the error of a call that `next` returned.

        Args:
            fetch: the call.
            error: a flood is waited for; what can't be read (`tl.TLError`), and what the server refuses for good, is
                left out, and told as a `Gap`; anything else is tried again after a pause.
            now: Unix seconds.
            item: what is told of an answer that can't be read.

        """
        source = self._under_way.pop(fetch, None)
        if source is None:
            return
        refused = isinstance(error, RpcError) and error.code in _REFUSED_FOR_GOOD
        if isinstance(error, FloodWait):
            source.fail(now, float(error.seconds))
        elif not (refused or isinstance(error, TLError)) or fetch.request.NAME == "updates.getState":
            source.fail(now, None)
        else:
            if item is not None:
                self._queue.put(item)
            self._leave_out(source, now)
        self._sources.touch(source)

    # What comes

    def _container(self, held: Any, now: float, size: int) -> None:
        users, chats = tuple(held.users), tuple(held.chats)
        rest = self._route(held.updates, users, chats, now, size)
        self._learn(chats)
        if held.seq == 0:
            self._tell_uncounted(rest)
            return
        first = held.seq_start if held.NAME == "updatesCombined" else held.seq
        self._place(Count(0, "seq", held.seq, max(held.seq - first + 1, 1), held.date), tuple(rest), now, size)

    def _sent(self, short: Any, request: TLFunction[Any] | None, now: float, size: int) -> None:
        update = expand_sent(short, request, self._schema, self._self_id)
        if update is not None:
            self._route([update], (), (), now, size)
        elif not self._account.boxes["pts"].is_old(Count(0, "pts", short.pts, short.pts_count).piece()):
            self._sources.lag(self._account)

    def _route(
        self, updates: Sequence[Any], users: tuple[TLObject, ...], chats: tuple[TLObject, ...], now: float, size: int
    ) -> list[Incoming[TLObject]]:
        """Put the counted updates into their places, each with an equal part of the size; return the others."""
        rest = []
        size //= max(len(updates), 1)
        for update in updates:
            if self._is_order(update, now):
                continue
            item = Incoming(update, users, chats)
            count = count_of(update)
            if count is None:
                rest.append(item)
            else:
                self._place(count, (item,), now, size)
        return rest

    def _is_order(self, update: Any, now: float) -> bool:
        """Do what an update says about the numbers themselves; tell whether the update is one of that kind."""
        if update.NAME == "updatePtsChanged":
            self._account.annul()
            self._sources.touch(self._account)
        elif update.NAME == "updateChannelTooLong":
            source = self._channel(update.channel_id)
            if not source.known and update.pts is not None:
                self._found(source, update.pts, now)
            if source.known:
                self._sources.lag(source)
        else:
            return False
        return True

    def _place(self, count: Count, items: tuple[Incoming[TLObject], ...], now: float, size: int = 0) -> None:
        """Let updates wait for their turn, or tell them; what has no room is fetched later."""
        source = self._channel(count.source) if count.source else self._account
        box, piece = source.boxes[count.box], count.piece(items, size)
        if self._queue.full or (not self._sources.has_room(size) and (source.behind or not box.is_next(piece))):
            if not box.is_old(piece):
                self._put_off(source, box, piece, now)
            return
        if source is not self._account:
            self._hear(source, now)
        self._tell(source, [(count.box, due) for due in box.offer(piece, now)])

    def _put_off(self, source: UpdateSource, box: Box, piece: Piece, now: float) -> None:
        """Let a difference tell a piece; where no number is known, the difference begins with it."""
        box.put_off(piece)
        first = box.first_held()
        if source is not self._account and not source.known and first is not None:
            self._found(source, first, now)
        self._sources.lag(source)

    def _found(self, source: UpdateSource, pts: int, now: float) -> None:
        """Take the number of a channel, of which none was known."""
        self._begin_at(source, {"pts": pts})
        self._tell(source, source.catch_up({"pts": pts}, now))

    def _begin_at(self, source: UpdateSource, values: dict[str, int]) -> None:
        """Let the numbers of a source hold at once, since nothing before them is told."""
        self._queue.cursor.begin({(source.key, name): value for name, value in values.items()})
        self._mark(source, values, 0)

    def _tell_uncounted(self, items: list[Incoming[TLObject]]) -> None:
        if self._queue.full:
            self.dropped += len(items)
            return
        for item in items:
            self._queue.put(item)

    def _tell(self, source: UpdateSource, pieces: Iterable[tuple[str, Piece]]) -> None:
        """Queue what is due: the pieces, each with the name of its sequence."""
        for name, piece in pieces:
            for item in piece.items:
                self._queue.put(item)
            self._mark(source, {name: piece.last}, piece.date)
        self._sources.touch(source)

    def _learn(self, chats: Iterable[Any]) -> None:
        for chat in chats:
            source = self._sources.get(getattr(chat, "id", 0)) if chat.NAME == "channel" else None
            if source is not None and chat.access_hash is not None and not chat.min:
                source.learn(chat.access_hash)

    # Sources

    def _channel(self, key: int) -> UpdateSource:
        source = self._sources.get(key)
        if source is None:
            source, gone = self._sources.add(key)
            if gone is not None:
                self._forget(gone)
        return source

    def _forget(self, source: UpdateSource) -> None:
        """Take leave of a channel for which there is no room; where something of it is missing, that is told."""
        if source.fetch is not None:
            self._under_way.pop(source.fetch, None)
        if not source.idle:
            self._queue.put(self._gap(source))
        self._queue.cursor.forget(source.key)
        self._queue.cursor.keep_only(self._sources.channels)

    def _hear(self, source: UpdateSource, now: float) -> None:
        source.stop_asking()
        if source is self._account:
            source.ask_again_at(now + SILENCE)
        self._sources.touch(source)

    def _overdue(self, source: UpdateSource, now: float) -> None:
        if source.known:
            self._sources.lag(source)
        else:
            self._begin_anew(source, now)

    def _begin_anew(self, source: UpdateSource, now: float) -> None:
        self._queue.cursor.forget(source.key)
        firsts = {name: first for name, box in source.boxes.items() if (first := box.first_held()) is not None}
        self._begin_at(source, firsts)
        self._tell(source, source.begin_anew(now))

    def _leave_out(self, source: UpdateSource, now: float) -> None:
        """Go on behind a difference that can't be had."""
        if source is self._account:
            source.end_fetch()
            source.annul()
        else:
            self._queue.put(self._gap(source))
            self._begin_anew(source, now)

    def _gap(self, source: UpdateSource) -> Gap:
        return Gap(make(self._schema, "peerChannel", channel_id=source.key))

    # Differences

    @property
    def _may_ask(self) -> bool:
        return self._queue.half_empty and len(self._under_way) < FETCHES_AT_ONCE

    def _answered_account(self, answer: Any, now: float) -> None:
        source = self._account
        match name_of(answer):
            case "updates.state":
                self._begin(answer, now)
            case "updates.differenceEmpty":
                self._finish(source, {"seq": answer.seq}, answer.date, now)
            case "updates.difference":
                self._parts(answer, source, answer.state.pts, answer.state.qts, now)
                self._finish(source, numbers(answer.state), answer.state.date, now)
            case "updates.differenceSlice":
                state = answer.intermediate_state
                if self._moves(source, numbers(state), state.date, now):
                    self._parts(answer, source, state.pts, state.qts, now)
                    self._advance(source, numbers(state), state.date)
            case "updates.differenceTooLong":
                if self._moves(source, {"pts": answer.pts}, 0, now):
                    self._advance(source, {"pts": answer.pts}, 0)
                    self._queue.put(Gap(None))
            case _:
                source.fail(now, None)

    def _answered_channel(self, source: UpdateSource, answer: Any, now: float) -> None:
        match name_of(answer):
            case "updates.channelDifferenceEmpty":
                self._end_channel(answer, source, now)
            case "updates.channelDifference":
                if answer.final or self._moves(source, {"pts": answer.pts}, 0, now):
                    self._parts(answer, source, answer.pts, 0, now)
                    self._end_channel(answer, source, now)
            case "updates.channelDifferenceTooLong":
                self._queue.put(self._gap(source))
                self._learn(answer.chats)
                pts = getattr(answer.dialog, "pts", None)
                if pts is None:
                    self._begin_anew(source, now)
                else:
                    self._finish(source, {"pts": pts}, 0, now)
            case _:
                source.fail(now, None)

    def _ask(self, source: UpdateSource, now: float) -> Fetch | None:
        if source is not self._account and source.access_hash is None:
            found = None if self._access_hash is None else self._access_hash(source.key)
            if found is None:
                self._leave_out(source, now)
                return None
            source.learn(found)
        is_account = source is self._account
        request = (
            account_request(self._schema, source, self._date) if is_account else channel_request(self._schema, source)
        )
        fetch = Fetch(request, source.key)
        source.ask(fetch)
        self._under_way[fetch] = source
        return fetch

    def _begin(self, state: Any, now: float) -> None:
        """Begin with a state; what came while it was asked for is told, even if the state counts it already."""
        source = self._account
        if source.annulled:
            self._queue.put(Gap(None))
        values = numbers(state)
        for name, box in source.boxes.items():
            first = box.first_held()
            values[name] = values[name] if first is None else min(first, values[name])
        self._finish(source, values, state.date, now)

    def _parts(self, answer: Any, source: UpdateSource, pts: int, qts: int, now: float) -> None:
        """Queue what a difference brought. What another source counts goes to its place there."""
        users, chats = tuple(answer.users), tuple(answer.chats)
        own = new_updates(self._schema, answer, pts, qts)
        for update in answer.other_updates:
            if self._is_order(update, now):
                continue
            count = count_of(update)
            if count is not None and count.source != source.key:
                self._place(count, (Incoming(update, users, chats),), now)
            elif count is None or not source.boxes[count.box].is_old(count.piece()):
                own.append(update)
        self._learn(chats)
        for update in own:
            mark = mark_of(update)
            if mark not in source.skip:
                self._queue.put(Incoming(update, users, chats), (source.key, mark))

    def _moves(self, source: UpdateSource, values: dict[str, int], date: int, now: float) -> bool:
        """Tell whether a slice leads on. If not, it is not told, or the next would tell it again: there is a pause."""
        if any(source.boxes[name].value != value for name, value in values.items()) or date not in {0, self._date}:
            return True
        source.fail(now, None)
        return False

    def _advance(self, source: UpdateSource, values: dict[str, int], date: int) -> None:
        """Go on with the next slice."""
        self._mark(source, values, date)
        source.go_on(values)

    def _finish(self, source: UpdateSource, values: dict[str, int], date: int, now: float) -> None:
        self._mark(source, values, date)
        self._tell(source, source.catch_up(values, now))
        if source is self._account:
            self._hear(source, now)

    def _mark(self, source: UpdateSource, values: dict[str, int], date: int) -> None:
        marks: dict[Place, int] = {(source.key, name): value for name, value in values.items()}
        if date:
            self._date = marks[0, "date"] = date
        self._queue.mark(marks)

    def _end_channel(self, answer: Any, source: UpdateSource, now: float) -> None:
        if not answer.final:
            if self._moves(source, {"pts": answer.pts}, 0, now):
                self._advance(source, {"pts": answer.pts}, 0)
            return
        self._finish(source, {"pts": answer.pts}, 0, now)
        if source.key in self._watched and answer.timeout is not None:
            source.ask_again_at(now + max(float(answer.timeout), 1.0))
