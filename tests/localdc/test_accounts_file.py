"""The file of a network's accounts: what is kept over restarts, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtproto import blocking
from mtproto.localdc import LocalNetworkThread
from mtproto.localdc.accounts import Accounts, AccountsFile, Issued, PhoneCode
from mtproto.localdc.accounts.two_step import NewPassword
from mtproto.localdc.world.model import World
from mtproto.store import StoreDamaged, StoreLocked
from tests.vectors.generate import RSA_KEY
from tl import api


def zeros(size: int) -> bytes:
    return bytes(size)


def accounts_of(world: World) -> Accounts:
    return Accounts(world, (1, 2), zeros)


def codes(now: float = 0.0) -> Issued[str, PhoneCode]:
    return Issued(10, 300.0, lambda: now)


def test_accounts_come_back_as_they_were(packaged_world: World, tmp_path: Path) -> None:
    accounts = accounts_of(packaged_world)
    file = AccountsFile(tmp_path / "accounts.json", accounts, codes())
    file.open()
    new = accounts.add("491234567", "Ada \udc80", "Lovelace\u200d", dc_id=1)
    new.set_password("secret", hint="a hint", email="ada@example.org")
    single, triple = accounts.named("single"), accounts.named("triple")
    single.move_to(2)
    single.keep_future_token(b"token")
    single.deliver_by("word")
    single.set_code("a word")
    triple.two_step.take(NewPassword(triple.two_step.new_algo, b"\x01" * 256, "hint"))
    file.keep()
    with pytest.raises(StoreLocked):
        AccountsFile(tmp_path / "accounts.json", accounts, codes()).open()
    file.close()
    again = accounts_of(packaged_world)
    other = AccountsFile(tmp_path / "accounts.json", again, codes())
    other.open()
    other.close()
    assert (again["491234567"].user.first_name, again["491234567"].user.last_name) == ("Ada \udc80", "Lovelace\u200d")
    assert again["491234567"].user.id == new.user.id
    assert (again["491234567"].password, again["491234567"].two_step.hint) == ("secret", "a hint")
    restored = again.named("single")
    assert (restored.dc_id, restored.files_dc) == (2, single.files_dc)
    assert (restored.code, restored.deliveries, restored.future_tokens) == ("a word", ("word",), (b"token",))
    assert again.named("triple").two_step.verifier == b"\x01" * 256


def test_codes_that_are_good_still_come_back_with_their_age(packaged_world: World, tmp_path: Path) -> None:
    given, path = codes(), tmp_path / "accounts.json"
    file = AccountsFile(path, accounts_of(packaged_world), given)
    file.open()
    code = PhoneCode("491234567", step=1, wrong=2, proven=True, email="ada\udc80@example.org")
    given.add("hash", code)
    file.keep()
    file.close()
    for now, found in ((299.0, code), (300.0, None)):
        later = codes(now)
        other = AccountsFile(path, accounts_of(packaged_world), later)
        other.open()
        other.close()
        assert later.get("hash") == found


@pytest.mark.parametrize(
    ("field", "value"), [("deliveries", ["pigeon"]), ("dc_id", 0), ("phone", ""), ("future_tokens", ["?"]), ("hint", 1)]
)
def test_a_damaged_file_is_named(packaged_world: World, tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "accounts.json"
    file = AccountsFile(path, accounts_of(packaged_world), codes())
    file.open()
    file.keep()
    file.close()
    content = json.loads(path.read_text())
    content["accounts"][0][field] = value
    path.write_text(json.dumps(content))
    with pytest.raises(StoreDamaged, match="accounts"):
        AccountsFile(path, accounts_of(packaged_world), codes()).open()


def test_a_sign_up_is_there_after_a_restart(packaged_world: World, tmp_path: Path) -> None:
    def network() -> LocalNetworkThread:
        return LocalNetworkThread(dcs=(1, 2), key=RSA_KEY, world=packaged_world, state=tmp_path / "state")

    def sent(client: blocking.Client, running: LocalNetworkThread) -> str:
        answer = client(
            api.functions.auth.SendCode(
                phone_number="9996611234",
                api_id=running.api_id,
                api_hash=running.api_hash,
                settings=api.types.CodeSettings(),
            )
        )
        assert isinstance(answer, api.types.auth.SentCode)
        return str(answer.phone_code_hash)

    def client_of(running: LocalNetworkThread) -> blocking.Client:
        return blocking.connect(
            running.dcs[1].address, keys=running.keys, dc_id=1, api_id=running.api_id, api_hash=running.api_hash
        )

    with network() as running, client_of(running) as client:
        code_hash = sent(client, running)
        client(auth_sign_in(code_hash))
        client(
            api.functions.auth.SignUp(
                phone_number="9996611234", phone_code_hash=code_hash, first_name="Ada", last_name=""
            )
        )
        assert "Ada" not in (tmp_path / "state" / "accounts.json").read_text()
        assert "9996611234" in (tmp_path / "state" / "accounts.json").read_text()
    with network() as running, client_of(running) as client:
        assert isinstance(client(auth_sign_in(sent(client, running))), api.types.auth.Authorization)


def auth_sign_in(code_hash: str) -> Any:
    return api.functions.auth.SignIn(phone_number="9996611234", phone_code_hash=code_hash, phone_code="11111")
