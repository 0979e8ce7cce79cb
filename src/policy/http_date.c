// SPDX-License-Identifier: MIT
// HTTP-dates: the three forms of RFC 9110, section 5.6.7, and nothing else. @pure
//
// The text comes from strangers. It is read from left to right by a cursor that knows how much is left; a form is a
// pattern, and a text that is not wholly one of them is no date. Names are case-sensitive, as the RFC has them. The
// weekday must be one but is not compared with the date: a server's wrong weekday would say nothing about its date.
//
// Moments are seconds since 0000-01-01, so that no date is negative.
#include "policy/http_date.h"

#include "base/number.h"

#define SECONDS_PER_DAY UINT64_C(86400)
#define DAYS_TO_1970 UINT64_C(719528)
/** The mean Gregorian year. */
#define SECONDS_PER_YEAR UINT64_C(31556952)
/** 9999-12-31 23:59:59: a later clock reads two-digit years as this one does. */
#define LAST_UNIX_S UINT64_C(253402300799)

/** What is left of the value. */
struct cursor {
	const char *at;
	size_t left;
};

struct date {
	uint64_t year;
	uint64_t month; /** 0 to 11. */
	uint64_t day; /** 1 to 31. */
	uint64_t hour;
	uint64_t minute;
	uint64_t second; /** 60 is a leap second. */
	bool has_century;
};

/** A form of date: %a %A weekday, short and long, %b month, %d %e day (0- and space-padded), %y %Y year, %T time. */
static const char *const forms[] = {
	"%a, %d %b %Y %T GMT", // IMF-fixdate
	"%A, %d-%b-%y %T GMT", // RFC 850
	"%a %b %e %T %Y", // asctime
};

static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool take_byte(struct cursor *cursor, char byte)
{
	if (cursor->left == 0 || *cursor->at != byte) {
		return false;
	}
	cursor->at++;
	cursor->left--;
	return true;
}

/** All of a text or nothing. */
static bool take_text(struct cursor *cursor, const char *text)
{
	struct cursor rest = *cursor;
	for (; *text != '\0'; text++) {
		if (!take_byte(&rest, *text)) {
			return false;
		}
	}
	*cursor = rest;
	return true;
}

/** One of `count` names; its place is written. */
static bool take_name(struct cursor *cursor, const char *const *names, size_t count,
                      uint64_t *out_place)
{
	for (size_t i = 0; i < count; i++) {
		if (take_text(cursor, names[i])) {
			*out_place = i;
			return true;
		}
	}
	return false;
}

/** Exactly `count` digits. */
static bool take_digits(struct cursor *cursor, int count, uint64_t *out_number)
{
	uint64_t number = 0;
	for (int i = 0; i < count; i++) {
		if (cursor->left == 0 || *cursor->at < '0' || *cursor->at > '9') {
			return false;
		}
		number = 10 * number + (uint64_t)(*cursor->at - '0');
		cursor->at++;
		cursor->left--;
	}
	*out_number = number;
	return true;
}

static bool take_time(struct cursor *cursor, struct date *date)
{
	return take_digits(cursor, 2, &date->hour) && take_byte(cursor, ':') &&
	       take_digits(cursor, 2, &date->minute) && take_byte(cursor, ':') &&
	       take_digits(cursor, 2, &date->second);
}

static bool take_field(struct cursor *cursor, char field, struct date *date)
{
	uint64_t weekday = 0;
	switch (field) {
	case 'a':
		return take_name(cursor, weekdays, 7, &weekday);
	case 'A':
		return take_name(cursor, long_weekdays, 7, &weekday);
	case 'b':
		return take_name(cursor, months, 12, &date->month);
	case 'd':
		return take_digits(cursor, 2, &date->day);
	case 'e':
		return take_digits(cursor, take_byte(cursor, ' ') ? 1 : 2, &date->day);
	case 'y':
		return take_digits(cursor, 2, &date->year);
	case 'Y':
		date->has_century = true;
		return take_digits(cursor, 4, &date->year);
	case 'T':
		return take_time(cursor, date);
	}
	return false;
}

/** The whole value in one form. */
static bool read_form(struct cursor cursor, const char *form, struct date *out_date)
{
	struct date date = {0};
	for (; *form != '\0'; form++) {
		bool is_field = *form == '%';
		form += is_field ? 1 : 0;
		if (!(is_field ? take_field(&cursor, *form, &date) : take_byte(&cursor, *form))) {
			return false;
		}
	}
	if (cursor.left != 0) {
		return false;
	}
	*out_date = date;
	return true;
}

static bool is_leap(uint64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint64_t month_days(uint64_t year, uint64_t month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[month] + (month == 1 && is_leap(year) ? UINT64_C(1) : 0);
}

/** The date's moment. Year 0 is a leap year, which the rounding up counts. */
static uint64_t moment(const struct date *date)
{
	uint64_t year = date->year;
	uint64_t days = 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400 +
	                date->day - 1;
	for (uint64_t month = 0; month < date->month; month++) {
		days += month_days(year, month);
	}
	return days * SECONDS_PER_DAY + (date->hour * 60 + date->minute) * 60 + date->second;
}

/** The century that puts the date at most 50 years ahead of now, and no further back than it must be. */
static void add_century(struct date *date, uint64_t now_unix_s)
{
	uint64_t now_s = (now_unix_s < LAST_UNIX_S ? now_unix_s : LAST_UNIX_S) +
	                 DAYS_TO_1970 * SECONDS_PER_DAY;
	uint64_t latest_s = now_s + 50 * SECONDS_PER_YEAR;
	// One year more than needed, because a mean year is not this one.
	uint64_t year = latest_s / SECONDS_PER_YEAR + 1;
	date->year = year - (year + 100 - date->year) % 100;
	if (moment(date) > latest_s) {
		date->year -= 100;
	}
}

/** A leap second is the last of a day (RFC 9110: 00:00:00 to 23:59:60). */
static bool is_valid(const struct date *date)
{
	bool is_leap_second = date->hour == 23 && date->minute == 59 && date->second == 60;
	return date->day >= 1 && date->day <= month_days(date->year, date->month) &&
	       date->hour <= 23 && date->minute <= 59 && (date->second <= 59 || is_leap_second);
}

static bool read_date(struct cursor text, struct date *out_date)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (read_form(text, forms[i], out_date)) {
			return true;
		}
	}
	return false;
}

bool again_http_date_until(const char *text, size_t len, uint64_t now_unix_s, uint64_t *out_seconds)
{
	struct date date = {0};
	if (!read_date((struct cursor){.at = text, .left = len}, &date)) {
		return false;
	}
	if (!date.has_century) {
		add_century(&date, now_unix_s);
	}
	if (!is_valid(&date)) {
		return false;
	}
	*out_seconds = again_ns_sub(moment(&date),
	                            again_ns_add(now_unix_s, DAYS_TO_1970 * SECONDS_PER_DAY));
	return true;
}
