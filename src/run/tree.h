// SPDX-License-Identifier: MIT
// Everything that descends from a process: found in /proc, signalled without hitting a stranger.
//
// again is a subreaper while it runs, so whatever an attempt leaves behind stays below it: its own group, groups and
// sessions that descendants made for themselves, and orphans. A direct child's pid is safe to signal, because again alone
// reaps it. A deeper process is signalled through a pidfd, after a second look at its start time: its parent may reap
// it, and the kernel may give its pid away, between the walk and the signal.
//
// A process that forks between the walk and the signal can be missed once; who must not miss it walks again.
#ifndef AGAIN_RUN_TREE_H
#define AGAIN_RUN_TREE_H

#include "run/sys.h"

struct again_tree_target {
	/** Whose descendants. */
	pid_t root;
	/** The attempt's own process, a child of ours that is not reaped, root itself or below it; 0: it is gone. */
	pid_t child;
	/** The child leads a group of its own: the group gets the signal as one. */
	bool child_leads;
	/** Processes of this group have the signal already. 0: none. */
	pid_t skip_group;
};

/**
 * Sends the signal to the child and to every descendant of root, and CONT after it (a stopped process cannot act on it)
 * unless it is KILL. Parents come before their children. *out_count is how many processes got it. -1 with errno where
 * /proc cannot be read: then only the child and its group have got it.
 */
int again_tree_send(const struct again_sys *sys, const struct again_tree_target *target, int signal,
                    unsigned *out_count);

/** The living descendants of root, at most `cap` of them; returns how many were written. */
unsigned again_tree_list(const struct again_sys *sys, pid_t root, int *out_pids, unsigned cap);

#endif
