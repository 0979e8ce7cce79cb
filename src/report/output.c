// SPDX-License-Identifier: MIT
// A file that is written whole or not at all: temporary file, fsync, rename, fsync of the folder.
#include "report/output.h"

#include "base/error.h"
#include "base/text.h"
#include "report/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** The kernel's own limit (MAXSYMLINKS). */
#define LINKS_MAX 40

/** How many names are tried for the temporary file. */
#define NAMES_MAX 100

/** How long a fifo's reader is waited for. */
#define READER_MS 10000

static int cannot_write(const struct again_output *output, int sys, struct again_error *err)
{
	char shown[PATH_MAX];
	struct again_text text = again_text_over(shown, sizeof(shown));
	again_text_add_visible(&text, output->path);
	return again_error_system(err, sys, "cannot write '%s'", shown);
}

/** A number that another process, and this one a moment later, does not come to. */
static uint64_t fresh_number(unsigned round)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_REALTIME, &now);
	uint64_t number = (uint64_t)now.tv_sec * AGAIN_NS_PER_SECOND + (uint64_t)now.tv_nsec;
	number = (number ^ (uint64_t)getpid() << 40) + round;
	// A multiplication by an odd number mixes upward; the upper bits are the mixed ones.
	return (number * UINT64_C(0x9e3779b97f4a7c15)) >> 16;
}

/** Makes the temporary file and opens it. 0, or -1 with errno. */
static int make_temp(struct again_output *output, mode_t mode)
{
	for (unsigned round = 0; round < NAMES_MAX; round++) {
		again_path_beside(output->path, fresh_number(round), output->temp);
		output->fd = again_open_file(output->files, output->temp,
		                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
		if (output->fd >= 0) {
			return 0;
		}
		if (errno != EEXIST) {
			break;
		}
	}
	output->temp[0] = '\0';
	return -1;
}

/** Closes what was begun. What was written late may fail here. */
static int close_own(struct again_output *output)
{
	if (output->kind == AGAIN_OUTPUT_DESCRIPTOR || output->fd < 0) {
		return 0;
	}
	int fd = output->fd;
	output->fd = -1;
	// Linux has closed it also where it says EINTR.
	return output->files->close(fd) == 0 || errno == EINTR ? 0 : -1;
}

static int remove_temp(struct again_output *output)
{
	if (output->temp[0] != '\0' && output->files->unlink(output->temp) != 0) {
		return -1;
	}
	output->temp[0] = '\0';
	return 0;
}

void again_output_abandon(struct again_output *output)
{
	int saved = errno;
	(void)close_own(output);
	if (remove_temp(output) != 0) {
		// Once more: an interrupted call on a network's file system. Then it has to stay.
		(void)remove_temp(output);
		output->temp[0] = '\0';
	}
	errno = saved;
}

static int open_descriptor(struct again_output *output, int fd, struct again_error *err)
{
	output->kind = AGAIN_OUTPUT_DESCRIPTOR;
	output->fd = fd;
	int flags = output->files->fcntl(fd, F_GETFL, 0);
	if (flags < 0) {
		return cannot_write(output, errno, err);
	}
	return (flags & O_ACCMODE) == O_RDONLY ? cannot_write(output, EBADF, err) : 0;
}

static int open_direct(struct again_output *output, mode_t mode, struct again_error *err)
{
	output->kind = AGAIN_OUTPUT_DIRECT;
	if (S_ISSOCK(mode)) {
		return cannot_write(output, ENXIO, err);
	}
	// Not opened yet: that would wait for a fifo's reader, or ring at a device.
	return output->files->access(output->path, W_OK) == 0 ? 0
	                                                      : cannot_write(output, errno, err);
}

/** Proves that the temporary file can be made, and so can a new file. */
static int prove(struct again_output *output, struct again_error *err)
{
	if (make_temp(output, 0600) == 0 && close_own(output) == 0 && remove_temp(output) == 0) {
		return 0;
	}
	int sys = errno;
	again_output_abandon(output);
	return cannot_write(output, sys, err);
}

/** In a sticky folder only the owner of the file or of the folder may replace a file. */
static bool is_protected(const struct stat *folder, const struct stat *file)
{
	uid_t we = geteuid();
	return (folder->st_mode & S_ISVTX) != 0 && we != 0 && we != folder->st_uid &&
	       we != file->st_uid;
}

static int open_existing(struct again_output *output, const struct stat *file,
                         struct again_error *err)
{
	char folder_path[PATH_MAX];
	again_path_folder(output->path, folder_path);
	struct stat folder;
	if (output->files->stat(folder_path, &folder) != 0) {
		return cannot_write(output, errno, err);
	}
	if (file->st_dev != folder.st_dev) {
		// A mount of its own, as containers do it with single files: rename(2) would say
		// EBUSY.
		return open_direct(output, file->st_mode, err);
	}
	if (is_protected(&folder, file)) {
		return cannot_write(output, EPERM, err);
	}
	return prove(output, err);
}

/** Finds out what output->path is, links resolved. */
static int find_target(struct again_output *output, struct again_error *err)
{
	for (int links = 0; links <= LINKS_MAX; links++) {
		int fd = again_path_descriptor(output->path);
		if (fd >= 0) {
			return open_descriptor(output, fd, err);
		}
		struct stat found;
		bool exists = output->files->stat(output->path, &found) == 0;
		if (!exists && errno != ENOENT) {
			return cannot_write(output, errno, err);
		}
		if (!again_path_names_file(output->path) || (exists && S_ISDIR(found.st_mode))) {
			return cannot_write(output, EISDIR, err);
		}
		if (exists && !S_ISREG(found.st_mode)) {
			// Links to it are not followed: those of /proc lead to names that are none
			// ("pipe:[1]").
			return open_direct(output, found.st_mode, err);
		}
		int step = again_path_follow(output->files, output->path);
		if (step < 0) {
			return cannot_write(output, errno, err);
		}
		if (step > 0) {
			continue;
		}
		if (!exists) {
			return again_path_make_folders(output->files, output->path) == 0
			               ? prove(output, err)
			               : cannot_write(output, errno, err);
		}
		return open_existing(output, &found, err);
	}
	return cannot_write(output, ELOOP, err);
}

int again_output_open(struct again_output *output, const char *path,
                      const struct again_file_calls *files, struct again_error *err)
{
	output->files = files;
	output->kind = AGAIN_OUTPUT_REPLACED;
	output->fd = -1;
	output->temp[0] = '\0';
	struct again_text text = again_text_over(output->path, sizeof(output->path));
	again_text_add(&text, path);
	if (text.cut) {
		return cannot_write(output, ENAMETOOLONG, err);
	}
	if (path[0] == '\0') {
		return again_error_set(err, AGAIN_ERR_INVALID, /*field=*/NULL,
		                       "the name of the output file is empty");
	}
	return find_target(output, err);
}

/**
 * Opens a target that is written directly. A fifo's reader may still be on its way: it is waited
 * for, but not without end, as open(2) would.
 */
static int begin_direct(struct again_output *output)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_TRUNC;
	const int pause_ms = 10;
	for (int waited_ms = 0;; waited_ms += pause_ms) {
		output->fd = again_open_file(output->files, output->path, flags, 0);
		if (output->fd >= 0) {
			return 0;
		}
		if (errno != ENXIO || waited_ms >= READER_MS) {
			return -1;
		}
		if (waited_ms == 0) {
			(void)output->files->unblock_signals();
		}
		(void)output->files->wait_writable(/*fd=*/-1, pause_ms);
	}
}

