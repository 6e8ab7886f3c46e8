"""The layers that a DC speaks: those that it was given, and those of the history, loaded as clients name them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.layers import Layer, layers_of
from tl import Schema, layers, load_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SpokenLayers"]

KEPT = 16
"""Layers of the history that are kept; the one that was spoken longest ago goes. A layer takes up to 3 MB."""

logger = logging.getLogger(__name__)


class SpokenLayers:
    """The layers of one DC. One caller at a time.

    Args:
        schemas: the layers and dialects that the DC was given, by number; they go before those of the history.

    """

    def __init__(self, schemas: Mapping[int, Schema]) -> None:
        self._given = layers_of(schemas)
        self._recent: OrderedDict[int, Layer] = OrderedDict()
        self._known = layers()

    def at_once(self, number: int) -> Layer | None:
        """Return a layer that need not be loaded, or None."""
        found = self._given.get(number)
        if found is None and number in self._recent:
            self._recent.move_to_end(number)
            found = self._recent[number]
        return found

    def is_there(self, number: int) -> bool:
        """Whether `get` returns a layer for a number."""
        return number in self._given or self._known[0] <= number <= self._known[-1]

    def get(self, number: int) -> Layer:
        """Return a layer, loaded if need be: that takes some milliseconds.

        A layer that the history lacks is spoken as the nearest one that it has; of two as near, as the lower. Refuses
        with `CONNECTION_LAYER_INVALID` a number below or above all of them.
        """
        found = self.at_once(number)
        if found is None:
            found = self._recent[number] = Layer(number, load_layer(self._nearest(number)))
            if len(self._recent) > KEPT:
                self._recent.popitem(last=False)
        return found

    def of_schema(self, schema: object) -> Layer | None:
        """Return the layer whose declarations a schema holds; None if the DC was not given the schema.

        A schema that `tl.load_layer` returned need not be given.
        """
        given = next((layer for layer in self._given.values() if layer.schema is schema), None)
        if given is not None or not isinstance(schema, Schema):
            return given
        number = schema.layer
        if number is None or number in self._given or number not in self._known:
            return None
        return Layer(number, schema) if load_layer(number) is schema else None

    def _nearest(self, number: int) -> int:
        """Return the number of the layer of the history in which clients of a layer are answered."""
        first, last = self._known[0], self._known[-1]
        if not self.is_there(number):
            given = ", ".join([str(each) for each in self._given])
            logger.warning(
                "a client is refused: it speaks layer %d, and this DC speaks %d to %d (given: %s)",
                number,
                first,
                last,
                given,
            )
            raise Refused(400, "CONNECTION_LAYER_INVALID")
        nearest = min(self._known, key=lambda known: (abs(known - number), known))
        if nearest != number:
            logger.warning("the history has no layer %d: its clients are answered in layer %d", number, nearest)
        return nearest
