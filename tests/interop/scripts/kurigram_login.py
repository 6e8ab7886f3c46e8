"""Kurigram, as it is installed, logs in to a network of DCs by phone or QR code. Prints one line of JSON.

Arguments: the ready file, the id of the DC to begin at, the phone number or `qr`, the user whose photo to fetch.
A line that begins with `ask` asks the test for a code or a password, or shows it the QR code.
Nothing of Kurigram is changed but the address it begins at and the RSA key it trusts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from typing import Any

from kurigram_client import trust
from pyrogram import Client, raw
from pyrogram.connection import Connection
from pyrogram.errors import PasswordHashInvalid, PhoneCodeInvalid, SessionPasswordNeeded, Unauthorized
from pyrogram.qrlogin import QRLogin

BUILT_IN = "149.154.167.51"
"""Where Kurigram begins: the address of DC 2 that it ships."""


def ask(question: str) -> Any:
    return asyncio.to_thread(input, f"ask {question}\n")


async def log_in_by_phone(client: Client, phone: str) -> None:
    sent = await client.send_code(phone)
    try:
        await client.sign_in(phone, sent.phone_code_hash, await ask("code"))
    except PhoneCodeInvalid:
        await client.sign_in(phone, sent.phone_code_hash, await ask("code"))


async def log_in_by_qr(client: Client) -> None:
    qr = QRLogin(client)
    await qr.recreate()
    sys.stdout.write(f"ask {qr.url}\n")
    sys.stdout.flush()
    await qr.wait()


async def main(ready: dict[str, Any], dc_id: str, phone: str, username: str) -> dict[str, Any]:
    trust(ready)
    begun = next(each for each in ready["dcs"] if each["dc_id"] == int(dc_id))

    class ConnectionToReady(Connection):  # type: ignore[misc]  # Kurigram is not installed where types are checked
        def __init__(self, **arguments: Any) -> None:
            if arguments["server_address"] == BUILT_IN:
                arguments.update(server_address=begun["host"], port=begun["port"])
            super().__init__(**arguments)

    client = Client(
        "interop",
        api_id=ready["api_id"],
        api_hash=ready["api_hash"],
        in_memory=True,
        connection_factory=ConnectionToReady,
    )
    await client.connect()
    try:
        await (log_in_by_qr(client) if phone == "qr" else log_in_by_phone(client, phone))
    except SessionPasswordNeeded:
        try:
            await client.check_password(await ask("password"))
        except PasswordHashInvalid:
            await client.check_password(await ask("password"))
    me = await client.get_me()
    profile = await client.get_users(username)
    photo = await client.download_media(profile.photo.big_file_id, in_memory=True)
    listed = await client.invoke(raw.functions.account.GetAuthorizations())
    await client.invoke(raw.functions.auth.LogOut())
    try:
        await client.invoke(raw.functions.account.GetAuthorizations())
    except Unauthorized as error:
        after = error.ID
    home = await client.storage.dc_id()
    await client.disconnect()
    return {
        "me": me.username,
        "phone": me.phone_number,
        "home": home,
        "sha256": hashlib.sha256(photo.getvalue()).hexdigest(),
        "logins": len(listed.authorizations),
        "after": after,
    }


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        seen = asyncio.run(main(json.load(file), *sys.argv[2:]))
    sys.stdout.write(json.dumps(seen) + "\n")
