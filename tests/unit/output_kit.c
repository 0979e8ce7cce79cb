// SPDX-License-Identifier: MIT
// The folder of a test, and what is done with the files in it.
#include "output_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char folder[] = "/tmp/again-output-XXXXXX";
static int descriptors;
static mode_t old_umask;

int count_entries(const char *path)
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

int set_up(void **state)
{
	(void)state;
	descriptors = count_entries("/proc/self/fd");
	old_umask = umask(022);
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

int tear_down(void **state)
{
	(void)state;
	(void)umask(old_umask);
	empty(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(count_entries("/proc/self/fd"), descriptors);
	return 0;
}

void put(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	(void)close(fd);
}

const char *get(const char *path)
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

mode_t mode_of(const char *path)
{
	struct stat found;
	assert_int_equal(stat(path, &found), 0);
	return found.st_mode & 07777;
}

int save(const char *path, const struct again_file_calls *files, struct again_error *err)
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

void saves(const char *path)
{
	struct again_error error = {0};
	if (save(path, &again_file_calls_real, &error) != 0) {
		fail_msg("'%s': %s", path, error.text);
	}
}

void refuses(const char *path, int sys, const char *text)
{
	struct again_output output;
	struct again_error error = {0};
	assert_int_not_equal(again_output_open(&output, path, &again_file_calls_real, &error), 0);
	assert_int_equal(error.sys, sys);
	assert_string_equal(error.text, text);
}
