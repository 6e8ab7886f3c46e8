"""Contacts, and users who are `min` towards accounts that do not know them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtproto.localdc.accounts import Accounts, AccountsFile, Acquaintances, Contact, Issued, acquaintances
from mtproto.localdc.auth_keys import AuthKeys
from mtproto.localdc.dc_state import DCState
from mtproto.localdc.handlers.contacts import LONGEST_NAME
from mtproto.localdc.keys import KeyRecord
from mtproto.localdc.layers import Layer
from mtproto.localdc.network_state import NetworkState
from mtproto.localdc.objects import min_hash, user_object
from mtproto.localdc.world.model import User, World
from mtproto.message.auth_key import AuthKey
from mtproto.store import StoreDamaged
from tests.localdc.conftest import NOW, Caller, RpcFailure
from tests.localdc.test_layers import wrapped
from tests.vectors.generate import RSA_KEY
from tl import api, load_layer

t: Any = api.types
f: Any = api.functions


class Person(Caller):
    """A caller who is logged in as a person; several may share one DC."""

    def __init__(self, world: World, name: str, dc: DCState | None = None) -> None:
        super().__init__(world)
        if dc is not None:
            self.dc, self.dispatcher._dc = dc, dc
        self.user = self.of(name)
        self.key = KeyRecord(AuthKey(self.user.id.to_bytes(4, "big") * 64), inited=True, user_id=self.user.id)

    def of(self, name: str) -> User:
        return self.dc.accounts.named(name).user

    def phone_of(self, name: str) -> str:
        return self.dc.accounts.named(name).phone

    def contacts(self, hash_: int = 0) -> Any:
        return self(f.contacts.GetContacts(hash=hash_))

    def add(self, name: str, first_name: str = "Somebody", last_name: str = "Else") -> Any:
        return self(f.contacts.AddContact(id=full(self.of(name)), first_name=first_name, last_name=last_name, phone=""))

    def sees(self, name: str) -> Any:
        """Return a user as an update shows the user to this person, without any call."""
        return user_object(self.of(name), self.user, self.dc)


def full(user: User) -> Any:
    return t.InputUser(user_id=user.id, access_hash=user.access_hash)


@pytest.fixture
def triple(packaged_world: World) -> Person:
    return Person(packaged_world, "triple")


def test_contacts_are_added_renamed_listed_and_deleted(triple: Person) -> None:
    assert (triple.contacts().contacts, triple.contacts().saved_count) == ([], 0)
    for names in (("Some ", " Body"), ("Any", "")):
        added = triple.add("dozen", *names)
        [update], [user] = added.updates, added.users
        assert (update.peer.user_id, update.settings.add_contact) == (triple.of("dozen").id, False)
        assert (user.first_name, user.last_name or "") == tuple(name.strip() for name in names)
        assert (user.contact, user.mutual_contact, user.phone) == (True, False, triple.phone_of("dozen"))
    triple.add("single")
    listed = triple.contacts()
    assert [(each.user_id, each.mutual) for each in listed.contacts] == [
        (triple.of("single").id, False),
        (triple.of("dozen").id, False),
    ]
    assert [user.first_name for user in listed.users] == ["Somebody", "Any"]
    assert listed.saved_count == 2
    single, dozen = triple.of("single"), triple.of("dozen")
    gone = triple(f.contacts.DeleteContacts(id=[full(dozen), full(dozen), t.InputUser(user_id=5, access_hash=1)]))
    [update], [user] = gone.updates, gone.users
    assert (update.settings.add_contact, user.contact, user.first_name) == (True, False, dozen.first_name)
    assert (user.min, user.access_hash, user.phone) == (False, dozen.access_hash, None)
    assert [each.user_id for each in triple.contacts().contacts] == [single.id]


def test_a_list_that_the_caller_has_is_not_sent_again(triple: Person) -> None:
    assert triple.contacts(hash_=0).NAME == "contacts.contacts"
    triple.add("dozen")
    assert triple.contacts(hash_=1).NAME == "contacts.contacts"
    value = 0
    for number in (1, triple.of("dozen").id):  # core.telegram.org/api/offsets, as it stands there
        value ^= value >> 21
        value = (value ^ value << 35) % (1 << 64)
        value ^= value >> 4
        value = (value + number) % (1 << 64)
    hash_ = value - (1 << 64) if value >= 1 << 63 else value
    assert triple.contacts(hash_=hash_).NAME == "contacts.contactsNotModified"
    triple.add("single")
    assert triple.contacts(hash_=hash_).NAME == "contacts.contacts"


def test_two_people_who_have_one_another_are_mutual(packaged_world: World, triple: Person) -> None:
    dozen = Person(packaged_world, "dozen", triple.dc)
    triple.add("dozen")
    assert not dozen.sees("triple").contact
    [user] = dozen.add("triple").users
    assert user.mutual_contact
    assert triple.sees("dozen").mutual_contact
    assert [each.mutual for each in triple.contacts().contacts] == [True]


def phone_contact(client_id: int, phone: str, first_name: str = "", last_name: str = "") -> Any:
    return t.InputPhoneContact(client_id=client_id, phone=phone, first_name=first_name, last_name=last_name)


def test_phone_numbers_are_imported_and_those_of_nobody_left_out(
    triple: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acquaintances, "CONTACTS_OF_ACCOUNT", 2)
    numbers = {name: triple.phone_of(name) for name in ("dozen", "single", "hundred", "triple")}
    answer = triple(
        f.contacts.ImportContacts(
            contacts=[
                phone_contact(1, f"+{numbers['dozen'][:4]} ({numbers['dozen'][4:]})", "x" * 99),
                phone_contact(2, "15550109999", "Nobody"),
                phone_contact(3, "no number", "Nobody"),
                phone_contact(4, numbers["triple"], "Me"),
                phone_contact(5, numbers["single"]),
                phone_contact(6, numbers["hundred"]),
                phone_contact(7, numbers["dozen"], "Again"),
            ]
        )
    )
    dozen, single = triple.of("dozen"), triple.of("single")
    assert [(each.client_id, each.user_id) for each in answer.imported] == [
        (1, dozen.id),
        (5, single.id),
        (7, dozen.id),
    ]
    assert answer.retry_contacts == [6]
    assert {(user.first_name, user.min) for user in answer.users} == {("Again", False), (single.first_name, False)}
    triple(f.contacts.ImportContacts(contacts=[phone_contact(1, numbers["dozen"], "x" * 99, "y" * 99)]))
    assert (triple.sees("dozen").first_name, triple.sees("dozen").last_name) == ("x" * LONGEST_NAME, "y" * LONGEST_NAME)
    with pytest.raises(RpcFailure, match="400 PEER_FLOOD"):
        triple.add("hundred")
    triple.add("dozen", "An old one is no new one")


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"id": t.InputUser(user_id=1_000_004, access_hash=1)}, "CONTACT_ID_INVALID"),
        ({"id": t.InputUserSelf()}, "CONTACT_ID_INVALID"),
        ({"first_name": " "}, "CONTACT_NAME_EMPTY"),
    ],
)
def test_what_can_be_no_contact_is_refused(triple: Person, changed: dict[str, Any], name: str) -> None:
    fields = {"id": full(triple.of("dozen")), "first_name": "Some", "last_name": "", "phone": "", **changed}
    with pytest.raises(RpcFailure, match=f"400 {name}"):
        triple(f.contacts.AddContact(**fields))
    assert triple.contacts().contacts == []


@pytest.mark.parametrize(
    "request_",
    [
        f.contacts.GetContacts(hash=0),
        f.contacts.ImportContacts(contacts=[]),
        f.contacts.AddContact(id=t.InputUserSelf(), first_name="x", last_name="", phone=""),
        f.contacts.DeleteContacts(id=[]),
    ],
    ids=lambda request: request.NAME,
)
def test_a_bot_has_no_contacts(caller: Caller, request_: Any) -> None:
    with pytest.raises(RpcFailure, match="400 BOT_METHOD_INVALID"):
        caller(request_)


def test_a_stranger_is_min_and_its_hash_is_good_for_pictures_alone(packaged_world: World, triple: Person) -> None:
    dozen = triple.of("dozen")
    seen = triple.sees("dozen")
    assert (seen.min, seen.apply_min_photo, seen.phone) == (True, True, None)
    assert (seen.first_name, seen.username, seen.photo.photo_id) == (dozen.first_name, "dozen", dozen.photos[0].id)
    other = Person(packaged_world, "single", triple.dc)
    assert len({seen.access_hash, other.sees("dozen").access_hash, dozen.access_hash}) == 3
    named = t.InputUser(user_id=dozen.id, access_hash=seen.access_hash)
    for method in (
        f.users.GetFullUser(id=named),
        f.photos.GetUserPhotos(user_id=named, offset=0, max_id=0, limit=1),
    ):
        with pytest.raises(RpcFailure, match="400 USER_ID_INVALID"):
            triple(method)
    with pytest.raises(RpcFailure, match="400 CONTACT_ID_INVALID"):
        triple(f.contacts.AddContact(id=named, first_name="x", last_name="", phone=""))
    [empty] = triple(f.users.GetUsers(id=[named]))
    assert empty.NAME == "userEmpty"
    picture = t.InputPeerPhotoFileLocation(
        peer=t.InputPeerUser(user_id=dozen.id, access_hash=seen.access_hash), photo_id=dozen.photos[0].id
    )
    assert triple(f.upload.GetFile(location=picture, offset=0, limit=4096)).bytes
    with pytest.raises(RpcFailure, match="400 PEER_ID_INVALID"):
        other(f.upload.GetFile(location=picture, offset=0, limit=4096))
    assert triple.sees("dozen").min


@pytest.mark.parametrize(
    "meet",
    [
        lambda triple: f.contacts.ResolveUsername(username="dozen"),
        lambda triple: f.contacts.ResolvePhone(phone=triple.phone_of("dozen")),
        lambda triple: f.contacts.ImportContacts(contacts=[phone_contact(1, triple.phone_of("dozen"))]),
        lambda triple: f.users.GetUsers(id=[full(triple.of("dozen"))]),
    ],
    ids=["name", "phone", "contact", "hash"],
)
def test_whoever_has_met_a_user_sees_all_of_the_user(packaged_world: World, triple: Person, meet: Any) -> None:
    dozen = triple.of("dozen")
    answer = triple(meet(triple))
    [user] = answer if isinstance(answer, list) else answer.users
    assert (user.min, user.access_hash) == (False, dozen.access_hash)
    assert (triple.sees("dozen").min, triple.sees("dozen").apply_min_photo) == (False, False)
    assert Person(packaged_world, "dozen", triple.dc).sees("triple").min
    assert Person(packaged_world, "single", triple.dc).sees("dozen").min


def test_a_bot_and_the_user_itself_see_all_of_a_user(caller: Caller, triple: Person) -> None:
    bot = triple.dc.world.bot
    assert not user_object(triple.user, bot, triple.dc).min
    myself = triple.sees("triple")
    assert (myself.self, myself.min, myself.phone) == (True, False, triple.phone_of("triple"))
    assert caller.dc.accounts.acquaintances.contacts(bot.id) == []


def test_a_page_of_photos_that_is_kept_as_bytes_shows_each_caller_its_own_owner(
    packaged_world: World, triple: Person
) -> None:
    ask = f.photos.GetUserPhotos(user_id=full(triple.of("dozen")), offset=0, max_id=0, limit=1)
    other = Person(packaged_world, "single", triple.dc)
    for name in ("One", "Two"):
        triple.add("dozen", name)
        assert triple(ask).users[0].first_name == name
        assert other(ask).users[0].first_name == triple.of("dozen").first_name
    Person(packaged_world, "dozen", triple.dc).add("triple")
    assert triple(ask).users[0].mutual_contact


@pytest.mark.parametrize("number", [46, 51, 71, 102, 133, 228])
def test_a_stranger_is_min_in_former_layers_too(number: int, triple: Person) -> None:
    schema, seen = load_layer(number), triple.sees("dozen")
    update = t.Updates(updates=[], users=[seen], chats=[], date=1, seq=0)
    [user] = schema.decode(Layer(number, schema).encode(update, "Updates"), "Updates").users
    assert (user.username, user.photo is None) == ("dozen", False)
    if number < 51:  # which has no `min`: a hash would look as if it were good for calls
        assert user.access_hash is None
    else:
        assert (user.min, user.access_hash) == (True, seen.access_hash)


@pytest.mark.parametrize("number", [46, 71, 102, 133, 216, 228])
def test_contacts_in_former_layers(number: int, triple: Person) -> None:
    schema = load_layer(number)
    triple.key.inited = False
    triple(wrapped(schema, number, schema["help.getConfig"]()))
    phone = triple.phone_of("dozen")
    entry = schema["inputPhoneContact"](client_id=1, phone=phone, first_name="Some", last_name="Body")
    more = {"replace": False} if number < 71 else {}
    imported = triple(schema["contacts.importContacts"](contacts=[entry], **more))
    assert [each.first_name for each in imported.users] == ["Some"]
    contacts = triple(schema["contacts.getContacts"](hash="" if number < 71 else 0))
    assert [each.user_id for each in contacts.contacts] == [triple.of("dozen").id]
    dozen = triple.of("dozen")
    named = schema["inputUser"](user_id=dozen.id, access_hash=dozen.access_hash)
    gone = triple(schema["contacts.deleteContacts"](id=[named]))
    assert gone is True if number < 102 else gone.users[0].id == dozen.id
    assert triple.dc.accounts.acquaintances.contacts(triple.user.id) == []


def test_what_is_known_is_bounded_for_each_account_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquaintances, "KNOWN_OF_ACCOUNT", 8)
    monkeypatch.setattr(acquaintances, "KNOWN_IN_ALL", 12)
    known = Acquaintances()
    for user_id in (*range(100, 108), 100, 108):
        known.meet(1, user_id)
    assert [known.knows(1, user_id) for user_id in (100, 101, 102, 108)] == [True, False, True, True]
    for user_id in range(100, 105):
        known.meet(2, user_id)
    assert [known.knows(1, user_id) for user_id in (102, 103, 104)] == [False, False, True]  # an eighth, and one more
    assert all(known.knows(2, user_id) for user_id in range(100, 105))
    assert known.knows(3, 3)
    assert not known.knows(3, 100)


def test_contacts_are_bounded_for_each_account_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquaintances, "CONTACTS_OF_ACCOUNT", 2)
    monkeypatch.setattr(acquaintances, "CONTACTS_IN_ALL", 3)
    known = Acquaintances()
    added = [known.add_contact(owner, Contact(user, "x", "")) for owner in (1, 2) for user in (10, 11, 12, 10)]
    assert added == [True, True, False, True, True, False, False, True]
    assert not known.drop_contact(2, 12)
    assert known.drop_contact(2, 10)
    assert known.add_contact(2, Contact(12, "x", ""))
    assert (known.knows(2, 10), known.contact(2, 10)) == (True, None)


def accounts_file(world: World, path: Path) -> tuple[Accounts, AccountsFile]:
    accounts = Accounts(world, (1, 2), bytes)
    return accounts, AccountsFile(path, accounts, Issued(10, 300.0, lambda: 0.0))


def test_contacts_come_back_after_a_restart(packaged_world: World, tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    accounts, file = accounts_file(packaged_world, path)
    file.open()
    triple, dozen = accounts.named("triple").user, accounts.named("dozen").user
    accounts.acquaintances.add_contact(triple.id, Contact(dozen.id, "Some \udc80", "Body\u200d"))
    file.keep()
    file.close()
    again, other = accounts_file(packaged_world, path)
    other.open()
    other.close()
    assert again.acquaintances.contacts(triple.id) == [Contact(dozen.id, "Some \udc80", "Body\u200d")]
    assert again.acquaintances.contacts(dozen.id) == []


def test_a_change_of_contacts_is_on_disk_before_it_is_answered(packaged_world: World, tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    shared = NetworkState(packaged_world, (2,), lambda: NOW, path=path)
    shared.open()
    dc = DCState(packaged_world, 2, AuthKeys(RSA_KEY, None, lambda: NOW), lambda: NOW, shared)
    triple = Person(packaged_world, "triple", dc)

    def on_disk() -> list[int]:
        accounts = json.loads(path.read_text())["accounts"]
        return [each["user_id"] for account in accounts for each in account["contacts"]]

    dozen, single = triple.of("dozen"), triple.of("single")
    triple.add("dozen")
    assert on_disk() == [dozen.id]
    triple(f.contacts.ImportContacts(contacts=[phone_contact(1, triple.phone_of("single"))]))
    assert on_disk() == [single.id, dozen.id]
    triple(f.contacts.DeleteContacts(id=[full(dozen)]))
    assert on_disk() == [single.id]
    shared.close()


@pytest.mark.parametrize("contacts", [{}, [{"user_id": 0}], [{"user_id": 1, "first_name": 1}]])
def test_damaged_contacts_are_named(packaged_world: World, tmp_path: Path, contacts: Any) -> None:
    path = tmp_path / "accounts.json"
    _, file = accounts_file(packaged_world, path)
    file.open()
    file.keep()
    file.close()
    content = json.loads(path.read_text())
    content["accounts"][0]["contacts"] = contacts
    path.write_text(json.dumps(content))
    with pytest.raises(StoreDamaged, match="accounts"):
        accounts_file(packaged_world, path)[1].open()
    del content["accounts"][0]["contacts"]  # as earlier versions wrote the file
    path.write_text(json.dumps(content))
    _, earlier = accounts_file(packaged_world, path)
    earlier.open()
    earlier.close()


def test_each_account_gets_a_min_hash_of_its_own(triple: Person) -> None:
    users = triple.dc.world.users
    hashes = {min_hash(user, viewer) for user in users for viewer in users}
    assert len(hashes) == len(users) ** 2
    assert all(-(1 << 63) <= each < 1 << 63 for each in hashes)
