#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The JSON report: its fields, its ends, where it is written, and what happens where it cannot be.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

RFC3339='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$'

# only NAME...: the folder holds exactly these files.
only() {
	rm -f start.pid start.out start.err
	is "$(find . -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')" "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" "files in the folder"
}

@test "every field of a run, with its type" {
	try again -n 3 -d 1ms --jitter none --name deploy --seed 42 -o report.json -- again flaky --failures 1 --exit 7
	is "$status" 0
	valid_report
	report '.schema_version | type' number
	report .status success
	report .reason success
	report .result "exit 0"
	report .name deploy
	report .seed 42
	report .max_retries 3
	report .retries 1
	report .total_attempts 2
	report .total_delay_seconds 0.001
	report .command '["again","flaky","--failures","1","--exit","7"]'
	report '.policy | type' object
	report '.run_id | type' string
	report '.host' "$(uname -n)"
	like "$(jq -r .started_at report.json)" "$RFC3339"
	report '.duration_seconds | type' number
	report '.duration_seconds > 0.001' true
	report '.attempts_omitted // 0' 0
}

@test "every field of an attempt, with its type" {
	try again -n 3 -d 1ms --jitter none -o report.json -- sh -c 'case $AGAIN_ATTEMPT in 1) exit 7 ;; 2) kill -KILL $$ ;; esac'
	is "$status" 0
	valid_report
	report '[.attempts[].attempt]' '[1,2,3]'
	report '[.attempts[].status]' '["failed","failed","success"]'
	report '[.attempts[].error]' '["exit 7","signal KILL",null]'
	report '[.attempts[].exit_code]' '[7,null,0]'
	report '[.attempts[].signal]' '[null,"KILL",null]'
	report '[.attempts[].timed_out]' '[false,false,false]'
	report '[.attempts[].rule]' '[null,null,null]'
	report '[.attempts[].delay_seconds]' '[0.001,0.002,null]'
	report '[.attempts[0,1].waited_seconds | . >= 0.001 and . < 5]' '[true,true]'
	report '.attempts[2].waited_seconds' null
	report '[.attempts[].duration_seconds | . > 0 and . < 5]' '[true,true,true]'
	report '[.attempts[].max_rss_bytes | . > 100000]' '[true,true,true]'
	report '[.attempts[] | .user_seconds, .system_seconds | type] | unique' '["number"]'
	report '[.attempts[] | .stdout_bytes, .stderr_tail] | unique' '[null]'
	local at
	for at in $(jq -r '.attempts[].started_at' report.json); do
		like "$at" "$RFC3339"
	done
}

@test "the times agree with each other and with the clock" {
	local before after
	before=$(date -u +%s)
	try again -n 2 -d 200ms --jitter none -o report.json -- sh -c 'sleep 0.1; exit 1'
	after=$(date -u +%s)
	between "$(jq -r '.started_at | sub("\\.[0-9]+"; "") | fromdate' report.json)" "$before" "$after"
	report '[.attempts[].started_at] == ([.attempts[].started_at] | sort)' true
	report '[.attempts[].duration_seconds | . >= 0.1 and . < 2] | unique' '[true]'
	report '.duration_seconds >= 0.9 and .duration_seconds < 5' true
	report '.duration_seconds >= ([.attempts[].duration_seconds] | add) + ([.attempts[] | .waited_seconds // 0] | add) - 0.01' true
}

@test "CPU time and memory are the attempt's own" {
	try again -n 1 -d 1ms -o report.json -- "$PY" -c '
import os, sys
if os.environ["AGAIN_ATTEMPT"] == "1":
    sys.exit(1)
block = bytearray(80 * 1024 * 1024)
for i in range(3_000_000):
    pass'
	is "$status" 0
	report '.attempts[1].max_rss_bytes > 80000000' true
	report '.attempts[0].max_rss_bytes < 70000000' true
	report '.attempts[1].user_seconds > .attempts[0].user_seconds' true
}

