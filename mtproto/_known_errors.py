"""The errors of calls that are known by name: their codes, and what some of them mean (core.telegram.org/api/errors).

`mtproto.errors` makes a class of each name when somebody first asks for the class, and loads this module then.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CLASSES", "CODES", "class_name", "description", "meaning"]

_NAMES = {
    303: "FILE_MIGRATE_X NETWORK_MIGRATE_X PHONE_MIGRATE_X STATS_MIGRATE_X USER_MIGRATE_X",
    400: """
        ABOUT_TOO_LONG ACCESS_TOKEN_EXPIRED ACCESS_TOKEN_INVALID ADMINS_TOO_MUCH ADMIN_ID_INVALID
        ADMIN_RANK_EMOJI_NOT_ALLOWED ADMIN_RANK_INVALID ALBUM_PHOTOS_TOO_MANY API_ID_INVALID API_ID_PUBLISHED_FLOOD
        ARTICLE_TITLE_EMPTY AUDIO_CONTENT_URL_EMPTY AUDIO_TITLE_EMPTY AUTH_BYTES_INVALID AUTH_TOKEN_ALREADY_ACCEPTED
        AUTH_TOKEN_EXCEPTION AUTH_TOKEN_EXPIRED AUTH_TOKEN_INVALID AUTH_TOKEN_INVALID2 AUTH_TOKEN_INVALIDX
        AUTOARCHIVE_NOT_AVAILABLE BANK_CARD_NUMBER_INVALID BANNED_RIGHTS_INVALID BASE_PORT_LOC_INVALID BOTS_TOO_MUCH
        BOT_APP_INVALID BOT_CHANNELS_NA BOT_COMMAND_DESCRIPTION_INVALID BOT_COMMAND_INVALID BOT_DOMAIN_INVALID
        BOT_GAMES_DISABLED BOT_GROUPS_BLOCKED BOT_INLINE_DISABLED BOT_INVALID BOT_METHOD_INVALID BOT_MISSING
        BOT_ONESIDE_NOT_AVAIL BOT_PAYMENTS_DISABLED BOT_POLLS_DISABLED BOT_RESPONSE_TIMEOUT BOT_SCORE_NOT_MODIFIED
        BROADCAST_CALLS_DISABLED BROADCAST_ID_INVALID BROADCAST_PUBLIC_VOTERS_FORBIDDEN BROADCAST_REQUIRED
        BUTTON_DATA_INVALID BUTTON_TEXT_INVALID BUTTON_TYPE_INVALID BUTTON_URL_INVALID BUTTON_USER_PRIVACY_RESTRICTED
        CALL_ALREADY_ACCEPTED CALL_ALREADY_DECLINED CALL_OCCUPY_FAILED CALL_PEER_INVALID CALL_PROTOCOL_FLAGS_INVALID
        CDN_METHOD_INVALID CHANNELS_ADMIN_LOCATED_TOO_MUCH CHANNELS_ADMIN_PUBLIC_TOO_MUCH CHANNELS_TOO_MUCH
        CHANNEL_BANNED CHANNEL_FORUM_MISSING CHANNEL_ID_INVALID CHANNEL_INVALID CHANNEL_PARICIPANT_MISSING
        CHANNEL_PRIVATE CHANNEL_TOO_BIG CHANNEL_TOO_LARGE CHAT_ABOUT_NOT_MODIFIED CHAT_ABOUT_TOO_LONG
        CHAT_ADMIN_REQUIRED CHAT_DISCUSSION_UNALLOWED CHAT_FORWARDS_RESTRICTED CHAT_ID_EMPTY CHAT_ID_INVALID
        CHAT_INVALID CHAT_INVITE_PERMANENT CHAT_LINK_EXISTS CHAT_NOT_MODIFIED CHAT_PUBLIC_REQUIRED CHAT_RESTRICTED
        CHAT_REVOKE_DATE_UNSUPPORTED CHAT_SEND_INLINE_FORBIDDEN CHAT_TITLE_EMPTY CHAT_TOO_BIG CODE_EMPTY
        CODE_HASH_INVALID CODE_INVALID CONNECTION_API_ID_INVALID CONNECTION_APP_VERSION_EMPTY
        CONNECTION_DEVICE_MODEL_EMPTY CONNECTION_LANG_PACK_INVALID CONNECTION_LAYER_INVALID CONNECTION_NOT_INITED
        CONNECTION_SYSTEM_EMPTY CONNECTION_SYSTEM_LANG_CODE_EMPTY CONTACT_ADD_MISSING CONTACT_ID_INVALID
        CONTACT_NAME_EMPTY CONTACT_REQ_MISSING CREATE_CALL_FAILED CURRENCY_TOTAL_AMOUNT_INVALID DATA_INVALID
        DATA_JSON_INVALID DATA_TOO_LONG DATE_EMPTY DC_ID_INVALID DH_G_A_INVALID DOCUMENT_INVALID EMAIL_HASH_EXPIRED
        EMAIL_INVALID EMAIL_NOT_SETUP EMAIL_UNCONFIRMED EMAIL_UNCONFIRMED_X EMAIL_VERIFY_EXPIRED EMOJI_INVALID
        EMOJI_MARKUP_INVALID EMOJI_NOT_MODIFIED EMOTICON_EMPTY EMOTICON_INVALID EMOTICON_STICKERPACK_MISSING
        ENCRYPTED_MESSAGE_INVALID ENCRYPTION_ALREADY_ACCEPTED ENCRYPTION_ALREADY_DECLINED ENCRYPTION_DECLINED
        ENCRYPTION_ID_INVALID ENTITIES_TOO_LONG ENTITY_BOUNDS_INVALID ENTITY_MENTION_USER_INVALID ERROR_TEXT_EMPTY
        EXPIRES_AT_INVALID EXPIRE_DATE_INVALID EXPIRE_FORBIDDEN EXPORT_CARD_INVALID EXTERNAL_URL_INVALID
        FIELD_NAME_EMPTY FIELD_NAME_INVALID FILE_CONTENT_TYPE_INVALID FILE_EMTPY FILE_ID_INVALID FILE_PARTS_INVALID
        FILE_PART_EMPTY FILE_PART_INVALID FILE_PART_LENGTH_INVALID FILE_PART_SIZE_CHANGED FILE_PART_SIZE_INVALID
        FILE_PART_TOO_BIG FILE_PART_X_MISSING FILE_REFERENCE_EMPTY FILE_REFERENCE_EXPIRED FILE_REFERENCE_INVALID
        FILE_REFERENCE_X_EXPIRED FILE_REFERENCE_X_INVALID FILE_TITLE_EMPTY FILE_TOKEN_INVALID FILTER_ID_INVALID
        FILTER_INCLUDE_EMPTY FILTER_NOT_SUPPORTED FILTER_TITLE_EMPTY FIRSTNAME_INVALID FOLDER_ID_EMPTY FOLDER_ID_INVALID
        FRESH_CHANGE_ADMINS_FORBIDDEN FROM_MESSAGE_BOT_DISABLED FROM_PEER_INVALID GAME_BOT_INVALID GEO_POINT_INVALID
        GIF_CONTENT_TYPE_INVALID GIF_ID_INVALID GRAPH_EXPIRED_RELOAD GRAPH_INVALID_RELOAD GRAPH_OUTDATED_RELOAD
        GROUPCALL_ALREADY_DISCARDED GROUPCALL_FORBIDDEN GROUPCALL_INVALID GROUPCALL_JOIN_MISSING GROUPCALL_NOT_MODIFIED
        GROUPCALL_SSRC_DUPLICATE_MUCH GROUPED_MEDIA_INVALID GROUP_CALL_INVALID HASH_INVALID HIDE_REQUESTER_MISSING
        IMAGE_PROCESS_FAILED IMPORT_FILE_INVALID IMPORT_FORMAT_UNRECOGNIZED IMPORT_ID_INVALID IMPORT_TOKEN_INVALID
        INLINE_RESULT_EXPIRED INPUT_CONSTRUCTOR_INVALID INPUT_CONSTRUCTOR_INVALID_X_X INPUT_FETCH_ERROR INPUT_FETCH_FAIL
        INPUT_FILTER_INVALID INPUT_LAYER_INVALID INPUT_METHOD_INVALID INPUT_METHOD_INVALID_X_X INPUT_REQUEST_TOO_LONG
        INPUT_TEXT_EMPTY INPUT_USER_DEACTIVATED INVITES_TOO_MUCH INVITE_FORBIDDEN_WITH_JOINAS INVITE_HASH_EMPTY
        INVITE_HASH_EXPIRED INVITE_HASH_INVALID INVITE_REQUEST_SENT INVITE_REVOKED_MISSING INVITE_SLUG_EMPTY
        INVOICE_PAYLOAD_INVALID JOIN_AS_PEER_INVALID LANG_CODE_INVALID LANG_CODE_NOT_SUPPORTED LANG_PACK_INVALID
        LASTNAME_INVALID LIMIT_INVALID LINK_NOT_MODIFIED LOCATION_INVALID MAX_DATE_INVALID MAX_ID_INVALID
        MAX_QTS_INVALID MD5_CHECKSUM_INVALID MEDIA_CAPTION_TOO_LONG MEDIA_EMPTY MEDIA_GROUPED_INVALID MEDIA_INVALID
        MEDIA_NEW_INVALID MEDIA_PREV_INVALID MEDIA_TTL_INVALID MEGAGROUP_ID_INVALID MEGAGROUP_PREHISTORY_HIDDEN
        MEGAGROUP_REQUIRED MESSAGE_EDIT_TIME_EXPIRED MESSAGE_EMPTY MESSAGE_IDS_EMPTY MESSAGE_ID_INVALID
        MESSAGE_NOT_MODIFIED MESSAGE_POLL_CLOSED MESSAGE_TOO_LONG METHOD_INVALID MIN_DATE_INVALID MSG_ID_INVALID
        MSG_TOO_OLD MSG_WAIT_FAILED MSG_WAIT_TIMEOUT MULTI_MEDIA_TOO_LONG NEW_SALT_INVALID NEW_SETTINGS_EMPTY
        NEW_SETTINGS_INVALID NEXT_OFFSET_INVALID OFFSET_INVALID OFFSET_PEER_ID_INVALID OPTIONS_TOO_MUCH OPTION_INVALID
        ORDER_INVALID PACK_SHORT_NAME_INVALID PACK_SHORT_NAME_OCCUPIED PACK_TITLE_INVALID PARTICIPANTS_TOO_FEW
        PARTICIPANT_ID_INVALID PARTICIPANT_JOIN_MISSING PARTICIPANT_VERSION_OUTDATED PASSWORD_EMPTY
        PASSWORD_HASH_INVALID PASSWORD_MISSING PASSWORD_RECOVERY_EXPIRED PASSWORD_RECOVERY_NA PASSWORD_REQUIRED
        PASSWORD_TOO_FRESH_X PAYMENT_PROVIDER_INVALID PEERS_LIST_EMPTY PEER_FLOOD PEER_HISTORY_EMPTY PEER_ID_INVALID
        PEER_ID_NOT_SUPPORTED PERSISTENT_TIMESTAMP_EMPTY PERSISTENT_TIMESTAMP_INVALID PHONE_CODE_EMPTY
        PHONE_CODE_EXPIRED PHONE_CODE_HASH_EMPTY PHONE_CODE_INVALID PHONE_HASH_EXPIRED PHONE_NOT_OCCUPIED
        PHONE_NUMBER_APP_SIGNUP_FORBIDDEN PHONE_NUMBER_BANNED PHONE_NUMBER_FLOOD PHONE_NUMBER_INVALID
        PHONE_NUMBER_OCCUPIED PHONE_NUMBER_UNOCCUPIED PHONE_PASSWORD_PROTECTED PHOTO_CONTENT_TYPE_INVALID
        PHOTO_CONTENT_URL_EMPTY PHOTO_CROP_FILE_MISSING PHOTO_CROP_SIZE_SMALL PHOTO_EXT_INVALID PHOTO_FILE_MISSING
        PHOTO_ID_INVALID PHOTO_INVALID PHOTO_INVALID_DIMENSIONS PHOTO_SAVE_FILE_INVALID PHOTO_THUMB_URL_EMPTY
        PINNED_DIALOGS_TOO_MUCH PIN_RESTRICTED POLL_ANSWERS_INVALID POLL_ANSWER_INVALID POLL_OPTION_DUPLICATE
        POLL_OPTION_INVALID POLL_QUESTION_INVALID POLL_UNSUPPORTED PRIVACY_KEY_INVALID PRIVACY_TOO_LONG
        PRIVACY_VALUE_INVALID PUBLIC_KEY_REQUIRED QUERY_ID_EMPTY QUERY_ID_INVALID QUERY_TOO_SHORT QUIZ_ANSWER_MISSING
        QUIZ_CORRECT_ANSWERS_EMPTY QUIZ_CORRECT_ANSWERS_TOO_MUCH QUIZ_CORRECT_ANSWER_INVALID QUIZ_MULTIPLE_INVALID
        RANDOM_ID_EMPTY RANDOM_ID_INVALID RANDOM_LENGTH_INVALID RANGES_INVALID REACTIONS_TOO_MANY REACTION_EMPTY
        REACTION_INVALID REFLECTOR_NOT_AVAILABLE REPLY_MARKUP_BUY_EMPTY REPLY_MARKUP_GAME_EMPTY REPLY_MARKUP_INVALID
        REPLY_MARKUP_TOO_LONG RESET_REQUEST_MISSING RESULTS_TOO_MUCH RESULT_ID_DUPLICATE RESULT_ID_EMPTY
        RESULT_ID_INVALID RESULT_TYPE_INVALID REVOTE_NOT_ALLOWED RIGHTS_NOT_MODIFIED RSA_DECRYPT_FAILED
        SCHEDULE_BOT_NOT_ALLOWED SCHEDULE_DATE_INVALID SCHEDULE_DATE_TOO_LATE SCHEDULE_STATUS_PRIVATE SCHEDULE_TOO_MUCH
        SCORE_INVALID SEARCH_QUERY_EMPTY SEARCH_WITH_LINK_NOT_SUPPORTED SECONDS_INVALID SEND_AS_PEER_INVALID
        SEND_MESSAGE_MEDIA_INVALID SEND_MESSAGE_TYPE_INVALID SESSION_TOO_FRESH_X SETTINGS_INVALID SHA256_HASH_INVALID
        SHORTNAME_OCCUPY_FAILED SHORT_NAME_INVALID SHORT_NAME_OCCUPIED SLOWMODE_MULTI_MSGS_DISABLED
        SMS_CODE_CREATE_FAILED SRP_ID_INVALID SRP_PASSWORD_CHANGED START_PARAM_EMPTY START_PARAM_INVALID
        START_PARAM_TOO_LONG STICKERPACK_STICKERS_TOO_MUCH STICKERSET_INVALID STICKERS_EMPTY STICKERS_TOO_MUCH
        STICKER_DOCUMENT_INVALID STICKER_EMOJI_INVALID STICKER_FILE_INVALID STICKER_GIF_DIMENSIONS STICKER_ID_INVALID
        STICKER_INVALID STICKER_MIME_INVALID STICKER_PNG_DIMENSIONS STICKER_PNG_NOPNG STICKER_TGS_NODOC
        STICKER_TGS_NOTGS STICKER_THUMB_PNG_NOPNG STICKER_THUMB_TGS_NOTGS STICKER_VIDEO_BIG STICKER_VIDEO_NODOC
        STICKER_VIDEO_NOWEBM SWITCH_PM_TEXT_EMPTY TAKEOUT_INVALID TAKEOUT_REQUIRED TASK_ALREADY_EXISTS
        TEMP_AUTH_KEY_ALREADY_BOUND TEMP_AUTH_KEY_EMPTY THEME_FILE_INVALID THEME_FORMAT_INVALID THEME_INVALID
        THEME_MIME_INVALID THEME_TITLE_INVALID TITLE_INVALID TMP_PASSWORD_DISABLED TMP_PASSWORD_INVALID TOKEN_EMPTY
        TOKEN_INVALID TOKEN_TYPE_INVALID TOPIC_CLOSED TOPIC_DELETED TOPIC_ID_INVALID TOPIC_NOT_MODIFIED TO_LANG_INVALID
        TRANSCRIPTION_FAILED TTL_DAYS_INVALID TTL_MEDIA_INVALID TTL_PERIOD_INVALID TYPES_EMPTY TYPE_CONSTRUCTOR_INVALID
        UNKNOWN_ERROR UNTIL_DATE_INVALID URL_INVALID USAGE_LIMIT_INVALID USERNAMES_ACTIVE_TOO_MUCH USERNAME_INVALID
        USERNAME_NOT_MODIFIED USERNAME_NOT_OCCUPIED USERNAME_OCCUPIED USERNAME_PURCHASE_AVAILABLE
        USERPIC_UPLOAD_REQUIRED USERS_TOO_FEW USERS_TOO_MUCH USER_ADMIN_INVALID USER_ALREADY_INVITED
        USER_ALREADY_PARTICIPANT USER_BANNED_IN_CHANNEL USER_BLOCKED USER_BOT USER_BOT_INVALID USER_BOT_REQUIRED
        USER_CHANNELS_TOO_MUCH USER_CREATOR USER_ID_INVALID USER_INVALID USER_IS_BLOCKED USER_IS_BOT USER_KICKED
        USER_NOT_MUTUAL_CONTACT USER_NOT_PARTICIPANT USER_VOLUME_INVALID VIDEO_CONTENT_TYPE_INVALID VIDEO_FILE_INVALID
        VIDEO_TITLE_EMPTY VOICE_MESSAGES_FORBIDDEN WALLPAPER_FILE_INVALID WALLPAPER_INVALID WALLPAPER_MIME_INVALID
        WC_CONVERT_URL_INVALID WEBDOCUMENT_INVALID WEBDOCUMENT_MIME_INVALID WEBDOCUMENT_SIZE_TOO_BIG
        WEBDOCUMENT_URL_INVALID WEBPAGE_CURL_FAILED WEBPAGE_MEDIA_EMPTY WEBPUSH_AUTH_INVALID WEBPUSH_KEY_INVALID
        WEBPUSH_TOKEN_INVALID YOU_BLOCKED_USER
    """,
    401: """
        ACTIVE_USER_REQUIRED AUTH_KEY_INVALID AUTH_KEY_PERM_EMPTY AUTH_KEY_UNREGISTERED SESSION_EXPIRED
        SESSION_PASSWORD_NEEDED SESSION_REVOKED USER_DEACTIVATED USER_DEACTIVATED_BAN
    """,
    403: """
        BROADCAST_FORBIDDEN CHANNEL_PUBLIC_GROUP_NA CHAT_ADMIN_INVITE_REQUIRED CHAT_FORBIDDEN CHAT_GUEST_SEND_FORBIDDEN
        CHAT_SEND_AUDIOS_FORBIDDEN CHAT_SEND_DOCS_FORBIDDEN CHAT_SEND_GAME_FORBIDDEN CHAT_SEND_GIFS_FORBIDDEN
        CHAT_SEND_MEDIA_FORBIDDEN CHAT_SEND_PHOTOS_FORBIDDEN CHAT_SEND_PLAIN_FORBIDDEN CHAT_SEND_POLL_FORBIDDEN
        CHAT_SEND_STICKERS_FORBIDDEN CHAT_SEND_VIDEOS_FORBIDDEN CHAT_SEND_VOICES_FORBIDDEN CHAT_WRITE_FORBIDDEN
        EDIT_BOT_INVITE_FORBIDDEN GROUPCALL_ALREADY_STARTED INLINE_BOT_REQUIRED MESSAGE_AUTHOR_REQUIRED
        MESSAGE_DELETE_FORBIDDEN NOT_ALLOWED POLL_VOTE_REQUIRED PREMIUM_ACCOUNT_REQUIRED PUBLIC_CHANNEL_MISSING
        RIGHT_FORBIDDEN SENSITIVE_CHANGE_FORBIDDEN USER_DELETED USER_PRIVACY_RESTRICTED USER_RESTRICTED
    """,
    406: """
        AUTH_KEY_DUPLICATED FILEREF_UPGRADE_NEEDED FRESH_CHANGE_PHONE_FORBIDDEN FRESH_RESET_AUTHORISATION_FORBIDDEN
        PAYMENT_UNSUPPORTED PHONE_PASSWORD_FLOOD PREMIUM_CURRENTLY_UNAVAILABLE PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_XMIN
        SEND_CODE_UNAVAILABLE STICKERSET_OWNER_ANONYMOUS UPDATE_APP_TO_LOGIN USERPIC_PRIVACY_REQUIRED
    """,
    420: """
        2FA_CONFIRM_WAIT_X FLOOD_PREMIUM_WAIT_X FLOOD_TEST_PHONE_WAIT_X FLOOD_WAIT_X FROZEN_METHOD_INVALID
        PREMIUM_SUB_ACTIVE_UNTIL_X SLOWMODE_WAIT_X STORY_SEND_FLOOD_MONTHLY_X STORY_SEND_FLOOD_WEEKLY_X
        TAKEOUT_INIT_DELAY_X
    """,
    500: """
        AUTH_RESTART AUTH_RESTART_X CDN_UPLOAD_TIMEOUT CHAT_GET_FAILED CHAT_ID_GENERATE_FAILED CHP_CALL_FAIL
        ENCRYPTION_OCCUPY_FAILED GROUPCALL_ADD_PARTICIPANTS_FAILED HISTORY_GET_FAILED INTERDC_X_CALL_ERROR
        INTERDC_X_CALL_RICH_ERROR MEMBER_NO_LOCATION MEMBER_OCCUPY_PRIMARY_LOC_FAILED MSGID_DECREASE_RETRY
        MT_SEND_QUEUE_TOO_LONG NEED_CHAT_INVALID NEED_MEMBER_INVALID PARTICIPANT_CALL_FAILED
        PERSISTENT_TIMESTAMP_OUTDATED POSTPONED_TIMEOUT PTS_CHANGE_EMPTY RANDOM_ID_DUPLICATE REG_ID_GENERATE_FAILED
        RPC_CALL_FAIL RPC_MCGET_FAIL SIGN_IN_FAILED STORAGE_CHECK_FAILED STORE_INVALID_SCALAR_TYPE UNKNOWN_METHOD
        WORKER_BUSY_TOO_LONG_RETRY
    """,
    -503: "Timedout Timeout",
}
"""The names by their code: those of Telegram's list of errors, and some that servers send besides. X is a number."""

