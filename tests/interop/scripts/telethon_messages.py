"""Telethon, as it is installed, writes to somebody and hears what comes. Prints one line of JSON.

Arguments: the ready file, the id of the DC to log in at, the phone number, the name of whom to write to, the texts to
write first, those to write at the end, and the last text to wait for between the two; texts of one argument are
separated by blanks. A line that begins with `ask` asks the test for a code, or says how far the script is.
Nothing of Telethon is changed but the address it connects to and the RSA key it trusts.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from telethon import TelegramClient, events
from telethon.crypto import rsa
from telethon.sessions import MemorySession


async def ask(question: str) -> str:
    return await asyncio.to_thread(input, f"ask {question}\n")  # the connection is looked after meanwhile


async def main(ready: dict[str, Any], dc_id: str, phone: str, name: str, *texts: str) -> dict[str, Any]:
    first, end, last = texts
    rsa.add_key(ready["public_key_pem"], old=False)
    home = next(each for each in ready["dcs"] if each["dc_id"] == int(dc_id))
    session = MemorySession()
    session.set_dc(home["dc_id"], home["host"], home["port"])
    client = TelegramClient(session, ready["api_id"], ready["api_hash"], connection_retries=1)
    heard: list[dict[str, Any]] = []
    is_last = asyncio.Event()

    async def note(event: events.NewMessage.Event) -> None:
        sender = await event.get_sender()
        heard.append({"text": event.raw_text, "by": sender.username})
        if event.raw_text == last:
            is_last.set()

    client.add_event_handler(note, events.NewMessage(incoming=True))
    await client.start(phone=phone, code_callback=lambda: ask("code"))
    async with client:
        for text in first.split():
            await client.send_message(name, text)
        await ask("sent")
        await is_last.wait()
        for text in end.split():
            await client.send_message(name, text)
        await ask("heard")
    return {"heard": heard}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        seen = asyncio.run(main(json.load(file), *sys.argv[2:]))
    sys.stdout.write(json.dumps(seen) + "\n")
