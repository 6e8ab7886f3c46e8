from tl import api

# mypy: Too few arguments for "InputPeer"
# pyright: Expected 1 more positional argument
nobody = api.boxed.InputPeer()
