from tl import api


# mypy says: Name "api.types.Foto" is not defined
# pyright says: "Foto" is not a known attribute of module "tl._api.types"
def biggest(photo: api.types.Foto) -> str:
    return str(photo)
