#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What again exits with. The numbers are those of timeout(1) where it has one.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

@test "0 for a success" {
	try again -n 1 -- echo ran
	is "$how" "exit 0"
	is "$output" ran
}

@test "the last attempt's own code for a failure" {
	local code
	for code in 1 2 7 75 99 123 128 130 137 143 200 254 255; do
		try again -n 1 -d 1ms -q -- sh -c "exit $code"
		is "$how" "exit $code"
	done
}

@test "the last code, not an earlier one" {
	try again -n 2 -d 1ms -- sh -c 'exit $((AGAIN_ATTEMPT + 10))'
	is "$how" "exit 13"
	has "$(last_line)" "exit 13"
}

@test "the child's own 124, 125, 126 and 127 are failures like others" {
	local code
	for code in 124 125 126 127; do
		try again -n 2 -d 1ms -o r.json -- sh -c "exit $code"
		is "$how" "exit $code"
		is "$(query r.json .total_attempts)" 3
		is "$(query r.json .reason)" '"exhausted"'
		is "$(query r.json .result)" "\"exit $code\""
	done
}

@test "128+n if the last attempt died of signal n" {
	local pair
	for pair in HUP:129 INT:130 KILL:137 SEGV:139 PIPE:141 ALRM:142 TERM:143 USR1:138 ABRT:134; do
		try again -n 1 -d 1ms -o r.json -- sh -c "kill -${pair%:*} \$\$"
		is "$how" "exit ${pair#*:}" "${pair%:*}"
		is "$(query r.json .result)" "\"signal ${pair%:*}\""
		is "$(query r.json .total_attempts)" 2 "${pair%:*} is retried like any failure"
		has "$(last_line)" "signal ${pair%:*}"
	done
}

@test "a signal death that is followed by a success is a success" {
	try again -n 3 -d 1ms -- sh -c 'echo "$AGAIN_ATTEMPT"; [ "$AGAIN_ATTEMPT" = 2 ] || kill -KILL $$'
	is "$how" "exit 0"
	is "$output" $'1\n2'
}

@test "124 if the last attempt was ended by --timeout" {
	try again -n 1 -d 1ms -t 100ms -o r.json -- sleep 1000
	is "$how" "exit 124"
	is "$(query r.json .result)" '"timeout"'
	is "$(query r.json '[.attempts[].timed_out]')" "[true,true]"
	is "$(query r.json .reason)" '"exhausted"'
	has "$(last_line)" "timeout"
}

@test "124 also when the child answered TERM with success" {
	try again -n 1 -d 1ms -t 200ms -- sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
	is "$how" "exit 124"
}

@test "124 also when KILL was needed" {
	try again -n 1 -d 1ms -t 100ms -k 100ms -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	is "$how" "exit 124"
	try again -n 1 -d 1ms -t 100ms -k 0 -- sleep 1000
	is "$how" "exit 124"
}

@test "a timeout before the last attempt does not matter" {
	try again -n 1 -d 1ms -t 300ms -- sh -c '[ "$AGAIN_ATTEMPT" = 2 ] && exit 9; sleep 1000'
	is "$how" "exit 9"
}

@test "124 if the deadline ended the last attempt" {
	local before
	before=$(now_ms)
	try again -n 5 -d 1ms -D 200ms -o r.json -- sleep 1000
	is "$how" "exit 124"
	between $(($(now_ms) - before)) 200 5000
	is "$(query r.json .reason)" '"deadline"'
	is "$(query r.json .total_attempts)" 1
	has "$(last_line)" "Failed after 0 retries"
}

@test "the deadline ends a child that ignores TERM after the grace" {
	local before
	before=$(now_ms)
	try again -n 5 -d 1ms -D 200ms -k 200ms -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	is "$how" "exit 124"
	between $(($(now_ms) - before)) 400 5000
}

@test "the child's own code if the next wait would not fit the deadline" {
	local before
	before=$(now_ms)
	try again -n 5 -d 1h --max-delay 2h -D 20s -o r.json -- sh -c 'exit 7'
	is "$how" "exit 7"
	between $(($(now_ms) - before)) 0 5000
	is "$(query r.json .reason)" '"would_exceed_deadline"'
	is "$(query r.json .total_attempts)" 1
	is "$(query r.json .total_delay_seconds)" 0
}

@test "124 if a timeout ended the last attempt and the next wait would not fit" {
	try again -n 5 -d 1h --max-delay 2h -D 20s -t 100ms -o r.json -- sleep 1000
	is "$how" "exit 124"
	is "$(query r.json .reason)" '"would_exceed_deadline"'
}

@test "125 for misuse" {
	try again -n 0 -- true
	is "$how" "exit 125"
}

@test "126 for a file that is not executable, once" {
	echo 'echo ran >>ran' >script
	chmod 644 script
	try again -n 3 -d 1ms -o r.json -- ./script
	is "$how" "exit 126"
	is "$(query r.json .total_attempts)" 1
	is "$(query r.json .reason)" '"not_executable"'
	is "$(query r.json .status)" '"failed"'
	has "$stderr" "./script"
	hasnt "$stderr" "retrying"
	valid_report r.json
	[ ! -e ran ]
}

@test "126 for a folder" {
	mkdir folder
	try again -n 3 -d 1ms -- ./folder
	is "$how" "exit 126"
}

