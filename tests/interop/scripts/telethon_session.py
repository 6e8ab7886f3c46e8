"""Telethon, as it is installed, opens a session that somebody else made, and makes one of a key. Prints a line of JSON.

Arguments: the ready file, and a session string, or the path of a session file.
Nothing of Telethon is changed but the RSA key it trusts: the address is that of the session, and nobody logs in.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.sessions import SQLiteSession, StringSession


async def main(ready: dict[str, Any], given: str) -> dict[str, Any]:
    rsa.add_key(ready["public_key_pem"], old=False)
    session = SQLiteSession(given) if given.endswith(".session") else StringSession(given)
    is_ipv6 = ":" in session.server_address  # without the option Telethon takes an address of its own
    client = TelegramClient(session, ready["api_id"], ready["api_hash"], connection_retries=1, use_ipv6=is_ipv6)
    await client.connect()
    try:
        me = await client.get_me()
        file = SQLiteSession(str(Path("telethon_made.session").absolute()))
        file.set_dc(session.dc_id, session.server_address, session.port)
        file.auth_key = session.auth_key
        file.close()
        return {"me": me.username, "string": StringSession.save(session), "file": "telethon_made.session"}
    finally:
        await client.disconnect()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as ready_file:
        seen = asyncio.run(main(json.load(ready_file), *sys.argv[2:]))
    sys.stdout.write(json.dumps(seen) + "\n")
