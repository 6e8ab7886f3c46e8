"""The option `state`: what an earlier run left, as an object or as the bytes of a file."""

from __future__ import annotations

from mtproto.errors import OptionError
from mtproto.message import KeyState, KeyStateDamaged

__all__ = ["STATE_FILE_VERSION", "read_state"]

STATE_FILE_VERSION = 1
"""The version of the command line's state files."""


def read_state(state: KeyState | bytes | None) -> KeyState | None:
    """Return the state of a key.

    Args:
        state: the object; or what `KeyState.to_bytes` returned; or the content of a file that the command line's
            `--state` wrote: JSON, whose member `key_state` is the same in base64.

    Raises:
        KeyStateDamaged: the bytes are neither.
        OptionError: it is something else, for example the name of a file.

    """
    if state is None or isinstance(state, KeyState):
        return state
    if not isinstance(state, bytes | bytearray | memoryview):
        text = f"a state is a KeyState or bytes, not {type(state).__name__}; read a file with Path(…).read_bytes()"
        raise OptionError(text, "state")
    data = bytes(state)
    return _from_file(data) if data.lstrip().startswith(b"{") else KeyState.from_bytes(data)


def _from_file(data: bytes) -> KeyState:
    import base64
    import json

    try:
        content = json.loads(data)
        version, inner = content["version"], base64.b64decode(content["key_state"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyStateDamaged("neither a key state nor a state file of the command line, or damaged") from None
    if version != STATE_FILE_VERSION:
        raise KeyStateDamaged("a state file of an unknown version")
    return KeyState.from_bytes(inner)
