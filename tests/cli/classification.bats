#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which ends are successes, which are retried, which stop: --success, --retry-on, --stop-on.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

# attempts N ARG...: `again -n 3 -d 1ms ARG...` makes N attempts.
attempts() {
	local wanted=$1
	shift
	rm -f report.json
	try again -n 3 -d 1ms -o report.json "$@"
	is "$(query report.json .total_attempts)" "$wanted" "attempts of: $*"
}

@test "--success 0,3: both are successes, others are not" {
	attempts 1 --success 0,3 -- true
	is "$status" 0
	attempts 1 --success 0,3 -- sh -c 'exit 3'
	is "$status" 0
	report .status success
	report .result "exit 3"
	attempts 4 --success 0,3 -- sh -c 'exit 2'
	is "$status" 2
}

@test "--success 3: 0 is a failure then" {
	attempts 4 --success 3 -- true
	is "$status" 1
	attempts 1 --success 3 -- sh -c 'exit 3'
	is "$status" 0
}

@test "--success with ranges" {
	attempts 1 --success 0,10-12 -- sh -c 'exit 11'
	is "$status" 0
	attempts 1 --success 0,10-12 -- sh -c 'exit 12'
	attempts 4 --success 0,10-12 -- sh -c 'exit 13'
	is "$status" 13
	attempts 4 --success 0,10-12 -- sh -c 'exit 9'
}

@test "--success !0 retries until it fails" {
	try again -n 5 -d 1ms --success '!0' -o report.json -- sh -c '[ "$AGAIN_ATTEMPT" -lt 3 ]'
	is "$status" 0
	report .total_attempts 3
	report .result "exit 1"
	is "$(query report.json '[.attempts[].exit_code]')" "[0,0,1]"
	like "$(last_line)" '^again: Success after 2 retries \(total delay: 0(\.[0-9]+)?s\)$'
}

@test "!0 tells what failed in words" {
	try again -n 1 -d 1ms --success '!0' -- true
	is "$status" 1
	has "$(last_line)" "exit 0"
}

@test "every failure is retried by default" {
	attempts 4 -- sh -c 'exit 1'
	attempts 4 -- sh -c 'exit 255'
	attempts 4 -- sh -c 'kill -SEGV $$'
	attempts 4 --timeout 30ms -- sleep 1000
}

@test "--stop-on exit: stops at once, with its code" {
	attempts 1 --stop-on exit:2 -- sh -c 'exit 2'
	is "$status" 2
	report .reason not_retryable
	is "$(last_line)" "again: Failed after 0 retries (total delay: 0s): exit 2 (not retryable)"
	attempts 4 --stop-on exit:2 -- sh -c 'exit 1'
	report .reason exhausted
}

@test "--stop-on in the middle of a run" {
	try again -n 5 -d 1ms --stop-on exit:12 -o report.json -- sh -c 'exit $((AGAIN_ATTEMPT + 9))'
	is "$status" 12
	report .total_attempts 3
	report .reason not_retryable
}

@test "exit: takes lists and ranges" {
	local code
	for code in 1 6 28 100 105 110; do
		attempts 1 --stop-on exit:1,6,28,100-110 -- sh -c "exit $code"
		is "$status" "$code"
	done
	for code in 2 27 99 111; do
		attempts 4 --stop-on exit:1,6,28,100-110 -- sh -c "exit $code"
	done
}

@test "--retry-on alone: whatever does not match stops" {
	attempts 4 --retry-on exit:75 -- sh -c 'exit 75'
	is "$status" 75
	report .reason exhausted
	attempts 1 --retry-on exit:75 -- sh -c 'exit 1'
	is "$status" 1
	report .reason not_retryable
	attempts 1 --retry-on exit:75 -- sh -c 'kill -KILL $$'
	is "$status" 137
}

@test "--stop-on alone: whatever does not match is retried" {
	attempts 4 --stop-on exit:75 -- sh -c 'exit 1'
	attempts 4 --stop-on signal:KILL -- sh -c 'exit 137'
}

@test "the first match in command-line order wins" {
	attempts 1 --stop-on exit:5 --retry-on any -- sh -c 'exit 5'
	attempts 4 --stop-on exit:5 --retry-on any -- sh -c 'exit 6'
	attempts 4 --retry-on any --stop-on exit:5 -- sh -c 'exit 5'
	attempts 4 --retry-on exit:5 --stop-on any -- sh -c 'exit 5'
	attempts 1 --retry-on exit:5 --stop-on any -- sh -c 'exit 6'
	attempts 1 --stop-on exit:1-9 --retry-on exit:5 --stop-on any -- sh -c 'exit 5'
}

