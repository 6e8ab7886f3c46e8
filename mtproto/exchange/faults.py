"""How a server's half misbehaves on command: one-shot changes to what it sends.

A fault is armed once for each time that it is to happen. The first message that the fault fits uses it up. One object
may serve many exchanges in turn. The server computes the right values and sends wrong ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mtproto.crypto import KNOWN_PRIME
from mtproto.errors import LocalProtocolError

__all__ = ["Change", "ExchangeFaults", "NamedFaults"]

Change: TypeAlias = Callable[[Any], Any]
"""Returns the wrong value for the right one."""

# It has 2048 bits, is odd, has no small factors, and allows g = 3 (p mod 3 = 2). It is wrong in one way: it is no
# prime.
_BAD_PRIME = (KNOWN_PRIME - 12).to_bytes(256, "big")

_INNER = "server_DH_inner_data"

MOST_TIMES = 1000
"""How often one call may arm a fault: no client tries as often."""


class NamedFaults(ABC):
    """The faults of an exchange that have a name: a client must survive them. Subclasses keep the armed faults.

    A fault may be armed in any thread.
    """

    __slots__ = ()

    @abstractmethod
    def change_fields(self, name: str, constructor: str, changes: Mapping[str, Change]) -> None:
        """Arm the fault `name`: fields of the next `constructor` (a TL name) get what the changes make of them."""

    @abstractmethod
    def change_answer(self, name: str, times: int = 1) -> None:
        """Arm the fault `name`, which is about a whole answer, for so many times."""

    def dh_gen_retry(self, times: int = 1) -> None:
        """Reject the next `times` keys as if their ids were taken."""
        if not 0 < times <= MOST_TIMES:
            raise LocalProtocolError(f"dh_gen_retry: from 1 to {MOST_TIMES} times")
        self.change_answer("dh_gen_retry", times)

    def dh_gen_fail(self) -> None:
        """Answer the next set_client_DH_params with dh_gen_fail."""
        self.change_answer("dh_gen_fail")

    def server_dh_params_fail(self) -> None:
        """Answer the next req_DH_params with server_DH_params_fail."""
        self.change_answer("server_dh_params_fail")

    def random_tail(self) -> None:
        """Append random bytes to the next answer, inside its length, as Telegram's servers do."""
        self.change_answer("random_tail")

    def bad_prime(self) -> None:
        """Send a dh_prime that is not prime."""
        self.change_fields("bad_prime", _INNER, {"dh_prime": lambda _: _BAD_PRIME})

    def bad_g(self, g: int = 2) -> None:
        """Send another generator: 2 is no quadratic residue modulo the known prime."""
        if not -(1 << 31) <= g < 1 << 31:
            raise LocalProtocolError("bad_g: a generator is a number of 32 bits")
        self.change_fields("bad_g", _INNER, {"g": lambda _: g})

    def g_a_out_of_range(self) -> None:
        """Send g_a = 1, which would make the key 1."""
        self.change_fields("g_a_out_of_range", _INNER, {"g_a": lambda _: b"\x01"})

    def wrong_nonce(self, constructor: str = "resPQ") -> None:
        """Spoil `nonce` in the next `constructor`, one of the answers or `server_DH_inner_data`."""
        _require_nonces("wrong_nonce", constructor)
        self.change_fields("wrong_nonce", constructor, {"nonce": _flip})

    def wrong_server_nonce(self, constructor: str = "server_DH_params_ok") -> None:
        """Spoil `server_nonce` in the next `constructor`, one of the answers or `server_DH_inner_data`."""
        _require_nonces("wrong_server_nonce", constructor)
        self.change_fields("wrong_server_nonce", constructor, {"server_nonce": _flip})

    def wrong_sha1(self) -> None:
        """Spoil the encrypted server_DH_inner_data, so that its hash is wrong."""
        self.change_fields("wrong_sha1", "server_DH_params_ok", {"encrypted_answer": _flip})

    def wrong_hash(self, constructor: str = "dh_gen_ok") -> None:
        """Spoil the hash of `new_nonce` in the next `constructor`: a dh_gen_* or server_DH_params_fail.

        Raises:
            LocalProtocolError: the constructor has no such hash.

        """
        if constructor not in _HASH_FIELDS:
            raise LocalProtocolError(f"{constructor} has no hash of new_nonce")
        self.change_fields("wrong_hash", constructor, {_HASH_FIELDS[constructor]: _flip})


class ExchangeFaults(NamedFaults):
    """Faults waiting to happen in `ServerExchange`. May be shared: exchanges in other threads use them up.

    `override` is the general form; the methods of `NamedFaults` name the faults that a client must survive.
    """

    def __init__(self) -> None:
        self._overrides: defaultdict[str, deque[tuple[str, Mapping[str, Change]]]] = defaultdict(deque)
        self._answers: defaultdict[str, deque[None]] = defaultdict(deque)
        self._history: list[str] = []

    @property
    def applied(self) -> Counter[str]:
        """How often each fault has happened so far, by the name of the method that arms it."""
        return Counter(self._history)

    def override(self, constructor: str, **changes: Change) -> None:
        """Change fields of the next `constructor` (a TL name) that is sent; each change maps the right value."""
        self.change_fields("override", constructor, changes)

    def change_fields(self, name: str, constructor: str, changes: Mapping[str, Change]) -> None:
        """Arm a fault; see `NamedFaults`."""
        self._overrides[constructor].append((name, changes))

    def change_answer(self, name: str, times: int = 1) -> None:
        """Arm a fault; see `NamedFaults`."""
        self._answers[name].extend([None] * times)

    def disarm(self) -> None:
        """Take back all faults that are armed and have not happened."""
        self._overrides.clear()
        self._answers.clear()

    def take_answer(self, name: str) -> bool:
        """Tell whether a fault about a whole answer is armed, and use the fault up once."""
        try:
            self._answers[name].popleft()
        except IndexError:
            return False
        self._history.append(name)
        return True

    def apply(self, constructor: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return `fields` with the changes that are armed for `constructor`, and use these up."""
        try:
            fault, changes = self._overrides[constructor].popleft()
        except IndexError:
            return dict(fields)
        self._history.append(fault)
        return {name: changes[name](value) if name in changes else value for name, value in fields.items()}


_HASH_FIELDS = {
    "dh_gen_ok": "new_nonce_hash1",
    "dh_gen_retry": "new_nonce_hash2",
    "dh_gen_fail": "new_nonce_hash3",
    "server_DH_params_fail": "new_nonce_hash",
}


_WITH_NONCES = frozenset({"resPQ", "server_DH_params_ok", _INNER, *_HASH_FIELDS})


def _require_nonces(fault: str, constructor: str) -> None:
    if constructor not in _WITH_NONCES:
        raise LocalProtocolError(f"{fault}: {constructor} is none of {', '.join(sorted(_WITH_NONCES))}")


def _flip(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])
