// SPDX-License-Identifier: MIT
// Options with any values: each is taken, or refused with a sentence; what is complete is a valid policy whose delays keep
// the cap. One option a line: the first byte chooses it, the rest is its value.
#include "base/error.h"
#include "cli/settings.h"

#include <again/call.h>

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void set_lines(struct again_settings *settings, char *text)
{
	for (char *line = text; line != NULL;) {
		char *next = strchr(line, '\n');
		if (next != NULL) {
			*next++ = '\0';
		}
		if (*line != '\0') {
			const enum again_option_id id =
				(enum again_option_id)((unsigned char)*line % AGAIN_OPTIONS);
			const struct again_origin origin = {(unsigned char)*line & 128
			                                            ? AGAIN_SET_BY_COMMAND_LINE
			                                            : AGAIN_SET_BY_FILE,
			                                    1};
			struct again_error err = {0};
			if (again_settings_set(settings, id, line + 1, origin, &err) != 0) {
				again_assert(err.code < 0 && strstr(err.text, "use ") != NULL);
			}
		}
		line = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char text[4096];
	if (len >= sizeof(text)) {
		return -1;
	}
	memcpy(text, bytes, len);
	text[len] = '\0';
	struct again_settings settings;
	struct again_error err = {0};
	again_settings_init(&settings);
	set_lines(&settings, text);
	settings.given[AGAIN_OPTION_CONFIG] = "x.conf";
	if (again_settings_complete(&settings, &err) != 0) {
		// The library must not be the one that refuses: its words are not the user's.
		again_assert(err.code < 0 && (strstr(err.text, "--") != NULL ||
		                              strstr(err.text, "x.conf:1:") != NULL));
	} else {
		again_ns delays[64];
		const size_t count =
			again_call_plan(&settings.policy, settings.seed, 0, 64, delays);
		for (size_t i = 0; i < count; i++) {
			again_assert(delays[i] > 0 && delays[i] <= settings.policy.max_delay_ns);
		}
	}
	again_settings_fini(&settings);
	return 0;
}
