"""Who may log in at a network of local DCs: people with phone numbers, codes and passwords, and what was given out."""

from __future__ import annotations

from mtproto.localdc.accounts.account import DELIVERIES, LocalAccount
from mtproto.localdc.accounts.accounts import Accounts, code_of
from mtproto.localdc.accounts.acquaintances import Acquaintances, Contact
from mtproto.localdc.accounts.file import AccountsFile
from mtproto.localdc.accounts.issued import Issued
from mtproto.localdc.accounts.records import Export, LoginToken, PhoneCode, SRPAttempt
from mtproto.localdc.accounts.two_step import NewPassword, TwoStep

__all__ = [
    "DELIVERIES",
    "Accounts",
    "AccountsFile",
    "Acquaintances",
    "Contact",
    "Export",
    "Issued",
    "LocalAccount",
    "LoginToken",
    "NewPassword",
    "PhoneCode",
    "SRPAttempt",
    "TwoStep",
    "code_of",
]
