// SPDX-License-Identifier: MIT
// Plays a test vector with libagain: what player.c offers to player_main.c and to WebAssembly.
#ifndef AGAIN_VECTORS_PLAYER_H
#define AGAIN_VECTORS_PLAYER_H

#include <stddef.h>

/** The longest line that is taken, and the room that is enough for its answer. */
#define AGAIN_PLAY_MAX 65536

/**
 * Plays a line of commands, terminated, and writes what each told, each followed by ';'. Returns the answer's length
 * without its end; 0 where the line is not one (or `cap` too small).
 */
__attribute__((visibility("default"))) size_t again_play(const char *line, char *out, size_t cap);

#endif
