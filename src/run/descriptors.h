// SPDX-License-Identifier: MIT
// Standard descriptors that were closed when again started.
#ifndef AGAIN_RUN_DESCRIPTORS_H
#define AGAIN_RUN_DESCRIPTORS_H

#include "run/sys.h"

/**
 * Fills every gap among descriptors 0, 1 and 2 with one that can be neither read nor written (EBADF, as if it were
 * closed), so that no file of ours and none of the command's becomes its standard output by accident. Comes first.
 */
[[nodiscard]] int again_descriptors_fill(const struct again_sys *sys, struct again_error *err);

#endif
