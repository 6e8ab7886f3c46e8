"""The layers that a DC speaks: reading a query in the client's layer, writing the answer in it.

Handlers see the packaged layer only. Queries of a client of another layer are translated by name, and so are the
answers: fields and objects that a layer lacks are left out if they are optional.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.limits import SERVER_LIMITS
from mtproto.localdc.answers import Refused
from mtproto.localdc.former import former_answer, make, packaged_request
from mtproto.session import constructors, whole_budget
from tl import DecodeError, EncodeError, Schema, SchemaError, TLFunction, TLObject, api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.localdc.answers import Answer
    from mtproto.session import Budget

__all__ = ["Layer", "check_types", "layers_of"]

TWINS = {
    "inputPeerEmpty": "inputUserEmpty",
    "inputPeerSelf": "inputUserSelf",
    "inputPeerUser": "inputUser",
    "inputPeerUserFromMessage": "inputUserFromMessage",
}
"""Constructors that clients in the field put where an `InputUser` is declared, and the constructors with the same
fields that belong there. Telegram accepts both."""

NOWHERE: Mapping[int, Layer] = MappingProxyType({})

REPAIRS = 101
"""How often a query is read again for a twin: `users.getUsers` with a hundred users."""


PACKED_AT_LEAST = 64 * 1024
PACKED_TIMES = 32
"""A query inside wrappers may inflate to 64 KiB, or to 32 times its size, and to no more than the packet has left."""

PLACEHOLDER = "help.getConfig"
"""A method without arguments that every layer of the API has: it replaces a method of another schema for a while."""


class Layer:
    """One layer of the API, or a dialect that is spoken beside it.

    Attributes:
        number: the number by which clients name the layer.
        schema: the declarations of the layer.
        beside: the layer that clients of a dialect speak besides; None for a layer. A dialect has no wrappers of its
            own (`invokeWithLayer`).

    """

    def __init__(self, number: int, schema: Schema, beside: Layer | None = None) -> None:
        self.number = number
        self.schema = schema
        self.beside = beside

    def read(
        self, body: bytes, elsewhere: Mapping[int, Layer] = NOWHERE, budget: Budget | None = None
    ) -> TLFunction[Any]:
        """Return the query, wrappers and all, as an object of this layer.

        Args:
            body: the query; inside its wrappers it may be `gzip_packed`, as TDLib sends it.
            elsewhere: by constructor id, the layers of methods that are read where this layer does not know the id.
            budget: bounds the objects of all queries of a packet; None if the query came alone.

        Refuses an id that this layer does not know with `INPUT_METHOD_INVALID_<id>_<layer>` or
        `INPUT_CONSTRUCTOR_INVALID_<id>_<layer>` (ids in decimal, unsigned), other queries that can't be read with
        `INPUT_FETCH_ERROR`.

        """
        budget = budget or whole_budget(SERVER_LIMITS)
        packed = True
        for _ in range(REPAIRS):
            try:
                query = self.schema.decode(body, elements=budget.elements)
            except DecodeError as error:
                if self.beside is not None and error.id is not None and error.offset == 0:
                    return self.beside.read(body, elsewhere, budget)
                if error.id is not None and error.id in elsewhere and _is_method(error):
                    inner = elsewhere[error.id].read(body[error.offset :], budget=budget)
                    return self._around(inner, body[: error.offset], error, budget)
                if error.id == constructors.GZIP_PACKED and _is_method(error) and packed:
                    packed = False
                    body = body[: error.offset] + _unpacked(body[error.offset :], budget)
                    continue
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
        if error.id is None or error.id == constructors.GZIP_PACKED:
            return "INPUT_FETCH_ERROR"
        return f"INPUT_{'METHOD' if _is_method(error) else 'CONSTRUCTOR'}_INVALID_{error.id}_{self.number}"

    def _around(self, query: TLFunction[Any], wrappers: bytes, error: DecodeError, budget: Budget) -> TLFunction[Any]:
        """Return a query of another schema inside its wrappers, which are those of this layer."""
        if not wrappers:
            return query
        if PLACEHOLDER not in self.schema:
            raise Refused(400, self._name_of(error)) from error
        placed = wrappers + self.schema.id_of(PLACEHOLDER).to_bytes(4, "little")
        return _in_place(self.schema.decode(placed, elements=budget.elements), query)

    def packaged(self, request: TLObject) -> TLObject:
        """Return a request of this layer as one of the packaged layer."""
        if request.SCHEMA is api.schema:
            return request
        try:
            return packaged_request(request)
        except EncodeError as error:
            raise Refused(400, f"INPUT_METHOD_INVALID_{request.ID}_{self.number}") from error

    def make(self, name: str, **fields: Any) -> TLObject:
        """Return an object of this layer; fields that it does not have here are left out."""
        return make(self.schema, name, fields)

    def result_of(self, request: TLFunction[Any]) -> str:
        """Return the declared type of the answer to a method, which is not the same in all layers."""
        if request.SCHEMA is self.schema or request.NAME not in self.schema:
            return request.result
        return str(self.schema.plan(request.NAME).declaration.result)

    def encode(self, answer: Answer, result: str, viewer_id: int | None = None) -> bytes:
        """Return an answer as bytes.

        Args:
            answer: of the packaged layer or of this one.
            result: its declared type here.
            viewer_id: who is to see the answer; None for nobody who is logged in.

        Raises `EncodeError` if the answer is not of that type, or this layer can't carry it.

        """
        if self.schema is not api.schema:
            answer = True if _was_a_bool(answer, result) else _translated(answer, self.schema, viewer_id)
        return self.schema.encode(answer, result)


def _in_place(wrapper: Any, query: TLFunction[Any]) -> TLFunction[Any]:
    """Return the wrappers again, with the query where the placeholder is."""
    if wrapper.NAME == PLACEHOLDER:
        return query
    fields = {field.name: getattr(wrapper, field.name) for field in wrapper.PLAN.fields}
    wrapped: TLFunction[Any] = type(wrapper)(**fields | {"query": _in_place(wrapper.query, query)})
    return wrapped


def _was_a_bool(answer: Answer, result: str) -> bool:
    """Whether a method that answers with an object answered with a Bool in a layer: `auth.logOut` until layer 134."""
    return result == "Bool" and isinstance(answer, TLObject)


def _translated(answer: Answer, schema: Schema, viewer_id: int | None) -> Answer:
    if isinstance(answer, TLObject) and answer.SCHEMA is not schema:
        return former_answer(answer, schema, viewer_id)
    if isinstance(answer, list):
        return [_translated(item, schema, viewer_id) for item in answer]
    return answer


def _is_method(error: DecodeError) -> bool:
    """Whether a query was expected where the error is: only a query stands at the root or in a field of this name."""
    return error.path.rpartition(".")[2] in ("", "query")


def _unpacked(packed: bytes, budget: Budget) -> bytes:
    """Undo the `gzip_packed` that takes the place of a query."""
    try:
        return budget.inflate(packed, max(PACKED_AT_LEAST, PACKED_TIMES * len(packed)))
    except RemoteProtocolError as error:
        raise Refused(400, "INPUT_FETCH_ERROR") from error


def layers_of(schemas: Mapping[int, Schema]) -> dict[int, Layer]:
    """Return a layer for each schema, by number, and the packaged one.

    Raises:
        LocalProtocolError: another schema takes the number of the packaged layer.

    """
    if schemas.get(api.layer, api.schema) is not api.schema:
        raise LocalProtocolError(f"layer {api.layer} is packaged: a DC takes no other schema under that number")
    packaged = Layer(api.layer, api.schema)
    dialects = {number for number, schema in schemas.items() if "invokeWithLayer" not in schema}
    layers = {
        number: Layer(number, schema, packaged if number in dialects else None) for number, schema in schemas.items()
    }
    return layers | {api.layer: packaged}


def check_types(schema: Schema) -> None:
    """Check that a schema declares all types that it uses; without the check, the first answer that
    needs such a type fails.

    Raises:
        SchemaError: a field or an answer has a type that nobody declares; the error names declaration and type.

    """
    for name in schema:
        try:
            declaration = schema.plan(name).declaration
            generic = {variable for variable, _ in declaration.generics}
            if declaration.function and declaration.result.name not in generic:
                schema.kind(str(declaration.result))
        except SchemaError as error:
            reason = error.reason if error.reason.startswith(name) else f"{name}: {error.reason}"
            raise SchemaError(reason, schema.name) from error
