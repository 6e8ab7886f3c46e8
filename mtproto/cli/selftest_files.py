"""The check of a self-test that needs a login: a file that comes whole."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.account import Account
from mtproto.cli.listing import download, list_photos
from mtproto.cli.selftest_stand import CheckFailed, CheckSkipped
from mtproto.cli.selftest_transcript import error_name
from mtproto.errors import LoginCancelled
from mtproto.flows import CANCEL, CodeQuestion, NameQuestion, PersonName, best_size
from mtproto.store import MemoryStore
from tl import api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.cli.selftest_stand import Stand
    from mtproto.cli.selftest_transcript import Fact
    from tl import TLFunction

__all__ = ["file"]

_PART = 64 * 1024
_PARTS = 3
_CODE = 5
_READ = 128 * 1024  # as upload.getFile demands: a divisor of 1 MiB

_SELF = api.types.InputUserSelf()


async def file(stand: Stand) -> Mapping[str, Fact]:
    """Log in; fetch the latest photo of the own profile, or, where there is none, a file that is uploaded for it.

    On Telegram's test servers, without a bot, a test number logs in: its code is known to everybody.
    """
    site = stand.site
    if not site.api_hash:
        raise CheckSkipped("a login needs an application's hash: MTPROTO_API_HASH or --api-hash")
    account = Account(
        MemoryStore(),
        api_id=site.api_id,
        api_hash=site.api_hash,
        dcs=site.dcs,
        keys=site.keys,
        timeout=stand.timeout,
        proxy=stand.proxy,
        on_event=stand.recorder.event,
    )
    async with account:
        await _log_in(stand, account)

        async def call(request: TLFunction[Any]) -> Any:
            stand.recorder.note("call", method=request.NAME)
            try:
                answer = await account(request)
            except Exception as error:
                stand.recorder.note("refusal", method=request.NAME, error=error_name(error))
                raise
            stand.recorder.note("answer", method=request.NAME)
            return answer

        listing = await list_photos(call, _SELF, limit=1)
        found = best_size(listing.photos[0]) if listing.photos else None
        if found is None:
            facts = await _upload(call)
        else:
            data = await download(call, found, owner=_SELF, advance=lambda _: None)
            if len(data) != found.size:
                raise CheckFailed(f"a photo of {found.size} bytes came as {len(data)} bytes")
            facts = {"bytes": len(data), "uploaded": False}
        await account.log_out()
    return facts


async def _log_in(stand: Stand, account: Account) -> None:
    site = stand.site
    if site.bot_token is not None:
        await account.login(bot_token=site.bot_token)
        return
    if not site.test:
        raise CheckSkipped("nobody is logged in: no bot's token is given")
    phone = f"99966{site.home}{secrets.randbelow(10_000):04}"
    try:
        await account.login(phone=phone, ask=partial(_answer, str(site.home)))
    except LoginCancelled as error:
        raise CheckSkipped("the test number that was drawn has a password, or wants an e-mail address") from error


def _answer(digit: str, question: object) -> object:
    """Answer for a test number: its code is one digit (core.telegram.org/api/auth#test-accounts), again and again."""
    if isinstance(question, CodeQuestion) and not question.problem:
        return digit * (question.length or _CODE)
    return PersonName("Self", "Test") if isinstance(question, NameQuestion) else CANCEL


async def _upload(call: Any) -> Mapping[str, Fact]:
    """Upload a file, and fetch it again. No chat sees the file, and the server forgets it in time."""
    parts = [secrets.token_bytes(_PART) for _ in range(_PARTS)]
    file_id = secrets.randbits(63)
    for number, part in enumerate(parts):
        saved = await call(api.functions.upload.SaveFilePart(file_id=file_id, file_part=number, bytes=part))
        if saved is not True:
            raise CheckFailed("a part of an upload was not saved")
    given = api.types.InputFile(id=file_id, parts=len(parts), name="selftest.bin", md5_checksum="")
    media = api.types.InputMediaUploadedDocument(
        file=given, mime_type="application/octet-stream", attributes=[], force_file=True
    )
    told = await call(api.functions.messages.UploadMedia(peer=api.types.InputPeerSelf(), media=media))
    document = getattr(told, "document", None)
    if not isinstance(document, api.types.Document):
        raise CheckFailed("an uploaded file did not become a document")
    whole = b"".join(parts)
    data = bytearray()
    while len(data) < len(whole):
        location = api.types.InputDocumentFileLocation(
            id=document.id, access_hash=document.access_hash, file_reference=document.file_reference, thumb_size=""
        )
        piece = await call(api.functions.upload.GetFile(location=location, offset=len(data), limit=_READ))
        if not getattr(piece, "bytes", b""):
            break
        data += piece.bytes
    if bytes(data) != whole:
        raise CheckFailed(f"an uploaded file of {len(whole)} bytes came back as {len(data)} bytes, or as others")
    return {"bytes": len(data), "uploaded": True}