@test "exhaustion" {
	try again -n 2 -d 1ms -o report.json -- false
	valid_report
	report .reason exhausted
	report .status failed
	report .result "exit 1"
	report .total_attempts 3
	report '.attempts[2].delay_seconds' null
}

@test "the name is the program's own where none is given" {
	try again -n 1 -o report.json -- /bin/sh -c true
	report .name sh
}

@test "unlimited is null" {
	try again -n unlimited -o report.json -- true
	report .max_retries null
	valid_report
}

@test "a seed that was drawn is told, and repeats the run" {
	try again -n 5 -d 1ms -o report.json -- false
	valid_report
	local seed
	seed=$(jq .seed report.json)
	between "$seed" 0 9007199254740991
	local first
	first=$(delays)
	try again -n 5 -d 1ms --seed "$seed" -o report.json -- false
	is "$(delays)" "$first"
}

@test "two runs draw different seeds and different ids" {
	try again -n 1 -o a.json -- true
	try again -n 1 -o b.json -- true
	[ "$(query a.json .seed)" != "$(query b.json .seed)" ]
	[ "$(query a.json .run_id)" != "$(query b.json .run_id)" ]
}

@test "the deadline during an attempt" {
	try again -n 5 -d 1ms -D 300ms -o report.json -- sh -c '[ "$AGAIN_ATTEMPT" = 1 ] && exit 1; sleep 1000'
	is "$status" 124
	valid_report
	report .reason deadline
	report .status failed
	report .total_attempts 2
	report '.duration_seconds >= 0.3 and .duration_seconds < 5' true
}

@test "a wait that would exceed the deadline" {
	try again -n 5 -d 20s -D 10s -o report.json --jitter none -- sh -c 'exit 7'
	is "$status" 7
	valid_report
	report .reason would_exceed_deadline
	report .result "exit 7"
	report .total_attempts 1
	report .total_delay_seconds 0
	report '.attempts[0].delay_seconds' null
}

@test "interrupted in a wait: the wait that was cut short is not told as more than it was" {
	start again -n 5 -d 1h --max-delay 2h --jitter none -o report.json -- false
	wait_for 'grep -q retrying start.err'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	valid_report
	report .reason interrupted
	report .status failed
	report .total_attempts 1
	report '(.attempts[0].waited_seconds // 0) < 60' true
	report '.duration_seconds < 60' true
}

@test "not executable" {
	try again -n 3 -o report.json -- ./nowhere
	is "$status" 127
	valid_report
	report .reason not_executable
	report .status failed
	report .total_attempts 1
	report '.attempts[0].exit_code' 127
}

@test "a report of an earlier run is replaced" {
	try again -n 1 -o report.json --name first -- true
	try again -n 1 -o report.json --name second -- true
	report .name second
	only report.json
}

@test "folders are made" {
	try again -n 1 -o a/b/c/report.json -- true
	is "$status" 0
	valid_report a/b/c/report.json
	only a
	is "$(ls -A a/b/c)" report.json
}

@test "the old report stays whole until the new one is: never half a file" {
	try again -n 1 -o report.json --name old -- true
	start again -n 1 -d 1ms -o report.json --name new -- sh -c 'echo started; while [ ! -e go ]; do sleep 0.01; done'
	wait_for 'grep -q started start.out'
	report .name old
	: >go
	finish
	report .name new
	rm go
	only report.json
}

@test "nothing but the report is left in its folder" {
	try again -n 2 -d 1ms -o report.json -- false
	only report.json
}

@test "a report has ordinary permissions" {
	umask 022
	try again -n 1 -o report.json -- true
	is "$(stat -c %a report.json)" 644
	rm report.json
	umask 077
	try again -n 1 -o report.json -- true
	is "$(stat -c %a report.json)" 600
}