/** The temporary file, with the mode of what it will replace. */
static int begin_temp(struct again_output *output)
{
	struct stat old;
	bool replaces = output->files->stat(output->path, &old) == 0;
	if (!replaces && errno != ENOENT) {
		return -1;
	}
	// Nobody else reads what is to become a private file.
	const mode_t mode = replaces ? 0600 : 0666;
	if (make_temp(output, mode) != 0) {
		// The folder was there when the run began.
		if (errno != ENOENT || again_path_make_folders(output->files, output->path) != 0 ||
		    make_temp(output, mode) != 0) {
			return -1;
		}
	}
	return replaces ? output->files->fchmod(output->fd, old.st_mode & 0777) : 0;
}

int again_output_begin(struct again_output *output, struct again_error *err)
{
	int rc = 0;
	switch (output->kind) {
	case AGAIN_OUTPUT_REPLACED:
		rc = begin_temp(output);
		break;
	case AGAIN_OUTPUT_DIRECT:
		rc = begin_direct(output);
		break;
	case AGAIN_OUTPUT_DESCRIPTOR:
		break;
	}
	if (rc != 0) {
		int sys = errno;
		again_output_abandon(output);
		return cannot_write(output, sys, err);
	}
	return 0;
}

/**
 * Writes to what may have a reader that is slow or gone for good. No part is larger than what a pipe with any room takes
 * (PIPE_BUF), and whoever grows tired of a long wait can end it by a signal.
 */
static int write_direct(struct again_output *output, const char *bytes, size_t len)
{
	const int patience_ms = 1000;
	while (len > 0) {
		const size_t part = len < PIPE_BUF ? len : PIPE_BUF;
		if (output->files->wait_writable(output->fd, patience_ms) == 0) {
			(void)output->files->unblock_signals();
		}
		if (again_write_all(output->files, output->fd, bytes, part) != 0) {
			return -1;
		}
		bytes += part;
		len -= part;
	}
	return 0;
}

int again_output_sink(void *context, const char *bytes, size_t len, struct again_error *err)
{
	struct again_output *output = context;
	const int result = output->kind == AGAIN_OUTPUT_REPLACED
	                           ? again_write_all(output->files, output->fd, bytes, len)
	                           : write_direct(output, bytes, len);
	return result == 0 ? 0 : cannot_write(output, errno, err);
}

/** fsync(2), forgiven where the file system does not know it. */
static int flush(const struct again_file_calls *files, int fd)
{
	int rc = files->fsync(fd);
	return rc == 0 || errno == EINVAL || errno == EOPNOTSUPP ? 0 : -1;
}

/**
 * Makes the rename durable. A folder that may be written but not read cannot be flushed: that is
 * its owner's choice.
 */
static int flush_folder(struct again_output *output)
{
	char folder[PATH_MAX];
	again_path_folder(output->path, folder);
	int fd = again_open_file(output->files, folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0) {
		return errno == EACCES ? 0 : -1;
	}
	int rc = flush(output->files, fd);
	int saved = errno;
	(void)output->files->close(fd);
	errno = saved;
	return rc;
}

static int replace(struct again_output *output)
{
	if (flush(output->files, output->fd) != 0 || close_own(output) != 0 ||
	    output->files->rename(output->temp, output->path) != 0) {
		return -1;
	}
	output->temp[0] = '\0';
	return flush_folder(output);
}

int again_output_commit(struct again_output *output, struct again_error *err)
{
	int rc = output->kind == AGAIN_OUTPUT_REPLACED ? replace(output) : close_own(output);
	if (rc != 0) {
		int sys = errno;
		again_output_abandon(output);
		return cannot_write(output, sys, err);
	}
	return 0;
}
