#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The library as others meet it: installed into a prefix of its own, found by pkg-config, used from C, C++ and Python; and
# the programs of examples/, built as their heads say.

# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154 # code for other shells stands in single quotes; each test is a shell of its
# own; common.bash sets the variables
load common

setup_file() {
	local repo prefix=$BATS_FILE_TMPDIR/prefix
	repo=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	{
		env -u CC -u CFLAGS meson setup "$BATS_FILE_TMPDIR/build" "$repo" --prefix="$prefix" --libdir=lib -Dtests=disabled &&
			meson install -C "$BATS_FILE_TMPDIR/build" --quiet
	} >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		tail -n 30 "$BATS_FILE_TMPDIR/log" >&2
		return 1
	}
}

setup() {
	common_setup
	prefix=$BATS_FILE_TMPDIR/prefix
	export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
	strict=(-Wall -Wextra -Wpedantic -Werror)
}

teardown() {
	if [ -n "${server:-}" ]; then
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	common_teardown
}

serve() {
	"$PY" "$HELPERS/http_server.py" --port-file port --listen-file listen --log requests "$@" </dev/null >server.out 2>&1 3>&- &
	server=$!
	wait_for '[ -s port ]'
	port=$(<port)
}

# flags PACKAGE...: what pkg-config says, and where to find the library at run time.
flags() {
	read -ra flags < <(pkg-config --cflags --libs "$@")
	flags+=("-Wl,-rpath,$prefix/lib")
}

# example NAME PACKAGE...: builds examples/NAME.c here.
example() {
	local name=$1
	shift
	flags again "$@"
	gcc -std=gnu11 -D_GNU_SOURCE -O2 "${strict[@]}" -Wshadow "$REPO/examples/$name.c" "${flags[@]}" -o "$name"
}

