"""Functions over schemas and their objects. No other part of `tl` needs them; `tl` exports the public ones."""

from tl.tools.short_calls import request_of, signature_of
from tl.tools.translation import translate

__all__ = ["request_of", "signature_of", "translate"]
