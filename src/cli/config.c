// SPDX-License-Identifier: MIT
// The --config file: one option a line, its long name, then its value to the line's end.
#include "cli/arguments.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/** A larger file is no list of options. */
#define FILE_MAX ((size_t)64 * 1024)

static int read_all(int fd, char *text, size_t cap, size_t *out_len,
                    const struct again_file_calls *files)
{
	size_t len = 0;
	while (len < cap) {
		const ssize_t got = files->read(fd, text + len, cap - len);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			break;
		}
		len += (size_t)got;
	}
	*out_len = len;
	return 0;
}

// A file that cannot be had.
static int refuse(struct again_error *err, const char *path, const char *what, int sys)
{
	char cause[80];
	return again_error_format(err, AGAIN_ERR_SYSTEM, "config",
	                          "--config '%.80s': cannot be %s: %s; use %s", path, what,
	                          again_errno_text(sys, cause, sizeof(cause)),
	                          again_options[AGAIN_OPTION_CONFIG].form);
}

// The whole file as a string that lives as long as the settings.
static int load(struct again_settings *settings, const char *path,
                const struct again_file_calls *files, struct again_error *err)
{
	char *text = again_alloc(FILE_MAX + 1, 1);
	if (text == NULL) {
		return again_error_set(err, AGAIN_ERR_MEMORY, NULL,
		                       "out of memory for the --config file");
	}
	settings->file_text = text;
	const int fd = again_open_file(files, path, O_RDONLY, 0);
	if (fd < 0) {
		return refuse(err, path, "opened", errno);
	}
	size_t len = 0;
	const int result = read_all(fd, text, FILE_MAX + 1, &len, files);
	const int reason = errno;
	(void)files->close(fd);
	if (result != 0) {
		return refuse(err, path, "read", reason);
	}
	if (len > FILE_MAX) {
		return again_error_format(err, AGAIN_ERR_RANGE, "config",
		                          "--config '%.80s': is too large; use at most 64 KiB",
		                          path);
	}
	text[len] = '\0';
	if (strlen(text) < len) {
		return again_error_format(err, AGAIN_ERR_SYNTAX, "config",
		                          "--config '%.80s': holds a NUL byte; use plain text",
		                          path);
	}
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

// Cuts white space off both ends, in place.
static char *trim(char *line)
{
	while (is_space(*line)) {
		line++;
	}
	size_t len = strlen(line);
	while (len > 0 && is_space(line[len - 1])) {
		line[--len] = '\0';
	}
	return line;
}

// The option that a line names; NULL with *err where there is none, or none that is allowed here.
static const struct again_option *find(const char *path, unsigned line, const char *name,
                                       size_t len, struct again_error *err)
{
	const struct again_option *option = again_option_by_name(name, len);
	if (option == NULL) {
		const struct again_option *meant = again_option_meant(name, len);
		char shown[64];
		struct again_text text =
			again_text_over(shown, len + 1 < sizeof(shown) ? len + 1 : sizeof(shown));
		again_text_add_visible(&text, name);
		(void)again_error_format(err, AGAIN_ERR_INVALID, NULL,
		                         "%.80s:%u: %s: unknown option; use %s", path, line, shown,
		                         meant != NULL ? meant->name
		                                       : "a long option's name without dashes");
		return NULL;
	}
	if (strcmp(option->name, "config") == 0 || strcmp(option->name, "help") == 0 ||
	    strcmp(option->name, "version") == 0) {
		(void)again_error_format(
			err, AGAIN_ERR_INVALID, option->name,
			"%.80s:%u: %s: does not belong in a file; use it on the command line", path,
			line, option->name);
		return NULL;
	}
	return option;
}

static int set_line(struct again_settings *settings, const char *path, unsigned line, char *words,
                    struct again_error *err)
{
	const size_t len = strcspn(words, " \t");
	const struct again_option *option = find(path, line, words, len, err);
	if (option == NULL) {
		return AGAIN_ERR_INVALID;
	}
	const char *value = trim(words + len);
	if (option->argument == NULL && *value != '\0') {
		return again_error_format(err, AGAIN_ERR_SYNTAX, option->name,
		                          "%.80s:%u: %s '%.40s': it takes no value; use %s alone",
		                          path, line, option->name, value, option->name);
	}
	const struct again_origin origin = {AGAIN_SET_BY_FILE, line};
	struct again_error reason = {0};
	const enum again_option_id id = (enum again_option_id)(option - again_options);
	const int result = again_settings_set(settings, id, value, origin, &reason);
	if (result == 0) {
		return 0;
	}
	char shown[64];
	struct again_text text = again_text_over(shown, sizeof(shown));
	again_text_add_visible(&text, value);
	return again_error_format(err, result, option->name, "%.80s:%u: %s '%s': %s", path, line,
	                          option->name, shown, reason.text);
}

int again_config_read(struct again_settings *settings, const char *path,
                      const struct again_file_calls *files, struct again_error *err)
{
	int result = load(settings, path, files, err);
	unsigned line = 0;
	for (char *rest = settings->file_text; result == 0 && rest != NULL;) {
		char *words = rest;
		rest = strchr(words, '\n');
		if (rest != NULL) {
			*rest++ = '\0';
		}
		line++;
		words = trim(words);
		if (*words != '\0' && *words != '#') {
			result = set_line(settings, path, line, words, err);
		}
	}
	return result;
}
