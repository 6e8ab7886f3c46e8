"""What a local DC remembers with each auth key, and the file that keeps it over restarts."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtproto.errors import LocalProtocolError
from mtproto.message.auth_key import AuthKey

__all__ = ["KeyFile", "KeyRecord"]

VERSION = 1


@dataclass(slots=True)
class KeyRecord:
    """An auth key and what belongs to it (core.telegram.org/api/invoking, core.telegram.org/api/auth).

    Attributes:
        auth_key: the key.
        layer: what the last `invokeWithLayer` said.
        inited: whether `initConnection` came.
        user_id: who is logged in.
        expires_at: for a temporary key, when it is over (Unix seconds).
        used_at: when it was last used (Unix seconds), as far as the DC noted; None where it did not.
        permanent: for a temporary key that is bound, what is remembered with the key that it stands for.

    """

    auth_key: AuthKey = field(repr=False)
    layer: int | None = None
    inited: bool = False
    user_id: int | None = None
    expires_at: float | None = None
    used_at: float | None = None
    permanent: KeyRecord | None = field(default=None, repr=False)

    @property
    def account(self) -> KeyRecord:
        """The record that logins and executed calls belong to: that of the permanent key."""
        return self.permanent or self

    @property
    def is_unbound(self) -> bool:
        """Whether it is a temporary key that stands for nothing (core.telegram.org/api/pfs)."""
        return self.expires_at is not None and self.permanent is None

    def to_dict(self) -> dict[str, Any]:
        """Return what a file keeps. It holds the key itself: whoever reads it can act as the client."""
        return {
            "auth_key": base64.b64encode(self.auth_key.data).decode(),
            "layer": self.layer,
            "inited": self.inited,
            "user_id": self.user_id,
            "used_at": self.used_at,
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> KeyRecord:
        """Read back what `to_dict` gave."""
        return cls(**{**kept, "auth_key": AuthKey(base64.b64decode(kept["auth_key"], validate=True))})


class KeyFile:
    """A file with the DC's RSA key and all auth keys, readable by its owner alone. Written whole, then renamed."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def read(self) -> tuple[str | None, list[KeyRecord]]:
        """Return the RSA private key (PEM) and the records; nothing of either when there is no file yet.

        Raises `LocalProtocolError` when the file is damaged.
        """
        if not self.path.exists():
            return None, []
        try:
            kept = json.loads(self.path.read_text(encoding="ascii"))
            if kept["version"] != VERSION:
                raise ValueError("another version")
            return kept["rsa"], [KeyRecord.from_dict(record) for record in kept["keys"]]
        except (KeyError, TypeError, ValueError, LocalProtocolError):
            # The text of these errors may quote the file, and the file holds keys.
            raise LocalProtocolError(f"{self.path}: not a state file of a local DC, version {VERSION}") from None

    def write(self, rsa: str, records: list[KeyRecord]) -> None:
        """Put everything into the file but temporary keys, which are to live in memory only."""
        lasting = [record.to_dict() for record in records if record.expires_at is None]
        kept = {"version": VERSION, "rsa": rsa, "keys": lasting}
        draft = self.path.with_name(self.path.name + ".new")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            json.dump(kept, file)
        draft.replace(self.path)