@test "if none of both kinds matches it stops, because a --retry-on was given" {
	attempts 1 --stop-on exit:5 --retry-on exit:6 -- sh -c 'exit 7'
	is "$status" 7
	report .reason not_retryable
}

@test "signal: takes names, names with SIG and numbers" {
	attempts 1 --stop-on signal:KILL -- sh -c 'kill -KILL $$'
	is "$status" 137
	attempts 1 --stop-on signal:SIGKILL -- sh -c 'kill -KILL $$'
	attempts 1 --stop-on signal:9 -- sh -c 'kill -KILL $$'
	attempts 1 --stop-on signal:TERM,9,SEGV -- sh -c 'kill -SEGV $$'
	attempts 4 --stop-on signal:TERM -- sh -c 'kill -KILL $$'
}

@test "signal: and exit: are different things: a shell's 137 is no KILL" {
	attempts 4 --stop-on signal:KILL -- sh -c 'exit 137'
	attempts 4 --stop-on exit:137 -- sh -c 'kill -KILL $$'
}

@test "timeout matches an attempt that --timeout ended, and only that" {
	attempts 1 --timeout 30ms --stop-on timeout -- sleep 1000
	is "$status" 124
	report .reason not_retryable
	attempts 4 --timeout 20s --stop-on timeout -- sh -c 'exit 124'
	attempts 4 --timeout 30ms --retry-on timeout -- sleep 1000
	attempts 1 --timeout 20s --retry-on timeout -- sh -c 'exit 1'
}

@test "any matches every failure" {
	attempts 1 --stop-on any -- sh -c 'exit 1'
	attempts 1 --stop-on any -- sh -c 'kill -KILL $$'
	attempts 1 --stop-on any --timeout 30ms -- sleep 1000
	attempts 4 --retry-on any -- sh -c 'exit 1'
}

@test "rules are not asked about a success" {
	attempts 1 --retry-on any -- true
	is "$status" 0
	attempts 1 --retry-on exit:0 -- true
	is "$status" 0
	attempts 1 --stop-on any -- true
	is "$status" 0
	report .reason success
}

@test "under --success !0 a rule may name exit 0" {
	attempts 1 --success '!0' --stop-on exit:0 -- true
	is "$status" 1
	report .reason not_retryable
}

@test "& wants both" {
	attempts 1 --stop-on 'exit:1-5&exit:4-9' -- sh -c 'exit 4'
	attempts 4 --stop-on 'exit:1-5&exit:4-9' -- sh -c 'exit 3'
	attempts 4 --stop-on 'exit:1-5&exit:4-9' -- sh -c 'exit 6'
	attempts 1 --stop-on 'any&exit:3' -- sh -c 'exit 3'
	attempts 4 --stop-on 'any&exit:3' -- sh -c 'exit 4'
	attempts 1 --timeout 30ms --stop-on 'timeout&any' -- sleep 1000
	attempts 4 --timeout 20s --stop-on 'timeout&any' -- false
	attempts 1 --stop-on 'signal:KILL,TERM&signal:TERM,SEGV' -- sh -c 'kill -TERM $$'
	attempts 4 --stop-on 'signal:KILL,TERM&signal:TERM,SEGV' -- sh -c 'kill -KILL $$'
}

@test "a & that no end can match is refused" {
	local when
	for when in 'exit:1&exit:2' 'exit:1&signal:KILL' 'timeout&exit:1'; do
		try again --stop-on "$when" -- touch ran
		is "$status" 125
		is "$(line_count "$stderr")" 1
		has "$stderr" "$when"
		[ ! -e ran ]
	done
}

@test "an attempt that --timeout ended is a timeout, not a death by our own signal" {
	attempts 4 --timeout 30ms --stop-on signal:TERM,KILL -- sleep 1000
	attempts 1 --timeout 30ms --retry-on signal:TERM,KILL -- sleep 1000
}

@test "the report names the rule that decided" {
	attempts 1 --retry-on exit:5 --stop-on exit:2 -- sh -c 'exit 2'
	like "$(query report.json '.attempts[0].rule')" 'stop-on.*exit:2'
	attempts 4 -- false
	is "$(query report.json '.attempts[0].rule')" null
}

@test "-v names the rule that decided" {
	attempts 1 -v --stop-on exit:2 -- sh -c 'exit 2'
	like "$stderr" 'stop-on.*exit:2'
}

@test "a signal to the child from outside is a failure that is retried" {
	start again -n 3 -d 1ms -o r.json -- sh -c 'echo $$ >"child$AGAIN_ATTEMPT"; [ "$AGAIN_ATTEMPT" = 2 ] || exec sleep 1000'
	wait_for '[ -s child1 ]'
	kill -TERM "$(cat child1)"
	finish
	is "$how" "exit 0"
	is "$(query r.json '[.attempts[].signal]')" '["TERM",null]'
}
