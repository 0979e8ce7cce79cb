// SPDX-License-Identifier: MIT
// A file that is written whole or not at all: on real files, with every call made to fail once.
//
// Each test works in an empty folder of its own and ends with the proof that no descriptor is left.
#include "report/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[] = "/tmp/again-output-XXXXXX";
static int descriptors;
static mode_t old_umask;

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	assert_non_null(dir);
	int count = 0;
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	}
	(void)closedir(dir);
	return count;
}

/**
 * Removes what is in an open folder, and closes it. By descriptors: one path here is the longest
 * there is.
 */
static void empty(int fd)
{
	DIR *dir = fdopendir(fd);
	assert_non_null(dir);
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		if (unlinkat(fd, entry->d_name, 0) != 0) {
			int inner = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			assert_true(inner >= 0);
			empty(inner);
			assert_int_equal(unlinkat(fd, entry->d_name, AT_REMOVEDIR), 0);
		}
	}
	(void)closedir(dir);
}

static int set_up(void **state)
{
	(void)state;
	descriptors = count_entries("/proc/self/fd");
	old_umask = umask(022);
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)umask(old_umask);
	empty(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(count_entries("/proc/self/fd"), descriptors);
	return 0;
}

static void put(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	(void)close(fd);
}

static const char *get(const char *path)
{
	static char content[1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return "(none)";
	}
	ssize_t len = read(fd, content, sizeof(content) - 1);
	assert_true(len >= 0);
	(void)close(fd);
	content[len] = '\0';
	return content;
}

static mode_t mode_of(const char *path)
{
	struct stat found;
	assert_int_equal(stat(path, &found), 0);
	return found.st_mode & 07777;
}

/** Opens, begins, writes in two pieces and commits. */
static int save(const char *path, const struct again_file_calls *files, struct again_error *err)
{
	struct again_output output;
	int rc = again_output_open(&output, path, files, err);
	if (rc != 0) {
		return rc;
	}
	rc = again_output_begin(&output, err);
	if (rc != 0) {
		return rc;
	}
	rc = again_output_sink(&output, "new ", 4, err);
	if (rc == 0) {
		rc = again_output_sink(&output, "content\n", 8, err);
	}
	if (rc == 0) {
		return again_output_commit(&output, err);
	}
	again_output_abandon(&output);
	return rc;
}

static void saves(const char *path)
{
	struct again_error error = {0};
	if (save(path, &again_file_calls_real, &error) != 0) {
		fail_msg("'%s': %s", path, error.text);
	}
}

/** Opening is refused, with that text. */
static void refuses(const char *path, int sys, const char *text)
{
	struct again_output output;
	struct again_error error = {0};
	assert_int_not_equal(again_output_open(&output, path, &again_file_calls_real, &error), 0);
	assert_int_equal(error.sys, sys);
	assert_string_equal(error.text, text);
}

static void a_new_file(void **state)
{
	(void)state;
	saves("report.json");
	assert_string_equal(get("report.json"), "new content\n");
	assert_int_equal(mode_of("report.json"), 0644);
	assert_int_equal(count_entries("."), 1);
	(void)umask(077);
	saves("private.json");
	assert_int_equal(mode_of("private.json"), 0600);
}

static void an_old_file_keeps_its_mode(void **state)
{
	(void)state;
	static const mode_t modes[] = {0600, 0644, 0666, 0755, 0640, 0444};
	for (size_t i = 0; i < COUNT(modes); i++) {
		put("report.json", "old");
		assert_int_equal(chmod("report.json", modes[i]), 0);
		saves("report.json");
		assert_int_equal(mode_of("report.json"), modes[i]);
		assert_string_equal(get("report.json"), "new content\n");
		assert_int_equal(unlink("report.json"), 0);
	}
}

static void readers_keep_the_old_content(void **state)
{
	(void)state;
	put("report.json", "old");
	assert_int_equal(link("report.json", "other"), 0);
	int fd = open("report.json", O_RDONLY | O_CLOEXEC);
	saves("report.json");
	char content[4] = "";
	assert_int_equal(read(fd, content, 3), 3);
	assert_string_equal(content, "old");
	(void)close(fd);
	assert_string_equal(get("other"), "old");
}

static void opening_changes_nothing(void **state)
{
	(void)state;
	put("report.json", "old");
	struct again_output output;
	assert_int_equal(again_output_open(&output, "report.json", &again_file_calls_real, NULL),
	                 0);
	assert_int_equal(output.kind, AGAIN_OUTPUT_REPLACED);
	assert_int_equal(output.fd, -1);
	assert_string_equal(get("report.json"), "old");
	assert_int_equal(count_entries("."), 1);
	again_output_abandon(&output);
	assert_string_equal(get("report.json"), "old");
}

