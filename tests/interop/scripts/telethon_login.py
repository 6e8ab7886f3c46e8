"""Telethon, as it is installed, logs in to a network of DCs by phone or QR code. Prints one line of JSON.

Arguments: the ready file, the id of the DC to begin at, the phone number or `qr`, the user whose photo to fetch.
A line that begins with `ask` asks the test for a code or a password, or shows it the QR code.
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
from telethon.errors import SessionPasswordNeededError, UnauthorizedError
from telethon.sessions import MemorySession


def ask(question: str) -> str:
    return input(f"ask {question}\n")


async def log_in_by_phone(client: TelegramClient, phone: str) -> None:
    await client.start(
        phone=phone,
        password=lambda: ask("password"),
        code_callback=lambda: asyncio.to_thread(ask, "code"),  # the connection is looked after meanwhile
    )


async def log_in_by_qr(client: TelegramClient) -> None:
    await client.connect()
    qr = await client.qr_login()
    sys.stdout.write(f"ask {qr.url}\n")
    sys.stdout.flush()  # the answer comes as an update, which `wait` is there for before it lets the loop run
    try:
        await qr.wait()
    except SessionPasswordNeededError:
        await client.sign_in(password=ask("password"))


async def main(ready: dict[str, Any], dc_id: str, phone: str, username: str) -> dict[str, Any]:
    rsa.add_key(ready["public_key_pem"], old=False)
    begun = next(each for each in ready["dcs"] if each["dc_id"] == int(dc_id))
    session = MemorySession()
    session.set_dc(begun["dc_id"], begun["host"], begun["port"])
    client = TelegramClient(session, ready["api_id"], ready["api_hash"], connection_retries=1)
    await (log_in_by_qr(client) if phone == "qr" else log_in_by_phone(client, phone))
    async with client:
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
