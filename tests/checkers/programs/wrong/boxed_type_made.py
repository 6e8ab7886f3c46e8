from tl import api

# mypy says: Too few arguments for "InputPeer"
# pyright says: Expected 1 more positional argument
nobody = api.boxed.InputPeer()
