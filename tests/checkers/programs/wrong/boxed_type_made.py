from tl import api

# mypy says: Missing named argument "make_one_of_its_constructors" for "InputPeer"
# pyright says: Argument missing for parameter "make_one_of_its_constructors"
nobody = api.boxed.InputPeer()
