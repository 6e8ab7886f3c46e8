import mtproto
from tl import api

# mypy says: Module has no attribute "konnect"
# pyright says: "konnect" is not a known attribute of module "mtproto"
print(mtproto.konnect, api)
