// SPDX-License-Identifier: MIT
// The native player: vectors from standard input, one a line; the answer to each is one line.
#include "player.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
	static char line[AGAIN_PLAY_MAX];
	static char answer[AGAIN_PLAY_MAX];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		answer[again_play(line, answer, sizeof(answer))] = '\0';
		(void)puts(answer);
	}
	return 0;
}
