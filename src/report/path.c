// SPDX-License-Identifier: MIT
// Paths as text, and the few questions to the file system that resolving one needs.
#include "report/path.h"

#include "base/number.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

size_t again_path_folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

void again_path_folder(const char *path, char *out_folder)
{
	struct again_text text = again_text_over(out_folder, PATH_MAX);
	size_t len = again_path_folder_len(path);
	again_text_add_bytes(&text, len == 0 ? "." : path, len == 0 ? 1 : len);
}

bool again_path_names_file(const char *path)
{
	const char *name = path + again_path_folder_len(path);
	return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int again_path_descriptor(const char *path)
{
	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0) {
		return STDOUT_FILENO;
	}
	if (strcmp(path, "/dev/stderr") == 0) {
		return STDERR_FILENO;
	}
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t len = strlen(folders[i]);
		uint64_t number = 0;
		if (strncmp(path, folders[i], len) == 0 &&
		    again_parse_u64(path + len, 0, INT_MAX, &number, /*err=*/NULL) == 0) {
			return (int)number;
		}
	}
	return -1;
}

int again_path_follow(const struct again_file_calls *files, char *path)
{
	char target[PATH_MAX];
	ssize_t len = files->readlink(path, target, sizeof(target));
	if (len < 0) {
		// EINVAL: it is something else. ENOENT: it is not there.
		return errno == EINVAL || errno == ENOENT ? 0 : -1;
	}
	char next[PATH_MAX];
	struct again_text text = again_text_over(next, sizeof(next));
	if (len == 0 || target[0] != '/') {
		again_text_add_bytes(&text, path, again_path_folder_len(path));
	}
	again_text_add_bytes(&text, target, (size_t)len);
	if (text.cut || (size_t)len == sizeof(target)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, next, text.len + 1);
	return 1;
}

/** Makes one folder, or finds that it is there. */
static int make_folder(const struct again_file_calls *files, const char *folder)
{
	if (files->mkdir(folder, 0777) == 0) {
		return 0;
	}
	// Any error may hide that it exists: a read-only file system, a folder above that is not
	// ours.
	int saved = errno;
	struct stat found;
	if (files->stat(folder, &found) != 0) {
		errno = saved == EEXIST ? errno : saved;
		return -1;
	}
	errno = ENOTDIR;
	return S_ISDIR(found.st_mode) ? 0 : -1;
}

int again_path_make_folders(const struct again_file_calls *files, const char *path)
{
	char folder[PATH_MAX];
	again_path_folder(path, folder);
	struct stat found;
	if (files->stat(folder, &found) == 0) {
		errno = ENOTDIR;
		return S_ISDIR(found.st_mode) ? 0 : -1;
	}
	if (errno != ENOENT) {
		return -1;
	}
	for (size_t i = 1; folder[i] != '\0'; i++) {
		if (folder[i] != '/' || folder[i - 1] == '/') {
			continue;
		}
		folder[i] = '\0';
		int rc = make_folder(files, folder);
		folder[i] = '/';
		if (rc != 0) {
			return -1;
		}
	}
	return 0;
}

void again_path_beside(const char *path, uint64_t number, char *out_path)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char after[] = ".XXXXXXXX.tmp";
	for (size_t i = 1; i <= strlen("XXXXXXXX"); i++) {
		after[i] = digits[number % 36];
		number /= 36;
	}
	size_t folder_len = again_path_folder_len(path);
	const char *name = path + folder_len;
	const size_t added = strlen(".") + strlen(after);
	size_t name_len = strlen(name);
	size_t most = NAME_MAX - added;
	if (most > PATH_MAX - 1 - folder_len - added) {
		most = PATH_MAX - 1 - folder_len - added;
	}
	if (name_len > most) {
		name_len = most;
		// Not half a character.
		while (name_len > 0 && ((unsigned char)name[name_len] & 0xC0u) == 0x80u) {
			name_len--;
		}
	}
	struct again_text text = again_text_over(out_path, PATH_MAX);
	again_text_add_bytes(&text, path, folder_len);
	again_text_add(&text, ".");
	again_text_add_bytes(&text, name, name_len);
	again_text_add(&text, after);
}