static void what_is_abandoned_leaves_the_old(void **state)
{
	(void)state;
	put("report.json", "old");
	struct again_output output;
	assert_int_equal(again_output_open(&output, "report.json", &again_file_calls_real, NULL),
	                 0);
	assert_int_equal(again_output_begin(&output, NULL), 0);
	assert_true(output.fd > STDERR_FILENO);
	assert_int_equal(again_output_sink(&output, "half", 4, NULL), 0);
	assert_int_equal(count_entries("."), 2);
	errno = ENOSPC;
	again_output_abandon(&output);
	assert_int_equal(errno, ENOSPC);
	again_output_abandon(&output);
	assert_string_equal(get("report.json"), "old");
	assert_int_equal(count_entries("."), 1);

	// And can be begun once more.
	assert_int_equal(again_output_begin(&output, NULL), 0);
	assert_int_equal(again_output_sink(&output, "second", 6, NULL), 0);
	assert_int_equal(again_output_commit(&output, NULL), 0);
	assert_string_equal(get("report.json"), "second");
}

static void folders_are_made(void **state)
{
	(void)state;
	(void)umask(027);
	saves("a/b//c/report.json");
	assert_string_equal(get("a/b/c/report.json"), "new content\n");
	assert_int_equal(mode_of("a/b/c"), 0750);
	saves("a/d/../e/report.json");
	assert_string_equal(get("a/e/report.json"), "new content\n");
	char path[PATH_MAX];
	(void)snprintf(path, sizeof(path), "%s/x/y/report.json", folder);
	saves(path);
	assert_string_equal(get("x/y/report.json"), "new content\n");
	assert_int_equal(count_entries("x/y"), 1);
	saves("./report.json");
	assert_string_equal(get("report.json"), "new content\n");
}

static void a_folder_that_vanishes_is_made_anew(void **state)
{
	(void)state;
	struct again_output output;
	assert_int_equal(
		again_output_open(&output, "a/b/report.json", &again_file_calls_real, NULL), 0);
	assert_int_equal(rmdir("a/b"), 0);
	assert_int_equal(again_output_begin(&output, NULL), 0);
	assert_int_equal(again_output_sink(&output, "x", 1, NULL), 0);
	assert_int_equal(again_output_commit(&output, NULL), 0);
	assert_string_equal(get("a/b/report.json"), "x");
}

static void links_stay_and_their_targets_are_written(void **state)
{
	(void)state;
	assert_int_equal(mkdir("there", 0777), 0);
	put("there/real.json", "old");
	assert_int_equal(symlink("there/real.json", "link"), 0);
	assert_int_equal(symlink("../link", "there/second"), 0);
	assert_int_equal(symlink("there", "folder"), 0);
	char absolute[PATH_MAX];
	(void)snprintf(absolute, sizeof(absolute), "%s/there/second", folder);
	assert_int_equal(symlink(absolute, "third"), 0);
	static const char *const ways[] = {"link", "there/second", "third", "folder/real.json",
	                                   "folder/second"};
	for (size_t i = 0; i < COUNT(ways); i++) {
		put("there/real.json", "old");
		saves(ways[i]);
		assert_string_equal(get("there/real.json"), "new content\n");
	}
	struct stat found;
	static const char *const links[] = {"link", "there/second", "third", "folder"};
	for (size_t i = 0; i < COUNT(links); i++) {
		assert_int_equal(lstat(links[i], &found), 0);
		assert_true(S_ISLNK(found.st_mode));
	}
	assert_int_equal(count_entries("there"), 2);
}

static void dangling_links_make_their_targets(void **state)
{
	(void)state;
	assert_int_equal(symlink("new/folder/real.json", "link"), 0);
	saves("link");
	assert_string_equal(get("new/folder/real.json"), "new content\n");
	struct stat found;
	assert_int_equal(lstat("link", &found), 0);
	assert_true(S_ISLNK(found.st_mode));
}

