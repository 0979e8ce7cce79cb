#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# tools/check-rooms passes on this tree and finds each kind of broken rule, in a copy of it.

setup() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	copy=$BATS_TEST_TMPDIR/tree
	mkdir "$copy"
	cp -r "$root/src" "$root/include" "$copy/"
}

# finds TEXT: check-rooms fails on the copy and says so.
finds() {
	run "$root/tools/check-rooms" "$copy"
	[ "$status" -eq 1 ]
	printf '%s\n' "$output"
	[[ "$output" == *"$1"* ]]
}

@test "the tree keeps the rules of its rooms" {
	run "$root/tools/check-rooms" "$root"
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
}

@test "an include against the direction is found" {
	echo '#include "cli/options.h"' >>"$copy/src/run/rules.h"
	: >"$copy/src/cli/options.h"
	finds "src/run/rules.h: direction: run may not include 'cli/options.h'"
}

@test "base may take types.h from the library and nothing else" {
	echo '#include <again/policy.h>' >>"$copy/src/base/text.h"
	finds "src/base/text.h: direction: base may not include 'again/policy.h'"
}

@test "an include between rooms side by side is found" {
	echo '#include "../run/rules.h"' >"$copy/src/report/sideways.h"
	finds "src/report/sideways.h: direction: report may not include '../run/rules.h'"
}

@test "a public header that reaches into the house is found" {
	echo '#include "base/text.h"' >>"$copy/include/again/call.h"
	finds "include/again/call.h: direction: include may not include 'base/text.h'"
}

@test "an impure header in a pure file is found" {
	echo '#include <time.h>' >>"$copy/src/policy/call.c"
	finds "src/policy/call.c: pure: includes <time.h>"
}

@test "an impure header behind another header is found" {
	echo '#include <stdio.h>' >>"$copy/src/base/error.h"
	finds "pure: includes <stdio.h> (by way of src/base/error.h)"
}

@test "a file of src/policy that does not say @pure is found" {
	echo '// SPDX-License-Identifier: MIT' >"$copy/src/policy/new.c"
	finds "src/policy/new.c: pure: its first comment does not say @pure"
}

@test "calls are found: a clock in a pure file, a banned function, a fork outside its file" {
	cat >>"$copy/src/policy/call.c" <<-'C'
		struct timespec;
		int clock_gettime(int clock, struct timespec *now);
		int again_late(void *now);
		int again_late(void *now)
		{
			return clock_gettime(0, now);
		}
	C
	cat >>"$copy/src/base/file.c" <<-'C'
		char *again_copy(char *to, const char *from);
		char *again_copy(char *to, const char *from)
		{
			return __builtin_strcpy(to, from);
		}
		extern int fork(void);
		int again_twin(void);
		int again_twin(void)
		{
			return fork();
		}
	C
	finds "src/policy/call.c: pure: calls clock_gettime(), which is not pure"
	[[ "$output" == *"src/base/file.c: banned: calls strcpy(): use struct again_text"* ]]
	[[ "$output" == *"src/base/file.c: banned: calls fork(): processes are made in src/run/sys.c"* ]]
}

@test "a file without a licence line is found" {
	echo 'struct again_nothing;' >"$copy/src/base/bare.h"
	finds "src/base/bare.h: licence: has no SPDX line"
}
