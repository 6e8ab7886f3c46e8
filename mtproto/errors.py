"""The errors of the MTProto rooms.

Two families say who broke the protocol: `LocalProtocolError` (the caller of this library did) and
`RemoteProtocolError` (the peer did). The others name an outcome: of a connection, of a key exchange, of a call.
Errors of the TL language (`tl.TLError` and its children) stand in `tl`, which knows nothing of this package.

No error of this module ever carries key material: not in its text, not in an attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from mtproto._error_names import MIGRATIONS, WAITS, split_name

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BadRequest",
    "ConnectionLost",
    "DeadlineExceeded",
    "ExchangeFailed",
    "Flood",
    "FloodWait",
    "Forbidden",
    "InternalServerError",
    "LocalProtocolError",
    "MTProtoError",
    "Migrate",
    "NotAcceptable",
    "NotFound",
    "OptionError",
    "OutcomeUnknown",
    "RemoteProtocolError",
    "RequestCancelled",
    "RpcError",
    "SeeOther",
    "TransportError",
    "Unauthorized",
    "own_copy",
    "rpc_error",
    "without_frames",
]

E = TypeVar("E", bound=Exception)


class MTProtoError(Exception):
    """The base of everything that the MTProto rooms raise on purpose."""


class LocalProtocolError(MTProtoError):
    """The caller asked for something that the protocol does not allow. Nothing was sent."""


class OptionError(LocalProtocolError, ValueError):
    """An option of a call has a value that is refused, or two options exclude one another. Nothing was done.

    An option that nobody knows is a `TypeError` instead, as in any call of Python's.

    Attributes:
        options: the names of the options that don't go together, or of the one with the wrong value.

    """

    def __init__(self, text: str, *options: str) -> None:
        super().__init__(text)
        self.options = options

    @classmethod
    def excluding(cls, one: str, other: str, reason: str) -> OptionError:
        """Return the error for two options that exclude one another."""
        return cls(f"the options {one} and {other} exclude one another: {reason}", one, other)


class RemoteProtocolError(MTProtoError):
    """The peer broke the protocol; the connection is to be closed (core.telegram.org/mtproto/security_guidelines).

    Attributes:
        check: the name of the check that failed. Everything up to the message key shares the one name `"packet"`,
            so that nothing outside can tell those failures apart.
        events: what was decoded before the failure, in order; a session puts its events here so that none is lost.

    """

    def __init__(self, check: str, detail: str = "", events: Sequence[Any] = ()) -> None:
        super().__init__(f"{check}: {detail}" if detail else check)
        self.check = check
        self.detail = detail
        self.events = tuple(events)

    def take_events(self) -> tuple[Any, ...]:
        """Take out what was decoded before the failure, so that nobody else handles it."""
        events, self.events = self.events, ()
        return events


class TransportError(MTProtoError):
    """The server answered with a bare error code instead of a packet (core.telegram.org/mtproto/mtproto-transports).

    The code is not authenticated: it may lead to a retry or a new connection, never to the deletion of a permanent key.

    Attributes:
        code: the negative number as received, for example -404.

    """

    NOT_FOUND: ClassVar[int] = -404
    FLOOD: ClassVar[int] = -429
    WRONG_DC: ClassVar[int] = -444

    MEANINGS: ClassVar[dict[int, str]] = {
        NOT_FOUND: "the server does not know this auth key, or the exchange went wrong",
        FLOOD: "transport flood: too many connections or too many messages at once",
        WRONG_DC: "no such data centre",
    }

    def __init__(self, code: int) -> None:
        meaning = self.MEANINGS.get(code)
        super().__init__(f"transport error {code}: {meaning}" if meaning else f"transport error {code}")
        self.code = code


class ExchangeFailed(MTProtoError):
    """The authorization key exchange ended without a key (core.telegram.org/mtproto/auth_key).

    Attributes:
        step: the constructor or function of the step that failed, for example `"server_DH_params_ok"`.
        check: the check that did not hold, for example `"nonce"` or `"dh_prime is not a safe prime"`.
        detail: what was found and what was wanted, for a person; nothing secret.

    """

    def __init__(self, step: str, check: str, detail: str = "") -> None:
        super().__init__(f"{step}: {check}: {detail}" if detail else f"{step}: {check}")
        self.step = step
        self.check = check
        self.detail = detail


class ConnectionLost(MTProtoError):
    """The connection ended and is not coming back (closed by the caller, or retries were given up)."""


class DeadlineExceeded(MTProtoError, TimeoutError):
    """A call's own deadline passed before its answer came."""


class RequestCancelled(MTProtoError):
    """The caller cancelled the call, or the client was closed while it waited."""


class OutcomeUnknown(MTProtoError):
    """The server may or may not have executed the call, and can no longer tell.

    Raised for calls that were not marked idempotent when the server has forgotten what happened to them.

    Attributes:
        request: the handle of the call, as `send` gave it out.

    """

    def __init__(self, request: Any, reason: str) -> None:
        super().__init__(f"the outcome of the call cannot be known: {reason}")
        self.request = request
        self.reason = reason


