"""Errors are caught by the names that the documentation gives them."""

from mtproto import errors
from mtproto.errors import PhoneCodeInvalid, RpcError


def told(error: Exception) -> str:
    try:
        raise error
    except errors.PhoneNumberInvalid as caught:
        return f"{caught.code} {caught.name}"
    except PhoneCodeInvalid as caught:
        return caught.message
    except RpcError:
        return "another"


assert told(errors.rpc_error(400, "PHONE_NUMBER_INVALID")) == "400 PHONE_NUMBER_INVALID"
assert told(errors.rpc_error(400, "PHONE_CODE_INVALID")) == "PHONE_CODE_INVALID"
assert told(errors.rpc_error(420, "FLOOD_WAIT_3")) == "another"