@test "127 for a command that is not found, once" {
	local command
	for command in ./nowhere nowhere-to-be-found /nowhere/x ''; do
		try again -n 3 -d 1ms -o r.json -- "$command"
		is "$how" "exit 127" "command '$command'"
		is "$(query r.json .total_attempts)" 1
		is "$(query r.json .reason)" '"not_executable"'
		hasnt "$stderr" "retrying"
		has "$stderr" "$command"
		valid_report r.json
	done
}

@test "what cannot be executed is never retried, whatever the rules say" {
	try again -n 3 -d 1ms --retry-on any --retry-on exit:127 -o r.json -- nowhere-to-be-found
	is "$how" "exit 127"
	is "$(query r.json .total_attempts)" 1
	try again -n 3 -d 1ms --success '!0' -o r.json -- nowhere-to-be-found
	is "$how" "exit 127"
	try again -n 3 -d 1ms --success 0,127 -o r.json -- nowhere-to-be-found
	is "$how" "exit 127"
	is "$(query r.json .status)" '"failed"'
}

@test "a command that appears between attempts does not matter: not found ends it at once" {
	local before
	before=$(now_ms)
	try again -n 3 -d 30s -- ./later
	is "$how" "exit 127"
	between $(($(now_ms) - before)) 0 5000
}

@test "1 under --success !0 when the command keeps succeeding" {
	try again -n 2 -d 1ms --success '!0' -o r.json -- true
	is "$how" "exit 1"
	is "$(query r.json .total_attempts)" 3
	is "$(query r.json .status)" '"failed"'
}

@test "0 for each code of --success" {
	try again -n 2 -d 1ms --success 0,3 -- sh -c 'echo ran; exit 3'
	is "$how" "exit 0"
	is "$output" ran
}

@test "--exit-on-give-up maps every give-up to one code" {
	try again -n 1 -d 1ms --exit-on-give-up 42 -- sh -c 'exit 7'
	is "$how" "exit 42"
	try again -n 1 -d 1ms --exit-on-give-up 42 -- sh -c 'kill -KILL $$'
	is "$how" "exit 42"
	try again -n 1 -d 1ms --exit-on-give-up 42 -t 100ms -- sleep 1000
	is "$how" "exit 42"
	try again -n 3 -d 1ms --exit-on-give-up 42 --stop-on exit:7 -- sh -c 'exit 7'
	is "$how" "exit 42"
	try again -n 3 -d 1h --max-delay 1h -D 10s --exit-on-give-up 42 -- sh -c 'exit 7'
	is "$how" "exit 42"
	try again -n 3 -d 1ms -D 200ms --exit-on-give-up 42 -- sleep 1000
	is "$how" "exit 42"
	try again -n 1 -d 1ms --exit-on-give-up 42 -- true
	is "$how" "exit 0"
	try again -n 0 --exit-on-give-up 42 -- true
	is "$how" "exit 125"
}

@test "a report that could not be written: a success becomes 125, a failure keeps its code" {
	try again -n 1 -d 1ms -o /dev/full -- true
	is "$how" "exit 125"
	has "$stderr" "/dev/full"
	try again -n 1 -d 1ms -o /dev/full -- sh -c 'exit 7'
	is "$how" "exit 7"
	has "$stderr" "/dev/full"
}

@test "stdout that could not be written: a success becomes 125, a failure keeps its code" {
	try sh -c 'again -n 1 -d 1ms -o - -- true >/dev/full'
	is "$status" 125
	is "$(line_count "$stderr")" 1
	try sh -c 'again -n 1 -d 1ms -o - -- sh -c "exit 7" >/dev/full'
	is "$status" 7
	try "$HELPERS/start_with.py" --broken-pipe 1 -- again -n 1 -o - -- true
	is "$how" "exit 125"
	try "$HELPERS/start_with.py" --close 1 -- again -n 1 -o - -- true
	is "$how" "exit 125"
}

@test "again's own words that could not be written: 125" {
	local words
	for words in --help --version plan; do
		try sh -c "again $words >/dev/full"
		is "$status" 125 "$words"
		[ -n "$stderr" ]
	done
}

# started_and_told SIGNAL: again runs a child, is told to stop by SIGNAL, and dies of it.
told() {
	start again -n 5 -d 10ms -o r.json -- sh -c 'echo $$ >child; exec sleep 1000'
	wait_for '[ -s child ]'
	kill -"$1" "$pid"
	finish
	is "$how" "signal $1"
	wait_for '! alive "$(cat child)"' 0
	valid_report r.json
	is "$(query r.json .reason)" '"interrupted"'
	is "$(query r.json .status)" '"failed"'
	is "$(query r.json .total_attempts)" 1
	rm child
}

@test "told to stop by a signal, it ends the child, writes the report and dies of that signal" {
	local name
	for name in TERM INT HUP QUIT; do
		told "$name"
	done
}

@test "--exit-on-give-up does not hide a signal death" {
	start again -n 5 -d 10ms --exit-on-give-up 42 -- sh -c 'echo $$ >child; exec sleep 1000'
	wait_for '[ -s child ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
}

@test "a child that answers our TERM with success does not make an interrupted run a success" {
	start again -n 5 -d 10ms -o r.json -- sh -c 'trap "exit 0" TERM; echo $$ >child; sleep 1000 & wait'
	wait_for '[ -s child ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	is "$(query r.json .reason)" '"interrupted"'
	is "$(query r.json .total_attempts)" 1
}
