# SPDX-License-Identifier: MIT
"""Hints in their forms, from the words of <again/hint.h> and RFC 9110 alone; Python's calendar counts the days."""
import calendar
import re

from .policy import MS, NEVER, S

DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split()
MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()
CLOCK = r'(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)'
SHORT = '(?:' + '|'.join(day[:3] for day in DAYS) + ')'
MONTH = '(?P<month>' + '|'.join(MONTHS) + ')'
FORMS = [
    rf'{SHORT}, (?P<day>\d\d) {MONTH} (?P<year>\d{{4}}) {CLOCK} GMT',
    rf'{SHORT} {MONTH} (?P<day>\d\d| \d) {CLOCK} (?P<year>\d{{4}})',
    rf'(?:{"|".join(DAYS)}), (?P<day>\d\d)-{MONTH}-(?P<year>\d\d) {CLOCK} GMT',
]
FIFTY_YEARS = 50 * 31556952


def moment(year, month, day, h, m, s):
    """Seconds since 1970, None where there is no such moment. Years before 1970 are in the past."""
    if not 1 <= day <= 31 or h > 23 or m > 59 or s > 60 or (s == 60 and (h, m) != (23, 59)):
        return None
    length = [31, 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28,
              31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    if day > length:
        return None
    if year < 1970:
        return 0
    return calendar.timegm((year, month, day, h, m, s))


def retry_after(text, now):
    """The delay in nanoseconds, None where it is none."""
    text = text.strip(' \t')
    if re.fullmatch(r'[0-9]+', text):
        return min(int(text) * S, NEVER - 1)
    for form in FORMS:
        found = re.fullmatch(form, text, re.ASCII)
        if not found:
            continue
        year, month = int(found['year']), MONTHS.index(found['month']) + 1
        rest = month, int(found['day']), int(found['h']), int(found['m']), int(found['s'])
        if len(found['year']) == 2:
            near = [y for y in range(year, 10000, 100)
                    if (calendar.timegm((y, *rest)) if y >= 1970 else 0) <= now + FIFTY_YEARS]
            year = near[-1]
        at = moment(year, *rest)
        return None if at is None else min(max(0, at - now) * S, NEVER - 1)
    return None


def ms_header(text):
    """Milliseconds; None where it is none."""
    text = text.strip(' \t')
    return min(int(text) * MS, NEVER - 1) if re.fullmatch(r'[0-9]+', text) else None


def pushback_ms(text):
    """grpc-retry-pushback-ms: None is a refusal."""
    if not re.fullmatch(r'0|-?[1-9][0-9]*', text) or not 0 <= int(text) < 2**31:
        return None
    return int(text) * MS
