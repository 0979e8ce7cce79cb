// SPDX-License-Identifier: MIT
// The least that running a command N times can cost: vfork, exec, wait, and nothing else.
//
//     spawn_loop N PROGRAM [ARG]...
//
// PROGRAM is a path and is not searched for. What the runs exit with does not matter; one that cannot be started does.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/** Returns 0, or the errno of what could not be done. */
static int run_once(char *const *command)
{
	volatile int exec_errno = 0; // written in the child, which shares our memory until it execs
	const pid_t pid = vfork();
	if (pid < 0) {
		return errno;
	}
	if (pid == 0) {
		(void)execv(command[0], command);
		exec_errno = errno;
		_exit(127);
	}
	int status = 0;
	if (waitpid(pid, &status, 0) != pid) {
		return errno;
	}
	return exec_errno;
}

int main(int argc, char **argv)
{
	const unsigned long rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (rounds == 0) {
		(void)fprintf(stderr, "usage: spawn_loop N PROGRAM [ARG]...\n");
		return 2;
	}
	for (unsigned long i = 0; i < rounds; i++) {
		const int failure = run_once(argv + 2);
		if (failure != 0) {
			errno = failure;
			perror(argv[2]);
			return 1;
		}
	}
	return 0;
}
