// SPDX-License-Identifier: MIT
// The part of <string.h> that pure code may call, for WebAssembly, where Debian has no C library. See string.c.
#ifndef AGAIN_WASM_STRING_H
#define AGAIN_WASM_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *at, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);
void *memchr(const void *at, int byte, size_t count);
size_t strlen(const char *string);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t count);
char *strchr(const char *string, int byte);
size_t strspn(const char *string, const char *bytes);
size_t strcspn(const char *string, const char *bytes);

#endif
