#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# again beside timeout(1) and Debian's retry(1): the same where they are right; where they are wrong, what they do is written down in a
# test of its own, and what again does instead. Should a later version of theirs have mended it, that half is skipped.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

# A timeout or a retry that again runs beside must be the real one.
timeout_is_there() {
	timeout --version 2>/dev/null | grep -q 'GNU coreutils' || skip "needs timeout(1) of GNU coreutils"
}

retry_is_there() {
	command -v retry >/dev/null || skip "needs Debian's retry"
	retry --version 2>&1 | grep -q '^retry ' || skip "this retry is another program"
}

# same_end CODE WORDS...: `timeout 20 WORDS` and `again --stop-on any --timeout 20 WORDS` end alike, with CODE.
same_end() {
	local wanted=$1
	shift
	try_allow_left=1 try timeout 20 "$@"
	is "$status" "$wanted" "timeout: $*"
	local theirs=$output
	try again -n 1 --stop-on any --timeout 20 -- "$@"
	is "$status" "$wanted" "again: $*"
	is "$output" "$theirs" "output of: $*"
}

# changed WHAT: the rival no longer does what is written down here.
changed() {
	skip "$1"
}

@test "timeout: the command's own code and output" {
	timeout_is_there
	local code
	for code in 0 1 7 124 125 126 127 137 255; do
		same_end "$code" sh -c "echo words; exit $code"
	done
}

@test "timeout: 124 when the limit is over" {
	timeout_is_there
	try_allow_left=1 try timeout 0.1 sleep 1000
	is "$status" 124
	try again -n 1 --stop-on any --timeout 0.1 -- sleep 1000
	is "$status" 124
}

@test "timeout: 124 also when the command ends with another code on TERM" {
	timeout_is_there
	try_allow_left=1 try timeout 0.2 sh -c 'trap "exit 3" TERM; sleep 1000 & wait'
	is "$status" 124
	try again -n 1 --stop-on any --timeout 0.2 -- sh -c 'trap "exit 3" TERM; sleep 1000 & wait'
	is "$status" 124
}

@test "timeout: 125 for misuse" {
	timeout_is_there
	try_allow_left=1 try timeout abc true
	is "$status" 125
	try again --timeout abc -- true
	is "$status" 125
	try_allow_left=1 try timeout --nonsense 1 true
	is "$status" 125
	try again --nonsense -- true
	is "$status" 125
}

@test "timeout: 126 and 127 for what cannot be executed" {
	timeout_is_there
	echo true >plain
	mkdir folder
	same_end 126 ./plain
	same_end 126 ./folder
	same_end 127 ./nowhere
	same_end 127 nowhere-to-be-found
	same_end 127 ''
}

@test "timeout: 137 and the other 128+n for a command that died of a signal" {
	timeout_is_there
	local pair
	for pair in KILL:137 TERM:143 SEGV:139 USR1:138 PIPE:141; do
		try_allow_left=1 try timeout 20 sh -c "kill -${pair%:*} \$\$"
		is "$status" "${pair#*:}"
		try again -n 1 --stop-on any --timeout 20 -- sh -c "kill -${pair%:*} \$\$"
		is "$status" "${pair#*:}"
	done
}

@test "timeout: durations mean the same" {
	timeout_is_there
	local form
	for form in 0.1 .1 0.1s; do
		try_allow_left=1 try timeout "$form" sleep 1000
		is "$status" 124
		try again -n 1 --stop-on any --timeout "$form" -- sleep 1000
		is "$status" 124
	done
	for form in 1x -1 '' ; do
		try_allow_left=1 try timeout "$form" true
		is "$status" 125
		try again --timeout "$form" -- true
		is "$status" 125
	done
}

@test "timeout: CONT goes with the TERM, a stopped command can end" {
	timeout_is_there
	try_allow_left=1 try_limit=10 try timeout 0.2 sh -c 'kill -STOP $$; exec sleep 1000'
	is "$status" 124
	try_limit=10 try again -n 1 --stop-on any --timeout 0.2 -- sh -c 'kill -STOP $$; exec sleep 1000'
	is "$status" 124
}

@test "timeout is wrong: it dies of KILL where it had to send it; again says 124" {
	timeout_is_there
	try again -n 1 --stop-on any -t 0.1 -k 0.1 -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	is "$how" "exit 124"
	try_allow_left=1 try timeout -k 0.1 0.1 sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	is "$how" "signal KILL"
}

@test "timeout is wrong: a process in a session of its own survives it; again ends it" {
	timeout_is_there
	cat >spawn.sh <<-'END'
		setsid sh -c 'echo $$ >"$0"; exec sleep 1000' "$1" >/dev/null 2>&1 &
		until [ -s "$1" ]; do sleep 0.01; done
		wait
	END
	try again -n 1 --stop-on any -t 0.5 -- sh spawn.sh ours
	is "$status" 124
	run ! alive "$(cat ours)"
	try_allow_left=1 try timeout 0.5 sh spawn.sh theirs
	is "$status" 124
	alive "$(cat theirs)" || changed "timeout now ends other sessions too"
	end_process "$(cat theirs)"
}

