"""How a server's half misbehaves on command: one-shot changes to what it sends.

A fault is armed once for each time it shall happen, and used up by the first message that it fits. One object may
serve many exchanges in turn. What the server computes stays right; only what it says is wrong.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mtproto.crypto.dh import KNOWN_PRIME

__all__ = ["ExchangeFaults"]

Change: TypeAlias = Callable[[Any], Any]
"""Gives the wrong value for the right one."""

# Of 2048 bits, odd, without small factors, and 3 is allowed with it (p mod 3 = 2): only primality is wrong.
_BAD_PRIME = (KNOWN_PRIME - 12).to_bytes(256, "big")


class ExchangeFaults:
    """Faults waiting to happen in `ServerExchange`. May be shared: exchanges in other threads use them up.

    `override` is the general form; the methods below it name the faults that a client must survive.
    """

    def __init__(self) -> None:
        self._overrides: defaultdict[str, deque[Mapping[str, Change]]] = defaultdict(deque)
        self._answers: defaultdict[str, deque[None]] = defaultdict(deque)

    def override(self, constructor: str, **changes: Change) -> None:
        """Change fields of the next `constructor` (a TL name) that is sent; each change maps the right value."""
        self._overrides[constructor].append(changes)

    def dh_gen_retry(self, times: int = 1) -> None:
        """Reject the next `times` keys as if their ids were taken."""
        self._answers["dh_gen_retry"].extend([None] * times)

    def dh_gen_fail(self) -> None:
        """Answer the next set_client_DH_params with dh_gen_fail."""
        self._answers["dh_gen_fail"].append(None)

    def server_dh_params_fail(self) -> None:
        """Answer the next req_DH_params with server_DH_params_fail."""
        self._answers["server_DH_params_fail"].append(None)

    def bad_prime(self) -> None:
        """Send a dh_prime that is not prime."""
        self.override("server_DH_inner_data", dh_prime=lambda _: _BAD_PRIME)

    def bad_g(self, g: int = 2) -> None:
        """Send another generator: 2 is no quadratic residue modulo the known prime."""
        self.override("server_DH_inner_data", g=lambda _: g)

    def g_a_out_of_range(self) -> None:
        """Send g_a = 1, which would make the key 1."""
        self.override("server_DH_inner_data", g_a=lambda _: b"\x01")

    def wrong_nonce(self, constructor: str = "resPQ") -> None:
        """Spoil `nonce` in the next `constructor`, one of the answers or `server_DH_inner_data`."""
        self.override(constructor, nonce=_flip)

    def wrong_server_nonce(self, constructor: str = "server_DH_params_ok") -> None:
        """Spoil `server_nonce` in the next `constructor`, one of the answers or `server_DH_inner_data`."""
        self.override(constructor, server_nonce=_flip)

    def wrong_sha1(self) -> None:
        """Spoil the encrypted server_DH_inner_data, so that its hash is wrong."""
        self.override("server_DH_params_ok", encrypted_answer=_flip)

    def wrong_hash(self, constructor: str = "dh_gen_ok") -> None:
        """Spoil the hash of `new_nonce` in the next `constructor`: a dh_gen_* or server_DH_params_fail."""
        self.override(constructor, **{_HASH_FIELDS[constructor]: _flip})

    def take_answer(self, constructor: str) -> bool:
        """Tell whether `constructor` is armed as an answer, and use it up once."""
        try:
            self._answers[constructor].popleft()
        except IndexError:
            return False
        return True

    def apply(self, constructor: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return `fields` with what is armed for `constructor`, which is used up."""
        try:
            changes = self._overrides[constructor].popleft()
        except IndexError:
            changes = {}
        return {name: changes[name](value) if name in changes else value for name, value in fields.items()}


_HASH_FIELDS = {
    "dh_gen_ok": "new_nonce_hash1",
    "dh_gen_retry": "new_nonce_hash2",
    "dh_gen_fail": "new_nonce_hash3",
    "server_DH_params_fail": "new_nonce_hash",
}


def _flip(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])
