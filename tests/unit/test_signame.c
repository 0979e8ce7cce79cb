// SPDX-License-Identifier: MIT
// Signals by name: our numbers are this system's, and names lead back to them.
#include "base/signame.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int number_of(const char *name)
{
	return again_signal_number(name, strlen(name));
}

static void our_numbers_are_the_systems(void **state)
{
	(void)state;
	static const struct {
		int number;
		const char *name;
	} signals[] = {
		{SIGHUP, "HUP"},       {SIGINT, "INT"},   {SIGQUIT, "QUIT"},     {SIGILL, "ILL"},
		{SIGTRAP, "TRAP"},     {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},       {SIGFPE, "FPE"},
		{SIGKILL, "KILL"},     {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"},     {SIGUSR2, "USR2"},
		{SIGPIPE, "PIPE"},     {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},     {SIGCHLD, "CHLD"},
		{SIGCONT, "CONT"},     {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"},     {SIGTTIN, "TTIN"},
		{SIGTTOU, "TTOU"},     {SIGURG, "URG"},   {SIGXCPU, "XCPU"},     {SIGXFSZ, "XFSZ"},
		{SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGWINCH, "WINCH"},   {SIGIO, "IO"},
		{SIGSYS, "SYS"},       {SIGPWR, "PWR"},   {SIGSTKFLT, "STKFLT"},
	};
	assert_int_equal(COUNT(signals), 31);
	for (size_t i = 0; i < COUNT(signals); i++) {
		assert_string_equal(again_signal_name(signals[i].number), signals[i].name);
		assert_int_equal(number_of(signals[i].name), signals[i].number);
	}
	assert_int_equal(AGAIN_SIGNAL_MAX, SIGRTMAX);
}

static void every_name_leads_back(void **state)
{
	(void)state;
	for (int number = 1; number <= AGAIN_SIGNAL_MAX; number++) {
		const char *name = again_signal_name(number);
		if (number == 32 || number == 33) {
			assert_string_equal(name, "UNKNOWN");
			continue;
		}
		assert_int_equal(number_of(name), number);
		// With SIG, in small letters, not terminated.
		char longer[32] = "sig";
		for (size_t i = 0; i <= strlen(name); i++) {
			char c = name[i];
			longer[3 + i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
		}
		assert_int_equal(number_of(longer), number);
		longer[strlen(longer)] = 'x';
		assert_int_equal(again_signal_number(longer, 3 + strlen(name)), number);
	}
	assert_string_equal(again_signal_name(0), "UNKNOWN");
	assert_string_equal(again_signal_name(-1), "UNKNOWN");
	assert_string_equal(again_signal_name(65), "UNKNOWN");
	assert_string_equal(again_signal_name(34), "RTMIN");
	assert_string_equal(again_signal_name(64), "RTMAX");
}

static void other_names(void **state)
{
	(void)state;
	assert_int_equal(number_of("9"), 9);
	assert_int_equal(number_of("64"), 64);
	assert_int_equal(number_of("32"), 32);
	assert_int_equal(number_of("IOT"), SIGABRT);
	assert_int_equal(number_of("SIGCLD"), SIGCHLD);
	assert_int_equal(number_of("poll"), SIGIO);
	assert_int_equal(number_of("RTMIN+0"), 34);
	assert_int_equal(number_of("RTMIN+30"), 64);
	assert_int_equal(number_of("rtmax-30"), 34);
	assert_int_equal(number_of("SIGRTMAX-1"), 63);
	static const char *const none[] = {
		"",         "0",        "65",         "-1",       "+9",        "009",     " 9",
		"9 ",       "SIG",      "SIGSIGKILL", "KILLS",    "KIL",       "UNKNOWN", "RTMIN+",
		"RTMIN+31", "RTMAX-31", "RTMIN-1",    "RTMIN+1x", "RTMIN+123", "SIG9"};
	for (size_t i = 0; i < COUNT(none); i++) {
		if (number_of(none[i]) != -1) {
			fail_msg("'%s' is %d", none[i], number_of(none[i]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_numbers_are_the_systems),
		cmocka_unit_test(every_name_leads_back),
		cmocka_unit_test(other_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
