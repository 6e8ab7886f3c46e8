"""The errors of the MTProto rooms.

Two families say who broke the protocol: `LocalProtocolError` (the caller of this library did) and
`RemoteProtocolError` (the peer did). The others name the outcome of a connection, of a key exchange or of a call.
Errors of the TL language (`tl.TLError` and its children) are in `tl`, which knows nothing of this package.

What a server refuses is an `RpcError`. Its class is of the family of the code (`BadRequest`), and each name of
`mtproto._known_errors` has a class of its own in that family: `errors.PhoneCodeInvalid` is `400 PHONE_CODE_INVALID`.
These classes are made when somebody first asks for them, or when such an error comes.

No error of this module carries key material, neither in its text nor in an attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from mtproto._error_names import MIGRATIONS, WAITS, split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto._error_classes import *  # noqa: F403 - a stub of what `__getattr__` below gives

if not TYPE_CHECKING:  # for checkers `__all__` would hide the classes of names
    __all__ = [
        "BadRequest",
        "ConnectionLost",
        "DeadlineExceeded",
        "ExchangeFailed",
        "Flood",
        "FloodWait",
        "Forbidden",
        "InternalServerError",
        "KeyUnknown",
        "LocalProtocolError",
        "LoggedOut",
        "LoginCancelled",
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
    """The base of all errors that the MTProto rooms raise on purpose. It can be copied and pickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...], dict[str, object]]:
        """Return the class, the arguments and the attributes: `__init__` of a child takes others than `args`."""
        return _again, (type(self), *self.args), self.__dict__


class LocalProtocolError(MTProtoError):
    """The caller asked for something that the protocol does not allow. Nothing was sent."""


class OptionError(LocalProtocolError, ValueError):
    """An option of a call has a value that is refused, or two options exclude one another. Nothing was done.

    An unknown option is a `TypeError` instead, as in any call of Python.

    Attributes:
        options: the names of the options that exclude one another, or the name of the option with the wrong value.

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
        check: the name of the check that failed. All checks up to the message key have the name `"packet"`, so that
            nobody can tell these failures apart.
        events: the events before the failure, in order, so that none is lost.

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

    def keep_events(self, events: Sequence[Any]) -> None:
        """Let the error carry these events, which came before the failure, in place of those that it carries."""
        self.events = tuple(events)


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


class KeyUnknown(TransportError):
    """The home data centre says that it does not know the key of a login, and this is all that it says.

    The code, -404, is not authenticated: whoever is on the way can send it, and a data centre in trouble sends it as
    well. So the login is kept. Try again, later or over another network; where the key is gone for good, the account's
    `forget_login()` gives the login up, and `login()` begins another one.

    Attributes:
        dc: the data centre's number.

    """

    def __init__(self, dc: int) -> None:
        super().__init__(self.NOT_FOUND)
        text = f"data centre {dc} says that it does not know the key of this login (transport error {self.code})"
        advice = "anybody on the way can say so, thus the login is kept: try again, or forget_login() and log in again"
        self.args = (f"{text}; {advice}",)
        self.dc = dc


class ExchangeFailed(MTProtoError):
    """The authorization key exchange ended without a key (core.telegram.org/mtproto/auth_key).

    Attributes:
        step: the constructor or function of the step that failed, for example `"server_DH_params_ok"`.
        check: the check that did not hold, for example `"nonce"` or `"dh_prime is not a safe prime"`.
        detail: the value that was found and the value that was expected, for a person; nothing secret.

    """

    def __init__(self, step: str, check: str, detail: str = "") -> None:
        super().__init__(f"{step}: {check}: {detail}" if detail else f"{step}: {check}")
        self.step = step
        self.check = check
        self.detail = detail


class ConnectionLost(MTProtoError):
    """The connection ended for good: the caller closed it, or attempts to connect were given up."""


class DeadlineExceeded(MTProtoError, TimeoutError):
    """The deadline of a call passed before the answer came."""


class RequestCancelled(MTProtoError):
    """The caller cancelled the call, or the client was closed while it waited."""


class LoginCancelled(MTProtoError):
    """Whoever was asked for a code, a password or the like cancelled the login. Nobody is logged in."""

    def __init__(self, text: str = "the login was cancelled") -> None:
        super().__init__(text)


class LoggedOut(MTProtoError):
    """The login that was used is over; another one begins with `login()`.

    Attributes:
        reason: the name of the error with which the server said so, for example `"SESSION_REVOKED"`, or other words.

    """

    def __init__(self, reason: str) -> None:
        from mtproto._known_errors import meaning

        text = meaning(reason)
        super().__init__(f"the login is over: {reason}" + (f": {text}" if text else ""))
        self.reason = reason


class OutcomeUnknown(MTProtoError):
    """The server may or may not have executed the call, and can no longer tell.

    Raised if the server has forgotten a call, and the call was not marked idempotent.

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
        description: what happened and what to do, in plain words; "" where the name alone is known.

    """

    def __init__(self, code: int, message: str, method: str = "") -> None:
        from mtproto._known_errors import meaning

        self.code = code
        self.message = message
        self.method = method
        self.name, self.arguments = split_name(message)
        self.description = meaning(self.name, self.argument)
        answered = f" (answer to {method})" if method else ""
        super().__init__(f"{code} {message}{answered}" + (f": {self.description}" if self.description else ""))

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...], dict[str, object]]:
        """Return how to make the error again: its class may be one that has no place in this module."""
        if type(self) is _class_of(self.code, self.message):
            return _rpc_error_again, (self.code, self.message, *self.args), self.__dict__
        return super().__reduce__()

    @property
    def argument(self) -> int | None:
        """Return the first number of the error's name; None where it carries none."""
        return self.arguments[0] if self.arguments else None


