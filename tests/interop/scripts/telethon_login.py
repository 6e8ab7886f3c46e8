"""Telethon, as it is installed, logs in by phone, code and password at a network of DCs. Prints one line of JSON.

Arguments: the ready file, the id of the DC to begin at, the phone number, the user whose photo to fetch.
Nothing of Telethon is changed but the address it connects to and the RSA key it trusts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from typing import Any

from telethon import TelegramClient, functions
from telethon.crypto import rsa
from telethon.errors import UnauthorizedError
from telethon.sessions import MemorySession


async def main(ready: dict[str, Any], dc_id: str, phone: str, username: str) -> dict[str, Any]:
    rsa.add_key(ready["public_key_pem"], old=False)
    account = next(each for each in ready["accounts"] if each["phone"] == phone)
    begun = next(each for each in ready["dcs"] if each["id"] == int(dc_id))
    session = MemorySession()
    session.set_dc(begun["id"], begun["host"], begun["port"])
    client = TelegramClient(session, ready["api_id"], ready["api_hash"], connection_retries=1)
    async with await client.start(phone=phone, password=account["password"], code_callback=lambda: account["code"]):
        me = await client.get_me()
        home = client.session.dc_id
        photo = await client.download_profile_photo(username, bytes)
        listed = await client(functions.account.GetAuthorizationsRequest())
        await client(functions.auth.LogOutRequest())
        try:
            await client(functions.account.GetAuthorizationsRequest())
        except UnauthorizedError as error:
            after = type(error).__name__
    return {
        "me": me.username,
        "phone": me.phone,
        "home": home,
        "sha256": hashlib.sha256(photo).hexdigest(),
        "logins": len(listed.authorizations),
        "after": after,
    }


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        seen = asyncio.run(main(json.load(file), *sys.argv[2:]))
    sys.stdout.write(json.dumps(seen) + "\n")
