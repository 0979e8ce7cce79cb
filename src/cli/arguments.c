// SPDX-License-Identifier: MIT
// The command line's grammar. What a value means is settings.c's matter.
#include "cli/arguments.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

// The option as somebody typed it, made safe for a message.
static const char *typed(const char *word, size_t len, char *buffer, size_t cap)
{
	char copy[64];
	const size_t kept = len < sizeof(copy) ? len : sizeof(copy) - 1;
	memcpy(copy, word, kept);
	copy[kept] = '\0';
	struct again_text text = again_text_over(buffer, cap);
	again_text_add_visible(&text, copy);
	return buffer;
}

static int unknown(const char *word, size_t len, const struct again_option *meant,
                   struct again_error *err)
{
	char shown[80];
	(void)typed(word, len, shown, sizeof(shown));
	if (meant == NULL) {
		return again_error_format(err, AGAIN_ERR_INVALID, NULL,
		                          "%s: unknown option; again --help lists them all", shown);
	}
	return again_error_format(err, AGAIN_ERR_INVALID, meant->name,
	                          "%s: unknown option; use --%s%s%s", shown, meant->name,
	                          meant->argument != NULL ? " " : "",
	                          meant->argument != NULL ? meant->argument : "");
}

static int no_value(const struct again_option *option, struct again_error *err)
{
	return again_error_format(err, AGAIN_ERR_SYNTAX, option->name,
	                          "--%s: a value is missing; use %s", option->name, option->form);
}

static enum again_option_id id_of(const struct again_option *option)
{
	return (enum again_option_id)(option - again_options);
}

static int next_long(struct again_cursor *cursor, const char *word, enum again_option_id *out_id,
                     const char **out_value, struct again_error *err)
{
	const char *name = word + 2;
	const char *equals = strchr(name, '=');
	const size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct again_option *option = again_option_by_name(name, len);
	if (option == NULL) {
		return unknown(word, len + 2, again_option_meant(name, len), err);
	}
	*out_id = id_of(option);
	if (option->argument == NULL) {
		if (equals != NULL) {
			return again_error_format(err, AGAIN_ERR_SYNTAX, option->name,
			                          "--%s '%.40s': it takes no value; use --%s alone",
			                          option->name, equals + 1, option->name);
		}
		*out_value = NULL;
		return 1;
	}
	*out_value = equals != NULL ? equals + 1 : cursor->argv[cursor->at];
	if (*out_value == NULL) {
		return no_value(option, err);
	}
	cursor->at += equals == NULL;
	return 1;
}

static int next_short(struct again_cursor *cursor, enum again_option_id *out_id,
                      const char **out_value, struct again_error *err)
{
	const char letter[] = {'-', *cursor->bundle, '\0'};
	const struct again_option *option = again_option_by_letter(letter[1]);
	cursor->bundle = cursor->bundle[1] != '\0' ? cursor->bundle + 1 : NULL;
	if (option == NULL) {
		return unknown(letter, 2, NULL, err);
	}
	*out_id = id_of(option);
	*out_value = NULL;
	if (option->argument == NULL) {
		return 1;
	}
	*out_value = cursor->bundle;
	cursor->bundle = NULL;
	if (*out_value == NULL) {
		*out_value = cursor->argv[cursor->at];
		if (*out_value == NULL) {
			return no_value(option, err);
		}
		cursor->at++;
	}
	return 1;
}

int again_cursor_next(struct again_cursor *cursor, enum again_option_id *out_id,
                      const char **out_value, struct again_error *err)
{
	if (cursor->bundle != NULL) {
		return next_short(cursor, out_id, out_value, err);
	}
	const char *word = cursor->argv[cursor->at];
	if (word == NULL || word[0] != '-' || word[1] == '\0') {
		return 0;
	}
	cursor->at++;
	if (strcmp(word, "--") == 0) {
		return 0;
	}
	if (word[1] == '-') {
		return next_long(cursor, word, out_id, out_value, err);
	}
	cursor->bundle = word + 1;
	return next_short(cursor, out_id, out_value, err);
}

// The first walk: everything is an option, and which file is to be read before them.
static int look_for_config(char *const *argv, int start, const char **out_path, bool *out_asks,
                           struct again_error *err)
{
	struct again_cursor cursor = {.argv = argv, .at = start};
	enum again_option_id id = AGAIN_OPTIONS;
	const char *value = NULL;
	int result = 0;
	*out_path = NULL;
	*out_asks = false;
	while (!*out_asks && (result = again_cursor_next(&cursor, &id, &value, err)) > 0) {
		*out_asks = id == AGAIN_OPTION_HELP || id == AGAIN_OPTION_VERSION;
		if (id != AGAIN_OPTION_CONFIG) {
			continue;
		}
		if (*out_path != NULL) {
			return again_error_set(err, AGAIN_ERR_CONFLICT, "config",
			                       "--config: given twice; use one file");
		}
		*out_path = value;
	}
	return result < 0 ? result : 0;
}

static int set_from_command_line(struct again_settings *settings, enum again_option_id id,
                                 const char *value, struct again_error *err)
{
	const struct again_origin origin = {.setter = AGAIN_SET_BY_COMMAND_LINE};
	struct again_error reason = {0};
	const int result =
		again_settings_set(settings, id, value != NULL ? value : "", origin, &reason);
	if (result == 0) {
		return 0;
	}
	char shown[64];
	struct again_text text = again_text_over(shown, sizeof(shown));
	again_text_add_visible(&text, value != NULL ? value : "");
	return again_error_format(err, result, reason.field, "--%s '%s%s': %s",
	                          again_options[id].name, shown, text.cut ? "..." : "",
	                          reason.text);
}

int again_arguments_read(struct again_settings *settings, char *const *argv, int start,
                         const struct again_file_calls *files, int *out_command,
                         struct again_error *err)
{
	const char *path = NULL;
	bool asks = false;
	int result = look_for_config(argv, start, &path, &asks, err);
	if (result == 0 && path != NULL && !asks) {
		result = again_config_read(settings, path, files, err);
	}
	struct again_cursor cursor = {.argv = argv, .at = start};
	enum again_option_id id = AGAIN_OPTIONS;
	const char *value = NULL;
	while (result == 0 && (result = again_cursor_next(&cursor, &id, &value, err)) > 0) {
		if (id == AGAIN_OPTION_HELP || id == AGAIN_OPTION_VERSION) {
			settings->given[id] = "";
			return 0;
		}
		result = asks ? 0 : set_from_command_line(settings, id, value, err);
	}
	if (result != 0) {
		return result;
	}
	*out_command = cursor.at;
	return again_settings_complete(settings, err);
}