# The libraries that a program asks for.
needed() {
	readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

@test "a C99 program, shared: it asks for libagain.so.0" {
	flags again
	gcc -std=c99 "${strict[@]}" "$REPO/tests/consumer/consumer.c" "${flags[@]}" -o consumer
	try ./consumer
	is "$how" "exit 0"
	is "$output" "4 attempts in 7 s: retries exhausted"
	has "$(needed consumer)" libagain.so.0
}

@test "a C99 program, static: it asks for nothing" {
	read -ra flags < <(pkg-config --static --cflags --libs again)
	gcc -std=c99 -static "${strict[@]}" "$REPO/tests/consumer/consumer.c" "${flags[@]}" -o consumer
	try ./consumer
	is "$how" "exit 0"
	is "$output" "4 attempts in 7 s: retries exhausted"
	is "$(needed consumer)" ""
}

@test "a C++11 program and a Python program compute the same delays" {
	flags again
	g++ -std=c++11 "${strict[@]}" "$REPO/tests/consumer/consumer.cpp" "${flags[@]}" -o consumer
	has "$(needed consumer)" libagain.so.0
	try ./consumer
	is "$how" "exit 0"
	is "$(line_count "$output")" 5
	local in_cpp=$output
	g++ -std=c++11 -static "${strict[@]}" "$REPO/tests/consumer/consumer.cpp" "${flags[@]}" -o consumer-static
	try ./consumer-static
	is "$output" "$in_cpp"
	try env LIBAGAIN="$prefix/lib/libagain.so.0" "$PY" "$REPO/examples/schedule.py" jitter=full 42
	is "$how" "exit 0"
	is "$(sed -n 's/^  retry [0-9]* after 0*\([0-9]*\)\.\([0-9]*\) s$/\1\2/p' <<<"$output" | sed 's/^0*//')" "$in_cpp"
}

@test "the shared library exports functions of again with a version, and nothing else" {
	is "$(readelf --dynamic "$prefix/lib/libagain.so" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')" libagain.so.0
	is "$(nm -D --defined-only --with-symbol-versions "$prefix/lib/libagain.so" | grep -v ' T again_[a-z0-9_]*@@AGAIN_0$')" \
		"0000000000000000 A AGAIN_0"
	# Calls inside it are direct: nobody can come between.
	is "$(objdump -d "$prefix/lib/libagain.so" | grep -c 'call.*<again_.*@plt>')" 0
	# A release traps nothing.
	is "$(objdump -d "$prefix/lib/libagain.so" | grep -cw ud2)" 0
}

@test "the program of the README" {
	sed -n '/^```c$/,/^```$/{/^```/!p}' "$REPO/README.md" >program.c
	flags again
	gcc -std=gnu11 "${strict[@]}" program.c "${flags[@]}" -o program
	try ./program
	is "$how" "exit 0"
	is "$output" "success after 3 attempts"
}

@test "manual pages: the library, each header, each function" {
	need mandoc
	local name
	for name in libagain again_call again_call_next again_setup_parse again_types; do
		mandoc -T utf8 "$prefix/share/man/man3/$name.3" | col -b >page
		like "$(<page)" "(^|[^a-z_])$name([^a-z_]|\$)"
	done
	has "$(mandoc -T utf8 "$prefix/share/man/man3/libagain.3" | col -b)" aws-2018
}

@test "schedule.py: a plan, a call with a Retry-After, the same each time" {
	export LD_LIBRARY_PATH=$prefix/lib
	try "$PY" "$REPO/examples/schedule.py" "max-retries=3,base-delay=100ms,jitter=none" 7
	is "$how" "exit 0"
	is "$output" "max-retries=3,base-delay=100ms,jitter=none, seed 7:
  retry 1 after 0.100000000 s
  retry 2 after 0.200000000 s
  retry 3 after 0.400000000 s
done at attempt 3, after waits of 0.100000000, 3.000000000 s"
}

@test "schedule.py: a bad policy is refused with its place" {
	export LD_LIBRARY_PATH=$prefix/lib
	try "$PY" "$REPO/examples/schedule.py" "max-retries=3,jitter=much" 7
	is "$status" 1
	has "$stderr" "column 22: "
	hasnt "$stderr" Traceback
}

@test "schedule.py: a struct that is not the library's is noticed" {
	export LD_LIBRARY_PATH=$prefix/lib
	sed 's/("throttled_base_delay_ns", c_uint64)/&, ("more", c_uint64)/' "$REPO/examples/schedule.py" >longer.py
	try "$PY" longer.py
	is "$status" 1
	has "$(last_line)" "struct again_policy: "
	sed 's/("max_retries", c_uint32), ("backoff", c_uint32)/("backoff", c_uint32), ("max_retries", c_uint32)/' \
		"$REPO/examples/schedule.py" >moved.py
	try "$PY" moved.py
	is "$status" 1
	has "$(last_line)" "its defaults are not where they should be"
}

@test "fetch: a server that refuses, then answers 503 twice, then 200" {
	example fetch libcurl
	serve --unavailable 2
	start ./fetch "http://127.0.0.1:$port/" max-retries=20,base-delay=50ms,max-delay=200ms
	wait_for 'grep -q "attempt 1: HTTP 0" start.err'
	: >listen
	finish
	is "$how" "exit 0"
	is "$output" hello
	is "$(cat requests)" $'503 /\n503 /\n200 /'
	hasnt "$output" "not yet"
}

@test "fetch: Retry-After is obeyed" {
	example fetch libcurl
	serve --unavailable 1 --retry-after 1
	: >listen
	try ./fetch "http://127.0.0.1:$port/" base-delay=10ms,hint-jitter=0
	is "$how" "exit 0"
	is "$output" hello
	has "$stderr" "fetch: again in 1.000 s"
}

@test "fetch: what will not pass is not tried again, what never passes ends" {
	example fetch libcurl
	serve
	try ./fetch "http://127.0.0.1:$port/" max-retries=2,base-delay=10ms
	is "$status" 1
	is "$(last_line)" "fetch: retries exhausted after 3 attempts"
	: >listen
	wait_for 'curl -fs "http://127.0.0.1:$port/up" >/dev/null'
	try ./fetch "http://127.0.0.1:$port/nothing"
	is "$status" 1
	is "$(last_line)" "fetch: not retryable after 1 attempts"
	is "$output" ""
	try ./fetch "http://127.0.0.1:$port/" max-retries=many
	is "$status" 2
	has "$stderr" "column "
}

@test "connect: a pool whose server comes late" {
	example connect
	serve
	start ./connect 127.0.0.1 "$port" 3
	wait_for 'grep -q "^2: failed; attempt 3 in 0.0" start.err'
	: >listen
	finish
	is "$how" "exit 0"
	like "$output" $'(^|\n)2: connected after [3-9] attempts\n'
	is "${output##*$'\n'}" "3 of 3 connected"
}

@test "connect: a server that never comes: the shared budget ends all of it" {
	example connect
	serve
	try ./connect 127.0.0.1 "$port" 8
	is "$status" 1
	is "${output##*$'\n'}" "0 of 8 connected"
	# Alone, each would make 9 attempts: 72 in all.
	local attempts
	attempts=$(sed -n 's/.* after \([0-9]*\) attempts$/\1/p' <<<"$output" | awk '{ sum += $1 } END { print sum }')
	between "$attempts" 20 30
	like "$output" 'the (retry budget is empty|breaker is open) after'
}
