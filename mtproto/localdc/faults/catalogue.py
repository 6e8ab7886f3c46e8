"""The list of faults: name, parameters and what each does, for `mtproto serve --list-faults` and `--fault`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError
from mtproto.localdc.faults.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAULTS", "FaultInfo"]

_READERS = {"int": int, "str": str}
"""How the text of an argument is read, by the annotation of the parameter."""


@dataclass(frozen=True, slots=True)
class FaultInfo:
    """One fault.

    Attributes:
        name: the method of `Faults` that arms it.
        parameters: what the method takes, in order.
        description: what happens, one sentence or two.

    """

    name: str
    parameters: tuple[inspect.Parameter, ...]
    description: str

    @property
    def usage(self) -> str:
        """How it is written on a command line: `name=parameter,parameter`, optional ones in brackets."""
        usage, mark = self.name, "="
        for parameter in self.parameters:
            optional = parameter.default is not parameter.empty
            usage += f"[{mark}{parameter.name}: {parameter.default}]" if optional else f"{mark}{parameter.name}"
            mark = ","
        return usage

    def arm(self, faults: Faults, text: str = "") -> None:
        """Arm it.

        Args:
            faults: those of the DC.
            text: the arguments, with commas between them; those at the end may be left out where they are optional.

        Raises:
            LocalProtocolError: too few or too many arguments, or one that is no number where one is needed.

        """
        given = text.split(",") if text else []
        least = sum(parameter.default is parameter.empty for parameter in self.parameters)
        if not least <= len(given) <= len(self.parameters):
            raise LocalProtocolError(f"{self.name}: {len(given)} arguments; it is written {self.usage}")
        try:
            pairs = zip(self.parameters, given, strict=False)  # optional ones may be left out
            arguments = [_READERS[parameter.annotation](word) for parameter, word in pairs]
        except ValueError:
            raise LocalProtocolError(f"{self.name}: {text!r}; it is written {self.usage}") from None
        getattr(faults, self.name)(*arguments)


def _described(name: str) -> FaultInfo:
    method: Any = getattr(Faults, name)
    _, *parameters = inspect.signature(method).parameters.values()
    return FaultInfo(name, tuple(parameters), (inspect.getdoc(method) or "").partition("\n\n")[0].replace("\n", " "))


_NAMES = (
    "bad_server_salt",
    "salt_rotation",
    "bad_msg",
    "session_forgotten",
    "key_forgotten",
    "transport_error",
    "not_found",
    "flood",
    "wrong_dc",
    "lost_answer",
    "duplicated_answer",
    "reordered_answers",
    "delayed_ack",
    "msg_detailed_info",
    "replayed_packet",
    "lost_update",
    "duplicated_update",
    "reordered_updates",
    "updates_too_long",
    "channel_too_long",
    "difference_too_long",
    "short_part",
    "stalled_part",
    "wrong_part_bytes",
    "wrong_file_hash",
    "file_shrinks",
    "file_grows",
    "file_reference_expired",
    "file_reference_invalid",
    "file_reference_empty",
    "file_flood_wait",
    "file_premium_wait",
    "wrong_cdn_hash",
    "wrong_cdn_bytes",
    "cdn_file_lost",
    "file_token_invalid",
    "request_token_invalid",
    "wrong_parity",
    "wrong_session_id",
    "stale_packet",
    "gzip_bomb",
    "gzip_in_gzip",
    "container_of",
    "nested_container",
    "new_session_created_as_reply",
    "cut",
    "cut_received",
    "flip_bit",
    "flip_received_bit",
    "garbage",
    "garbage_stream",
    "oversize_frame",
    "random_tail",
    "dh_gen_retry",
    "dh_gen_fail",
    "server_dh_params_fail",
    "bad_prime",
    "bad_g",
    "g_a_out_of_range",
    "wrong_nonce",
    "wrong_server_nonce",
    "wrong_sha1",
    "wrong_hash",
)

FAULTS: Mapping[str, FaultInfo] = MappingProxyType({name: _described(name) for name in _NAMES})
"""Every fault by name, in the order of a list for people."""
