from tl import api, service

# mypy says: Argument "query" to "InvokeWithoutUpdates" has incompatible type "Pong"; expected "TLFunction[Never]"
# pyright says: Argument of type "Pong" cannot be assigned to parameter "query" of type "TLFunction[…
print(api.functions.InvokeWithoutUpdates(query=service.types.Pong(msg_id=1, ping_id=2)))
