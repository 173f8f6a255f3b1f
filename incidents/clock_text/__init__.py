"""What people type for a time; one line or a pasted block of lines → events.

The page, the API and the importer all read times through this package, so that `01:30` means the same thing everywhere.
`zones` knows time zones, `readings` what a text says, `moments` which moment in time that is, `entries` one line of a
timeline, `blocks` many of them, and `wording` says moments back to people. Nothing here touches the database, and
nothing but ``InvalidInput`` comes out of a text, whatever it is.
"""

from incidents.clock_text.blocks import MAX_BLOCK_BYTES, MAX_BLOCK_ENTRIES, is_block, parse_block
from incidents.clock_text.entries import MAX_ENTRY_LENGTH, Entry, parse_entry
from incidents.clock_text.moments import ClockContext, Moment, parse_moment
from incidents.clock_text.wording import describe, format_offset_from, zone_label
from incidents.clock_text.zones import Zone, parse_zone, zone_name

__all__ = [
    "MAX_BLOCK_BYTES",
    "MAX_BLOCK_ENTRIES",
    "MAX_ENTRY_LENGTH",
    "ClockContext",
    "Entry",
    "Moment",
    "Zone",
    "describe",
    "format_offset_from",
    "is_block",
    "parse_block",
    "parse_entry",
    "parse_moment",
    "parse_zone",
    "zone_label",
    "zone_name",
]
