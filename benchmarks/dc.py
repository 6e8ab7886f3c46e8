"""The local DC in a process of its own, so that its work is not counted as a client's.

`python -m benchmarks.dc` is that process: it prints how to reach it (one line of JSON) and ends with its input. With
`--tls` it speaks TLS on every connection; each `--document=BYTES` adds a file of that size.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.peer import ROOT, PeerError

if TYPE_CHECKING:
    from tl import api

__all__ = ["running"]


@contextmanager
def running(*options: str) -> Iterator[dict[str, Any]]:
    """Start the DC; what a peer program needs to call it: `dc` (address, RSA key, logins) and `user` (whose photos).

    With the option `--tls` there is the `certificate`, too; with options `--document=BYTES` the `documents`, in order.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.dc", *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            raise PeerError("dc: the program ended")
        yield json.loads(line)


def _describe(tls: bool, sizes: Sequence[int]) -> None:
    """Run the DC, with documents of these sizes, until the end of input."""
    from mtproto.localdc import LocalDCThread, self_signed

    context, certificate = self_signed("127.0.0.1") if tls else (None, None)
    with LocalDCThread(tls=context) as dc:
        ready, key = dc.client_info(), dc.keys[0]
        richest = max(ready["users"], key=lambda user: len(user["photos"]))
        names = ("host", "port", "dc_id", "public_key_pem", "api_id", "api_hash", "bot_token")
        told = {name: ready[name] for name in names}
        numbers = {"fingerprint": key.fingerprint, "modulus": key.n, "exponent": key.e}
        user = {name: int(richest[name]) for name in ("id", "access_hash")}
        documents = [_document(dc.document_object(dc.add_document(size=size))) for size in sizes]
        found = {"dc": {**told, **numbers}, "user": user, "certificate": certificate, "documents": documents}
        print(json.dumps(found), flush=True)
        sys.stdin.read()


def _document(document: api.types.Document) -> dict[str, Any]:
    """Return what a client has to know of a document."""
    numbers = {name: getattr(document, name) for name in ("id", "access_hash", "dc_id", "size")}
    return {**numbers, "file_reference": document.file_reference.hex()}


if __name__ == "__main__":
    options = [option.partition("=") for option in sys.argv[1:]]
    _describe(
        any(name == "--tls" for name, _, _ in options),
        [int(value) for name, _, value in options if name == "--document"],
    )