static void paths_that_are_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir("dir", 0777), 0);
	put("file", "old");
	assert_int_equal(symlink("dir", "link"), 0);
	assert_int_equal(symlink("two", "one"), 0);
	assert_int_equal(symlink("one", "two"), 0);
	struct again_output output;
	struct again_error error = {0};
	assert_int_equal(again_output_open(&output, "", &again_file_calls_real, &error),
	                 AGAIN_ERR_INVALID);
	assert_string_equal(error.text, "the name of the output file is empty");
	refuses("dir", EISDIR, "cannot write 'dir': is a directory");
	refuses("dir/", EISDIR, "cannot write 'dir/': is a directory");
	refuses("link", EISDIR, "cannot write 'link': is a directory");
	refuses("new/", EISDIR, "cannot write 'new/': is a directory");
	refuses("dir/.", EISDIR, "cannot write 'dir/.': is a directory");
	refuses("new/..", EISDIR, "cannot write 'new/..': is a directory");
	refuses(".", EISDIR, "cannot write '.': is a directory");
	refuses("/", EISDIR, "cannot write '/': is a directory");
	refuses("file/report.json", ENOTDIR, "cannot write 'file/report.json': not a directory");
	refuses("file/", ENOTDIR, "cannot write 'file/': not a directory");
	refuses("file/a/b", ENOTDIR, "cannot write 'file/a/b': not a directory");
	struct stat found;
	assert_int_equal(stat("new", &found), -1);
	error = (struct again_error){0};
	assert_int_equal(again_output_open(&output, "one", &again_file_calls_real, &error),
	                 AGAIN_ERR_SYSTEM);
	assert_int_equal(error.sys, ELOOP);
	// No control byte reaches the terminal.
	refuses("dir/\x1B/..", EISDIR, "cannot write 'dir/\\x1b/..': is a directory");
	assert_string_equal(get("file"), "old");
}

static void long_names(void **state)
{
	(void)state;
	char name[PATH_MAX + 10];
	memset(name, 'n', sizeof(name));
	for (size_t len = 230; len <= NAME_MAX; len++) {
		name[len] = '\0';
		saves(name);
		assert_string_equal(get(name), "new content\n");
		assert_int_equal(unlink(name), 0);
		name[len] = 'n';
	}
	assert_int_equal(count_entries("."), 0);
	struct again_output output;
	struct again_error error = {0};
	name[NAME_MAX + 1] = '\0';
	assert_int_equal(again_output_open(&output, name, &again_file_calls_real, &error),
	                 AGAIN_ERR_SYSTEM);
	assert_int_equal(error.sys, ENAMETOOLONG);
	assert_non_null(strstr(error.text, "name too long"));
	name[NAME_MAX + 1] = 'n';
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(again_output_open(&output, name, &again_file_calls_real, &error),
	                 AGAIN_ERR_SYSTEM);
	assert_int_equal(error.sys, ENAMETOOLONG);

	// The longest path there is: folders of 99 characters, then what is left.
	for (size_t i = 0; i < PATH_MAX; i++) {
		name[i] = i % 100 == 99 ? '/' : 'n';
	}
	name[PATH_MAX - 1] = '\0';
	saves(name);
	assert_string_equal(get(name), "new content\n");
}

static void names_of_long_characters_are_not_cut_within_one(void **state)
{
	(void)state;
	char name[NAME_MAX + 1] = "";
	for (size_t shift = 0; shift < 3; shift++) {
		memset(name, 0, sizeof(name));
		memset(name, 'a', shift);
		for (size_t i = shift; i + 3 <= NAME_MAX; i += 3) {
			memcpy(name + i, "\xE2\x82\xAC", 3);
		}
		struct again_output output;
		assert_int_equal(again_output_open(&output, name, &again_file_calls_real, NULL), 0);
		assert_int_equal(again_output_begin(&output, NULL), 0);
		// ".", whole characters, ".XXXXXXXX.tmp"
		assert_int_equal((strlen(output.temp) - 1 - shift - strlen(".XXXXXXXX.tmp")) % 3,
		                 0);
		assert_in_range(strlen(output.temp), NAME_MAX - 2, NAME_MAX);
		again_output_abandon(&output);
	}
}

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
		cmocka_unit_test_setup_teardown(a_new_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_old_file_keeps_its_mode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(readers_keep_the_old_content, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opening_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_abandoned_leaves_the_old, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(folders_are_made, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_vanishes_is_made_anew, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(links_stay_and_their_targets_are_written, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(dangling_links_make_their_targets, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(paths_that_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_of_long_characters_are_not_cut_within_one,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_fifo_is_written_and_stays_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(devices_are_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(descriptors_are_written_and_left_open, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_redirected_descriptor_is_gone_on_with, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_mounted_file_is_written_in_place, set_up,
	                                        tear_down),
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
