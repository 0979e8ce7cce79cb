// SPDX-License-Identifier: MIT
// A file that is written whole or not at all.
//
// States: open (the target is known, and it was proven that it can be written), begun (there is a
// temporary file beside the target, or the target itself is open), then committed or abandoned,
// which is open again.
//
// What is replaced is a regular file or nothing, by rename(2) in the same folder: readers see the
// old content or the new, and after a crash there is one of the two. The new file has the old one's
// mode, not its owner, links or attributes. What cannot be replaced is written directly: a device,
// a fifo, a terminal, a descriptor ("-", /dev/stdout, /dev/fd/3), and a file that is a mount of its
// own.
#ifndef AGAIN_REPORT_OUTPUT_H
#define AGAIN_REPORT_OUTPUT_H

#include "base/file.h"

#include <limits.h>

enum again_output_kind {
	/** A temporary file is renamed to the target. */
	AGAIN_OUTPUT_REPLACED = 0,
	/** The target is opened and written. */
	AGAIN_OUTPUT_DIRECT = 1,
	/** A descriptor that was there before. */
	AGAIN_OUTPUT_DESCRIPTOR = 2,
};

struct again_output {
	const struct again_file_calls *files;
	enum again_output_kind kind;
	/** Where it is written while begun, -1 else; the given one of a descriptor, always. */
	int fd;
	/** The target, links resolved. */
	char path[PATH_MAX];
	/** The temporary file, empty while there is none. */
	char temp[PATH_MAX];
};

/**
 * Finds the target of `path` and proves that it can be written: makes missing folders, and makes
 * and removes the temporary file. Leaves nothing open.
 */
[[nodiscard]] int again_output_open(struct again_output *output, const char *path,
                                    const struct again_file_calls *files, struct again_error *err);

/** Begins to write. */
[[nodiscard]] int again_output_begin(struct again_output *output, struct again_error *err);

/** An again_json_sink_fn: `context` is a struct again_output that was begun. */
int again_output_sink(void *context, const char *bytes, size_t len, struct again_error *err);

/**
 * Makes what was written the target's content, durably. After a failure the output is abandoned.
 */
[[nodiscard]] int again_output_commit(struct again_output *output, struct again_error *err);

/** Takes back what was begun; does nothing where nothing was. Keeps errno. */
void again_output_abandon(struct again_output *output);

#endif
