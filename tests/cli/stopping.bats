#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Being told to stop, and ending everything, where it is hard: processes that have moved, signals that come twice or at the
# moment of an end, descriptors that nobody reads.

load common

# The shell tells of a killed sleep on its standard error: it must not be one that nobody reads.
cleaner='exec 2>/dev/null; trap "echo cleaned >cleaned; exit 0" TERM; : >ready; while :; do sleep 0.02; done'
slow_cleaner='trap "sleep 0.4; echo cleaned >cleaned; exit 0" TERM; : >ready; while :; do sleep 0.02; done'

@test "a child that has left its own group gets TERM" {
	cat >move.py <<-'PY'
		import os, signal, sys, time
		def leave(*_):
		    open("cleaned", "w").close()
		    sys.exit(0)
		signal.signal(signal.SIGTERM, leave)
		os.setpgid(0, os.getpgid(os.getppid()))
		while True:
		    time.sleep(0.02)
	PY
	try again -n 1 -d 1ms -t 0.5 -k 10s -- "$PY" move.py
	is "$status" 124
	[ -e cleaned ]
}

@test "a process whose first thread has ended is not taken for dead" {
	cat >headless.py <<-'PY'
		import ctypes, os, threading, time
		def live():
		    open("headless.pid", "w").write(str(os.getpid()))
		    time.sleep(1000)
		threading.Thread(target=live).start()
		ctypes.CDLL(None).pthread_exit(None)
	PY
	try again -n 1 -d 1ms -k 10s -- sh -c "setsid $PY headless.py & until [ -s headless.pid ]; do sleep 0.02; done; exit 3"
	is "$status" 3
	is "$(cat headless.pid | wc -w)" 1
}

@test "two signals at once are one request: the grace stays" {
	start again -n 1 -k 10s -- sh -c "$slow_cleaner"
	wait_for '[ -e ready ]'
	kill -TERM "$pid"
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	[ -e cleaned ]
}

@test "GNU timeout around again leaves the command its grace" {
	local round
	for round in 1 2 3 4 5 6; do
		rm -f ready cleaned
		try timeout 0.4 again -n 1 -k 10s -- sh -c "$slow_cleaner"
		is "$status" 124
		[ -e cleaned ]
	done
}

@test "a signal to the group of a stand-in leaves the command its grace" {
	start setsid -w bash -c "sleep 3 & exec again -n 1 -k 10s -- sh -c '$(sed "s/'/'\\\\''/g" <<<"$slow_cleaner")'"
	wait_for '[ -e ready ]'
	local group
	group=$(ps -o pgid= -C again | tr -d ' ' | sort -u | while read -r g; do
		grep -qzxF "AGAINTEST_MARK=$AGAINTEST_MARK" "/proc/$g/environ" 2>/dev/null && echo "$g"
	done | head -n 1)
	kill -TERM -- "-$group"
	finish
	[ -e cleaned ]
}

@test "a success that is there when the signal comes is a success" {
	start again -n 3 -d 1h --max-delay 1h -o r.json -- sh -c 'echo $PPID >parent; kill -STOP $PPID; kill -TERM $PPID; exit 0'
	wait_for '[ -s parent ] && grep -q "^State:.*stopped" "/proc/$(<parent)/status"'
	wait_for '[ "$(ps -o stat= --ppid "$(<parent)" | cut -c1)" = Z ]'
	kill -CONT "$(<parent)"
	finish
	is "$how" "exit 0"
	is "$(query r.json .reason)" '"success"'
}

@test "a failure that is there when the signal comes is not retried" {
	start again -n 3 -d 1h --max-delay 1h -o r.json -- sh -c 'echo $PPID >parent; kill -STOP $PPID; kill -TERM $PPID; exit 9'
	wait_for '[ -s parent ] && grep -q "^State:.*stopped" "/proc/$(<parent)/status"'
	wait_for '[ "$(ps -o stat= --ppid "$(<parent)" | cut -c1)" = Z ]'
	kill -CONT "$(<parent)"
	finish
	is "$how" "signal TERM"
	is "$(query r.json .reason)" '"interrupted"'
	is "$(query r.json .result)" '"exit 9"'
	hasnt "$stderr" retrying
}

# stuck ARGS…: again with a standard error that is full and that nobody reads; sets $pid.
stuck() {
	mkfifo full
	sleep 1000 <full &
	reader=$!
	start sh -c 'exec 3>&2 2>full; dd if=/dev/zero bs=65536 count=1 >&2 2>/dev/null; exec "$@"' sh "$@"
}

unstick() {
	kill "$reader"
	wait "$reader" 2>/dev/null || true
}

@test "a standard error that nobody reads keeps nobody from ending it" {
	stuck again -n 1 -d 1ms -- sh -c ': >ran; exit 1'
	wait_for '[ -e ran ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	unstick
}

@test "a standard error that nobody reads delays neither limit nor grace" {
	stuck again -v -n 1 -d 1ms -t 0.2 -- sh -c "$cleaner"
	wait_for '[ -e cleaned ]'
	kill -HUP "$pid"
	finish
	is "$how" "signal HUP"
	unstick
}

@test "a command of very many words in a JSON log delays nothing" {
	mkfifo log
	sleep 1000 <log &
	reader=$!
	# shellcheck disable=SC2046 # many words
	start sh -c 'exec 2>log; exec "$@"' sh again -n 1 -d 1ms -t 0.2 --log-format json -- \
		sh -c "$cleaner" $(seq 20000)
	wait_for '[ -e cleaned ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	unstick
}

@test "a log that is a fifo without a reader keeps nobody from ending it" {
	mkfifo log
	start again -n 1 -d 1ms --log-file log -- touch ran
	wait_for 'grep -q "again" "/proc/$pid/comm" && [ "$(ps -o stat= -p "$pid" | cut -c1)" = S ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	[ ! -e ran ]
}

@test "a line of a JSON log that would be too long goes without the command" {
	# shellcheck disable=SC2046 # many words
	try again -n 1 -d 1ms --log-format json --log-file log -- sh -c 'exit 3' $(seq 20000)
	is "$status" 3
	is "$(jq -s 'map(select(.event == "run_start" and .command == null)) | length' log)" 1
	is "$(jq -s 'map(.event) | last' log)" '"run_end"'
}

@test "a report to standard output that nobody reads keeps nobody from ending it" {
	mkfifo full
	sleep 1000 <full &
	reader=$!
	start sh -c 'exec >full; dd if=/dev/zero bs=65536 count=1 2>/dev/null; exec "$@"' sh \
		again -n 1 -d 1ms -o - -- sh -c ': >ran; exit 1'
	wait_for '[ -e ran ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	unstick
}

@test "an inner again whose command ignores TERM writes its report before the outer one kills it" {
	try again -n 1 -D 0.5 -k 1s -- again -k 1s -o in.json -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	is "$status" 124
	valid_report in.json
}

@test "a signal at any moment leaves no temporary file" {
	local round
	mkdir lit
	for round in $(seq 60); do
		again -n 1 -d 1ms -q -o lit/r.json -- true &
		sleep "0.00$((round % 5))"
		kill -TERM $! 2>/dev/null || true
		wait $! || true
	done
	is "$(find lit -name '.*' -type f | wc -l)" 0
}
