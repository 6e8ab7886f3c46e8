"""Objects as dicts and as JSON, both ways."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings

from benchmarks.fixtures import photos_slice
from tests.tl.strategies import Maker, objects
from tl import EncodeError, TLObject, api, service
from tl.plan import CLASSLESS

types, functions = api.types, api.functions
NAMES = [name for name in api.schema if name not in CLASSLESS]


def test_a_dict() -> None:
    made = functions.users.GetUsers(id=[types.InputUserSelf(), types.InputUser(user_id=1, access_hash=2)])
    form = {"_": "users.getUsers", "id": [{"_": "inputUserSelf"}, {"_": "inputUser", "user_id": 1, "access_hash": 2}]}
    assert made.to_dict() == form
    assert api.from_dict(form) == made


def test_absent_fields_are_left_out() -> None:
    assert types.Username(username="a").to_dict() == {"_": "username", "username": "a"}
    given_as_none = api.from_dict({"_": "username", "username": "a", "active": None, "editable": False})
    assert given_as_none == types.Username(username="a")


def test_json_is_safe_for_javascript() -> None:
    photo = photos_slice(photos=1).photos[0]  # type: ignore[attr-defined]  # classes are made at run time
    form = json.loads(photo.to_json())
    assert form["id"] == str(photo.id)
    assert form["dc_id"] == 2
    assert form["sizes"][0] == {"_": "photoStrippedSize", "type": "i", "bytes": form["sizes"][0]["bytes"]}
    assert api.from_json(photo.to_json()) == photo
    request = service.functions.ReqPqMulti(nonce=bytes(range(16)))
    assert json.loads(request.to_json()) == {"_": "req_pq_multi", "nonce": "AAECAwQFBgcICQoLDA0ODw=="}
    assert service.from_json(request.to_json()) == request


def test_json_takes_long_as_number_too() -> None:
    text = '{"_": "inputUser", "user_id": 5, "access_hash": "-9223372036854775808"}'
    assert api.from_json(text) == types.InputUser(user_id=5, access_hash=-(2**63))


@pytest.mark.parametrize(("value", "text"), [(float("inf"), "Infinity"), (float("-inf"), "-Infinity"), (1.5, 1.5)])
def test_json_has_no_infinity(value: float, text: Any) -> None:
    made = types.InputGeoPoint(lat=value, long=0.0)
    assert json.loads(made.to_json())["lat"] == text
    assert api.from_json(made.to_json()) == made


def test_nan_in_json() -> None:
    made = types.InputGeoPoint(lat=float("nan"), long=0.0)
    assert json.loads(made.to_json())["lat"] == "NaN"
    assert api.from_json(made.to_json()).lat != api.from_json(made.to_json()).lat


def test_every_declaration_both_ways() -> None:
    for schema in (api.schema, service.schema):
        for name in schema:
            if name not in CLASSLESS:
                made = Maker(schema, random.Random(name)).object(name)
                assert schema.from_dict(made.to_dict()) == made
                assert schema.from_json(made.to_json()) == made


@settings(max_examples=50, deadline=None)
@given(made=objects(api.schema))
def test_any_object_both_ways(made: TLObject) -> None:
    assert api.from_dict(made.to_dict()) == made
    assert api.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, 'a dict: the key "_" is missing: it names the constructor'),
        ({"_": "nothing"}, "a dict: no constructor or function of the schema is called 'nothing'"),
        ({"_": "inputuserSel"},
         "a dict: no constructor or function of the schema is called 'inputuserSel'; did you mean 'inputUserSelf'?"),
        ({"_": "x" * 10_000}, f"a dict: no constructor or function of the schema is called '{'x' * 100}'"),
        ({"_": 5}, 'a dict: the key "_" is a name, not int'),
        ([], "a dict: an object is a dict, not list"),
        ({"_": "inputUser", "user_id": 1}, "InputUser.access_hash: missing"),
        ({"_": "inputUser", "user_id": 1, "access_hash": None}, "InputUser.access_hash: missing"),
        ({"_": "inputUser", "ident": 1}, "InputUser.ident: no such field"),
        ({"_": "inputUser", "user_ed": 1}, "InputUser.user_ed: no such field; did you mean 'user_id'?"),
        ({"_": "users.getUsers", "id": [{"_": "x"}]},
         "users.GetUsers.id: no constructor or function of the schema is called 'x'"),
        ({"_": "users.getUsers", "id": [5]}, "users.GetUsers.id: an object is a dict, not int"),
        ({"_": "vector"}, "vector: part of the language: its values are Python's own"),
    ],
)  # fmt: skip
def test_forms_that_are_none(form: Any, reason: str) -> None:
    with pytest.raises(EncodeError) as caught:
        api.from_dict(form).to_bytes()
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "5", "null", "[" * 100_000, '{"_": "photoStrippedSize", "type": "i", "bytes": "*"}',
        '{"_": "inputUser", "user_id": "x", "access_hash": 0}', '{"_": "inputGeoPoint", "lat": "x", "long": 0}',
    ],
)  # fmt: skip
def test_texts_that_are_no_json_of_an_object(text: str) -> None:
    with pytest.raises(EncodeError):
        api.from_json(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [("5", "a number"), ("null", "null"), ("[]", "a list"), ('"me"', "a text"), ("true", "true or false")],
)
def test_a_value_in_the_place_of_an_object_is_named_as_json_names_it(text: str, words: str) -> None:
    with pytest.raises(EncodeError) as caught:
        api.from_json(text)
    assert str(caught.value) == f'a JSON text: a JSON object with the key "_" is wanted, not {words}'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"_": "inputUser", "user_id": "x", "access_hash": 0}', "InputUser.user_id: a string that is no whole number"),
        ('{"_": "inputGeoPoint", "lat": "x", "long": 0}', "InputGeoPoint.lat: a string that is no number"),
        (
            '{"_": "photoStrippedSize", "type": "i", "bytes": "*"}',
            "bytes: a string that is no base64",
        ),
        ('{"_": "photoStrippedSize", "type": "i", "bytes": "\u00e9"}', "no base64"),
    ],
)
def test_values_that_are_none_are_named_in_plain_words(text: str, reason: str) -> None:
    with pytest.raises(EncodeError, match=reason):
        api.from_json(text)


def test_json_cannot_say_what_is_no_value() -> None:
    nothing: Any = object()
    with pytest.raises(EncodeError):
        types.InputUser(user_id=nothing, access_hash=0).to_json()


def test_forms_are_bounded() -> None:
    form: dict[str, Any] = {"_": "textEmpty"}
    for _ in range(150):
        form = {"_": "textBold", "text": form}
    with pytest.raises(EncodeError, match="nested too deep"):
        api.from_dict(form)
    with pytest.raises(EncodeError, match="nested too deep"):
        api.from_json(json.dumps(form))