class RpcError(MTProtoError):
    """The server refused a call (core.telegram.org/api/errors).

    Attributes:
        code: the HTTP-like number of the answer; its family is the class of the error.
        name: the error's name; where it is one of the templates that carry numbers, with X for each: `FLOOD_WAIT_X`.
        arguments: these numbers.
        argument: the first of them, or None.
        message: the text exactly as the server sent it: `FLOOD_WAIT_31`.
        method: the TL name of the call, or "" where only its bytes are known.

    """

    def __init__(self, code: int, message: str, method: str = "") -> None:
        super().__init__(f"{code} {message}" + (f" (answer to {method})" if method else ""))
        self.code = code
        self.message = message
        self.method = method
        self.name, self.arguments = split_name(message)

    @property
    def argument(self) -> int | None:
        """Return the first number of the error's name; None where it carries none."""
        return self.arguments[0] if self.arguments else None


class SeeOther(RpcError):
    """Code 303: the call belongs to another data centre."""


class Migrate(SeeOther):
    """Code 303, `…_MIGRATE_X`: repeat the call, or log in, on data centre `dc`.

    Raises `ValueError` when it is made of a message that names no data centre.
    """

    def __init__(self, code: int, message: str, method: str = "") -> None:
        super().__init__(code, message, method)
        if not self.fits(message):
            raise ValueError(f"{message[:64]!r} names no data centre")

    @staticmethod
    def fits(message: str) -> bool:
        """Tell whether a message names a data centre."""
        name, arguments = split_name(message)
        return name in MIGRATIONS and arguments > (0,)  # none where the message is the template itself

    @property
    def dc(self) -> int:
        """Return the id of the data centre to go to, from 1."""
        return self.arguments[0]


class BadRequest(RpcError):
    """Code 400: the arguments are wrong."""


class Unauthorized(RpcError):
    """Code 401: this auth key may not do that (not logged in, unbound temporary key, revoked, password needed)."""


class Forbidden(RpcError):
    """Code 403: rights or privacy forbid it."""


class NotFound(RpcError):
    """Code 404: there is no such object or method."""


class NotAcceptable(RpcError):
    """Code 406: like 400, but the text for the user comes as an update; also `AUTH_KEY_DUPLICATED`, which is fatal."""


class Flood(RpcError):
    """Code 420: not now. Only where the server says how long to wait is it a `FloodWait`; a blind repetition floods."""


class FloodWait(Flood):
    """Code 420, and the call may be repeated after `seconds`.

    Raises `ValueError` when it is made of a message that tells no wait.
    """

    LONGEST: ClassVar[int] = 14 * 86400
    """Seconds that are believed at most: TDLib's bound. A peer can't put a program to sleep for years."""

    def __init__(self, code: int, message: str, method: str = "") -> None:
        super().__init__(code, message, method)
        if not self.fits(message):
            raise ValueError(f"{message[:64]!r} tells no wait")

    @staticmethod
    def fits(message: str) -> bool:
        """Tell whether a message says how long to wait."""
        name, arguments = split_name(message)
        return name in WAITS and bool(arguments)  # none where the message is the template itself

    @property
    def seconds(self) -> int:
        """Return how long to wait before repeating the call, in seconds: from 1 to 14 days, as TDLib does.

        `argument` is the number as the server sent it.
        """
        return min(max(self.arguments[0], 1), self.LONGEST)


class InternalServerError(RpcError):
    """Code 500, and every code without a family of its own: the server failed; repeat later."""


def own_copy(error: E, where: str = "") -> E:
    """Return an error of its own for one more caller: an exception that several callers raise keeps the frames of all.

    Args:
        error: what happened, once for all of them; it is not changed.
        where: words of the caller's own input, to stand behind the text.

    Returns:
        A new object of the same class with the same attributes and no traceback. Its `__cause__` is the cause of
        `error`, or `error` itself where that has none.

    """
    arguments = (f"{error} ({where})",) if where else error.args
    made = type(error).__new__(type(error), *arguments)
    made.args = arguments
    made.__dict__.update(error.__dict__)
    if notes := getattr(error, "__notes__", None):
        made.__notes__ = [*notes]
    made.__cause__ = error.__cause__ or error
    return made


def without_frames(error: E) -> E:
    """Take the traceback off an error that is to be kept, and off its causes: their frames hold what came in.

    An error that was being handled when this one was raised (`__context__`) goes as well: a `UnicodeDecodeError` holds
    the bytes that it is about. What was raised `from` another error keeps that cause.

    Returns:
        `error` itself.

    """
    done: set[int] = set()
    part: BaseException | None = error
    while part is not None and id(part) not in done:
        done.add(id(part))
        part.__traceback__ = part.__context__ = None
        part = part.__cause__
    return error


_FAMILIES: dict[int, type[RpcError]] = {
    303: SeeOther,
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    420: Flood,
}


def rpc_error(code: int, message: str, method: str = "") -> RpcError:
    """Build the error for an `rpc_error` answer, in the class of its family (core.telegram.org/api/errors).

    Args:
        code: `error_code` as received; unknown codes count as 500, as the specification says.
        message: `error_message` as received.
        method: the TL name of the call, if known.

    """
    family = _FAMILIES.get(code, InternalServerError)
    if family is SeeOther and Migrate.fits(message):
        family = Migrate
    elif family is Flood and FloodWait.fits(message):
        family = FloodWait
    return family(code, message, method)
