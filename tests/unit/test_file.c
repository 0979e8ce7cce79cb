// SPDX-License-Identifier: MIT
// Writing all of it, and descriptors that are never 0, 1 or 2.
#include "base/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/**
 * What write(2) does next: takes that many bytes, or fails with -errno. 0 ends the list: takes all.
 */
static const int *plan;
static char taken[256];
static size_t taken_len;
static int waits;

static ssize_t planned_write(int fd, const void *bytes, size_t len)
{
	assert_int_equal(fd, 42);
	int step = *plan != 0 ? *plan++ : (int)len;
	if (step < 0) {
		errno = -step;
		return -1;
	}
	size_t count = (size_t)step < len ? (size_t)step : len;
	memcpy(taken + taken_len, bytes, count);
	taken_len += count;
	return (ssize_t)count;
}

static int counted_wait(int fd, int timeout_ms)
{
	assert_int_equal(fd, 42);
	assert_int_equal(timeout_ms, 1000);
	waits++;
	// A time that is over, an interruption, then room.
	errno = EINTR;
	return waits == 2 ? -1 : waits % 2;
}

static ssize_t nothing_written(int fd, const void *bytes, size_t len)
{
	(void)fd;
	(void)bytes;
	(void)len;
	return 0;
}

static int broken_wait(int fd, int timeout_ms)
{
	(void)fd;
	(void)timeout_ms;
	errno = ENOMEM;
	return -1;
}

static int write_planned(const int *steps, const char *bytes)
{
	struct again_file_calls files = again_file_calls_real;
	files.write = planned_write;
	files.wait_writable = counted_wait;
	plan = steps;
	taken_len = 0;
	waits = 0;
	int rc = again_write_all(&files, 42, bytes, strlen(bytes));
	taken[taken_len] = '\0';
	return rc;
}

static void all_of_it_is_written(void **state)
{
	(void)state;
	assert_int_equal(write_planned((const int[]){0}, "hello"), 0);
	assert_string_equal(taken, "hello");
	assert_int_equal(write_planned((const int[]){1, 2, 0}, "hello"), 0);
	assert_string_equal(taken, "hello");
	assert_int_equal(write_planned((const int[]){-EINTR, 1, -EINTR, 0}, "hello"), 0);
	assert_string_equal(taken, "hello");
	assert_int_equal(write_planned((const int[]){-EAGAIN, 3, -EAGAIN, -EAGAIN, 0}, "hello"), 0);
	assert_string_equal(taken, "hello");
	assert_int_equal(waits, 3);
	assert_int_equal(write_planned((const int[]){0}, ""), 0);
	assert_string_equal(taken, "");
}

static void what_fails_is_told(void **state)
{
	(void)state;
	assert_int_equal(write_planned((const int[]){2, -ENOSPC, 0}, "hello"), -1);
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(taken, "he");
	assert_int_equal(write_planned((const int[]){-EPIPE, 0}, "hello"), -1);
	assert_int_equal(errno, EPIPE);

	struct again_file_calls files = again_file_calls_real;
	files.write = nothing_written;
	assert_int_equal(again_write_all(&files, 42, "x", 1), -1);
	assert_int_equal(errno, EIO);

	files.write = planned_write;
	files.wait_writable = broken_wait;
	plan = (const int[]){-EAGAIN, 0};
	assert_int_equal(again_write_all(&files, 42, "x", 1), -1);
	assert_int_equal(errno, ENOMEM);
}

static void a_full_pipe_is_waited_for(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	enum {
		SIZE = 300000
	};
	pid_t reader = fork();
	assert_true(reader >= 0);
	if (reader == 0) {
		(void)close(ends[1]);
		static char buffer[1000];
		size_t total = 0;
		ssize_t got = 0;
		while ((got = read(ends[0], buffer, sizeof(buffer))) != 0) {
			total += got > 0 ? (size_t)got : 0;
		}
		_exit(total == SIZE ? 0 : 1);
	}
	(void)close(ends[0]);
	char *bytes = again_alloc(SIZE, 1);
	assert_non_null(bytes);
	assert_int_equal(again_write_all(&again_file_calls_real, ends[1], bytes, SIZE), 0);
	again_free(bytes);
	(void)close(ends[1]);
	int status = -1;
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

static int interruptions;

static int interrupted_open(const char *path, int flags, mode_t mode)
{
	if (interruptions-- > 0) {
		errno = EINTR;
		return -1;
	}
	return again_file_calls_real.open(path, flags, mode);
}

static int no_descriptors(int fd, int command, int argument)
{
	(void)fd;
	(void)command;
	(void)argument;
	errno = EMFILE;
	return -1;
}

static void an_interrupted_open_is_repeated(void **state)
{
	(void)state;
	struct again_file_calls files = again_file_calls_real;
	files.open = interrupted_open;
	interruptions = 3;
	int fd = again_open_file(&files, "/dev/null", O_RDONLY, 0);
	assert_true(fd > STDERR_FILENO);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
	assert_int_equal(again_open_file(&files, "/nowhere/at/all", O_RDONLY, 0), -1);
	assert_int_equal(errno, ENOENT);
}

/**
 * In a child whose descriptors 0 to 2 are closed: 0 where all is as it should be, else the line.
 */
static int open_with_none_open(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		(void)close(fd);
	}
	int fd = again_open_file(&again_file_calls_real, "/dev/null", O_RDONLY, 0);
	if (fd <= STDERR_FILENO || fcntl(fd, F_GETFD) != FD_CLOEXEC) {
		return 1;
	}
	struct again_file_calls files = again_file_calls_real;
	files.fcntl = no_descriptors;
	if (again_open_file(&files, "/dev/null", O_RDONLY, 0) != -1 || errno != EMFILE) {
		return 2;
	}
	for (fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1) {
			return 3;
		}
	}
	return 0;
}

static void a_file_is_never_taken_for_stdout(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(open_with_none_open());
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void memory_is_zeroed(void **state)
{
	(void)state;
	unsigned char *bytes = again_alloc(1000, 3);
	assert_non_null(bytes);
	for (size_t i = 0; i < 3000; i++) {
		assert_int_equal(bytes[i], 0);
	}
	errno = ENOSPC;
	again_free(bytes);
	again_free(NULL);
	assert_int_equal(errno, ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_is_written),
		cmocka_unit_test(what_fails_is_told),
		cmocka_unit_test(a_full_pipe_is_waited_for),
		cmocka_unit_test(an_interrupted_open_is_repeated),
		cmocka_unit_test(a_file_is_never_taken_for_stdout),
		cmocka_unit_test(memory_is_zeroed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
