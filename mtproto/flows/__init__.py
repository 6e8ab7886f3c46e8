"""Procedures of several calls, without I/O: a flow is a generator of steps.

`steps` says what a flow yields and what a driver sends back, `questions` what a person is asked and told, `changes`
what a store is to keep, `errors` how a flow fails. Each flow has a file of its own. The API's schema is an argument of
a flow: layers from 133 on are promised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.flows.authorizations import end_authorization, end_other_authorizations, list_authorizations
    from mtproto.flows.bot import log_in_as_bot
    from mtproto.flows.changes import (
        FUTURE_TOKENS_KEPT,
        Authorized,
        Change,
        FutureToken,
        KeyDestroyed,
        LoggedIn,
        LoggedOutChange,
        NotAuthorized,
        with_token,
    )
    from mtproto.flows.errors import FlowFailed, NotSupported, PeerNotKnown, UnexpectedAnswer, WrongReference
    from mtproto.flows.filling import Blank, blanks_in, fill
    from mtproto.flows.foreign import authorize, authorize_again, call_elsewhere
    from mtproto.flows.incoming import Fetch, Gap, Incoming
    from mtproto.flows.layers import OLDEST_LAYER
    from mtproto.flows.logging_out import log_out
    from mtproto.flows.login import LOGIN_RESTARTS, UNSUPPORTED_LOGINS, LoginSettings, refuse_way
    from mtproto.flows.meant import ById, ByMessage, ByPhone, ByUsername, Meant, Myself, Wanted, meant_by, shown
    from mtproto.flows.password import check_password
    from mtproto.flows.password_settings import recover_password, remove_password, set_password
    from mtproto.flows.patience import CallPolicy, FloodMemory, patient_call
    from mtproto.flows.peer_book import NAME_LIFETIME, NAMES_KEPT, PEERS_KEPT, PeerBook, Plain
    from mtproto.flows.phone import log_in_by_phone
    from mtproto.flows.qr import QR_CODES_SHOWN, log_in_by_qr
    from mtproto.flows.questions import (
        CANCEL,
        RECOVER,
        RESEND,
        Choice,
        CodeKind,
        CodeQuestion,
        EmailCodeQuestion,
        EmailQuestion,
        NameQuestion,
        Notice,
        PasswordQuestion,
        PersonName,
        PhoneQuestion,
        QRCode,
        Question,
        RecoveryCodeQuestion,
        Telling,
        WaitNotice,
        printable,
    )
    from mtproto.flows.refusals import authorization_lost, dc_of_this_call, ends_login, logged_out
    from mtproto.flows.resolving import PeerAsker, resolve, who_am_i
    from mtproto.flows.steps import (
        Ask,
        Call,
        Compute,
        Flow,
        FlowStep,
        MoveTo,
        Next,
        NextUpdate,
        Now,
        Random,
        Save,
        Service,
        Start,
        Tell,
        Wait,
    )
    from mtproto.flows.update_order import UpdateOrder
    from mtproto.flows.updates import each_update
    from mtproto.flows.user_photos import PhotoPages

__all__ = [
    "CANCEL",
    "FUTURE_TOKENS_KEPT",
    "LOGIN_RESTARTS",
    "NAMES_KEPT",
    "NAME_LIFETIME",
    "OLDEST_LAYER",
    "PEERS_KEPT",
    "QR_CODES_SHOWN",
    "RECOVER",
    "RESEND",
    "UNSUPPORTED_LOGINS",
    "Ask",
    "Authorized",
    "Blank",
    "ById",
    "ByMessage",
    "ByPhone",
    "ByUsername",
    "Call",
    "CallPolicy",
    "Change",
    "Choice",
    "CodeKind",
    "CodeQuestion",
    "Compute",
    "EmailCodeQuestion",
    "EmailQuestion",
    "Fetch",
    "FloodMemory",
    "Flow",
    "FlowFailed",
    "FlowStep",
    "FutureToken",
    "Gap",
    "Incoming",
    "KeyDestroyed",
    "LoggedIn",
    "LoggedOutChange",
    "LoginSettings",
    "Meant",
    "MoveTo",
    "Myself",
    "NameQuestion",
    "Next",
    "NextUpdate",
    "NotAuthorized",
    "NotSupported",
    "Notice",
    "Now",
    "PasswordQuestion",
    "PeerAsker",
    "PeerBook",
    "PeerNotKnown",
    "PersonName",
    "PhoneQuestion",
    "PhotoPages",
    "Plain",
    "QRCode",
    "Question",
    "Random",
    "RecoveryCodeQuestion",
    "Save",
    "Service",
    "Start",
    "Tell",
    "Telling",
    "UnexpectedAnswer",
    "UpdateOrder",
    "Wait",
    "WaitNotice",
    "Wanted",
    "WrongReference",
    "authorization_lost",
    "authorize",
    "authorize_again",
    "blanks_in",
    "call_elsewhere",
    "check_password",
    "dc_of_this_call",
    "each_update",
    "end_authorization",
    "end_other_authorizations",
    "ends_login",
    "fill",
    "list_authorizations",
    "log_in_as_bot",
    "log_in_by_phone",
    "log_in_by_qr",
    "log_out",
    "logged_out",
    "meant_by",
    "patient_call",
    "printable",
    "recover_password",
    "refuse_way",
    "remove_password",
    "resolve",
    "set_password",
    "shown",
    "who_am_i",
    "with_token",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.flows.authorizations": (
                "end_authorization",
                "end_other_authorizations",
                "list_authorizations",
            ),
            "mtproto.flows.bot": ("log_in_as_bot",),
            "mtproto.flows.changes": (
                "FUTURE_TOKENS_KEPT",
                "Authorized",
                "Change",
                "FutureToken",
                "KeyDestroyed",
                "LoggedIn",
                "LoggedOutChange",
                "NotAuthorized",
                "with_token",
            ),
            "mtproto.flows.errors": (
                "FlowFailed",
                "NotSupported",
                "PeerNotKnown",
                "UnexpectedAnswer",
                "WrongReference",
            ),
            "mtproto.flows.foreign": (
                "authorize",
                "authorize_again",
                "call_elsewhere",
            ),
            "mtproto.flows.incoming": (
                "Fetch",
                "Gap",
                "Incoming",
            ),
            "mtproto.flows.layers": ("OLDEST_LAYER",),
            "mtproto.flows.logging_out": ("log_out",),
            "mtproto.flows.login": (
                "LOGIN_RESTARTS",
                "UNSUPPORTED_LOGINS",
                "LoginSettings",
                "refuse_way",
            ),
            "mtproto.flows.password": ("check_password",),
            "mtproto.flows.password_settings": (
                "recover_password",
                "remove_password",
                "set_password",
            ),
            "mtproto.flows.patience": (
                "CallPolicy",
                "FloodMemory",
                "patient_call",
            ),
            "mtproto.flows.phone": ("log_in_by_phone",),
            "mtproto.flows.qr": (
                "QR_CODES_SHOWN",
                "log_in_by_qr",
            ),
            "mtproto.flows.questions": (
                "CANCEL",
                "RECOVER",
                "RESEND",
                "Choice",
                "CodeKind",
                "CodeQuestion",
                "EmailCodeQuestion",
                "EmailQuestion",
                "NameQuestion",
                "Notice",
                "PasswordQuestion",
                "PersonName",
                "PhoneQuestion",
                "QRCode",
                "Question",
                "RecoveryCodeQuestion",
                "Telling",
                "WaitNotice",
                "printable",
            ),
            "mtproto.flows.refusals": (
                "authorization_lost",
                "dc_of_this_call",
                "ends_login",
                "logged_out",
            ),
            "mtproto.flows.steps": (
                "Ask",
                "Call",
                "Compute",
                "Flow",
                "FlowStep",
                "MoveTo",
                "Next",
                "NextUpdate",
                "Now",
                "Random",
                "Save",
                "Service",
                "Start",
                "Tell",
                "Wait",
            ),
            "mtproto.flows.update_order": ("UpdateOrder",),
            "mtproto.flows.updates": ("each_update",),
            "mtproto.flows.filling": (
                "Blank",
                "blanks_in",
                "fill",
            ),
            "mtproto.flows.meant": (
                "ById",
                "ByMessage",
                "ByPhone",
                "ByUsername",
                "Meant",
                "Myself",
                "Wanted",
                "meant_by",
                "shown",
            ),
            "mtproto.flows.peer_book": (
                "NAMES_KEPT",
                "NAME_LIFETIME",
                "PEERS_KEPT",
                "PeerBook",
                "Plain",
            ),
            "mtproto.flows.resolving": (
                "PeerAsker",
                "resolve",
                "who_am_i",
            ),
            "mtproto.flows.user_photos": ("PhotoPages",),
        },
    )
