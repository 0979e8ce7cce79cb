#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What people read while it runs: the lines, their names, -q, -v, --log-file, --log-format, the status on USR1.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

ATTEMPT='after [0-9]+(\.[0-9]+)?s'

@test "the lines of a failed run, all of them" {
	try again -n 2 -d 10ms --jitter none -- sh -c 'exit 3'
	is "$(line_count "$stderr")" 4
	like "${stderr_lines[0]}" "^again: attempt 1/3 failed: exit 3 $ATTEMPT; retrying in 0\.01s\$"
	like "${stderr_lines[1]}" "^again: attempt 2/3 failed: exit 3 $ATTEMPT; retrying in 0\.02s\$"
	like "${stderr_lines[2]}" "^again: attempt 3/3 failed: exit 3 $ATTEMPT\$"
	is "${stderr_lines[3]}" "again: Failed after 2 retries (total delay: 0.03s): exit 3 (retries exhausted)"
	is "$output" ""
}

@test "errors in words: exit, signal, timeout" {
	try again -n 3 -d 1ms -t 300ms --jitter none -- sh -c 'case $AGAIN_ATTEMPT in 1) exit 9 ;; 2) kill -SEGV $$ ;; 3) sleep 1000 ;; esac'
	is "$status" 0
	like "${stderr_lines[0]}" 'attempt 1/4 failed: exit 9 after'
	like "${stderr_lines[1]}" 'attempt 2/4 failed: signal SEGV after'
	like "${stderr_lines[2]}" 'attempt 3/4 failed: timeout after 0\.3'
}

@test "delays are printed to the millisecond, trailing zeros cut" {
	try again -n 4 --backoff list:10ms/20ms/100ms/1234567ns --jitter none -- false
	like "${stderr_lines[0]}" 'retrying in 0\.01s$'
	like "${stderr_lines[1]}" 'retrying in 0\.02s$'
	like "${stderr_lines[2]}" 'retrying in 0\.1s$'
	like "${stderr_lines[3]}" 'retrying in 0\.001s$'
	like "$(last_line)" '\(total delay: 0\.131s\)'
}

@test "a whole number of seconds has no fraction" {
	try again -n 1 -d 1s --jitter none -- false
	like "${stderr_lines[0]}" 'retrying in 1s$'
	like "$(last_line)" '\(total delay: 1s\)'
}

@test "an unlimited run counts without an end" {
	try again -n unlimited -d 1ms -- again flaky --failures 2
	like "${stderr_lines[0]}" '^again: attempt 1'
	hasnt "$stderr" 4294967295
	hasnt "$stderr" "1/0"
}

@test "--name stands in every line" {
	try again --name "nightly build" -n 1 -d 1ms -- false
	local line
	for line in "${stderr_lines[@]}"; do
		like "$line" '^again\[nightly build\]: '
	done
	like "$(last_line)" '^again\[nightly build\]: Failed after 1 retry'
}

@test "a name cannot break the line" {
	try again --name $'two\nlines\e[0m' -n 1 -d 1ms -- false
	is "$(line_count "$stderr")" 3
	hasnt "$stderr" $'\e'
}

@test "-q: only the final failure" {
	try again -q -n 2 -d 1ms -- false
	is "$(line_count "$stderr")" 1
	like "$stderr" '^again: Failed after 2 retries'
	try again --quiet -n 2 -d 1ms -- again flaky --failures 1
	is "$status" 0
	is "$stderr" ""
}

@test "-q does not hide the command's own words" {
	try again -q -n 1 -d 1ms -- sh -c 'echo mine >&2'
	is "$stderr" mine
}

@test "-v: also starts, and signals sent" {
	try again -v -n 1 -d 1ms -t 100ms -- sleep 1000
	is "$status" 124
	like "$stderr" '^again: .*start'
	has "$stderr" TERM
	like "$stderr" 'attempt 1/2 failed: timeout'
	local plain
	plain=$(line_count "$stderr")
	try again -n 1 -d 1ms -t 100ms -- sleep 1000
	between "$(line_count "$stderr")" 3 $((plain - 1))
}

@test "--verbose tells of a first-try success that it started" {
	try again --verbose -n 1 -- true
	is "$status" 0
	like "$stderr" 'start'
}

@test "--log-file gets the lines and is appended to" {
	try again --log-file log -n 1 -d 1ms -- false
	like "$(cat log)" 'again: attempt 1/2 failed: exit 1'
	like "$(tail -n 1 log)" '^again: Failed after 1 retry'
	like "$(last_line)" '^again: Failed after 1 retry'
	hasnt "$stderr" "attempt 1/2"
	local first
	first=$(wc -l <log)
	try again --log-file log -n 1 -d 1ms -- false
	is "$(wc -l <log)" $((2 * first))
}

@test "--log-file: folders are not invented, the file is made" {
	try again --log-file new.log -n 1 -- true
	is "$status" 0
	[ -f new.log ]
}

