"""One lane of an account: a client of a data centre, the calls that are under way on it, and whose key it uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from mtproto.errors import RpcError, TransportError

if TYPE_CHECKING:
    from mtproto.link import BoundKey, KeyUse
    from mtproto.message import KeyState

__all__ = ["MAIN", "Lane", "is_not_bound", "is_unknown"]

MAIN = "main"
"""The lane of calls; at the home DC it receives updates. Every other lane carries files."""

_NOT_BOUND = (401, "AUTH_KEY_PERM_EMPTY")
"""The refusal of a temporary key that is not bound, or not for this session. The call was not executed."""

_PERMANENT_UNKNOWN = (400, "ENCRYPTED_MESSAGE_INVALID")
"""The refusal to bind a temporary key, since the server does not know the permanent one."""


class LaneConnection(Protocol):
    """What a lane asks of its connection."""

    @property
    def is_open(self) -> bool:
        """Whether calls are taken."""

    @property
    def bound_key(self) -> BoundKey | None:
        """The temporary key that it has bound."""


class AnyClient(Protocol):
    """What a lane asks of its client, in both faces."""

    @property
    def connection(self) -> LaneConnection:
        """The connection under it."""

    @property
    def state(self) -> KeyState | None:
        """The state of the key."""


C = TypeVar("C", bound=AnyClient)


@dataclass(slots=True, eq=False)
class Lane(Generic[C]):
    """One client of a data centre, with a session of its own.

    Attributes:
        dc: the data centre.
        name: the lane's.
        client: carries the calls.
        state: the state of the key that the client was opened with, or has made.
        calls: how many calls are under way.
        used_at: when the last one ended, Unix seconds.
        retired: whether no new call is to go here: it is closed after the calls that are under way.
        media: whether it goes to addresses for file queries only.
        lender: under PFS, the lane whose temporary key this one uses; None for a lane with a key of its own.
        use: which key that was, and under which binding.
        mended: whether somebody has looked into why the key is not good for calls.

    """

    dc: int
    name: str
    client: C = field(repr=False)
    state: KeyState | None = field(default=None, repr=False)
    calls: int = 0
    used_at: float = 0.0
    retired: bool = False
    media: bool = False
    lender: Lane[C] | None = field(default=None, repr=False)
    use: KeyUse | None = None
    mended: bool = False

    @property
    def is_good(self) -> bool:
        """Whether calls may go over it: it has not given up, and its key is the one that it was opened with."""
        if not self.client.connection.is_open or self.client.state is not self.state:
            return False
        if self.lender is None:
            return True
        bound = self.lender.client.connection.bound_key
        return not self.lender.retired and self.lender.is_good and bound is not None and bound.use == self.use

    def begin(self) -> None:
        """Note that a call goes this way."""
        self.calls += 1

    def end(self, now: float) -> bool:
        """Note that a call has ended; return whether nothing more will come, so that the lane is to be closed."""
        self.calls -= 1
        self.used_at = now
        return self.retired and self.calls == 0

    def retire(self) -> bool:
        """Let no new call go this way; return whether none is under way, so that the lane is to be closed."""
        self.retired = True
        return self.calls == 0

    def mend(self) -> bool:
        """Note that somebody looks into why the key is not good for calls; return whether nobody has done so yet."""
        first, self.mended = not self.mended, True
        return first

    def leave_unmended(self) -> None:
        """Note that whoever looked into it came to no end."""
        self.mended = False


def is_not_bound(error: RpcError | TransportError) -> bool:
    """Tell whether the server says that a temporary key is not bound, or not for this session."""
    return isinstance(error, RpcError) and (error.code, error.name) == _NOT_BOUND


def is_unknown(error: RpcError | TransportError) -> bool:
    """Tell whether the server says that it does not know the permanent key."""
    if isinstance(error, RpcError):
        return (error.code, error.name) == _PERMANENT_UNKNOWN
    return error.code == TransportError.NOT_FOUND
