// SPDX-License-Identifier: MIT
// The one function of base/text.h that needs stdio, apart, so that the rest of it can be linked by
// pure rooms.
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void again_text_addf(struct again_text *text, const char *format, ...)
{
	size_t room = text->cap - text->len;
	va_list arguments;
	va_start(arguments, format);
	int wanted = vsnprintf(text->at + text->len, room, format, arguments);
	va_end(arguments);
	if (wanted < 0) {
		text->at[text->len] = '\0';
		text->cut = true;
	} else if ((size_t)wanted >= room) {
		text->len = text->cap - 1;
		text->cut = true;
	} else {
		text->len += (size_t)wanted;
	}
}
