// SPDX-License-Identifier: MIT
// A file that is written whole or not at all: old ones and new ones, folders, links, names.
//
// Each test works in an empty folder of its own and ends with the proof that no descriptor is left.
#include "output_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
