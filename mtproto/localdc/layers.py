"""The layers that a DC speaks: reading a query in the client's layer, writing the answer in it.

Handlers see one layer only, the packaged one. What comes from a client of another layer is translated by name, and so
is what goes back: fields and objects that a layer lacks are left out where it can do without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.localdc.calls import Refused
from tl import DecodeError, EncodeError, Schema, TLFunction, TLObject, api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.localdc.calls import Answer

__all__ = ["Layer", "layers_of"]

TWINS = {
    "inputPeerEmpty": "inputUserEmpty",
    "inputPeerSelf": "inputUserSelf",
    "inputPeerUser": "inputUser",
    "inputPeerUserFromMessage": "inputUserFromMessage",
}
"""Constructors that clients in the field put where an `InputUser` is declared, as Telegram lets them, and the ones with
the same fields that belong there."""

REPAIRS = 101
"""How often a query is read again for a twin: `users.getUsers` with a hundred users."""


class Layer:
    """One layer of the API. `number` is what clients call it, `schema` its declarations."""

    def __init__(self, number: int, schema: Schema) -> None:
        self.number = number
        self.schema = schema

    def read(self, body: bytes) -> TLFunction[Any]:
        """Return the query, wrappers and all, as an object of this layer.

        Refuses with `INPUT_METHOD_INVALID_<id>_<layer>` or `INPUT_CONSTRUCTOR_INVALID_<id>_<layer>` what this layer
        does not know (ids in decimal, unsigned), with `INPUT_FETCH_ERROR` what can't be read.
        """
        for _ in range(REPAIRS):
            try:
                query = self.schema.decode(body)
            except DecodeError as error:
                repaired = self._repaired(body, error)
                if repaired is None:
                    raise Refused(400, self._name_of(error)) from error
                body = repaired
            else:
                if not isinstance(query, TLFunction):
                    raise Refused(400, f"INPUT_METHOD_INVALID_{int.from_bytes(body[:4], 'little')}_{self.number}")
                return query
        raise Refused(400, "INPUT_FETCH_ERROR")

    def _repaired(self, body: bytes, error: DecodeError) -> bytes | None:
        """Return the query with the constructor that stands at the error taken for its twin; None if it has none."""
        twin = TWINS.get(self.schema.name_of(error.id) or "") if error.id is not None else None
        if twin is None or twin not in self.schema:
            return None
        return body[: error.offset] + self.schema.id_of(twin).to_bytes(4, "little") + body[error.offset + 4 :]

    def _name_of(self, error: DecodeError) -> str:
        if error.id is None:
            return "INPUT_FETCH_ERROR"
        # Only a query stands at the root or in a field of this name.
        is_method = error.path.rpartition(".")[2] in ("", "query")
        return f"INPUT_{'METHOD' if is_method else 'CONSTRUCTOR'}_INVALID_{error.id}_{self.number}"

    def packaged(self, request: TLObject) -> TLObject:
        """Return a request of this layer as one of the packaged layer."""
        if self.schema is api.schema:
            return request
        from tl._translate import translate

        try:
            return translate(request, api.schema)
        except EncodeError as error:
            raise Refused(400, f"INPUT_METHOD_INVALID_{request.ID}_{self.number}") from error

    def make(self, name: str, **fields: Any) -> TLObject:
        """Return an object of this layer; fields that it does not have here are left out."""
        constructor = self.schema[name]
        known = {field.name for field in constructor.PLAN.fields}
        return constructor(**{field: value for field, value in fields.items() if field in known})

    def encode(self, answer: Answer, result: str) -> bytes:
        """Return an answer, of the packaged layer or of this one, as bytes; `result` is the method's declared type.

        Raises `EncodeError` where it is not of that type, or this layer can't carry it.
        """
        if self.schema is not api.schema:
            answer = _translated(answer, self.schema)
        return self.schema.encode(answer, result)


def _translated(answer: Answer, schema: Schema) -> Answer:
    from tl._translate import translate

    if isinstance(answer, TLObject) and answer.SCHEMA is not schema:
        return translate(answer, schema)
    if isinstance(answer, list):
        return [_translated(item, schema) for item in answer]
    return answer


def layers_of(schemas: Mapping[int, Schema]) -> dict[int, Layer]:
    """Return a layer for each schema."""
    return {number: Layer(number, schema) for number, schema in schemas.items()}
