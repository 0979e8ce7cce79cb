#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The main job: a simulated function that fails three times is retried with exponential backoff until it succeeds.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

@test "the main job ends with its line, its report and four attempts" {
	try again --max-retries 5 --base-delay 0.1 --jitter none --output data/retry_report.json -- again flaky --failures 3
	is "$status" 0
	is "$(last_line)" "again: Success after 3 retries (total delay: 0.7s)"
	valid_report data/retry_report.json
	is "$(delays data/retry_report.json)" "0.1 0.2 0.4"
	is "$(query data/retry_report.json '[.attempts[].attempt]')" "[1,2,3,4]"
	is "$(query data/retry_report.json '[.attempts[].status]')" '["failed","failed","failed","success"]'
	is "$(query data/retry_report.json .status)" '"success"'
	is "$(query data/retry_report.json .result)" '"exit 0"'
	is "$(query data/retry_report.json .total_attempts)" 4
	is "$(query data/retry_report.json .total_delay_seconds)" 0.7
	is "$(query data/retry_report.json .max_retries)" 5
	is "$(query data/retry_report.json .retries)" 3
	is "$(query data/retry_report.json .reason)" '"success"'
}

@test "each failed attempt tells its number, its error and the delay that follows" {
	try again --max-retries 5 --base-delay 0.01 --jitter none -- again flaky --failures 3
	is "$status" 0
	like "$stderr" $'(^|\n)again: attempt 1/6 failed: exit 1 after [0-9.]+s; retrying in 0\.01s\n'
	like "$stderr" $'\nagain: attempt 2/6 failed: exit 1 after [0-9.]+s; retrying in 0\.02s\n'
	like "$stderr" $'\nagain: attempt 3/6 failed: exit 1 after [0-9.]+s; retrying in 0\.04s\n'
	is "$(last_line)" "again: Success after 3 retries (total delay: 0.07s)"
}

@test "the waits are really waited for" {
	local before after
	before=$(now_ms)
	try again --max-retries 5 --base-delay 0.1 --jitter none -q -- again flaky --failures 3
	after=$(now_ms)
	is "$status" 0
	between $((after - before)) 700 3000
}

@test "when the retries are exhausted it fails with the last exit code and says so" {
	try again --max-retries 5 --base-delay 10ms --jitter none --output r.json -- again flaky --failures 99 --exit 7
	is "$status" 7
	is "$(last_line)" "again: Failed after 5 retries (total delay: 0.31s): exit 7 (retries exhausted)"
	valid_report r.json
	is "$(delays r.json)" "0.01 0.02 0.04 0.08 0.16"
	is "$(query r.json .status)" '"failed"'
	is "$(query r.json .result)" '"exit 7"'
	is "$(query r.json .reason)" '"exhausted"'
	is "$(query r.json .total_attempts)" 6
	is "$(query r.json .total_delay_seconds)" 0.31
	is "$(query r.json '.attempts[5].delay_seconds')" null
}

@test "a success at the first try prints nothing and waits for nothing" {
	local before
	before=$(now_ms)
	try again --base-delay 1h --output r.json -- true
	is "$status" 0
	is "$stderr" ""
	is "$output" ""
	between $(($(now_ms) - before)) 0 3000
	valid_report r.json
	is "$(query r.json .total_attempts)" 1
	is "$(query r.json .total_delay_seconds)" 0
	is "$(query r.json .retries)" 0
}

@test "one retry is singular" {
	try again -n 5 -d 10ms --jitter none -- again flaky --failures 1
	is "$status" 0
	is "$(last_line)" "again: Success after 1 retry (total delay: 0.01s)"
}

@test "one retry that failed is singular too" {
	try again -n 1 -d 10ms --jitter none -- false
	is "$status" 1
	is "$(last_line)" "again: Failed after 1 retry (total delay: 0.01s): exit 1 (retries exhausted)"
}