@test "--log-file: lines that several runs write at once stay whole" {
	local i pids=()
	for i in 1 2 3 4 5 6; do
		contained -- again --name "run$i" --log-file log -n 20 -d 1ms --backoff constant -- false 2>/dev/null >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || true
	done
	is "$(grep -cvE '^again\[run[1-6]\]: (attempt [0-9]+/21 failed: exit 1 after [0-9.]+s(; retrying in [0-9.]+s)?|Failed after 20 retries .*)$' log)" 0
	is "$(grep -c 'attempt 21/21' log)" 6
}

@test "--log-format json: one object a line, every line" {
	try again --log-format json -v --name $'q"uote\n' -n 2 -d 10ms -t 5s --jitter none -- sh -c 'exit 3'
	is "$status" 3
	local line count=0
	for line in "${stderr_lines[@]}"; do
		is "$(printf '%s' "$line" | jq -r type)" object "line: $line"
		count=$((count + 1))
	done
	between "$count" 4 20
	has "$(printf '%s\n' "$stderr" | jq -c '[.. | numbers]')" 0.02
	is "$(printf '%s\n' "$stderr" | grep -cv '^{')" 0
}

@test "--log-format json tells the same as the text: each attempt, its error, its delay, the end" {
	try again --log-format json -n 1 -d 10ms --jitter none -- sh -c 'exit 3'
	printf '%s\n' "$stderr" >log
	is "$(jq -s '[.[] | select(.attempt == 1 and .delay_seconds == 0.01)] | length' log)" 1
	is "$(jq -s '[.[] | select(.attempt == 1) | .error | select(. == "exit 3")] | length' log)" 1
	is "$(jq -s '.[-1].status' log)" '"failed"'
	is "$(jq -s '.[-1].reason' log)" '"exhausted"'
}

@test "--log-format json with --log-file" {
	try again --log-format json --log-file log -n 2 -d 1ms -- again flaky --failures 2 --print "to stdout" --print-error "to stderr"
	is "$status" 0
	is "$(jq -s 'map(type) | unique' -c log)" '["object"]'
	has "$stderr" "to stderr"
	has "$output" "to stdout"
	is "$(grep -cv '^{' log)" 0
}

@test "--log-format json -q: only the final failure, as JSON" {
	try again --log-format json -q -n 2 -d 1ms -- false
	is "$(line_count "$stderr")" 1
	is "$(printf '%s' "$stderr" | jq -r type)" object
	try again --log-format json -q -n 2 -d 1ms -- again flaky --failures 1
	is "$stderr" ""
}

@test "a log on a full disk changes no exit code" {
	try again --log-file /dev/full -n 1 -d 1ms -- sh -c 'exit 7'
	is "$status" 7
	try sh -c 'again -n 1 -d 1ms -o r.json -- sh -c "exit 7" 2>/dev/full'
	is "$status" 7
	valid_report r.json
}

@test "a log on a pipe whose reader has gone kills nothing" {
	try "$HELPERS/start_with.py" --broken-pipe 2 -- again -n 2 -d 1ms -o r.json -- sh -c 'exit 7'
	is "$how" "exit 7"
	is "$(query r.json .total_attempts)" 3
}

@test "USR1 prints the status, in a wait and in an attempt" {
	start again -n 5 -d 1h --max-delay 1h --jitter none -- false
	wait_for 'grep -q retrying start.err'
	kill -USR1 "$pid"
	wait_for '[ "$(wc -l <start.err)" -ge 2 ]'
	like "$(tail -n 1 start.err)" '^again: '
	has "$(tail -n 1 start.err)" "attempt 2/6"
	kill -USR1 "$pid"
	wait_for '[ "$(wc -l <start.err)" -ge 3 ]'
	alive "$pid"
	kill -TERM "$pid"
	finish

	start again -n 5 -d 1ms -- sh -c 'echo ready; exec sleep 1000'
	wait_for 'grep -q ready start.out'
	kill -USR1 "$pid"
	wait_for '[ "$(wc -l <start.err)" -ge 1 ]'
	like "$(tail -n 1 start.err)" '^again: .*attempt 1'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
}

@test "USR1 ends no wait early" {
	start again -n 1 -d 600ms --jitter none -o r.json -- false
	wait_for 'grep -q retrying start.err'
	kill -USR1 "$pid"
	kill -USR1 "$pid"
	finish
	is "$how" "exit 1"
	is "$(query r.json '.attempts[0].waited_seconds | . >= 0.6 and . < 5')" true
}

@test "an interrupted run says so in its last line" {
	start again -n 5 -d 1h --max-delay 1h --jitter none -- sh -c 'exit 7'
	wait_for 'grep -q retrying start.err'
	kill -TERM "$pid"
	finish
	like "$(last_line)" '^again: Failed after 0 retries \(total delay: .*\): .*(interrupt|signal|TERM)'
}
