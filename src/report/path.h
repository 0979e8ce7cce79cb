// SPDX-License-Identifier: MIT
// Paths: where a link leads, what a folder is, a name beside another.
#ifndef AGAIN_REPORT_PATH_H
#define AGAIN_REPORT_PATH_H

#include "base/file.h"

#include <stdbool.h>

/** The length of a path's folder with its last slash, 0 where it has none. */
size_t again_path_folder_len(const char *path);

/** The folder of a path in a buffer of PATH_MAX bytes, "." where it has none. */
void again_path_folder(const char *path, char *out_folder);

/** False where the last part of a path cannot be a file's name: nothing, ".", "..". */
bool again_path_names_file(const char *path);

/**
 * The descriptor that "-", /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N stand for; -1:
 * none.
 */
int again_path_descriptor(const char *path);

/**
 * Takes one step where `path`, in a buffer of PATH_MAX bytes, is a symbolic link: replaces it by
 * its target. 1 where it was one, 0 where it is none or nothing, -1 with errno.
 */
[[nodiscard]] int again_path_follow(const struct again_file_calls *files, char *path);

/** Makes the folders of a file that are missing (0777 less the umask). 0, or -1 with errno. */
[[nodiscard]] int again_path_make_folders(const struct again_file_calls *files, const char *path);

/**
 * A hidden name beside `path` in a buffer of PATH_MAX bytes: .NAME.XXXXXXXX.tmp, NAME cut where it
 * would be too long. `number` makes the X.
 */
void again_path_beside(const char *path, uint64_t number, char *out_path);

#endif
