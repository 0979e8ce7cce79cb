// SPDX-License-Identifier: MIT
// Signals by name. @pure
//
// The numbers are those of Linux on x86, ARM, RISC-V, POWER and s390; a unit test compares them to
// <signal.h>. Real-time signals are counted as glibc and bash count them, from 34 to 64, also where
// the C library keeps another one for itself (musl begins at 35): the same death has the same name
// in the static program. 32 and 33 belong to the C library's threads and have no name.
#include "base/signame.h"

#include <stdbool.h>
#include <string.h>

#define RT_LEAST 34

static const char *const names[AGAIN_SIGNAL_MAX + 1] = {
	[1] = "HUP",       [2] = "INT",       [3] = "QUIT",      [4] = "ILL",
	[5] = "TRAP",      [6] = "ABRT",      [7] = "BUS",       [8] = "FPE",
	[9] = "KILL",      [10] = "USR1",     [11] = "SEGV",     [12] = "USR2",
	[13] = "PIPE",     [14] = "ALRM",     [15] = "TERM",     [16] = "STKFLT",
	[17] = "CHLD",     [18] = "CONT",     [19] = "STOP",     [20] = "TSTP",
	[21] = "TTIN",     [22] = "TTOU",     [23] = "URG",      [24] = "XCPU",
	[25] = "XFSZ",     [26] = "VTALRM",   [27] = "PROF",     [28] = "WINCH",
	[29] = "IO",       [30] = "PWR",      [31] = "SYS",      [34] = "RTMIN",
	[35] = "RTMIN+1",  [36] = "RTMIN+2",  [37] = "RTMIN+3",  [38] = "RTMIN+4",
	[39] = "RTMIN+5",  [40] = "RTMIN+6",  [41] = "RTMIN+7",  [42] = "RTMIN+8",
	[43] = "RTMIN+9",  [44] = "RTMIN+10", [45] = "RTMIN+11", [46] = "RTMIN+12",
	[47] = "RTMIN+13", [48] = "RTMIN+14", [49] = "RTMIN+15", [50] = "RTMAX-14",
	[51] = "RTMAX-13", [52] = "RTMAX-12", [53] = "RTMAX-11", [54] = "RTMAX-10",
	[55] = "RTMAX-9",  [56] = "RTMAX-8",  [57] = "RTMAX-7",  [58] = "RTMAX-6",
	[59] = "RTMAX-5",  [60] = "RTMAX-4",  [61] = "RTMAX-3",  [62] = "RTMAX-2",
	[63] = "RTMAX-1",  [64] = "RTMAX",
};

/** Other names for the same numbers. */
static const struct {
	const char *name;
	int number;
} aliases[] = {
	{"IOT", 6},
	{"CLD", 17},
	{"POLL", 29},
};

const char *again_signal_name(int number)
{
	if (number < 1 || number > AGAIN_SIGNAL_MAX || names[number] == NULL) {
		return "UNKNOWN";
	}
	return names[number];
}

static int upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static bool starts_with(const char *text, size_t len, const char *prefix)
{
	size_t prefix_len = strlen(prefix);
	if (len < prefix_len) {
		return false;
	}
	for (size_t i = 0; i < prefix_len; i++) {
		if (upper(text[i]) != prefix[i]) {
			return false;
		}
	}
	return true;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && starts_with(text, len, word);
}

/** One or two digits, or -1. */
static int small_number(const char *text, size_t len)
{
	if (len < 1 || len > 2) {
		return -1;
	}
	int number = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return -1;
		}
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/** "RTMIN+n" and "RTMAX-n", whichever of the two names the table has for it. */
static int real_time_number(const char *name, size_t len)
{
	const size_t prefix_len = strlen("RTMIN+");
	bool from_least = starts_with(name, len, "RTMIN+");
	if (!from_least && !starts_with(name, len, "RTMAX-")) {
		return -1;
	}
	int offset = small_number(name + prefix_len, len - prefix_len);
	if (offset < 0 || offset > AGAIN_SIGNAL_MAX - RT_LEAST) {
		return -1;
	}
	return from_least ? RT_LEAST + offset : AGAIN_SIGNAL_MAX - offset;
}

int again_signal_number(const char *name, size_t len)
{
	int number = small_number(name, len);
	if (number >= 0) {
		return number >= 1 && number <= AGAIN_SIGNAL_MAX ? number : -1;
	}
	if (starts_with(name, len, "SIG")) {
		name += strlen("SIG");
		len -= strlen("SIG");
	}
	for (int i = 1; i <= AGAIN_SIGNAL_MAX; i++) {
		if (names[i] != NULL && is_word(name, len, names[i])) {
			return i;
		}
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (is_word(name, len, aliases[i].name)) {
			return aliases[i].number;
		}
	}
	return real_time_number(name, len);
}
