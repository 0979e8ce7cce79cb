#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The static program: it does the main job, needs nothing, and works in a folder that holds nothing else.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

setup() {
	common_setup
	static=${AGAIN_STATIC:-${AGAIN%/*}/again-static}
	[ -x "$static" ] || skip "no static program is built"
	mkdir bin
	ln -s "$static" bin/again
	PATH="$PWD/bin:$PATH"
}

@test "the main job" {
	try again --max-retries 5 --base-delay 10ms --jitter none --output r.json -- again flaky --failures 3
	is "$status" 0
	is "$(last_line)" "again: Success after 3 retries (total delay: 0.07s)"
	is "$(delays r.json)" "0.01 0.02 0.04"
	valid_report r.json
}

@test "it is static and small" {
	try ldd "$static"
	like "$output$stderr" 'not a dynamic executable|statically linked'
	between "$(stat -L -c %s "$static")" 1000 150000
}

@test "both programs tell the same: help, plan, errors" {
	local words
	for words in "--help" "plan --seed 5 -n 20" "--max-retries 0 x" "--version"; do
		# shellcheck disable=SC2086
		try "$AGAIN" $words
		local ours="$status|$output|$stderr"
		# shellcheck disable=SC2086
		try again $words
		is "$status|$output|$stderr" "$ours" "$words"
	done
}

@test "the same seed gives the same schedule" {
	try "$AGAIN" -q -n 8 -d 1ms --seed 5 -o a.json -- false
	try again -q -n 8 -d 1ms --seed 5 -o b.json -- false
	is "$(delays a.json)" "$(delays b.json)"
}

@test "leftovers, timeouts and signals" {
	try again -n 1 -d 1ms -t 200ms -k 200ms -- sh -c 'trap "" TERM; setsid sleep 1000 & while :; do sleep 0.05; done'
	is "$how" "exit 124"
	start again -n 1 -d 1h --max-delay 1h -- false
	wait_for 'grep -q retrying start.err'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
}

@test "it works in a folder that holds nothing else: no /proc, no /dev, no /tmp, no shell" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir empty
	cp -L "$static" empty/again
	try chroot "$PWD/empty" /again -n 3 -d 1ms --jitter none -o /r.json -- /again flaky --failures 2
	is "$status" 0
	is "$(last_line)" "again: Success after 2 retries (total delay: 0.003s)"
	valid_report empty/r.json
	try chroot "$PWD/empty" /again -n 1 -d 1ms -t 100ms -- /again flaky --failures 9 --hang
	is "$status" 124
	try chroot "$PWD/empty" /again -n 1 -- /nowhere
	is "$status" 127
}
