// SPDX-License-Identifier: MIT
// The half of base/error.h that is not pure: errors from a format, from an errno, and the end of a
// program with a bug.
//
// An errno's meaning always fits: it is the sentence before it that is cut when a path is long.
#include "base/error.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// strerror_r returns the text in glibc (which may stand elsewhere than in the buffer), an error
// number in musl.
[[maybe_unused]] static const char *text_of_pointer(const char *text, const char * /*buffer*/)
{
	return text;
}

[[maybe_unused]] static const char *text_of_number(int failure, const char *buffer)
{
	return failure == 0 ? buffer : "unknown error";
}

#define TEXT_OF(result, buffer) \
	_Generic((result), char * : text_of_pointer, int : text_of_number)((result), (buffer))

const char *again_errno_text(int sys, char *buffer, size_t cap)
{
	char words[96] = "";
	const char *found = TEXT_OF(strerror_r(sys, words, sizeof(words)), words);
	struct again_text text = again_text_over(buffer, cap);
	again_text_add(&text, found);
	// "No such file", but not "I/O error" or "RPC version wrong".
	if (text.len > 1 && buffer[0] >= 'A' && buffer[0] <= 'Z' && buffer[1] >= 'a' &&
	    buffer[1] <= 'z') {
		buffer[0] = (char)(buffer[0] - 'A' + 'a');
	}
	return buffer;
}

int again_error_format(struct again_error *err, int code, const char *field, const char *format,
                       ...)
{
	char sentence[sizeof(err->text)];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	return again_error_set(err, code, field, sentence);
}

int again_error_system(struct again_error *err, int sys, const char *format, ...)
{
	char meaning[64];
	(void)again_errno_text(sys, meaning, sizeof(meaning));

	char sentence[sizeof(err->text)];
	struct again_text text = again_text_over(sentence, sizeof(sentence));
	// The words before the meaning have what it leaves them.
	text.cap -= strlen(": ") + strlen(meaning);
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(sentence, text.cap, format, arguments);
	va_end(arguments);
	text.len = strlen(sentence);
	if (len >= (int)text.cap) {
		text.len -= strlen("...");
		again_text_add(&text, "...");
	}
	text.cap = sizeof(sentence);
	again_text_add(&text, ": ");
	again_text_add(&text, meaning);
	(void)again_error_set(err, AGAIN_ERR_SYSTEM, /*field=*/NULL, sentence);
	if (err != NULL) {
		err->sys = sys;
	}
	return AGAIN_ERR_SYSTEM;
}

void again_assert_failed(const char *condition, const char *file, int line)
{
	char buffer[512];
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_addf(&text, "again: bug: %s (%s:%d)\n", condition, file, line);
	(void)!write(STDERR_FILENO, text.at, text.len);
	abort();
}