@test "the defaults: 5 retries from 1 second by 2 with equal jitter" {
	# A wait that cannot fit the deadline is not started.
	try again --deadline 100ms --output r.json -- false
	is "$status" 1
	is "$(query r.json .max_retries)" 5
	like "$stderr" 'attempt 1/6 failed'
	# The first delay is 0.5 s to 1 s, the fifth is 8 s to 16 s.
	try again plan
	is "$status" 0
	like "$output" '(^|[^0-9.])0\.5s?[^0-9]+.*[^0-9.]1s?[^0-9.]'
	like "$output" '[^0-9.]8s?[^0-9.]+.*[^0-9.]16s?[^0-9.]'
}

@test "the child's output passes untouched, of every attempt, and our lines never mix into it" {
	try again -n 3 -d 10ms -- sh -c 'printf "out %s\n" "$AGAIN_ATTEMPT"; printf "err %s\n" "$AGAIN_ATTEMPT" >&2; [ "$AGAIN_ATTEMPT" = 3 ]'
	is "$status" 0
	is "$output" $'out 1\nout 2\nout 3'
	has "$stderr" "err 1"
	has "$stderr" "err 3"
	hasnt "$output" "again:"
}

@test "a child's large binary output is byte for byte the same" {
	head -c 3000000 /dev/urandom >in.bin
	sh -c 'again -n 1 -- cat <in.bin >out.bin'
	cmp in.bin out.bin
}

@test "a filter on a pipe of many megabytes does not hang" {
	try sh -c 'head -c 20000000 /dev/zero | again -n 1 -- cat | wc -c'
	is "$status" 0
	is "$output" 20000000
}

@test "arguments reach the command untouched" {
	try again -n 1 -- printf '<%s>' a 'b c' '' '-n' '--' $'tab\there' '$HOME' "it's"
	is "$status" 0
	is "$output" $'<a><b c><><-n><--><tab\there><$HOME><it\'s>'
}

@test "options end at the first word that is not one" {
	try again -n 1 echo -n --max-retries 0 -x
	is "$status" 0
	is "$output" "--max-retries 0 -x"
}

@test "a command that starts with a dash runs after --" {
	printf '#!/bin/sh\necho dashed "$@"\n' >./-odd
	chmod +x ./-odd
	PATH="$PWD:$PATH" try again -n 1 -- -odd -v
	is "$status" 0
	is "$output" "dashed -v"
}

@test "the four ways to write an option mean the same" {
	local way
	for way in "-n 2" "-n2" "--max-retries 2" "--max-retries=2"; do
		# shellcheck disable=SC2086
		try again $way -d 1ms -- false
		is "$status" 1
		has "$(last_line)" "Failed after 2 retries"
	done
}

@test "an option that is given twice counts the last time" {
	try again -n 4 -d 1ms -n 2 -- false
	has "$(last_line)" "Failed after 2 retries"
}

@test "one-letter options can be joined" {
	try again -qn2 -d 1ms -o r.json -- again flaky --failures 1
	is "$status" 0
	is "$stderr" ""
	is "$(query r.json '[.max_retries, .total_attempts]')" "[2,2]"
}

@test "durations: every unit and their sums" {
	local pair
	for pair in 0.001:0.001 1ms:0.001 1000us:0.001 1000000ns:0.001 .001s:0.001 1ms500us:0.0015; do
		try again -n 1 -d "${pair%:*}" --jitter none -o r.json -- false
		is "$(delays r.json)" "${pair#*:}" "$pair"
	done
	for pair in 1m30s:90 2m:120 1h1m1s:3661 1.5m:90 90:90 1d:86400; do
		try again plan -n 1 -d "${pair%:*}" --max-delay 2d --jitter none
		is "$status" 0
		local plain=$output
		try again plan -n 1 -d "${pair#*:}" --max-delay 2d --jitter none
		is "$output" "$plain" "$pair"
	done
}

@test "unlimited retries go on until it succeeds" {
	try again -n unlimited -d 1ms --max-delay 1ms --jitter none -o r.json -- again flaky --failures 30
	is "$status" 0
	is "$(query r.json .max_retries)" null
	is "$(query r.json .total_attempts)" 31
	is "$(last_line)" "again: Success after 30 retries (total delay: 0.03s)"
}
