"""Accounts for tests: one with something in each field, and any."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from mtproto.message import AuthKey, KeyState, Salt
from mtproto.store import AccountRecord, Json

__all__ = ["SECRETS", "accounts", "full_account", "key_of"]

KEY_BYTES = bytes(range(256))


@cache
def key_of(dc_id: int, first: int = 0) -> KeyState:
    """Return a permanent key of a data centre; keys with another first byte are other ones."""
    key = AuthKey(bytes([first, *KEY_BYTES[1:]]))
    return KeyState(auth_key=key, dc_id=dc_id, salts=[Salt(1_700_000_000, 1_700_003_600, 42)], time_offset=1.5)


def full_account(user_id: int = 777) -> AccountRecord:
    """Return an account with something in each field."""
    return AccountRecord(
        home_dc=4,
        api_id=12345,
        keys={2: key_of(2).to_bytes(), 4: key_of(4).to_bytes()},
        authorized=frozenset({2, 4}),
        user_id=user_id,
        future_tokens=(b"first token", b"second token"),
        peers={"user": [1, {"name": "ä", "at": 1.5}]},
        updates={"pts": 1 << 40},
    )


SECRETS = (repr(KEY_BYTES)[2:40], KEY_BYTES.hex()[:40], "first token", "AAECAwQFBgcI", "Zmlyc3QgdG9rZW4")
"""What must stand in no repr and in no error: parts of the key and of the tokens, as text, hex and base64."""

texts = st.text(max_size=12)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
dcs = st.integers(1, 6) | st.integers(1, (1 << 31) - 1)
lines = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@st.composite
def accounts(draw: st.DrawFn) -> AccountRecord:
    """Draw any account."""
    numbers = draw(st.frozensets(dcs, max_size=4))
    return AccountRecord(
        home_dc=draw(dcs),
        test=draw(st.booleans()),
        api_id=draw(st.none() | st.integers(0, (1 << 31) - 1)),
        dcs=draw(st.dictionaries(dcs, st.tuples(lines, st.integers(1, 65535)), max_size=3)),
        public_keys=tuple(draw(st.lists(lines, max_size=2))),
        keys={dc_id: key_of(dc_id, draw(st.integers(0, 255))).to_bytes() for dc_id in numbers},
        authorized=draw(st.frozensets(dcs, max_size=4)),
        user_id=draw(st.none() | st.integers(1, (1 << 63) - 1)),
        is_bot=draw(st.booleans()),
        future_tokens=tuple(draw(st.lists(st.binary(max_size=40), max_size=20))),
        ended=draw(st.none() | lines),
        peers=draw(st.dictionaries(texts, values, max_size=3)),
        updates=draw(st.dictionaries(texts, values, max_size=3)),
    )
