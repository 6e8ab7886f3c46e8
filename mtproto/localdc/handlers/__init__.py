"""The methods that a local DC answers, by TL name; one module for each namespace of the API.

A handler takes a `IncomingCall` and returns an answer, or raises `Refused`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.handlers import (
    auth,
    auth_phone,
    auth_qr,
    auth_transfer,
    authorizations,
    cdn,
    channels,
    chats,
    contacts,
    dialogs,
    login_email,
    media,
    messages,
    passwords,
    photos,
    profile_photos,
    temp_keys,
    updates,
    upload,
    upload_parts,
    users,
)
from mtproto.localdc.handlers.help import accept_terms, get_config, get_nearest_dc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.localdc.calls import Handler

__all__ = ["CDN_HANDLERS", "HANDLERS", "REPLACED"]

HANDLERS: Mapping[str, Handler] = {
    "account.cancelPasswordEmail": passwords.cancel_password_email,
    "account.confirmPasswordEmail": passwords.confirm_password_email,
    "account.getAuthorizations": authorizations.get_authorizations,
    "account.getPassword": passwords.get_password,
    "account.getPasswordSettings": passwords.get_password_settings,
    "account.resendPasswordEmail": passwords.resend_password_email,
    "account.resetAuthorization": authorizations.reset_authorization,
    "account.sendVerifyEmailCode": login_email.send_verify_email_code,
    "account.updatePasswordSettings": passwords.update_password_settings,
    "account.verifyEmail": login_email.verify_email,
    "auth.acceptLoginToken": auth_qr.accept_login_token,
    "auth.bindTempAuthKey": temp_keys.bind_temp_auth_key,
    "auth.cancelCode": auth_phone.cancel_code,
    "auth.checkPassword": passwords.check_password,
    "auth.checkRecoveryPassword": passwords.check_recovery_password,
    "auth.dropTempAuthKeys": temp_keys.drop_temp_auth_keys,
    "auth.exportAuthorization": auth_transfer.export_authorization,
    "auth.exportLoginToken": auth_qr.export_login_token,
    "auth.importAuthorization": auth_transfer.import_authorization,
    "auth.importBotAuthorization": auth.import_bot_authorization,
    "auth.importLoginToken": auth_qr.import_login_token,
    "auth.logOut": auth.log_out,
    "auth.recoverPassword": passwords.recover_password,
    "auth.requestPasswordRecovery": passwords.request_password_recovery,
    "auth.resendCode": auth_phone.resend_code,
    "auth.resetAuthorizations": authorizations.reset_authorizations,
    "auth.resetLoginEmail": auth_phone.reset_login_email,
    "auth.sendCode": auth_phone.send_code,
    "auth.signIn": auth_phone.sign_in,
    "auth.signUp": auth_phone.sign_up,
    "channels.getChannels": channels.get_channels,
    "channels.getFullChannel": channels.get_full_channel,
    "channels.getMessages": channels.get_messages,
    "channels.readHistory": channels.read_history,
    "contacts.addContact": contacts.add_contact,
    "contacts.deleteContacts": contacts.delete_contacts,
    "contacts.getContacts": contacts.get_contacts,
    "contacts.importContacts": contacts.import_contacts,
    "contacts.resolvePhone": users.resolve_phone,
    "contacts.resolveUsername": users.resolve_username,
    "help.acceptTermsOfService": accept_terms,
    "help.getCdnConfig": cdn.get_cdn_config,
    "help.getConfig": get_config,
    "help.getNearestDc": get_nearest_dc,
    "messages.getChats": chats.get_chats,
    "messages.getDialogs": dialogs.get_dialogs,
    "messages.getFullChat": chats.get_full_chat,
    "messages.getHistory": messages.get_history,
    "messages.getMessages": messages.get_messages,
    "messages.readHistory": messages.read_messages,
    "messages.sendMedia": media.send_media,
    "messages.sendMessage": messages.send_message,
    "messages.uploadMedia": media.upload_media,
    "photos.deletePhotos": profile_photos.delete_photos,
    "photos.getUserPhotos": photos.get_written_user_photos,
    "photos.updateProfilePhoto": profile_photos.update_profile_photo,
    "photos.uploadProfilePhoto": profile_photos.upload_profile_photo,
    "updates.getChannelDifference": channels.get_channel_difference,
    "updates.getDifference": updates.get_difference,
    "updates.getState": updates.get_state,
    "upload.getCdnFileHashes": cdn.get_cdn_file_hashes,
    "upload.getFile": upload.get_file,
    "upload.getFileHashes": upload.get_file_hashes,
    "upload.reuploadCdnFile": cdn.reupload_cdn_file,
    "upload.saveBigFilePart": upload_parts.save_big_file_part,
    "upload.saveFilePart": upload_parts.save_file_part,
    "users.getFullUser": users.get_full_user,
    "users.getUsers": users.get_users,
}

CDN_HANDLERS: Mapping[str, Handler] = {"upload.getCdnFile": cdn.get_cdn_file}
"""What a CDN DC answers."""

REPLACED: Mapping[str, Handler] = {**HANDLERS, "photos.getUserPhotos": photos.get_user_photos}
"""The same for handlers that call what they replace: all of these give objects, none bytes."""
