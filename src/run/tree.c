// SPDX-License-Identifier: MIT
// Walking /proc and signalling what descends from us.
#include "run/tree.h"

#include "base/alloc.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
	pid_t pid;
	pid_t parent;
	pid_t group;
	/** A zombie of which no thread runs any more. */
	bool dead;
	/** In clock ticks since boot: with the pid, a process's name for ever. */
	unsigned long long start;
};

struct snapshot {
	struct process *all;
	size_t count;
	size_t cap;
};

// One line of getdents64(2); the C libraries' struct dirent is not it everywhere.
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

// The number at *at, which is moved behind it and the space that follows.
static unsigned long long next_number(char **at)
{
	return strtoull(*at, at, 10);
}

static char *skip_fields(char *at, int count)
{
	for (; count > 0; count--) {
		at += strspn(at, " ");
		at += strcspn(at, " ");
	}
	return at;
}

// proc(5), /proc/PID/stat: "pid (comm) state ppid pgrp …"; the number of threads is field 20, the start time field 22.
// comm may hold any byte, so the last bracket counts. A process whose first thread has ended while others run is a
// zombie by its state alone.
static bool parse_stat(char *line, struct process *out)
{
	char *at = strrchr(line, ')');
	if (at == NULL || at[1] != ' ' || at[2] == '\0') {
		return false;
	}
	const char state = at[2];
	at += 3;
	out->parent = (pid_t)next_number(&at);
	out->group = (pid_t)next_number(&at);
	at = skip_fields(at, 14);
	out->dead = next_number(&at) <= 1 && state == 'Z';
	at = skip_fields(at, 1);
	out->start = next_number(&at);
	return *at == ' ';
}

static bool look_up(const struct again_sys *sys, pid_t pid, struct process *out)
{
	char path[48];
	struct again_text text = again_text_over(path, sizeof(path));
	again_text_addf(&text, "/proc/%d/stat", (int)pid);
	const int fd = sys->files->open(path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0) {
		return false;
	}
	char line[1024];
	const ssize_t got = sys->files->read(fd, line, sizeof(line) - 1);
	(void)sys->files->close(fd);
	if (got <= 0) {
		return false;
	}
	line[got] = '\0';
	out->pid = pid;
	return parse_stat(line, out);
}

static int keep(struct snapshot *shot, const struct process *process)
{
	if (shot->count == shot->cap) {
		const size_t cap = shot->cap == 0 ? 512 : shot->cap * 2;
		struct process *all = again_alloc(cap, sizeof(*all));
		if (all == NULL) {
			return -1;
		}
		if (shot->count > 0) {
			memcpy(all, shot->all, shot->count * sizeof(*all));
		}
		again_free(shot->all);
		shot->all = all;
		shot->cap = cap;
	}
	shot->all[shot->count++] = *process;
	return 0;
}

// A /proc that was mounted in another pid namespace speaks of other processes under our numbers.
static bool proc_is_ours(const struct again_sys *sys)
{
	char target[24];
	const ssize_t len = sys->files->readlink("/proc/self", target, sizeof(target) - 1);
	if (len <= 0) {
		return false;
	}
	target[len] = '\0';
	return strtol(target, NULL, 10) == sys->getpid();
}

static int take_entries(const struct again_sys *sys, struct snapshot *shot, char *buffer,
                        size_t len)
{
	for (size_t at = 0; at < len;) {
		const struct entry *entry = (const struct entry *)(const void *)(buffer + at);
		at += entry->length;
		if (entry->name[0] < '1' || entry->name[0] > '9') {
			continue;
		}
		struct process process;
		errno = 0;
		if (look_up(sys, (pid_t)strtol(entry->name, NULL, 10), &process)) {
			if (keep(shot, &process) != 0) {
				return -1;
			}
		} else if (errno == EMFILE || errno == ENFILE) {
			return -1; // not gone, but not to be seen
		}
	}
	return 0;
}

static int take_snapshot(const struct again_sys *sys, struct snapshot *shot)
{
	if (!proc_is_ours(sys)) {
		errno = ENOENT;
		return -1;
	}
	const int fd = sys->files->open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0) {
		return -1;
	}
	_Alignas(struct entry) char buffer[8192];
	ssize_t got = 0;
	int result = 0;
	while (result == 0 && (got = sys->getdents(fd, buffer, sizeof(buffer))) > 0) {
		result = take_entries(sys, shot, buffer, (size_t)got);
	}
	(void)sys->files->close(fd);
	return got < 0 ? -1 : result;
}

