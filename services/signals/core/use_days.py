"""The days on which a feature was used, as they lie in pages: a bitmap of the recent ones; `feature_days` reads it.

Units: days since 1970 (UTC). Source: design (state), playbook section 4.
"""

import msgspec


class UseDays(msgspec.Struct, array_like=True, gc=False):
    """On which of the recent days a feature was used, and when it was last used or blocked.

    Shape: bit 0 of `bits` is `newest`, bit n the day n before. Units: days; -1 is never.
    """

    newest: int = -1
    bits: int = 0
    touched: int = -1
