#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Real commands against real things that are not ready at first: an HTTP server, a git repository, a file, a lock, a database file.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

serve() {
	"$PY" "$HELPERS/http_server.py" --port-file port --listen-file listen --log requests "$@" </dev/null >server.out 2>&1 3>&- &
	server=$!
	wait_for '[ -s port ]'
	port=$(<port)
}

teardown() {
	if [ -n "${server:-}" ]; then
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	common_teardown
}

@test "curl against a server that refuses, then answers 503 twice, then 200" {
	need curl
	serve --unavailable 2
	start again -n 8 --base-delay 50ms -o r.json -- curl -fsS "http://127.0.0.1:$port/"
	wait_for 'grep -q "attempt 1/9 failed: exit 7" start.err'
	: >listen
	finish
	is "$how" "exit 0"
	is "$output" hello
	is "$(cat requests)" $'503 /\n503 /\n200 /'
	valid_report r.json
	is "$(query r.json .status)" '"success"'
	# Refused is curl's 7, a 503 its 22.
	like "$(query r.json '[.attempts[].exit_code]' | tr -d ' ')" '^\[7(,7)*,22,22,0\]$'
	like "$(last_line)" '^again: Success after [3-8] retries'
}

@test "curl against a server that never comes: curl's own code" {
	need curl
	serve
	try again -n 2 --base-delay 10ms -- curl -fsS "http://127.0.0.1:$port/"
	is "$status" 7
	has "$(last_line)" "Failed after 2 retries"
	has "$(last_line)" "exit 7"
}

@test "curl with --retry-on for what may pass, and a stop for what will not" {
	need curl
	serve
	: >listen
	wait_for 'curl -fsS "http://127.0.0.1:$port/up" >/dev/null 2>&1'
	try again -n 3 --base-delay 10ms --retry-on exit:6,7,28 -- curl -sS "unknown-scheme://127.0.0.1:$port/"
	is "$status" 1
	has "$(last_line)" "not retryable"
}

@test "a server that accepts and never answers: the timeout frees the run" {
	need curl
	"$PY" -c '
import os, socket, time
server = socket.create_server(("127.0.0.1", 0))
with open("port.part", "w") as file:
    print(server.getsockname()[1], file=file)
os.rename("port.part", "port")
time.sleep(1000)' </dev/null 3>&- &
	server=$!
	wait_for '[ -s port ]'
	try again -n 1 --base-delay 10ms --timeout 300ms -- curl -fsS "http://127.0.0.1:$(cat port)/"
	is "$status" 124
}

@test "git fetch from a local repository that appears late" {
	need git
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME=$PWD
	git init -q -b main ready
	git -C ready -c user.name=t -c user.email=t@localhost commit -q --allow-empty -m first
	git init -q -b main clone
	git -C clone remote add origin "$PWD/origin"
	start again -n 30 --base-delay 30ms --backoff constant -o r.json -- git -C clone fetch origin
	wait_for 'grep -q "attempt 2/31 failed: exit 128" start.err'
	mv ready origin
	finish
	is "$how" "exit 0"
	is "$(git -C clone rev-parse origin/main)" "$(git -C origin rev-parse HEAD)"
	between "$(query r.json .total_attempts)" 3 31
	valid_report r.json
}

@test "a lock that is held for a while" {
	need flock
	: >lock
	start again -n 50 --base-delay 20ms --backoff constant --retry-on exit:1 -- flock -n lock sh -c 'echo mine'
	exec {fd}<lock
	# The first attempt may have had it; then there is nothing to wait for.
	flock "$fd"
	exec {fd}<&-
	finish
	is "$how" "exit 0"
	is "$output" mine
}

@test "a shell pipeline and redirections are the shell's: sh -c" {
	try again -n 2 -d 10ms -- sh -c 'printf "b\na\n" | sort >sorted; [ "$AGAIN_ATTEMPT" = 2 ]'
	is "$status" 0
	is "$(cat sorted)" $'a\nb'
}

@test "xargs runs it" {
	try sh -c 'printf "1\n2\n3\n" | xargs -n 1 again -q -n 1 -d 1ms -- sh -c "echo got \$1; [ \$AGAIN_ATTEMPT = 2 ]" -'
	is "$status" 0
	is "$(printf '%s\n' "$output" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " 2 got 1; 2 got 2; 2 got 3;"
}

@test "many at once" {
	local i runs=()
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		contained -- again -q -n 3 -d 5ms -o "r$i.json" -- again flaky --failures 2 >/dev/null 2>&1 &
		runs+=($!)
	done
	for i in "${runs[@]}"; do
		wait "$i"
	done
	valid_report r*.json
	is "$(jq -s '[.[].run_id] | unique | length' r*.json)" 12
	is "$(jq -s '[.[].total_attempts] | unique' -c r*.json)" "[3]"
}