// Moves the descendants of root to the front, parents before children, and returns how many they are.
static size_t gather(struct snapshot *shot, pid_t root)
{
	size_t found = 0;
	for (size_t done = 0; done <= found; done++) {
		const pid_t parent = done == 0 ? root : shot->all[done - 1].pid;
		for (size_t i = found; i < shot->count; i++) {
			if (shot->all[i].parent == parent && shot->all[i].pid != parent) {
				const struct process swapped = shot->all[found];
				shot->all[found] = shot->all[i];
				shot->all[i] = swapped;
				found++;
			}
		}
	}
	return found;
}

static int send_both(const struct again_sys *sys, pid_t pid, int signal)
{
	if (sys->kill(pid, signal) != 0) {
		return -1;
	}
	return signal == SIGKILL ? 0 : sys->kill(pid, SIGCONT);
}

static int send_deep(const struct again_sys *sys, const struct process *process, int signal)
{
	const int pidfd = sys->pidfd_open(process->pid);
	struct process now;
	int result = -1;
	if (!look_up(sys, process->pid, &now) || now.start != process->start) {
		errno = ESRCH;
	} else if (pidfd < 0) {
		// No pidfds here (a sandbox): the second look a moment ago has to do.
		result = send_both(sys, process->pid, signal);
	} else {
		result = sys->pidfd_send_signal(pidfd, signal);
		if (result == 0 && signal != SIGKILL) {
			result = sys->pidfd_send_signal(pidfd, SIGCONT);
		}
	}
	if (pidfd >= 0) {
		(void)sys->files->close(pidfd);
	}
	return result;
}

// Whether the process got the signal with a group: from the terminal, or from us as one of the child's group.
static bool has_it(const struct again_tree_target *target, const struct process *process)
{
	return (target->skip_group != 0 && process->group == target->skip_group) ||
	       (target->child != 0 && target->child_leads && process->group == target->child);
}

// The child, and its group where it leads one. It may have left that group since.
static unsigned send_child(const struct again_sys *sys, const struct again_tree_target *target,
                           int signal)
{
	struct process child;
	bool sent = false;
	if (target->child == 0) {
		return 0;
	}
	if (target->child_leads) {
		sent = send_both(sys, -target->child, signal) == 0;
	}
	const bool known = look_up(sys, target->child, &child);
	if (known ? !has_it(target, &child) : !sent && target->skip_group == 0) {
		sent = send_both(sys, target->child, signal) == 0;
	}
	return sent;
}

static unsigned send_descendants(const struct again_sys *sys,
                                 const struct again_tree_target *target, int signal,
                                 struct snapshot *shot)
{
	const pid_t self = sys->getpid();
	const size_t found = gather(shot, target->root);
	unsigned count = 0;
	for (size_t i = 0; i < found; i++) {
		const struct process *process = &shot->all[i];
		if (process->pid == target->child) {
			continue;
		}
		bool sent = process->group != target->skip_group;
		if (!has_it(target, process)) {
			sent = (process->parent == self ? send_both(sys, process->pid, signal)
			                                : send_deep(sys, process, signal)) == 0;
		}
		count += sent && !process->dead;
	}
	return count;
}

int again_tree_send(const struct again_sys *sys, const struct again_tree_target *target, int signal,
                    unsigned *out_count)
{
	// The walk comes first, so that what dies at once is counted too.
	struct snapshot shot = {0};
	const int result = take_snapshot(sys, &shot);
	const int reason = errno;
	unsigned count = send_child(sys, target, signal);
	if (result == 0) {
		count += send_descendants(sys, target, signal, &shot);
	}
	again_free(shot.all);
	*out_count = count;
	errno = reason;
	return result;
}

unsigned again_tree_list(const struct again_sys *sys, pid_t root, int *out_pids, unsigned cap)
{
	struct snapshot shot = {0};
	unsigned count = 0;
	if (take_snapshot(sys, &shot) == 0) {
		const size_t found = gather(&shot, root);
		for (size_t i = 0; i < found && count < cap; i++) {
			if (!shot.all[i].dead) {
				out_pids[count++] = shot.all[i].pid;
			}
		}
	}
	again_free(shot.all);
	return count;
}