@test "a symlink is followed: the link stays, its target is written" {
	mkdir there
	ln -s there/real.json link.json
	try again -n 1 -o link.json -- true
	is "$status" 0
	[ -L link.json ]
	valid_report there/real.json
	is "$(ls -A there)" real.json
	# And once more over what exists now.
	try again -n 1 -o link.json --name second -- true
	[ -L link.json ]
	is "$(query there/real.json .name)" '"second"'
}

@test "a chain of relative symlinks is followed from where each stands" {
	mkdir -p a b
	ln -s ../b/two a/one
	ln -s three b/two
	try again -n 1 -o a/one -- true
	is "$status" 0
	[ -L a/one ]
	[ -L b/two ]
	valid_report b/three
}

@test "a symlink that turns in a circle is refused before the first attempt" {
	ln -s two one
	ln -s one two
	try again -n 1 -o one -- touch ran
	is "$status" 125
	[ ! -e ran ]
}

@test "a fifo is written directly and stays a fifo" {
	mkfifo pipe
	cat pipe >got 3>&- &
	local reader=$!
	try again -n 1 -o pipe -- true
	is "$status" 0
	wait "$reader"
	[ -p pipe ]
	valid_report got
}

@test "/dev/null is written directly and stays what it is" {
	local null=/dev/null
	if [ "$(id -u)" -eq 0 ]; then
		# Not the real one: should this fail, the machine still has it.
		null=$PWD/null
		mknod "$null" c 1 3 && : 2>/dev/null >"$null" || skip "no device can be made here"
	fi
	try again -n 1 -o "$null" -- true
	is "$status" 0
	[ -c "$null" ]
}

@test "- is stdout, after the command's own output" {
	try again -n 2 -d 1ms -o - -- sh -c 'echo hello; [ "$AGAIN_ATTEMPT" = 2 ]'
	is "$status" 0
	is "$(printf '%s\n' "$output" | head -2)" $'hello\nhello'
	printf '%s\n' "$output" | tail -n +3 >report.json
	valid_report
	report .total_attempts 2
	[ ! -e ./- ]
}

@test "/dev/stdout works like the pipe that it is" {
	try again -n 1 -o /dev/stdout -- true
	is "$status" 0
	printf '%s\n' "$output" >report.json
	valid_report
}

@test "a full disk: the old report stays, nothing half is left, the exit code tells" {
	need_root
	unshare -m true 2>/dev/null || skip "no mount namespace can be made here"
	mkdir disk
	cat >fill <<-'END'
		mount -t tmpfs -o size=32k none disk || exit 77
		echo '{"old": true}' >disk/report.json
		head -c 1000000 /dev/zero >disk/filler 2>/dev/null
		again -n 1 -d 1ms -o disk/report.json -- "$@"
		echo "code $?"
		cat disk/report.json
		ls -A disk | sort
	END
	try unshare -m sh fill true
	[ "$status" -ne 77 ] || skip "no tmpfs can be mounted here"
	is "$output" $'code 125\n{"old": true}\nfiller\nreport.json'
	like "$stderr" '[Nn]o space left'
	try unshare -m sh fill sh -c 'exit 7'
	is "$output" $'code 7\n{"old": true}\nfiller\nreport.json'
}

@test "/dev/full is written directly, fails, and stays what it is" {
	local full=/dev/full
	if [ "$(id -u)" -eq 0 ]; then
		full=$PWD/full
		mknod "$full" c 1 7 && [ -c "$full" ] || skip "no device can be made here"
	fi
	try again -n 1 -o "$full" -- true
	is "$status" 125
	has "$stderr" "$full"
	like "$stderr" '[Nn]o space left'
	[ -c "$full" ]
}

@test "a folder that vanishes during the run loses no report silently" {
	mkdir gone
	try again -n 1 -o gone/report.json -- rm -r gone
	if [ "$status" -eq 0 ]; then
		valid_report gone/report.json
	else
		is "$status" 125
		has "$stderr" gone/report.json
	fi
}

