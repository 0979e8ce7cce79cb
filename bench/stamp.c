// SPDX-License-Identifier: MIT
// A command that fails and leaves behind when it began and when it was about to end.
//
//     stamp FILE MICROSECONDS
//
// The first thing that main does is to read CLOCK_MONOTONIC. It sleeps, so that whoever waits for it
// is asleep as well, reads the clock again, appends both readings to FILE (two 64-bit numbers of
// nanoseconds), and exits 1. From the second reading of one run to the first of the next is what it
// takes to notice a death and to start again: one small write, the exit and the exec included.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1'000'000'000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t stamps[2] = {now_ns(), 0};
	if (argc != 3) {
		(void)fprintf(stderr, "usage: stamp FILE MICROSECONDS\n");
		return 2;
	}
	const int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	const long pause_us = strtol(argv[2], NULL, 10);
	const struct timespec pause = {.tv_sec = pause_us / 1'000'000,
	                               .tv_nsec = pause_us % 1'000'000 * 1000};
	(void)nanosleep(&pause, NULL);
	stamps[1] = now_ns();
	if (write(fd, stamps, sizeof(stamps)) != (ssize_t)sizeof(stamps)) {
		perror(argv[1]);
		return 2;
	}
	_exit(1);
}
