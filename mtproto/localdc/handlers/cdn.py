"""Files of CDN DCs (core.telegram.org/cdn): what the master DCs say of them, and the one method of a CDN DC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.faults import CDN_FILE, CDN_HASH, REUPLOAD, PartAnswer
from mtproto.localdc.handlers.locations import document_file
from mtproto.localdc.handlers.parts import check_range, file_hashes, send_part
from tl import api

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.files import LocalDocument
    from mtproto.localdc.handlers.locations import FoundFile
    from tl import TLObject

__all__ = ["get_cdn_config", "get_cdn_file", "get_cdn_file_hashes", "redirect", "reupload_cdn_file"]


def redirect(file: FoundFile, call: IncomingCall) -> TLObject | None:
    """Return what sends a client to a CDN DC; None where it stays here: no such file, or no CDN DC."""
    dc, document = call.dc, file.document
    cdn = next(iter(dc.shared.cdn_dcs), None)
    if document is None or not document.on_cdn or cdn is None:
        return None
    secrets = dc.shared.cdn_files.secrets(document.id)
    answer: TLObject = api.types.upload.FileCdnRedirect(
        dc_id=cdn.dc_id,
        file_token=dc.shared.cdn_files.token(document.id),
        encryption_key=secrets.key,
        encryption_iv=secrets.iv,
        file_hashes=file_hashes(file, call.request.offset, dc, CDN_HASH),
    )
    return answer


def get_cdn_config(call: IncomingCall) -> api.types.CdnConfig:
    """Answer with the RSA keys of the CDN DCs (`help.getCdnConfig`), each in the form of PKCS#1."""
    return api.types.CdnConfig(
        public_keys=[
            api.types.CdnPublicKey(dc_id=each.dc_id, public_key=each.keys.private_key.public.to_pem())
            for each in call.dc.shared.cdn_dcs
        ]
    )


def get_cdn_file_hashes(call: IncomingCall) -> list[api.types.FileHash]:
    """Answer with hashes as `upload.getFileHashes` does; refuses with `FILE_TOKEN_INVALID`."""
    if call.request.offset < 0:
        raise Refused(400, "OFFSET_INVALID")
    document = _of_master(call)
    return file_hashes(document_file(document), call.request.offset, call.dc, CDN_HASH)


def reupload_cdn_file(call: IncomingCall) -> list[api.types.FileHash]:
    """Give the CDN DCs a file again that they lost; answers with hashes from the start of the file on.

    Refuses with `FILE_TOKEN_INVALID` and `REQUEST_TOKEN_INVALID`.
    """
    changed = call.dc.file_faults.answered(PartAnswer(REUPLOAD))
    if changed.refusal is not None:
        raise Refused(*changed.refusal)
    document = _of_master(call)
    files = call.dc.shared.cdn_files
    if not files.is_request_token(call.request.request_token, document.id):
        raise Refused(400, "REQUEST_TOKEN_INVALID")
    files.upload_again(document.id)
    return file_hashes(document_file(document), 0, call.dc, CDN_HASH)


def get_cdn_file(call: IncomingCall) -> TLObject | Awaitable[TLObject]:
    """Answer with an encrypted part of a file, at a CDN DC; or have the client see to it that the file is there.

    Refuses with `FILE_TOKEN_INVALID`, and as `upload.getFile` does for offset and limit.
    """
    request = call.request
    call.dc.shared.files_asked.note_call(call.packet)
    check_range(request.offset, request.limit, precise=False)
    document = _of_token(call)
    files = call.dc.shared.cdn_files
    if call.dc.file_faults.answered(PartAnswer(CDN_FILE)).is_lost:
        files.lose(document.id)
    if not files.has(document.id):
        needed: TLObject = api.types.upload.CdnFileReuploadNeeded(request_token=files.request_token(document.id))
        return needed
    secrets = files.secrets(document.id)
    return send_part(
        document_file(document),
        call,
        lambda data: api.types.upload.CdnFile(bytes=secrets.encrypt(data, request.offset)),
    )


def _of_token(call: IncomingCall) -> LocalDocument:
    document_id = call.dc.shared.cdn_files.read_token(call.request.file_token)
    document = None if document_id is None else call.dc.shared.documents.find(document_id)
    if document is None:
        raise Refused(400, "FILE_TOKEN_INVALID")
    return document


def _of_master(call: IncomingCall) -> LocalDocument:
    """Return the document of a file token that this DC gave out: the DC that has the file is its master."""
    document = _of_token(call)
    if document.dc_id != call.dc.dc_id:
        raise Refused(400, "FILE_TOKEN_INVALID")
    return document