@test "invalid UTF-8, control bytes and quotes in arguments still make valid JSON" {
	try again -n 1 -o report.json --name $'na"me\\\x01\xff' -- printf '%s' $'\xff\xfe' $'a\xc3' $'tab\tnew\nline' 'q"uo\te' $'\xed\xa0\x80' 'grün' '€😀'
	is "$status" 0
	valid_report
	report '.command[0]' printf
	report '.command[2] | length > 0' true
	report '.command[4]' $'tab\tnew\nline'
	report '.command[5]' 'q"uo\te'
	report '.command[7]' 'grün'
	report '.command[8]' '€😀'
	report '.name[0:6]' $'na"me\\'
}

@test "an empty argument and very many arguments are told" {
	try again -n 1 -o report.json -- true ''
	report .command '["true",""]'
	# shellcheck disable=SC2046
	try again -n 1 -o report.json -- true $(seq 20000)
	is "$status" 0
	report '.command | length' 20001
	report '.command[20000]' 20000
	valid_report
}

@test "one very long argument is told whole or its cut is visible, and the report is valid" {
	local long
	long=$(printf 'x%.0s' {1..100000})
	try again -n 1 -o report.json -- true "$long"
	is "$status" 0
	valid_report
	report '.command[1][0:10]' xxxxxxxxxx
}

@test "of 1500 attempts it has the first 100 and the last 900" {
	try again -n 1499 -d 1ns --backoff constant --jitter none -q -o report.json -- false
	is "$status" 1
	valid_report
	report .total_attempts 1500
	report .attempts_omitted 500
	report '.attempts | length' 1000
	report '.attempts[0].attempt' 1
	report '.attempts[99].attempt' 100
	report '.attempts[100].attempt' 601
	report '.attempts[999].attempt' 1500
	report '.total_delay_seconds == 0.000001499' true
}

@test "of 1000 attempts it has all" {
	try again -n 999 -d 1ns --backoff constant --jitter none -q -o report.json -- false
	report .total_attempts 1000
	report '.attempts | length' 1000
	report '.attempts_omitted // 0' 0
	valid_report
}

@test "delays are exact, however small or odd" {
	try again -n 3 -d 1ns --jitter none -o report.json -- false
	is "$(grep -o '"delay_seconds": *[0-9.]*' report.json | sed 's/.*: *//' | tr '\n' ' ')" "0.000000001 0.000000002 0.000000004 "
	try again -n 2 -d 1234568ns --factor 1.5 --jitter none -o report.json -- false
	is "$(grep -o '"delay_seconds": *[0-9.]*' report.json | sed 's/.*: *//' | tr '\n' ' ')" "0.001234568 0.001851852 "
	report .total_delay_seconds 0.00308642
}

@test "the schema accepts no report that lost a field or has a wrong type" {
	try again -n 1 -d 1ms -o report.json -- false
	valid_report
	local field
	for field in status result attempts total_attempts total_delay_seconds max_retries schema_version reason command name \
		policy seed run_id host started_at duration_seconds retries; do
		jq "del(.$field)" report.json >broken.json
		if "$PY" "$HELPERS/validate_report.py" broken.json 2>/dev/null; then
			echo "the schema does not require $field" >&2
			return 1
		fi
	done
	local change
	for change in '.status = "maybe"' '.reason = "boredom"' '.total_attempts = "2"' '.max_retries = 0' '.seed = -1' '.command = []' \
		'.attempts[0].attempt = 0' '.attempts[0].delay_seconds = -1' '.attempts[0].status = 1' 'del(.attempts[0].error)' \
		'.attempts[0].exit_code = 256'; do
		jq "$change" report.json >broken.json
		if "$PY" "$HELPERS/validate_report.py" broken.json 2>/dev/null; then
			echo "the schema accepts $change" >&2
			return 1
		fi
	done
}

@test "a report is one JSON text with a line end" {
	try again -n 1 -o report.json -- true
	is "$(jq -s length report.json)" 1
	is "$(tail -c 1 report.json | od -An -c | tr -d ' ')" '\n'
}
