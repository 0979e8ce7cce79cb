// SPDX-License-Identifier: MIT
// Filling the gaps among the standard descriptors.
#include "run/descriptors.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int again_descriptors_fill(const struct again_sys *sys, struct again_error *err)
{
	// open gives the lowest free number; O_PATH needs no device, no permission, and opens no way to read or write.
	int fd = 0;
	while (fd <= STDERR_FILENO) {
		fd = sys->files->open("/", O_PATH, 0);
		if (fd < 0) {
			return again_error_system(err, errno,
			                          "cannot fill a closed standard descriptor");
		}
	}
	(void)sys->files->close(fd);
	return 0;
}
