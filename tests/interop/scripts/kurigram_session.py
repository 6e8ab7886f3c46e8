"""Kurigram, as it is installed, opens a session that somebody else made, and makes one. Prints a line of JSON.

Arguments: the ready file, and a session string, or the path of a session file.
Nothing of Kurigram is changed but the RSA key it trusts, and the address where the session holds none.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from kurigram_client import trust
from pyrogram import Client
from pyrogram.connection import Connection
from pyrogram.storage import SQLiteStorage

BUILT_IN = "149.154.167.51"
"""The address of DC 2 that Kurigram ships, and takes for strings and for files of Pyrogram."""


async def main(ready: dict[str, Any], given: str) -> dict[str, Any]:
    trust(ready)
    is_file = given.endswith(".session")

    class ConnectionToReady(Connection):  # type: ignore[misc]  # Kurigram is not installed where types are checked
        def __init__(self, **arguments: Any) -> None:
            if arguments["server_address"] == BUILT_IN:
                arguments.update(server_address=ready["host"], port=ready["port"])
            super().__init__(**arguments)

    path = Path(given)
    client = Client(
        path.stem if is_file else "interop",
        workdir=str(path.parent) if is_file else ".",
        session_string=None if is_file else given,
        in_memory=not is_file,
        api_id=ready["api_id"],
        api_hash=ready["api_hash"],
        connection_factory=ConnectionToReady,
    )
    await client.connect()
    try:
        me = await client.get_me()
        kept = client.storage
        string = await kept.export_session_string()
        file = SQLiteStorage("kurigram_made", Path("."))
        await file.open()
        for name in ("dc_id", "api_id", "test_mode", "auth_key", "user_id", "is_bot"):
            await getattr(file, name)(await getattr(kept, name)())
        await file.server_address(ready["host"])
        await file.port(ready["port"])
        await file.save()
        await file.close()
        return {"me": me.username, "string": string, "file": "kurigram_made.session"}
    finally:
        await client.disconnect()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as ready_file:
        seen = asyncio.run(main(json.load(ready_file), *sys.argv[2:]))
    sys.stdout.write(json.dumps(seen) + "\n")
