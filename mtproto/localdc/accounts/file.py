"""The file that keeps the accounts of a network over restarts: who signed up, passwords, homes, tokens, contacts.

The codes that are waited for stand there as well: whoever has typed one in need not ask for another after a restart.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtproto.localdc.accounts.account import DELIVERIES
from mtproto.localdc.accounts.acquaintances import Contact
from mtproto.localdc.accounts.records import WRONG_CODES, PhoneCode
from mtproto.localdc.accounts.two_step import NewPassword
from mtproto.localdc.kept_file import KeptFile
from mtproto.store import Fields

if TYPE_CHECKING:
    from mtproto.localdc.accounts.account import LocalAccount
    from mtproto.localdc.accounts.accounts import Accounts
    from mtproto.localdc.accounts.issued import Issued

__all__ = ["AccountsFile"]


class AccountsFile:
    """The accounts of one network on disk. The file is locked from `open` to `close`.

    Args:
        path: the file.
        accounts: the accounts that are kept.
        codes: the codes that are waited for, by `phone_code_hash`.

    """

    def __init__(self, path: Path, accounts: Accounts, codes: Issued[str, PhoneCode]) -> None:
        self._file = KeptFile(path, "accounts")
        self._accounts = accounts
        self._codes = codes

    def open(self) -> None:
        """Lock the file, and take what it has into the accounts; does nothing while it is open.

        Raises:
            StoreDamaged: the file is another one, or damaged.
            StoreError: the file can't be locked or read.

        """
        if not self._file.is_open:
            self._file.open(self._restore)

    def keep(self) -> None:
        """Write the accounts if they have changed, or log why that failed: a full disk refuses no login."""
        if not self._file.is_open:
            return
        described = [
            {**_described(account), "contacts": _written_contacts(account, self._accounts)}
            for account in self._accounts
        ]
        codes = [_written_code(*each) for each in self._codes.good()]
        self._file.write({"accounts": described, "codes": codes})

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        self._file.close()

    def _restore(self, kept: Fields) -> None:
        for fields in kept.objects("accounts"):
            _restore(fields, self._accounts)
        for fields in kept.objects("codes") if kept.has("codes") else ():  # which earlier versions lack
            self._codes.restore(*_read_code(fields))


def _described(account: LocalAccount) -> dict[str, Any]:
    """Return what is kept of an account. Texts that clients choose are base64: they need be no lines of text."""
    user, two_step = account.user, account.two_step
    by_client = two_step.is_set and account.password is None
    algo = two_step.algo if by_client else None
    return {
        "phone": account.phone,
        "username": user.username,
        "first_name": _packed(user.first_name),
        "last_name": _packed(user.last_name),
        "dc_id": account.dc_id,
        "files_dc": account.files_dc,
        "code": account.code,
        "email": _packed(account.email),
        "deliveries": list(account.deliveries),
        "timeout": account.timeout,
        "future_tokens": [b64encode(token).decode() for token in account.future_tokens],
        "password": _packed(account.password or ""),
        "salt1": "" if algo is None else b64encode(algo.salt1).decode(),
        "salt2": "" if algo is None else b64encode(algo.salt2).decode(),
        "verifier": b64encode(two_step.verifier).decode() if by_client else "",
        "hint": _packed(two_step.hint),
        "recovery_email": _packed(two_step.email),
    }


def _restore(kept: Fields, accounts: Accounts) -> None:
    """Take an account over; one that the world does not have is added."""
    phone, dc_id = kept.line("phone"), kept.integer("dc_id", 1, 999)
    account = accounts.find(phone)
    if account is None:
        names = _text(kept, "first_name"), _text(kept, "last_name")
        try:
            account = accounts.add(phone, *names, dc_id=dc_id, username=kept.line("username"))
        except ValueError as error:
            raise kept.damaged(str(error)) from None
    ways = kept.texts("deliveries")
    if not ways or not set(ways) <= set(DELIVERIES):
        raise kept.damaged('"deliveries" are no ways to deliver a code')
    tokens = kept.data_list("future_tokens")
    account.deliver_by(*ways, timeout=kept.integer("timeout", 0, 1 << 31))
    account.restore(dc_id, kept.integer("files_dc", 1, 999), kept.text("code"), _text(kept, "email"), tokens)
    hint, email, password = _text(kept, "hint"), _text(kept, "recovery_email"), _text(kept, "password")
    verifier = kept.data("verifier")
    if password:
        account.set_password(password, hint=hint, email=email)
    elif verifier:
        algo = replace(account.two_step.new_algo, salt1=kept.data("salt1"), salt2=kept.data("salt2"))
        account.two_step.take(NewPassword(algo, verifier, hint, email))
    elif account.two_step.is_set:
        account.remove_password()
    for contact in kept.objects("contacts") if kept.has("contacts") else ():  # which earlier versions lack
        user_id = contact.integer("user_id", 1, (1 << 63) - 1)
        names = _text(contact, "first_name"), _text(contact, "last_name")
        if not accounts.acquaintances.add_contact(account.user.id, Contact(user_id, *names)):
            raise kept.damaged('there are too many "contacts"')


def _written_contacts(account: LocalAccount, accounts: Accounts) -> list[dict[str, Any]]:
    return [
        {
            "user_id": contact.user_id,
            "first_name": _packed(contact.first_name),
            "last_name": _packed(contact.last_name),
        }
        for contact in accounts.acquaintances.contacts(account.user.id)
    ]


def _written_code(code_hash: str, code: PhoneCode, until: float) -> dict[str, Any]:
    return {
        "hash": code_hash,
        "until": until,
        "phone": code.phone,
        "step": code.step,
        "wrong": code.wrong,
        "proven": code.proven,
        "email": _packed(code.email or ""),
    }


def _read_code(kept: Fields) -> tuple[str, PhoneCode, float]:
    code = PhoneCode(
        kept.line("phone"),
        step=kept.integer("step", 0, len(DELIVERIES)),
        wrong=kept.integer("wrong", 0, WRONG_CODES),
        proven=kept.boolean("proven"),
        email=_text(kept, "email") or None,
    )
    return kept.line("hash"), code, kept.time_or_none("until") or 0.0


def _packed(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _text(kept: Fields, name: str) -> str:
    return kept.data(name).decode("utf-8", "surrogateescape")
