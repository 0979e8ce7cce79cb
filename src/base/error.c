// SPDX-License-Identifier: MIT
// An error is filled where the failure is first seen: a code, a field, one sentence that is cut to
// fit. @pure
//
// What needs a format, an errno's meaning or an abort is in syserror.c, so that the pure rooms can
// link this file alone.
#include "base/error.h"

#include <string.h>

int again_error_set(struct again_error *err, int code, const char *field, const char *text)
{
	if (err == NULL) {
		return code;
	}
	size_t len = strlen(text);
	if (len >= sizeof(err->text)) {
		len = sizeof(err->text) - 1;
		// Not in the middle of a UTF-8 sequence: back to before its first byte.
		while (len > 0 && ((unsigned char)text[len] & 0xC0u) == 0x80u) {
			len--;
		}
	}
	// text may be err->text itself.
	memmove(err->text, text, len);
	err->text[len] = '\0';
	err->code = code;
	err->sys = 0;
	err->field = field;
	err->column = 0;
	return code;
}
