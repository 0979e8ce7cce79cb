// SPDX-License-Identifier: MIT
// What cannot be replaced and is written as it is: FIFOs, devices, descriptors, mounted files.
#include "output_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int waits;

static int counted_wait(int fd, int timeout_ms)
{
	if (fd < 0) {
		waits++;
		return 0;
	}
	return again_file_calls_real.wait_writable(fd, timeout_ms);
}

static void a_fifo_is_written_and_stays_one(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("pipe", "link"), 0);
	struct again_output output;
	// Nobody reads yet, and that is no reason to wait.
	assert_int_equal(again_output_open(&output, "link", &again_file_calls_real, NULL), 0);
	assert_int_equal(output.kind, AGAIN_OUTPUT_DIRECT);
	int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(again_output_begin(&output, NULL), 0);
	assert_int_equal(again_output_sink(&output, "hello", 5, NULL), 0);
	assert_int_equal(again_output_commit(&output, NULL), 0);
	char content[10] = "";
	assert_int_equal(read(reader, content, sizeof(content)), 5);
	assert_string_equal(content, "hello");
	assert_int_equal(read(reader, content, sizeof(content)), 0);
	(void)close(reader);

	// Nobody ever reads.
	struct again_file_calls files = again_file_calls_real;
	files.wait_writable = counted_wait;
	waits = 0;
	struct again_error error = {0};
	assert_int_equal(save("pipe", &files, &error), AGAIN_ERR_SYSTEM);
	assert_int_equal(error.sys, ENXIO);
	assert_int_equal(waits, 1000);
	struct stat found;
	assert_int_equal(stat("pipe", &found), 0);
	assert_true(S_ISFIFO(found.st_mode));
	assert_int_equal(count_entries("."), 2);
}

static void devices_are_written(void **state)
{
	(void)state;
	saves("/dev/null");
	struct stat found;
	assert_int_equal(stat("/dev/null", &found), 0);
	assert_true(S_ISCHR(found.st_mode));
	struct again_error error = {0};
	assert_int_equal(save("/dev/full", &again_file_calls_real, &error), AGAIN_ERR_SYSTEM);
	assert_string_equal(error.text, "cannot write '/dev/full': no space left on device");
}

static void descriptors_are_written_and_left_open(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	static const char *const folders[] = {"/dev/fd", "/proc/self/fd"};
	char path[64];
	char content[20];
	for (size_t i = 0; i < COUNT(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%d", folders[i], ends[1]);
		saves(path);
		memset(content, 0, sizeof(content));
		assert_int_equal(read(ends[0], content, sizeof(content)), 12);
		assert_string_equal(content, "new content\n");
	}
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	assert_int_equal(symlink(path, "link"), 0);
	saves("link");
	assert_int_equal(read(ends[0], content, sizeof(content)), 12);
	assert_int_equal(fcntl(ends[1], F_GETFD), FD_CLOEXEC);

	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	struct again_output output;
	struct again_error error = {0};
	assert_int_equal(again_output_open(&output, path, &again_file_calls_real, &error),
	                 AGAIN_ERR_SYSTEM);
	assert_int_equal(error.sys, EBADF);
	refuses("/dev/fd/987654", EBADF, "cannot write '/dev/fd/987654': bad file descriptor");
	(void)close(ends[0]);
	(void)close(ends[1]);

	assert_int_equal(again_output_open(&output, "-", &again_file_calls_real, NULL), 0);
	assert_int_equal(output.kind, AGAIN_OUTPUT_DESCRIPTOR);
	assert_int_equal(output.fd, STDOUT_FILENO);
	assert_int_equal(again_output_open(&output, "/dev/stderr", &again_file_calls_real, NULL),
	                 0);
	assert_int_equal(output.fd, STDERR_FILENO);
	assert_int_equal(count_entries("."), 1);
}

/** A regular file behind a descriptor is gone on with, not replaced and not written over. */
static void a_redirected_descriptor_is_gone_on_with(void **state)
{
	(void)state;
	int fd = open("out.txt", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "before\n", 7), 7);
	char path[64];
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	saves(path);
	assert_int_equal(write(fd, "after\n", 6), 6);
	(void)close(fd);
	assert_string_equal(get("out.txt"), "before\nnew content\nafter\n");
	assert_int_equal(count_entries("."), 1);
}

static int stat_as_a_mount(const char *path, struct stat *out)
{
	int rc = stat(path, out);
	if (rc == 0 && S_ISREG(out->st_mode)) {
		out->st_dev++;
	}
	return rc;
}

static void a_mounted_file_is_written_in_place(void **state)
{
	(void)state;
	put("report.json", "old content that is longer than the new");
	struct stat before;
	assert_int_equal(stat("report.json", &before), 0);
	struct again_file_calls files = again_file_calls_real;
	files.stat = stat_as_a_mount;
	struct again_error error = {0};
	assert_int_equal(save("report.json", &files, &error), 0);
	assert_string_equal(get("report.json"), "new content\n");
	struct stat after;
	assert_int_equal(stat("report.json", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_fifo_is_written_and_stays_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(devices_are_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(descriptors_are_written_and_left_open, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_redirected_descriptor_is_gone_on_with, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_mounted_file_is_written_in_place, set_up,
	                                        tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
