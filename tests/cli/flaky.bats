#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# again flaky, the simulated function: fails so many times, at random, with a code or a signal, hangs, prints, delays.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

# calls N ARG...: calls `again flaky ARG...` N times as attempts 1 to N; prints the codes in a line.
calls() {
	local n=$1 i codes=()
	shift
	for ((i = 1; i <= n; i++)); do
		local code=0
		AGAIN_ATTEMPT=$i contained -- again flaky "$@" </dev/null >/dev/null 2>&1 || code=$?
		codes+=("$code")
	done
	echo "${codes[*]}"
}

@test "--failures: fails while the attempt is at most N" {
	is "$(calls 5 --failures 3)" "1 1 1 0 0"
	is "$(calls 2 --failures 0)" "0 0"
	is "$(calls 1 --failures 1)" "1"
}

@test "--exit: the code of a failing call, 1 is the default" {
	is "$(calls 2 --failures 1 --exit 7)" "7 0"
	is "$(calls 2 --failures 1 --exit 255)" "255 0"
}

@test "--signal: a failing call dies of it" {
	local pair
	for pair in KILL:9 SEGV:11 SIGTERM:15; do
		AGAIN_ATTEMPT=1 try again flaky --failures 1 --signal "${pair%:*}"
		is "$status" $((128 + ${pair#*:}))
		like "$how" '^signal '
		AGAIN_ATTEMPT=2 try again flaky --failures 1 --signal "${pair%:*}"
		is "$how" "exit 0"
	done
}

@test "--hang: a failing call hangs until it is ended, the next goes through" {
	try again -n 3 -d 1ms -t 300ms -o report.json -- again flaky --failures 1 --hang
	is "$status" 0
	report '[.attempts[].timed_out]' '[true,false]'
	start again -n 1 -- again flaky --failures 1 --hang
	wait_for '[ -n "$(cat /proc/$pid/task/$pid/children 2>/dev/null)" ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
}

@test "--delay: every call takes that long first" {
	local before
	before=$(now_ms)
	AGAIN_ATTEMPT=1 try again flaky --failures 1 --delay 300ms
	is "$status" 1
	between $(($(now_ms) - before)) 300 3000
	before=$(now_ms)
	AGAIN_ATTEMPT=2 try again flaky --failures 1 --delay 300ms
	is "$status" 0
	between $(($(now_ms) - before)) 300 3000
}

@test "--print and --print-error: on every call" {
	local attempt
	for attempt in 1 2; do
		AGAIN_ATTEMPT=$attempt try again flaky --failures 1 --print "to out" --print-error "to err"
		is "$output" "to out"
		has "$stderr" "to err"
	done
	is "$stderr" "to err"
}

@test "printed is what was there before the call hangs or dies" {
	try again -n 1 -d 1ms -t 300ms -- again flaky --failures 9 --hang --print alive
	is "$output" $'alive\nalive'
	AGAIN_ATTEMPT=1 try again flaky --failures 1 --signal KILL --print alive
	is "$output" alive
}

@test "--state: counts its own calls, wherever they come from" {
	local i codes=()
	for i in 1 2 3 4 5; do
		try again flaky --failures 3 --state count
		codes+=("$status")
	done
	is "${codes[*]}" "1 1 1 0 0"
	AGAIN_ATTEMPT=1 try again flaky --failures 3 --state count
	is "$status" 0 "the state counts, not the attempt"
}

@test "--state: two files are two counts" {
	try again flaky --failures 1 --state a
	is "$status" 1
	try again flaky --failures 1 --state b
	is "$status" 1
	try again flaky --failures 1 --state a
	is "$status" 0
}

@test "--state: concurrent calls count exactly" {
	# shellcheck disable=SC2016
	try sh -c 'seq 60 | xargs -P 12 -n 1 sh -c '"'"'again flaky --failures 25 --state count >/dev/null 2>&1; echo $?'"'"
	is "$(printf '%s\n' "$output" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " 35 0; 25 1;"
}

@test "--state: a file that cannot be is refused" {
	try again flaky --failures 1 --state /proc/nowhere/count
	is "$status" 125
	is "$(line_count "$stderr")" 1
	mkdir folder
	try again flaky --failures 1 --state folder
	is "$status" 125
}

@test "--random: 0 never fails, 100 always, 50 sometimes" {
	is "$(calls 5 --random 0 --seed 1)" "0 0 0 0 0"
	is "$(calls 5 --random 100 --seed 1)" "1 1 1 1 1"
	local codes
	codes=$(calls 30 --random 50 --seed 1)
	has "$codes" 1
	has "$codes" 0
	is "$(calls 3 --random 100 --seed 1 --exit 9)" "9 9 9"
}

@test "--random with --seed: the same every time, another seed is another" {
	local codes
	codes=$(calls 16 --random 50 --seed 5)
	is "$(calls 16 --random 50 --seed 5)" "$codes"
	[ "$(calls 16 --random 50 --seed 6)" != "$codes" ]
}

@test "--random without a seed differs" {
	local i seen=
	for i in $(seq 30); do
		AGAIN_ATTEMPT=1 try again flaky --random 50
		seen+=$status
	done
	has "$seen" 0
	has "$seen" 1
}

@test "bad input is refused with one line, 125" {
	local words
	for words in "--failures abc" "--failures -1" "--failures" "--failures 1.5" "--random 101" "--random -1" "--random x" \
		"--failures 1 --exit 256" "--failures 1 --exit x" "--failures 1 --signal NOPE" "--failures 1 --signal 0" \
		"--failures 1 --delay 1x" "--failures 1 --delay -1" "--nonsense" "--failures 1 stray"; do
		# shellcheck disable=SC2086
		AGAIN_ATTEMPT=1 try again flaky $words
		is "$status" 125 "flaky $words"
		is "$(line_count "$stderr")" 1
		is "$output" ""
	done
}

@test "two ways to fail at once contradict each other" {
	local words
	for words in "--failures 1 --exit 3 --signal KILL" "--failures 1 --hang --signal KILL" "--failures 1 --hang --exit 3"; do
		# shellcheck disable=SC2086
		AGAIN_ATTEMPT=1 try_limit=5 try again flaky $words
		is "$status" 125 "flaky $words"
		is "$(line_count "$stderr")" 1
	done
}

@test "outside of a run and without --state there is nothing to count by: it says so" {
	try again flaky --failures 3
	if [ "$status" -eq 125 ]; then
		is "$(line_count "$stderr")" 1
		like "$stderr" 'AGAIN_ATTEMPT|--state'
	else
		is "$status" 1 "as attempt 1"
	fi
}

@test "nonsense in AGAIN_ATTEMPT is no attempt" {
	AGAIN_ATTEMPT=abc try again flaky --failures 3
	like "$status" '^(125|1)$'
	[ -n "$stderr" ] || is "$status" 1
}
