// SPDX-License-Identifier: MIT
// What the tests of output files share: an empty folder for each test, and files that are put, got
// and saved.
#ifndef AGAIN_TESTS_OUTPUT_KIT_H
#define AGAIN_TESTS_OUTPUT_KIT_H

#include "report/output.h"

#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Where the test works: the current folder, as an absolute path. */
extern char folder[];

/** Makes the folder and goes there. */
int set_up(void **state);
/** Removes the folder, and proves that no descriptor is left. */
int tear_down(void **state);

/** How many there are in a folder, without "." and "..". */
int count_entries(const char *path);

void put(const char *path, const char *content);
/** What is in a small file; "(none)" without one. It lives until the next call. */
const char *get(const char *path);
mode_t mode_of(const char *path);

/** Opens, begins, writes in two pieces and commits: "new content" and a line feed. */
int save(const char *path, const struct again_file_calls *files, struct again_error *err);
/** As save(), with the real calls, and it succeeds. */
void saves(const char *path);
/** Opening is refused, with that text. */
void refuses(const char *path, int sys, const char *text);

#endif