class SeeOther(RpcError):
    """Code 303: the call belongs to another data centre."""


class Migrate(SeeOther):
    """Code 303, `…_MIGRATE_X`: repeat the call, or log in, on data centre `dc`.

    Raises `ValueError` if the message names no data centre.
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
    """Code 420: not now. If the server says how long to wait, the error is a `FloodWait`."""


class FloodWait(Flood):
    """Code 420, and the call may be repeated after `seconds`.

    Raises `ValueError` if the message tells no wait.
    """

    LONGEST: ClassVar[int] = 14 * 86400
    """Seconds, at most, that are believed: TDLib's bound. A peer can't put a program to sleep for years."""

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
    """Return a copy of an error for one more caller: an exception that several callers raise keeps the frames of all.

    Args:
        error: the error; it is not changed.
        where: words of the caller's own input, to be put behind the text.

    Returns:
        A new object of the same class with the same attributes and no traceback. Its `__cause__` is the cause of
        `error`, or `error` itself if that has no cause.

    """
    made = _again(type(error), *((f"{error} ({where})",) if where else error.args))
    made.__dict__.update(error.__dict__)
    if notes := getattr(error, "__notes__", None):
        made.__notes__ = [*notes]
    made.__cause__ = error.__cause__ or error
    return made


def _again(kind: type[E], *arguments: object) -> E:
    """Return an error of a class with these `args` and no attributes, past the `__init__` of the class."""
    made = kind.__new__(kind, *arguments)
    BaseException.__init__(made, *arguments)  # sets `args` and nothing else
    return made


def _rpc_error_again(code: int, message: str, *arguments: object) -> RpcError:
    return _again(_class_of(code, message), *arguments)


def without_frames(error: E) -> E:
    """Take the traceback off an error that is to be kept, and off its causes: their frames hold bytes that came in.

    The `__context__` goes as well, the error that was being handled when this error was raised: a `UnicodeDecodeError`
    holds the bytes that it is about. An error that was raised `from` another error keeps that cause.

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


_NAMED: dict[str, type[RpcError]] = {FloodWait.__name__: FloodWait}
"""The classes of names that were made so far, by the names of the classes."""

_MIXED: dict[tuple[type[RpcError], type[RpcError]], type[RpcError]] = {}
"""The classes of names that came with the code of another family, by both."""


def rpc_error(code: int, message: str, method: str = "") -> RpcError:
    """Build the error for an `rpc_error` answer, in the class of its name or family (core.telegram.org/api/errors).

    Args:
        code: `error_code` as received; unknown codes count as 500, as the specification says.
        message: `error_message` as received; an unknown name gives an error of the family.
        method: the TL name of the call, if known.

    """
    return _class_of(code, message)(code, message, method)


def _class_of(code: int, message: str) -> type[RpcError]:
    """Return the class of an answer: of the family of the code, and of the name where the name is known.

    A server may send a known name with the code of another family (406 in place of 400): that error is of both.
    """
    from mtproto._known_errors import CODES, class_name

    family = _FAMILIES.get(code, InternalServerError)
    if family is SeeOther and Migrate.fits(message):
        family = Migrate
    elif family is Flood and FloodWait.fits(message):
        family = FloodWait
    name = split_name(message)[0]
    if name not in CODES:
        return family
    named = _named(class_name(name))
    if issubclass(family, named):
        return family
    if issubclass(named, (FloodWait, Migrate)) and family not in (FloodWait, Migrate):
        return family  # the number means nothing there
    if issubclass(named, family):
        return named
    if (named, family) not in _MIXED:
        _MIXED.setdefault((named, family), _made(named.__name__, (named, family), named.__doc__))
    return _MIXED[named, family]


def _named(name: str) -> type[RpcError]:
    """Return the class of this name, the same in all threads.

    Raises:
        KeyError: no known error has such a class.

    """
    from mtproto._known_errors import CLASSES, CODES, description

    if name not in _NAMED:
        error = CLASSES[name]
        family = _FAMILIES.get(CODES[error], InternalServerError)
        if error in WAITS or error in MIGRATIONS:
            family = FloodWait if error in WAITS else Migrate
        _NAMED.setdefault(name, _made(name, (family,), description(error)))
    return _NAMED[name]


def _made(name: str, bases: tuple[type[RpcError], ...], text: str | None) -> type[RpcError]:
    return cast("type[RpcError]", type(name, bases, {"__module__": __name__, "__doc__": text}))


if not TYPE_CHECKING:  # type checkers read the stub instead: for them a misspelt name is an error

    def __getattr__(name: str) -> type[RpcError]:
        try:
            return _named(name)
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None

    def __dir__() -> list[str]:
        from mtproto._known_errors import CLASSES

        return sorted({*globals(), *CLASSES})
