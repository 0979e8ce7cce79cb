// SPDX-License-Identifier: MIT
// An output file when the system says no: rights that are missing, and every call made to fail once.
#include "output_kit.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/** Runs in a child as an ordinary user; returns the line that is not as it should be, or 0. */
static int without_rights(void)
{
	const uid_t nobody = 65534;
	if (geteuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0)) {
		return 1;
	}
	struct again_output output;
	struct again_error error = {0};
	if (again_output_open(&output, "closed/report.json", &again_file_calls_real, &error) == 0 ||
	    strcmp(error.text, "cannot write 'closed/report.json': permission denied") != 0) {
		return 2;
	}
	if (again_output_open(&output, "closed/new/report.json", &again_file_calls_real, &error) ==
	            0 ||
	    error.sys != EACCES) {
		return 3;
	}
	if (again_output_open(&output, "pipe", &again_file_calls_real, &error) == 0 ||
	    error.sys != EACCES) {
		return 4;
	}
	if (again_output_open(&output, "open/readonly", &again_file_calls_real, &error) != 0) {
		return 5;
	}
	return 0;
}

static void missing_rights_are_found_before_anything_runs(void **state)
{
	(void)state;
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(mkdir("closed", 0555), 0);
	assert_int_equal(mkdir("open", 0777), 0);
	assert_int_equal(chmod("open", 0777), 0);
	put("open/readonly", "old");
	assert_int_equal(chmod("open/readonly", 0444), 0);
	assert_int_equal(mkfifo("pipe", 0400), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(without_rights());
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(chmod("closed", 0755), 0);
}

static int as_somebody(void)
{
	const uid_t nobody = 65534;
	if (setgid(nobody) != 0 || setuid(nobody) != 0) {
		return 1;
	}
	struct again_output output;
	struct again_error error = {0};
	if (again_output_open(&output, "sticky/roots", &again_file_calls_real, &error) == 0 ||
	    error.sys != EPERM) {
		return 2;
	}
	return again_output_open(&output, "sticky/mine", &again_file_calls_real, &error) == 0 ? 0
	                                                                                      : 3;
}

static void another_ones_file_in_a_sticky_folder(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(mkdir("sticky", 0777), 0);
	assert_int_equal(chmod("sticky", 01777), 0);
	put("sticky/roots", "old");
	put("sticky/mine", "old");
	assert_int_equal(chown("sticky/mine", 65534, 65534), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(as_somebody());
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/** Which call fails, from 1, with what; and how many there have been. */
static int fail_at;
static int fail_with;
static int calls;

static bool fails(void)
{
	calls++;
	errno = fail_with;
	return calls == fail_at;
}

static int faulty_open(const char *path, int flags, mode_t mode)
{
	return fails() ? -1 : again_file_calls_real.open(path, flags, mode);
}

static int faulty_close(int fd)
{
	// As Linux does it: closed, and an error all the same.
	int rc = again_file_calls_real.close(fd);
	return fails() ? -1 : rc;
}

static ssize_t faulty_write(int fd, const void *bytes, size_t len)
{
	return fails() ? -1 : again_file_calls_real.write(fd, bytes, len);
}

static int faulty_fsync(int fd)
{
	return fails() ? -1 : again_file_calls_real.fsync(fd);
}

static int faulty_stat(const char *path, struct stat *out)
{
	return fails() ? -1 : again_file_calls_real.stat(path, out);
}

static int faulty_mkdir(const char *path, mode_t mode)
{
	return fails() ? -1 : again_file_calls_real.mkdir(path, mode);
}

static int faulty_rename(const char *from, const char *to)
{
	return fails() ? -1 : again_file_calls_real.rename(from, to);
}

static int faulty_unlink(const char *path)
{
	return fails() ? -1 : again_file_calls_real.unlink(path);
}

static ssize_t faulty_readlink(const char *path, char *buffer, size_t cap)
{
	return fails() ? -1 : again_file_calls_real.readlink(path, buffer, cap);
}

static int faulty_fchmod(int fd, mode_t mode)
{
	return fails() ? -1 : again_file_calls_real.fchmod(fd, mode);
}

// What comes of these two decides nothing: the write that follows does.
static int no_unblock_signals(void)
{
	return -1;
}

static int no_wait_writable(int fd, int timeout_ms)
{
	(void)fd;
	(void)timeout_ms;
	return -1;
}

static int faulty_access(const char *path, int mode)
{
	return fails() ? -1 : again_file_calls_real.access(path, mode);
}

static int faulty_fcntl(int fd, int command, int argument)
{
	return fails() ? -1 : again_file_calls_real.fcntl(fd, command, argument);
}

static const struct again_file_calls faulty = {
	.open = faulty_open,
	.close = faulty_close,
	.write = faulty_write,
	.fsync = faulty_fsync,
	.stat = faulty_stat,
	.mkdir = faulty_mkdir,
	.rename = faulty_rename,
	.unlink = faulty_unlink,
	.readlink = faulty_readlink,
	.fchmod = faulty_fchmod,
	.wait_writable = no_wait_writable,
	.unblock_signals = no_unblock_signals,
	.access = faulty_access,
	.fcntl = faulty_fcntl,
};

static void every_call_fails_once(void **state)
{
	(void)state;
	static const int errors[] = {EIO, ENOSPC, EACCES, EINTR, EEXIST, ENXIO};
	assert_int_equal(symlink("there/report.json", "link"), 0);
	for (size_t e = 0; e < COUNT(errors); e++) {
		for (int has_old = 0; has_old < 2; has_old++) {
			calls = INT_MAX;
			for (fail_at = 1; calls >= fail_at - 1; fail_at++) {
				(void)unlink("there/report.json");
				(void)rmdir("there");
				if (has_old == 1) {
					assert_int_equal(mkdir("there", 0777), 0);
					put("there/report.json", "old");
				}
				int open_before = count_entries("/proc/self/fd");
				calls = 0;
				fail_with = errors[e];
				struct again_error error = {0};
				int rc = save("link", &faulty, &error);
				const char *content = get("there/report.json");
				bool is_new = strcmp(content, "new content\n") == 0;
				bool is_old = strcmp(content, has_old == 1 ? "old" : "(none)") == 0;
				struct stat found;
				int files = is_new || has_old == 1 ? 1 : 0;
				bool clean = (stat("there", &found) != 0 && files == 0) ||
				             count_entries("there") == files;
				// That a folder exists is looked up, and then it does not.
				int sys = error.sys == ENOENT && errors[e] == EEXIST ? EEXIST
				                                                     : error.sys;
				bool told = rc == 0 ||
				            (sys == errors[e] && rc == AGAIN_ERR_SYSTEM &&
				             strstr(error.text, "cannot write '") == error.text);
				if (!(rc == 0 ? is_new : is_new || is_old) || !clean || !told ||
				    count_entries("/proc/self/fd") != open_before) {
					fail_msg(
						"errno %d at call %d of %d, old %d: %d, \"%s\", '%s'",
						errors[e], fail_at, calls, has_old, rc, error.text,
						content);
				}
			}
			// All calls were made to fail: the last round had none that failed.
			assert_true(fail_at > 10);
		}
	}
}

static void every_call_on_what_is_written_directly_fails_once(void **state)
{
	(void)state;
	calls = INT_MAX;
	for (fail_at = 1; calls >= fail_at - 1; fail_at++) {
		int open_before = count_entries("/proc/self/fd");
		calls = 0;
		fail_with = EIO;
		struct again_error error = {0};
		int rc = save("/dev/null", &faulty, &error);
		assert_int_equal(rc, calls < fail_at ? 0 : AGAIN_ERR_SYSTEM);
		assert_int_equal(count_entries("/proc/self/fd"), open_before);
	}
	assert_true(fail_at > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(missing_rights_are_found_before_anything_runs,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_ones_file_in_a_sticky_folder, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(every_call_fails_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_call_on_what_is_written_directly_fails_once,
	                                        set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
