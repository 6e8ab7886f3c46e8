"""What the downloads and the uploads of an account share, for threads: budget, lanes, progress, the end."""

# Made of mtproto/account/transfers.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mtproto.account.cdn_lanes_threads import CdnLanes
from mtproto.account.transfer_budget import LANES, LANES_OF_PREMIUM, ByteBudget, FileLanes
from mtproto.account.transfer_calls_threads import TransferCalls, TransferHands
from mtproto.account.transfer_progress import TELL_EVERY, Meter, TransferProgress, TransferTotal
from mtproto.account.waiting_threads import new_gate
from mtproto.errors import MTProtoError
from mtproto.flows import DOWNLOAD_WINDOW, DOWNLOAD_WINDOW_OF_PREMIUM

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.calls_threads import AccountCalls
    from mtproto.account.centres import DataCentres
    from mtproto.account.known_peers import KnownPeers
    from mtproto.account.options import AccountOptions
    from mtproto.account.peers_threads import Peers
    from mtproto.account.transfer_budget import LaneKind

__all__ = ["TransferReport", "Transfers"]


class Transfers:
    """What all transfers of an account share.

    Args:
        options: of the account.
        centres: where the data centres are.
        calls: make the calls.
        known: who is logged in.
        peers: tell more of who is logged in.

    Attributes:
        lanes: which lane carries the next part.

    """

    def __init__(
        self,
        options: AccountOptions,
        centres: DataCentres,
        calls: AccountCalls,
        known: KnownPeers,
        peers: Peers,
    ) -> None:
        self._options = options
        self._calls = calls
        self._known = known
        self._peers = peers
        self._cdns = CdnLanes(options, centres, calls.call)
        self._budget = ByteBudget(DOWNLOAD_WINDOW)
        self.lanes = FileLanes()
        self._total = TransferTotal(options.clock)
        self._gate = new_gate()
        self._measured: int | None = None  # the user whose window is known
        self._premium = False
        self._running: set[TransferCalls] = set()
        self._closed = False
        self._has_room = False

    @property
    def is_premium(self) -> bool:
        """Whether a premium account is logged in, as `prepare` has found."""
        return self._premium

    def window(self, wanted: int | None) -> int:
        """Return the bytes that one transfer may have under way; None: as much as the server gives the account."""
        return self._budget.limit if wanted is None else wanted

    def prepare(self) -> None:
        """Make sure that there is a login, and learn how much the server gives it.

        Raises:
            LoggedOut: the login is over.
            LocalProtocolError: nobody is logged in.

        """
        self._calls.check_login()
        self._make_room()
        self._measure()

    def begin(self, part: int, kind: LaneKind, tell: Callable[[Any], Any] | None) -> TransferCalls:
        """Return the calls of a transfer that begins; their `close` ends the transfer.

        Args:
            part: bytes of one part.
            kind: of the lanes that carry the parts.
            tell: called with each notice; None for nobody.

        """
        hands = TransferHands(
            self._calls.call,
            self._cdns.fetch,
            self._options.clock,
            self._budget,
            self.lanes,
            tell,
            self._running.discard,
        )
        calls = TransferCalls(hands, part, kind)
        self._running.add(calls)
        if self._closed:
            calls.stop()
        return calls

    def report(
        self,
        calls: TransferCalls,
        name: str,
        wanted: int | None,
        there: int,
        progress: Callable[[TransferProgress], Any] | None,
    ) -> TransferReport:
        """Return what tells how far a transfer has come, which begins; the arguments are those of `TransferReport`."""
        return TransferReport(calls, name, wanted, there, progress, self._total, self._options.clock)

    def stop(self) -> None:
        """End all transfers with `RequestCancelled`."""
        self._closed = True
        for calls in list(self._running):
            calls.stop()

    def close(self) -> None:
        """Close the connections that no others use."""
        self._cdns.close()

    def close_idle(self) -> None:
        """Close them if there was no call for a while."""
        self._cdns.close_idle()

    def _make_room(self) -> None:
        """Let the C library keep the memory of parts, before the first transfer.

        One large block that is given back raises the size above which glibc returns each block to the system at once.
        Else each part costs a page fault for every 4 KiB: more time than its decryption.
        """
        if not self._has_room:
            self._has_room = bool(bytes(4 << 20))

    def _measure(self) -> None:
        """Learn how much the server gives this account: premium accounts have a larger window and more connections."""
        who = self._known.asker
        if who.user_id is None or who.is_bot or self._measured == who.user_id:
            return
        with self._gate:
            if self._measured == who.user_id:
                return
            premium = False
            with suppress(MTProtoError):  # the transfer itself tells what is wrong
                premium = bool(getattr(self._peers.me(), "premium", False))
            self._budget.allow(DOWNLOAD_WINDOW_OF_PREMIUM if premium else DOWNLOAD_WINDOW)
            self.lanes.spread("file", LANES_OF_PREMIUM if premium else LANES)
            self._premium = premium
            self._measured = who.user_id


class TransferReport:
    """Tells how far one transfer has come.

    Args:
        calls: of the transfer.
        name: of the file.
        wanted: bytes that are wanted in all; None: unknown.
        there: bytes that are there already.
        progress: called with a `TransferProgress`; None for nobody.
        total: counts all transfers of the account.
        clock: tells seconds.

    """

    def __init__(
        self,
        calls: TransferCalls,
        name: str,
        wanted: int | None,
        there: int,
        progress: Callable[[TransferProgress], Any] | None,
        total: TransferTotal,
        clock: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._name = name
        self._wanted = wanted
        self._done = there
        self._callback = progress
        self._total = total
        self._clock = clock
        self._meter = Meter(clock())
        self._told_at = float("-inf")
        total.begin(wanted, there)

    @property
    def done(self) -> int:
        """Bytes that are there, or that arrived."""
        return self._done

    def came(self, count: int) -> None:
        """Count bytes that came, or arrived."""
        if count:
            self._done += count
            self._meter.add(count, self._clock())
            self._total.add(count)

    def tell(self, *, is_done: bool, wanted: int | None = None) -> None:
        """Tell how far the transfer has come; not each time, but at the end.

        Args:
            is_done: whether the transfer is at its end.
            wanted: bytes that are wanted in all, where that was not known at first.

        """
        now = self._clock()
        if self._callback is not None and (is_done or now - self._told_at >= TELL_EVERY):
            self._told_at = now
            wanted = wanted if self._wanted is None else self._wanted
            left = self._meter.left(None if wanted is None else wanted - self._done, now)
            rate, total = self._meter.rate(now), self._total.progress()
            self._calls.ask(self._callback, TransferProgress(self._name, self._done, wanted, rate, left, total))

    def end(self) -> None:
        """Take note that the transfer has ended, well or not."""
        self._total.end()
