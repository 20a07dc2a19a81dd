"""Date and time of a header field (RFC 5322 3.3), without locale and time zone of this host."""

import re
import time
from datetime import UTC, datetime
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBER: Final = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
# RFC 5322 4.3; of any other letters the meaning is not known, they count as -0000.
_ZONES: Final = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
_LAST: Final = 253_402_300_799
"""23:59:59 on the last day of the year 9999, which is as far as four digits go."""
_LONGEST: Final = 256

_COMMENT: Final = re.compile(r"\([^()]*\)")
_DATE: Final = re.compile(
    r"\s*(?:[A-Za-z]{2,9}\.?\s*,?\s*)?([0-9]{1,2})[\s-]+([A-Za-z]{3})[a-z]{0,6}\.?[\s-]+([0-9]{2,4})"
    r"[\s,]+([0-9]{1,2})\s*[:.]\s*([0-9]{2})(?:\s*[:.]\s*([0-9]{2}))?(?:\s*([+-])([0-9]{2}):?([0-9]{2})|\s*([A-Za-z]*))"
)


def format(unix: float) -> str:  # noqa: A001  (callers write `date.format`)
    """`Tue, 14 Nov 2023 22:13:20 +0000`. unix: seconds, cut to the years 1970 to 9999."""
    moment = time.gmtime(min(max(unix, 0), _LAST))
    return (
        f"{_DAYS[moment.tm_wday]}, {moment.tm_mday:02d} {_MONTHS[moment.tm_mon - 1]} {moment.tm_year:04d} "
        f"{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d} +0000"
    )


def parse(text: str) -> float | None:
    """Unix seconds of a date-time, obsolete forms included (RFC 5322 4.3); None for anything else.

    Never raises. A leap second counts as the second before. Without a zone, or with an unknown one: UTC."""
    if len(text) > _LONGEST:
        return None
    found = _DATE.match(_COMMENT.sub(" ", text))
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes, zone = found.groups()
    try:
        moment = datetime(
            _year(year),
            _MONTH_NUMBER[month.lower()],
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),
            tzinfo=UTC,
        )
    except (KeyError, ValueError):
        return None
    if sign:
        ahead_s = (int(zone_hours) * 60 + int(zone_minutes)) * (-60 if sign == "-" else 60)
    else:
        ahead_s = _ZONES.get(zone.lower(), 0) * 3600
    return moment.timestamp() - ahead_s


def _year(digits: str) -> int:
    """Two digits are 1950 to 2049, three are counted from 1900 (RFC 5322 4.3)."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if len(digits) == 2 and year < 50 else 1900)
