// SPDX-License-Identifier: MIT
// The few functions of a C library that pure code may call, for WebAssembly without one. @pure
//
// memcpy, memmove and memset are instructions there (-mbulk-memory), so their builtins do not call themselves.
// Everything is plain on purpose: texts are short.
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
	return __builtin_memcpy(to, from, count);
}

void *memmove(void *to, const void *from, size_t count)
{
	return __builtin_memmove(to, from, count);
}

void *memset(void *at, int byte, size_t count)
{
	return __builtin_memset(at, byte, count);
}

int memcmp(const void *a, const void *b, size_t count)
{
	const unsigned char *left = a;
	const unsigned char *right = b;
	for (size_t i = 0; i < count; i++) {
		if (left[i] != right[i]) {
			return left[i] < right[i] ? -1 : 1;
		}
	}
	return 0;
}

void *memchr(const void *at, int byte, size_t count)
{
	const unsigned char *bytes = at;
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == (unsigned char)byte) {
			return (void *)(bytes + i);
		}
	}
	return NULL;
}

size_t strlen(const char *string)
{
	size_t len = 0;
	while (string[len] != '\0') {
		len++;
	}
	return len;
}

int strncmp(const char *a, const char *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned char left = (unsigned char)a[i];
		unsigned char right = (unsigned char)b[i];
		if (left != right || left == '\0') {
			return left - right;
		}
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *string, int byte)
{
	return memchr(string, byte, strlen(string) + 1);
}

size_t strspn(const char *string, const char *bytes)
{
	size_t len = 0;
	while (string[len] != '\0' && strchr(bytes, string[len]) != NULL) {
		len++;
	}
	return len;
}

size_t strcspn(const char *string, const char *bytes)
{
	size_t len = 0;
	while (string[len] != '\0' && strchr(bytes, string[len]) == NULL) {
		len++;
	}
	return len;
}