_MEANINGS = {
    "FILE_MIGRATE_X": "the file is on data centre {X}: repeat the call there",
    "NETWORK_MIGRATE_X": "data centre {X} is in charge: log in there",
    "PHONE_MIGRATE_X": "the account of this phone number is on data centre {X}: log in there",
    "STATS_MIGRATE_X": "the statistics are on data centre {X}: repeat the call there",
    "USER_MIGRATE_X": "the account is on data centre {X}: log in there",
    "ACCESS_TOKEN_EXPIRED": "the bot's token was revoked: get the new one from @BotFather",
    "ACCESS_TOKEN_INVALID": "no bot has this token: compare the token with the one of @BotFather",
    "API_ID_INVALID": "api_id and api_hash do not belong together: compare them with my.telegram.org",
    "API_ID_PUBLISHED_FLOOD": "too many programs use this api_id: get one of your own at my.telegram.org",
    "AUTH_BYTES_INVALID": "the exported authorization is not valid, or was used before: export the authorization again",
    "AUTH_TOKEN_ALREADY_ACCEPTED": "the login token was accepted before: show a new one",
    "AUTH_TOKEN_EXPIRED": "the login token is too old: show a new one",
    "AUTH_TOKEN_INVALID": "the login token is not valid: show a new one",
    "AUTH_TOKEN_INVALIDX": "the login token is not valid: show a new one",
    "BOT_METHOD_INVALID": "bots may not call this method: log in as a user",
    "CDN_METHOD_INVALID": "a CDN data centre does not know this method: call a data centre of the account",
    "CHANNEL_INVALID": "there is no such channel, or the access hash is another account's",
    "CHANNEL_PRIVATE": "the channel is private, or the account was banned from it",
    "CHAT_ADMIN_REQUIRED": "only administrators of the chat may do this",
    "CODE_INVALID": "the code is wrong",
    "CONNECTION_API_ID_INVALID": "initConnection has an api_id that does not exist: compare it with my.telegram.org",
    "CONNECTION_LAYER_INVALID": "the server does not speak this layer",
    "CONNECTION_NOT_INITED": "the first call of a connection has to be wrapped in invokeWithLayer(initConnection(...))",
    "DC_ID_INVALID": "there is no data centre of this number",
    "EMAIL_INVALID": "this is no e-mail address",
    "EMAIL_NOT_SETUP": "a login e-mail address has to be set up first",
    "EMAIL_UNCONFIRMED": "the e-mail address waits to be confirmed by the code that was sent there",
    "EMAIL_UNCONFIRMED_X": "the e-mail address waits to be confirmed by the code of {X} characters that was sent there",
    "EMAIL_VERIFY_EXPIRED": "the code from the e-mail is too old: have a new one sent",
    "ENCRYPTED_MESSAGE_INVALID": "the server cannot read the binding of the temporary key",
    "FILE_ID_INVALID": "there is no such file",
    "FILE_PARTS_INVALID": "the number of parts is wrong",
    "FILE_PART_X_MISSING": "part {X} of the file was not uploaded: upload the part, and repeat the call",
    "FILE_REFERENCE_EMPTY": "the location needs the file reference that came with the file",
    "FILE_REFERENCE_EXPIRED": "the file reference is too old: fetch the object with the file again",
    "FILE_REFERENCE_INVALID": "the file reference does not belong to this file: fetch the object with the file again",
    "FILE_REFERENCE_X_EXPIRED": "the reference of file {X} is too old: fetch the object with the file again",
    "FILE_REFERENCE_X_INVALID": "the reference of file {X} does not belong to it: fetch the object with the file again",
    "FIRSTNAME_INVALID": "the first name is empty or too long",
    "INPUT_CONSTRUCTOR_INVALID": "the server does not know a constructor of the call in this layer",
    "INPUT_CONSTRUCTOR_INVALID_X_X": "the server does not know the constructor {X} in this layer",
    "INPUT_FETCH_ERROR": "the server cannot read the call in this layer",
    "INPUT_METHOD_INVALID": "the server does not know the method in this layer",
    "INPUT_METHOD_INVALID_X_X": "the server does not know the method {X} in this layer",
    "INPUT_REQUEST_TOO_LONG": "the call is too long",
    "LIMIT_INVALID": "the method does not accept this limit",
    "LOCATION_INVALID": "this is no location of a file",
    "MESSAGE_NOT_MODIFIED": "the message is the same already",
    "MSG_ID_INVALID": "there is no such message",
    "MSG_WAIT_FAILED": "a call that this one had to wait for failed: this one was not executed",
    "MSG_WAIT_TIMEOUT": "a call that this one had to wait for took too long: this one was not executed",
    "NEW_SALT_INVALID": "the new password's salt has to begin with that of account.getPassword, and go on",
    "OFFSET_INVALID": "the method does not accept this offset",
    "PASSWORD_EMPTY": "the password is empty",
    "PASSWORD_HASH_INVALID": "the two-step password is wrong",
    "PASSWORD_MISSING": "the account has to have a two-step password first",
    "PASSWORD_RECOVERY_EXPIRED": "the code from the recovery e-mail is too old: have a new one sent",
    "PASSWORD_RECOVERY_NA": "the account has no recovery e-mail address",
    "PASSWORD_REQUIRED": "the account has to have a two-step password first",
    "PASSWORD_TOO_FRESH_X": "the two-step password was changed too recently: repeat the call after {X} seconds",
    "PEER_FLOOD": "the account wrote to too many strangers: @SpamBot tells for how long it is limited",
    "PEER_ID_INVALID": "there is no such chat or user, or the access hash is another account's",
    "PHONE_CODE_EMPTY": "the code is missing",
    "PHONE_CODE_EXPIRED": "the code is too old, or was given away: have a new one sent",
    "PHONE_CODE_HASH_EMPTY": "phone_code_hash is missing: it comes with auth.sentCode",
    "PHONE_CODE_INVALID": "the code is wrong",
    "PHONE_NOT_OCCUPIED": "no account has this phone number",
    "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN": "this program may not sign up accounts: use an official app for that",
    "PHONE_NUMBER_BANNED": "the phone number is banned from Telegram",
    "PHONE_NUMBER_FLOOD": "too many codes were asked for: try again later",
    "PHONE_NUMBER_INVALID": "this is no phone number: write it with the country's code",
    "PHONE_NUMBER_OCCUPIED": "the phone number has an account: sign in instead of signing up",
    "PHONE_NUMBER_UNOCCUPIED": "the phone number has no account: sign up first",
    "QUERY_TOO_SHORT": "the query is too short",
    "SESSION_TOO_FRESH_X": "the login is too recent: repeat the call after {X} seconds",
    "SRP_ID_INVALID": "srp_id is too old, or was used before: call account.getPassword again",
    "SRP_PASSWORD_CHANGED": "the password was changed meanwhile: call account.getPassword again",
    "TAKEOUT_REQUIRED": "the call has to be wrapped in invokeWithTakeout",
    "TEMP_AUTH_KEY_ALREADY_BOUND": "the temporary key is bound to another permanent key",
    "TEMP_AUTH_KEY_EMPTY": "only a temporary key can be bound",
    "USERNAME_INVALID": "this is no username",
    "USERNAME_NOT_OCCUPIED": "nobody has this username",
    "USER_BOT_REQUIRED": "only bots may call this method",
    "USER_ID_INVALID": "there is no such user, or the access hash is another account's",
    "ACTIVE_USER_REQUIRED": "the account has to be activated first",
    "AUTH_KEY_INVALID": "the key is not valid: log in again with a new key",
    "AUTH_KEY_PERM_EMPTY": "the temporary key is not bound to a permanent key: the call was not executed",
    "AUTH_KEY_UNREGISTERED": "nobody is logged in with this key: log in first",
    "SESSION_EXPIRED": "the login has expired: log in again",
    "SESSION_PASSWORD_NEEDED": "the account has a two-step password: prove it with auth.checkPassword",
    "SESSION_REVOKED": "the login was ended from another device: log in again",
    "USER_DEACTIVATED": "the account was deleted",
    "USER_DEACTIVATED_BAN": "the account was banned",
    "CHAT_WRITE_FORBIDDEN": "the account may not write in this chat",
    "NOT_ALLOWED": "the account may not do this",
    "PREMIUM_ACCOUNT_REQUIRED": "only accounts with Telegram Premium may do this",
    "RIGHT_FORBIDDEN": "the account may not give this right",
    "USER_PRIVACY_RESTRICTED": "the user's privacy settings forbid this",
    "USER_RESTRICTED": "the account is restricted: @SpamBot tells why",
    "AUTH_KEY_DUPLICATED": "the key was used from two places at once, and is dead: log in again with a new key",
    "FILEREF_UPGRADE_NEEDED": "the server wants a newer layer for this file",
    "FRESH_CHANGE_PHONE_FORBIDDEN": "the login is too recent to change the phone number: try again after a day",
    "FRESH_RESET_AUTHORISATION_FORBIDDEN": "the login is too recent to end other logins: try again after a day",
    "PHONE_PASSWORD_FLOOD": "too many logins of this phone number were tried: try again later",
    "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_XMIN": "another import is under way: repeat the call after {X} minutes",
    "SEND_CODE_UNAVAILABLE": "no other way is left to send the code: wait for the code that was sent",
    "UPDATE_APP_TO_LOGIN": "the server wants a newer layer for logins",
    "2FA_CONFIRM_WAIT_X": "the two-step password protects the account: repeat the call after {X} seconds",
    "FLOOD_PREMIUM_WAIT_X": "too many calls for an account without Telegram Premium: repeat the call after {X} seconds",
    "FLOOD_TEST_PHONE_WAIT_X": "too many logins with this test number: repeat the call after {X} seconds",
    "FLOOD_WAIT_X": "too many calls: repeat the call after {X} seconds",
    "FROZEN_METHOD_INVALID": "the account is frozen: an official app tells why",
    "PREMIUM_SUB_ACTIVE_UNTIL_X": "Telegram Premium is active until the Unix time {X}",
    "SLOWMODE_WAIT_X": "the chat is in slow mode: repeat the call after {X} seconds",
    "STORY_SEND_FLOOD_MONTHLY_X": "the account's stories of this month are used up until the Unix time {X}",
    "STORY_SEND_FLOOD_WEEKLY_X": "the account's stories of this week are used up until the Unix time {X}",
    "TAKEOUT_INIT_DELAY_X": "confirm the export on another device, or repeat the call after {X} seconds",
    "AUTH_RESTART": "the server lost the login's state: begin again with auth.sendCode",
    "RPC_CALL_FAIL": "the server failed: repeat the call later",
    "RPC_MCGET_FAIL": "the server failed: repeat the call later",
    "SIGN_IN_FAILED": "the server failed to sign in: repeat the call later",
    "WORKER_BUSY_TOO_LONG_RETRY": "the server is busy: repeat the call later",
    "Timedout": "the server did not answer itself in time: repeat the call later",
    "Timeout": "the server did not answer itself in time: repeat the call later",
}
"""What happened and what to do, in plain words, where there is more to say than the name says. {X} is the number."""

CODES: Mapping[str, int] = MappingProxyType({name: code for code, names in _NAMES.items() for name in names.split()})
"""The documented code of each known error, by its name."""


def class_name(name: str) -> str:
    """Return the name of an error's class: `PhoneCodeInvalid`, `FilePartMissing` without the X of its template."""
    words = [word for word in name.split("_") if word not in ("X", "XMIN")]
    return "".join("TwoFa" if word == "2FA" else word.capitalize() for word in words)


CLASSES: Mapping[str, str] = MappingProxyType({class_name(name): name for name in reversed(list(CODES))})
"""An error of each class, by the class's name: the first one where a class serves two names."""


def meaning(name: str, argument: int | None = None) -> str:
    """Return what an error means, in plain words, or nothing.

    Args:
        name: as in `CODES`.
        argument: the first number of the error; without a number the text says X.

    """
    return _MEANINGS.get(name, "").replace("{X}", "X" if argument is None else str(argument))


def description(name: str) -> str:
    """Return the docstring of an error's class: its code, its name, and what it means."""
    text = meaning(name)
    return f"Code {CODES[name]}, `{name}`" + (f": {text}." if text else ".")
