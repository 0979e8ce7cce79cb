// SPDX-License-Identifier: MIT
// Codes, classes, guards and reasons as text, from the lists in the public headers: a code cannot be added without its words. @pure
#include <again/call.h>
#include <again/guards.h>
#include <again/types.h>

const char *again_strerror(int code)
{
	switch (code) {
	case AGAIN_OK:
		return "success";
#define CASE(name, number, text) \
	case (number):           \
		return text;
		AGAIN_ERRORS(CASE)
#undef CASE
	}
	return "unknown error";
}

const char *again_code_name(int code)
{
	switch (code) {
	case AGAIN_OK:
		return "AGAIN_OK";
#define CASE(name, number, text) \
	case (number):           \
		return #name;
		AGAIN_ERRORS(CASE)
#undef CASE
	}
	return "unknown";
}

const char *again_class_name(uint32_t outcome_class)
{
	switch (outcome_class) {
#define CASE(name, word) \
	case name:       \
		return word;
		AGAIN_CLASSES(CASE)
#undef CASE
	}
	return "unknown";
}

const char *again_guard_name(uint32_t guard)
{
	switch (guard) {
#define CASE(name, word) \
	case name:       \
		return word;
		AGAIN_GUARDS(CASE)
#undef CASE
	}
	return "unknown";
}

const char *again_reason_name(uint32_t reason)
{
	switch (reason) {
#define CASE(name, word, text) \
	case name:             \
		return word;
		AGAIN_REASONS(CASE)
#undef CASE
	}
	return "unknown";
}

const char *again_reason_text(uint32_t reason)
{
	switch (reason) {
#define CASE(name, word, text) \
	case name:             \
		return text;
		AGAIN_REASONS(CASE)
#undef CASE
	}
	return "unknown reason";
}