@test "retry: the last code when the times are over" {
	retry_is_there
	local code
	for code in 1 7 99 255; do
		try_allow_left=1 try retry -d 0 -t 2 -- sh -c "exit $code"
		is "$status" "$code"
		try again -n 1 -d 1ms -- sh -c "exit $code"
		is "$status" "$code"
	done
}

@test "retry: a success after failures, the same final output" {
	retry_is_there
	try_allow_left=1 try retry -d 0 -t 5 -- sh -c 'echo x >>theirs; [ "$(wc -l <theirs)" = 3 ] && echo result'
	is "$status" 0
	local theirs=$output
	try again -n 4 -d 1ms -- sh -c 'echo x >>ours; [ "$(wc -l <ours)" = 3 ] && echo result'
	is "$status" 0
	is "$output" "$theirs"
	is "$(wc -l <ours)" "$(wc -l <theirs)"
}

@test "retry: a first success is run once" {
	retry_is_there
	try_allow_left=1 try retry -d 10 -- sh -c 'echo x >>theirs'
	is "$status" 0
	try again -d 10 -- sh -c 'echo x >>ours'
	is "$status" 0
	cmp ours theirs
}

@test "retry: 128+n for a signal" {
	retry_is_there
	try_allow_left=1 try retry -d 0 -t 1 -- sh -c 'kill -KILL $$'
	is "$status" 137
	try again -n 1 -d 1ms -- sh -c 'kill -KILL $$'
	is "$status" 137
}

@test "retry: its number of times is one more than our number of retries" {
	retry_is_there
	try_allow_left=1 try retry -d 0 -t 3 -- sh -c 'echo x >>theirs; exit 1'
	try again -n 2 -d 1ms -- sh -c 'echo x >>ours; exit 1'
	cmp ours theirs
}

@test "retry is wrong: it retries a command that does not exist; again says 127 once" {
	retry_is_there
	try again -n 3 -d 1ms -- nowhere-to-be-found
	is "$status" 127
	hasnt "$stderr" retrying
	try_allow_left=1 try retry -d 0 -t 3 -- nowhere-to-be-found
	[ "$(printf '%s\n' "$stderr" | grep -c 'Could not execute')" -eq 3 ] || changed "retry no longer retries what does not exist"
	is "$status" 1
}

@test "retry is wrong: a signal death ends it; again retries" {
	retry_is_there
	try again -n 3 -d 1ms -- sh -c 'echo x >>ours; [ "$(wc -l <ours)" = 3 ] || kill -SEGV $$'
	is "$status" 0
	is "$(wc -l <ours)" 3
	try_allow_left=1 try retry -d 0 -t 4 -- sh -c 'echo x >>theirs; [ "$(wc -l <theirs)" = 3 ] || kill -SEGV $$'
	[ "$(wc -l <theirs)" -eq 1 ] || changed "retry now retries after a signal death"
	is "$status" 139
}

@test "retry is wrong: only the first of a comma list counts; again knows them all" {
	retry_is_there
	try again -n 2 -d 1ms --success 1,2 -- sh -c 'echo x >>ours; exit 2'
	is "$status" 0
	is "$(wc -l <ours)" 1
	try_allow_left=1 try retry -d 0 -t 3 -u 1,2 -- sh -c 'echo x >>theirs; exit 2'
	[ "$(wc -l <theirs)" -eq 3 ] || changed "retry's lists work now"
}

@test "retry is wrong: it sleeps after the last attempt; again does not" {
	retry_is_there
	local before
	before=$(now_ms)
	try again -n 1 --backoff list:1s/1h --jitter none -- false
	between $(($(now_ms) - before)) 1000 1900
	before=$(now_ms)
	try_allow_left=1 try retry -d 1 -t 2 -- false
	[ $(($(now_ms) - before)) -ge 2000 ] || changed "retry no longer sleeps after the last attempt"
}

@test "retry is wrong: told to stop it leaves its child; again ends it" {
	retry_is_there
	start again -n 1 -- sh -c 'echo $$ >ours; exec sleep 1000'
	wait_for '[ -s ours ]'
	kill -TERM "$pid"
	finish
	run ! alive "$(cat ours)"
	try_allow_left=1 start retry -- sh -c 'echo $$ >theirs; exec sleep 1000'
	wait_for '[ -s theirs ]'
	kill -TERM "$pid"
	finish
	alive "$(cat theirs)" || changed "retry ends its child now"
	end_process "$(cat theirs)"
}

@test "retry is wrong: as a filter it hangs or dies; again passes every byte" {
	retry_is_there
	head -c 5000000 /dev/urandom >in
	try sh -c 'again -n 1 -- cat <in >ours'
	is "$status" 0
	cmp in ours
	try sh -c 'cat in | again -n 1 -- true'
	is "$status" 0
	# It is a race between retry's writing and the command's end; retry wins it now and then.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		try_stdin=in try retry -- true
		[ "$status" -ne 141 ] || return 0
	done
	changed "retry no longer dies of a command that does not read"
}
