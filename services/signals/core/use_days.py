"""The days on which a feature was used: a bitmap of the recent ones.

Units: days since 1970 (UTC). Source: design (state), playbook section 4.
"""

import msgspec

KEPT_BITS = 62  # days of use that a bitmap remembers: two windows of 30 and room to spare
ALL_BITS = (1 << KEPT_BITS) - 1


class UseDays(msgspec.Struct, array_like=True, gc=False):
    """On which of the recent days a feature was used, and when it was last used or blocked.

    Shape: bit 0 of `bits` is `newest`, bit n the day n before. Units: days; -1 is never.
    """

    newest: int = -1
    bits: int = 0
    touched: int = -1

    def used(self, day: int) -> None:
        """Note a use."""
        shift = day - self.newest
        if shift > 0:
            self.bits = (self.bits << shift | 1) & ALL_BITS if shift < KEPT_BITS else 1
            self.newest = day
        elif self.newest - day < KEPT_BITS:
            self.bits |= 1 << (self.newest - day)
        if day > self.touched:
            self.touched = day

    def blocked(self, day: int) -> None:
        """Note that the product refused a use."""
        self.touched = max(self.touched, day)

    def days_used(self, today: int, days: int) -> int:
        """Return on how many of the `days` that end today it was used."""
        room = days - (today - self.newest)
        if room <= 0:
            return 0
        return (self.bits & ((1 << room) - 1)).bit_count()
