#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Nothing of a failed attempt is alive when the next starts or when again ends; and what again inherits does no harm.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

teardown() {
	local pid
	# Test programs of another user or a second process namespace; each test ends them itself, this is for failed ones.
	for pid in ${to_end:-}; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	common_teardown
	if [ -n "${open_folder:-}" ]; then
		rm -rf "$open_folder"
	fi
}

# A child for `again`: attempt 1 runs the code $1, which leaves something behind and writes its pids to files named pid*; each later
# attempt checks that none of them is alive, writes `clean` or `dirty` lines, and succeeds.
child_that() {
	cat >child.sh <<-END
		if [ "\$AGAIN_ATTEMPT" = 1 ]; then
			$1
		fi
		for file in pid*; do
			pid=\$(cat "\$file")
			state=\$(sed 's/.*) //' "/proc/\$pid/stat" 2>/dev/null | cut -c1)
			case \$state in
			'' | Z | X) echo clean ;;
			*) echo "dirty: \$file \$pid is \$state" ;;
			esac
		done
	END
}

# gone_before_next ARG...: the second attempt sees nothing of the first.
gone_before_next() {
	local pids
	try again -n 1 -d 1ms "$@" -- sh child.sh
	is "$status" 0
	pids=(pid*)
	is "$(printf '%s\n' "$output" | grep -c '^clean$')" "${#pids[@]}"
	hasnt "$output" dirty
}

@test "a background child is gone before the next attempt" {
	child_that 'sleep 1000 & echo $! >pid1; exit 1'
	gone_before_next
}

@test "a child that ignores TERM is gone before the next attempt: after a timeout" {
	child_that 'trap "" TERM; echo $$ >pid1; (while :; do sleep 0.05; done) & echo $! >pid2; while :; do sleep 0.05; done'
	gone_before_next -t 200ms -k 200ms
}

@test "a background child that ignores TERM is gone before the next attempt" {
	child_that '(trap "" TERM; while :; do sleep 0.05; done) & echo $! >pid1; exit 1'
	gone_before_next -k 200ms
}

@test "a stopped child is gone before the next attempt: it gets CONT with the TERM" {
	child_that 'trap "echo ended >ended; exit 1" TERM; echo $$ >pid1; kill -STOP $$; while :; do sleep 0.02; done'
	local before
	before=$(now_ms)
	gone_before_next -t 200ms -k 20s
	is "$(cat ended)" ended
	between $(($(now_ms) - before)) 200 10000
}

@test "a stopped background child is gone before the next attempt" {
	child_that 'sleep 1000 & echo $! >pid1; kill -STOP $!; exit 1'
	gone_before_next -k 20s
}

@test "a child in a session of its own is gone before the next attempt" {
	child_that 'setsid sh -c "echo \$\$ >pid1; exec sleep 1000" & until [ -s pid1 ]; do sleep 0.01; done; exit 1'
	gone_before_next
}

@test "a double-forked daemon of a failed attempt is gone before the next attempt" {
	child_that '(setsid sh -c "sleep 1000 & echo \$! >pid1" &) ; until [ -s pid1 ]; do sleep 0.01; done; exit 1'
	gone_before_next
}

@test "a daemon that ignores TERM, in a session of its own, stopped, is gone before the next attempt" {
	child_that '(setsid sh -c "trap \"\" TERM HUP INT; echo \$\$ >pid1; kill -STOP \$\$; while :; do sleep 0.05; done" &)
		until [ -s pid1 ] && grep -q "^State:.T" "/proc/$(cat pid1)/status"; do sleep 0.01; done; exit 1'
	gone_before_next -k 200ms
}

@test "a tree that grows while it is ended is gone before the next attempt" {
	child_that '(trap "" TERM; setsid sh -c "trap \"\" TERM; echo \$\$ >pid1; while :; do (setsid sleep 0.2 &); sleep 0.01; done" &)
		until [ -s pid1 ]; do sleep 0.01; done; exit 1'
	gone_before_next -k 200ms
}

@test "many leftovers are all gone before the next attempt" {
	child_that 'for i in 1 2 3 4 5 6 7 8 9; do setsid sleep 1000 & echo $! >pid$i; done; exit 1'
	gone_before_next
}

@test "leftovers that hold stdout open do not hang the run" {
	local before
	child_that 'sleep 1000 & echo $! >pid1; exit 1'
	before=$(now_ms)
	try sh -c 'again -n 1 -d 1ms -- sh child.sh | cat'
	is "$output" clean
	between $(($(now_ms) - before)) 0 8000
}

@test "leftovers of the last failed attempt are gone when again ends" {
	try again -n 1 -d 1ms -- sh -c 'setsid sleep 1000 & sleep 1000 & exit 3'
	is "$how" "exit 3"
}

@test "leftovers of an attempt that died of a signal are gone" {
	try again -n 1 -d 1ms -- sh -c 'setsid sleep 1000 & kill -KILL $$'
	is "$how" "exit 137"
}

@test "leftovers are ended politely first: they get TERM and their grace" {
	cat >child.sh <<-'END'
		[ "$AGAIN_ATTEMPT" = 2 ] && exit 0
		sh -c 'trap "echo polite >polite; exit" TERM; : >ready; while :; do sleep 0.01; done' &
		until [ -e ready ]; do sleep 0.01; done
		exit 1
	END
	try again -n 1 -d 1ms -k 20s -- sh child.sh
	is "$status" 0
	is "$(cat polite)" polite
}

@test "one grace for the whole tree, not one each" {
	local before
	child_that 'for i in 1 2 3 4 5; do (trap "" TERM; while :; do sleep 0.05; done) & echo $! >pid$i; done; exit 1'
	before=$(now_ms)
	gone_before_next -k 600ms
	between $(($(now_ms) - before)) 600 2900
}

@test "--kill-after 0 is KILL at once" {
	cat >child.sh <<-'END'
		[ "$AGAIN_ATTEMPT" = 2 ] && exit 0
		trap "echo TERM came >came" TERM
		echo ready
		while :; do sleep 0.05; done
	END
	try again -n 1 -d 1ms -t 300ms -k 0 -- sh child.sh
	is "$status" 0
	is "$output" ready
	[ ! -e came ]
}

@test "a daemon that a success leaves survives again" {
	try_allow_left=1 try again -n 1 -- sh -c 'setsid sleep 1000 >/dev/null 2>&1 & echo $! >daemon'
	is "$how" "exit 0"
	alive "$(cat daemon)"
	end_process "$(cat daemon)"
}

@test "a background child that a success leaves survives again too, in again's own group or not" {
	try_allow_left=1 try again -n 1 -- sh -c 'sleep 1000 >/dev/null 2>&1 & echo $! >daemon'
	is "$how" "exit 0"
	alive "$(cat daemon)"
	end_process "$(cat daemon)"
}

@test "the daemon of a success after a retry survives, the one of the failure does not" {
	try_allow_left=1 try again -n 1 -d 1ms -- sh -c 'setsid sleep 1000 >/dev/null 2>&1 & echo $! >daemon$AGAIN_ATTEMPT; [ "$AGAIN_ATTEMPT" = 2 ]'
	is "$how" "exit 0"
	run ! alive "$(cat daemon1)"
	alive "$(cat daemon2)"
	end_process "$(cat daemon2)"
}

@test "again does not wait for the daemon of a success" {
	local before
	before=$(now_ms)
	try_allow_left=1 start again -n 1 -- sh -c 'sleep 1000 & echo $! >daemon'
	finish
	is "$how" "exit 0"
	between $(($(now_ms) - before)) 0 5000
	end_process "$(cat daemon)"
}

@test "--kill-leftovers always: what a success leaves is ended" {
	try again -n 1 --kill-leftovers always -- sh -c '(setsid sleep 1000 &) ; sleep 1000 & echo ran; exit 0'
	is "$how" "exit 0"
	is "$output" ran
}

@test "--kill-leftovers never: what a failure leaves is left" {
	try_allow_left=1 try again -n 1 -d 1ms --kill-leftovers never -- \
		sh -c 'setsid sleep 1000 >/dev/null 2>&1 & echo $! >daemon$AGAIN_ATTEMPT; exit 1'
	is "$how" "exit 1"
	alive "$(cat daemon1)"
	alive "$(cat daemon2)"
	end_process "$(cat daemon1)"
	end_process "$(cat daemon2)"
}

@test "--kill-leftovers never still ends the command itself at its timeout" {
	try again -n 1 -d 1ms --kill-leftovers never -t 200ms -k 200ms -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	is "$how" "exit 124"
}

@test "kill -9 of again kills its child" {
	try_allow_left=1 start again -n 5 -d 1ms -- sh -c 'echo $$ >child; exec sleep 1000'
	wait_for '[ -s child ]'
	kill -KILL "$pid"
	finish
	is "$how" "signal KILL"
	wait_for '! alive "$(cat child)"' 5
}

@test "kill -9 of again kills its child, also when again already had children" {
	try_allow_left=1 start sh -c 'sleep 1000 >/dev/null 2>&1 & echo $! >sibling; exec again -n 5 -d 1ms -- sh -c "echo \$\$ >child; exec sleep 1000"'
	wait_for '[ -s child ]'
	kill -KILL "$pid"
	finish
	wait_for '! alive "$(cat child)"' 5
	alive "$(cat sibling)"
	end_process "$(cat sibling)"
}

@test "a process that was again's child before it started survives it" {
	try_allow_left=1 try sh -c 'sleep 1000 >/dev/null 2>&1 & echo $! >sibling; exec again -n 2 -d 1ms -o r.json -- sh -c "exit 5"'
	is "$how" "exit 5"
	is "$(query r.json .total_attempts)" 3
	alive "$(cat sibling)"
	end_process "$(cat sibling)"
}

@test "a child from before that ends during the run is not taken for the command" {
	try sh -c 'sh -c "exit 9" & sh -c "sleep 0.1; exit 8" & exec again -n 1 -d 200ms --jitter none -o r.json -- sh -c "sleep 0.2; exit 5"'
	is "$how" "exit 5"
	is "$(query r.json '[.attempts[].exit_code]')" "[5,5]"
}

@test "with a child from before, a signal to again still ends all and again dies of it" {
	try_allow_left=1 start sh -c 'sleep 1000 >/dev/null 2>&1 & echo $! >sibling; exec again -n 5 -d 1ms -o r.json -- sh -c "echo \$\$ >child; exec sleep 1000"'
	wait_for '[ -s child ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	run ! alive "$(cat child)"
	alive "$(cat sibling)"
	is "$(query r.json .reason)" '"interrupted"'
	end_process "$(cat sibling)"
}

@test "the child sees the descriptors 0, 1 and 2 only, in every attempt" {
	try again -n 4 -d 1ms -v -o r.json --log-file log -- sh -c '"$1"; exit 1' - "$HELPERS/show_fds.py"
	is "$(printf '%s\n' "$output" | sort -u)" "0 1 2"
	is "$(line_count "$output")" 5
}

@test "again itself gathers no descriptors over many attempts" {
	try again -n 30 -d 1ms --backoff constant -- sh -c '[ $((AGAIN_ATTEMPT % 10)) = 2 ] && "$1" --pid $PPID; exit 1' - "$HELPERS/show_fds.py"
	is "$(printf '%s\n' "$output" | sort -u | wc -l)" 1
	is "$(line_count "$output")" 3
}

@test "a descriptor that the caller gave on purpose is passed on" {
	echo gift >gift
	try "$HELPERS/start_with.py" --open 5=gift -- again -n 1 -- sh -c 'cat <&5'
	is "$output" gift
}

@test "closed descriptors 0, 1, 2 in every combination: the run is right, no file of ours gets the child's words" {
	local closed
	for closed in 0 1 2 0,1 0,2 1,2 0,1,2; do
		rm -f r.json log
		try "$HELPERS/start_with.py" --close "$closed" -- again -n 1 -d 1ms -o r.json --log-file log -- \
			sh -c 'echo childs-out; echo childs-err >&2; cat >/dev/null; exit 7'
		is "$how" "exit 7" "closed: $closed"
		valid_report r.json
		is "$(query r.json .total_attempts)" 2
		hasnt "$(cat r.json log)" childs-out$'\n'
		is "$(grep -cv '^again: ' log)" 0 "foreign lines in the log, closed: $closed"
	done
}

@test "with closed descriptors the child has no stranger on 0, 1, 2" {
	# Whatever stands there is nothing of ours: closed, or /dev/null.
	try "$HELPERS/start_with.py" --close 0,2 -- again -n 1 -o r.json --log-file log -- \
		sh -c 'readlink /proc/self/fd/0; readlink /proc/self/fd/2; echo ran'
	is "$how" "exit 0"
	like "$output" 'ran$'
	hasnt "$output" r.json
	hasnt "$output" log
	hasnt "$output" anon_inode
}

@test "the flags of inherited descriptors stay as they were" {
	try "$PY" -c '
import fcntl, os, subprocess
before = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1, 2)]
reader, writer = os.pipe()
assert subprocess.run(["again", "-n", "1", "--", "sh", "-c", "exit 7"], stdin=reader).returncode == 7
after = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1, 2)]
assert before == after, (before, after)
assert not fcntl.fcntl(reader, fcntl.F_GETFL) & os.O_NONBLOCK'
	is "$status" 0
}

@test "SIGCHLD inherited as ignored" {
	try "$HELPERS/start_with.py" --ignore CHLD -- again -n 1 -d 1ms -o r.json -- sh -c 'sleep 1000 & exit 7'
	is "$how" "exit 7"
	is "$(query r.json '[.attempts[].exit_code]')" "[7,7]"
}

@test "SIGPIPE inherited as ignored: the child dies of it as it should" {
	try "$HELPERS/start_with.py" --ignore PIPE -- bash -c 'again -n 1 --success "!0" -o r.json -- yes | head -n 1'
	is "$output" y
	wait_for '[ -s r.json ]'
	try "$HELPERS/start_with.py" --ignore PIPE --broken-pipe 1 -- again -n 1 -d 1ms -o r.json -- yes
	is "$how" "exit 141"
	is "$(query r.json '[.attempts[].signal]')" '["PIPE","PIPE"]'
}

@test "every signal inherited as blocked: the child has none blocked, timeouts and signals work" {
	try "$HELPERS/start_with.py" --block all -- again -n 1 -- grep SigBlk /proc/self/status
	like "$output" 'SigBlk:[[:space:]]*0000000000000000$'
	try "$HELPERS/start_with.py" --block all -- again -n 1 -d 1ms -t 100ms -k 20s -- sleep 1000
	is "$how" "exit 124"
	start "$HELPERS/start_with.py" --block all -- again -n 1 -d 1h --max-delay 1h -- false
	wait_for 'grep -q retrying start.err'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
}

@test "the child's dispositions are the default ones" {
	try again -n 1 -- grep -E 'Sig(Ign|Blk)' /proc/self/status
	like "$output" 'SigBlk:[[:space:]]*0+'$'\n'
	like "$output" 'SigIgn:[[:space:]]*0+$'
}

@test "HUP ignored by nohup stays ignored, for the child and for again" {
	try "$HELPERS/start_with.py" --ignore HUP -- again -n 1 -- sh -c 'kill -HUP $$; echo survived'
	is "$output" survived
	start "$HELPERS/start_with.py" --ignore HUP -- again -n 1 -d 300ms --jitter none -o r.json -- false
	wait_for 'grep -q retrying start.err'
	kill -HUP "$pid"
	finish
	is "$how" "exit 1"
	is "$(query r.json .total_attempts)" 2
}

@test "nohup again" {
	try sh -c 'nohup again -n 1 -- grep SigIgn /proc/self/status 2>/dev/null'
	like "$output" 'SigIgn:[[:space:]]*0000000000000001'
}

@test "INT and QUIT ignored by a shell's background job stay ignored" {
	try "$HELPERS/start_with.py" --ignore INT,QUIT -- again -n 1 -- sh -c 'kill -INT $$; kill -QUIT $$; echo survived'
	is "$output" survived
}

@test "the child has a group of its own where there is no terminal" {
	try again -n 1 -- sh -c 'cut -d" " -f5 /proc/$$/stat; echo $$; cut -d" " -f5 /proc/$PPID/stat'
	is "${lines[0]}" "${lines[1]}"
	[ "${lines[0]}" != "${lines[2]}" ]
}

@test "a file without a shebang runs by /bin/sh, with its arguments" {
	echo 'echo "plain $1 $#"; exit 4' >plain
	chmod +x plain
	try again -n 1 -d 1ms -o r.json -- ./plain 'a b' c
	is "$how" "exit 4"
	is "${lines[0]}" "plain a b 2"
	is "$(query r.json .total_attempts)" 2
	mkdir bin
	mv plain bin/plain-in-path
	PATH="$PWD/bin:$PATH" try again -n 1 -d 1ms -- plain-in-path x
	is "${lines[0]}" "plain x 1"
}

@test "a file that is executable later in PATH is found, as execvp does" {
	mkdir one two
	echo 'not executable' >one/tool
	printf '#!/bin/sh\necho second\n' >two/tool
	chmod +x two/tool
	PATH="$PWD/one:$PWD/two:$PATH" try again -n 1 -- tool
	is "$output" second
	PATH="$PWD/one:$PATH" try again -n 1 -- tool
	is "$how" "exit 126"
}

@test "PATH is searched anew for every attempt's command, relative folders included" {
	mkdir bin
	printf '#!/bin/sh\necho here; [ "$AGAIN_ATTEMPT" = 2 ]\n' >bin/here
	chmod +x bin/here
	PATH="bin:$PATH" try again -n 1 -d 1ms -- here
	is "$status" 0
	is "$output" $'here\nhere'
}

@test "a script that vanishes between the attempts ends the run as not found" {
	printf '#!/bin/sh\nrm "$0"; exit 1\n' >once
	chmod +x once
	try again -n 5 -d 1ms -o r.json -- ./once
	is "$how" "exit 127"
	is "$(query r.json .total_attempts)" 2
	is "$(query r.json .reason)" '"not_executable"'
}

@test "a busy executable is 126, once" {
	cp "$(command -v sleep)" busy
	exec {fd}>>busy
	try again -n 3 -d 1ms -- ./busy 0
	exec {fd}>&-
	is "$how" "exit 126"
}

namespaces() {
	need_root
	unshare -fp --mount-proc true 2>/dev/null || skip "no process namespace can be made here"
}

@test "as pid 1 of a process namespace" {
	namespaces
	try unshare -fp --mount-proc "$AGAIN" -n 1 -d 1ms -o r.json -- sh -c 'echo "parent $PPID"; (setsid sleep 1000 &); exit 3'
	is "$status" 3
	is "$output" $'parent 1\nparent 1'
	is "$(query r.json .total_attempts)" 2
	try unshare -fp --mount-proc "$AGAIN" -n 1 -- true
	is "$status" 0
	try unshare -fp --mount-proc "$AGAIN" -n 1 -d 1ms -t 200ms -- sleep 1000
	is "$status" 124
}

@test "as pid 1 it is ended by TERM, exits 128+n and writes the report" {
	namespaces
	start unshare -fp --mount-proc "$AGAIN" -n 5 -d 1ms -o r.json -- sh -c ': >started; exec sleep 1000'
	wait_for '[ -e started ]'
	local inner
	inner=$(cat "/proc/$pid/task/$pid/children")
	kill -TERM "${inner%% *}"
	finish
	is "$status" 143
	is "$(query r.json .reason)" '"interrupted"'
}

@test "as pid 1 it is ended by TERM during a wait" {
	namespaces
	start unshare -fp --mount-proc "$AGAIN" -n 5 -d 1h --max-delay 1h -o r.json -- false
	wait_for 'grep -q retrying start.err'
	local inner
	inner=$(cat "/proc/$pid/task/$pid/children")
	kill -TERM "${inner%% *}"
	finish
	is "$status" 143
}

@test "as pid 1 it reaps what is orphaned" {
	namespaces
	try unshare -fp --mount-proc "$AGAIN" -n 1 -- sh -c '
		for i in 1 2 3 4 5; do (sh -c "exit 0" &); done
		i=0
		while [ $i -lt 300 ]; do
			zombies=$(grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l)
			[ "$zombies" = 0 ] && break
			i=$((i + 1))
			sleep 0.01
		done
		echo "zombies $zombies"'
	is "$output" "zombies 0"
}

@test "SIGTERM during a wait ends it at once, writes the report, and again dies of TERM" {
	local before
	start again -n 5 -d 1h --max-delay 1h -o r.json -- sh -c 'exit 7'
	wait_for 'grep -q retrying start.err'
	before=$(now_ms)
	kill -TERM "$pid"
	finish
	between $(($(now_ms) - before)) 0 3000
	is "$how" "signal TERM"
	valid_report r.json
	is "$(query r.json .reason)" '"interrupted"'
	is "$(query r.json .total_attempts)" 1
}

@test "INT, HUP and QUIT during a wait end it at once too" {
	local name
	for name in INT HUP QUIT; do
		start again -n 5 -d 1h --max-delay 1h -o r.json -- false
		wait_for 'grep -q retrying start.err'
		kill "-$name" "$pid"
		finish
		is "$how" "signal $name"
		is "$(query r.json .reason)" '"interrupted"'
		rm r.json
	done
}

@test "SIGTERM during the initial delay: no attempt, a report all the same" {
	start again -n 5 --initial-delay 1h --jitter none -v -o r.json -- touch ran
	# Once it blocks signals, TERM is a request to again; before, it would just be the end of a starting program.
	wait_for 'grep -q "^SigBlk:.*[1-9a-f]" "/proc/$pid/status"'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	[ ! -e ran ]
	valid_report r.json
	is "$(query r.json .reason)" '"interrupted"'
	is "$(query r.json .total_attempts)" 0
	is "$(query r.json .attempts)" "[]"
}

@test "the signal goes to the whole tree of the attempt" {
	start again -n 5 -d 1ms -k 20s -- sh -c '
		(trap "echo a >got_a; exit 1" TERM; : >ready_a; while :; do sleep 0.02; done) &
		setsid sh -c "trap \"echo b >got_b; exit 1\" TERM; : >ready_b; while :; do sleep 0.02; done" &
		trap "echo c >got_c; exit 1" TERM; : >ready_c; while :; do sleep 0.02; done'
	wait_for '[ -e ready_a ] && [ -e ready_b ] && [ -e ready_c ]'
	kill -TERM "$pid"
	finish
	is "$how" "signal TERM"
	is "$(cat got_a got_b got_c | tr '\n' ' ')" "a b c "
}

@test "the child gets the same signal, once" {
	start again -n 5 -d 1ms -k 20s -- "$HELPERS/count_signals.py" ready counts INT,TERM,HUP
	wait_for '[ -s ready ]'
	kill -INT "$pid"
	finish
	is "$how" "signal INT"
	is "$(cat counts)" $'INT 1\nTERM 0\nHUP 0'
}

@test "KILL follows after the grace" {
	local before
	start again -n 5 -d 1ms -k 500ms -- sh -c 'trap "" TERM; : >ready; while :; do sleep 0.05; done'
	wait_for '[ -e ready ]'
	before=$(now_ms)
	kill -TERM "$pid"
	finish
	between $(($(now_ms) - before)) 450 5000
	is "$how" "signal TERM"
}

@test "a second signal during the grace ends it at once" {
	local before
	start again -n 5 -d 1ms -k 1h -o r.json -- \
		sh -c 'trap "echo got >>got" TERM; : >ready; while :; do sleep 0.02; done'
	wait_for '[ -e ready ]'
	kill -TERM "$pid"
	wait_for '[ -s got ]'
	sleep 0.3 # less than 0.1 seconds apart they would be one request
	before=$(now_ms)
	kill -TERM "$pid"
	finish
	between $(($(now_ms) - before)) 0 5000
	is "$how" "signal TERM"
	valid_report r.json
	is "$(query r.json .reason)" '"interrupted"'
}

@test "a signal during a timeout's grace stops the run" {
	start again -n 5 -d 1ms -t 200ms -k 1h -o r.json -- \
		sh -c 'trap "echo got >>got" TERM; while :; do sleep 0.02; done'
	wait_for '[ -s got ]'
	kill -INT "$pid"
	# The grace of the timeout runs already; a further signal ends it at once wherever the first one did not.
	wait_for '! alive "$pid"' 1 || kill -INT "$pid"
	finish
	is "$how" "signal INT"
	is "$(query r.json .reason)" '"interrupted"'
	is "$(query r.json .total_attempts)" 1
}

@test "USR2 and WINCH are passed on, and end nothing" {
	start again -n 5 -d 1ms --stop-on any -- "$HELPERS/count_signals.py" ready counts USR2,WINCH,USR1 0.6
	wait_for '[ -s ready ]'
	kill -USR2 "$pid"
	kill -WINCH "$pid"
	finish
	is "$how" "exit 1"
	is "$(cat counts)" $'USR2 1\nWINCH 1\nUSR1 0'
}

@test "USR2 and WINCH during a wait do nothing" {
	start again -n 1 -d 300ms --jitter none -o r.json -- false
	wait_for 'grep -q retrying start.err'
	kill -USR2 "$pid"
	kill -WINCH "$pid"
	finish
	is "$how" "exit 1"
	is "$(query r.json '.attempts[0].waited_seconds >= 0.3')" true
}

@test "a stopped again goes on where it was" {
	start again -n 1 -d 300ms --jitter none -o r.json -- false
	wait_for 'grep -q retrying start.err'
	kill -STOP "$pid"
	wait_for '[ "$(state_of "$pid")" = T ]'
	kill -CONT "$pid"
	finish
	is "$how" "exit 1"
	is "$(query r.json .total_attempts)" 2
}

@test "a timeout that meets the child's own end is one or the other, never a hang" {
	local seconds
	for seconds in 0.018 0.0185 0.019 0.0195 0.02 0.0205 0.021 0.0215 0.022; do
		try again -n 1 -d 1ms -t 20ms -k 10s -o r.json -- sleep "$seconds"
		like "$how" '^exit (0|124)$'
		valid_report r.json
	done
}

# A folder that other users can reach, with the program in it.
open_for_others() {
	open_folder=$(mktemp -d /tmp/again-test.XXXXXX)
	chmod 755 "$open_folder"
	cp "$AGAIN" "$open_folder/again"
	mkdir -m 777 "$open_folder/w"
	cd "$open_folder/w" || return 1
}

NOBODY=64737

@test "a fork that fails for lack of processes is a failed attempt" {
	need_root
	open_for_others
	try "$HELPERS/start_with.py" --user "$NOBODY" --nproc 1 -- "$open_folder/again" -n 2 -d 1ms -o r.json -- true
	[ "$status" -ne 0 ]
	valid_report r.json
	is "$(query r.json .total_attempts)" 3
	is "$(query r.json .reason)" '"exhausted"'
	is "$(query r.json '[.attempts[].status] | unique')" '["failed"]'
	like "$(query r.json '.attempts[0].error')" 'unavailable|process|start|fork'
}

@test "when there are processes again, it succeeds" {
	need_root
	need prlimit
	open_for_others
	start "$HELPERS/start_with.py" --user "$NOBODY" --nproc 1 -- "$open_folder/again" -n unlimited -d 10ms --backoff constant -- true
	wait_for 'grep -q "attempt 2" start.err'
	# As the same user: raising the soft limit takes no privilege.
	"$HELPERS/start_with.py" --user "$NOBODY" -- prlimit --pid "$pid" --nproc=100:
	finish
	is "$how" "exit 0"
	like "$(last_line)" '^again: Success after [0-9]+ retries'
}

# A program that becomes root for good: no signal of another user reaches it.
unkillable() {
	local source
	source=$(command -v setpriv) || skip "needs setpriv"
	cp "$source" become-root
	chmod 4755 become-root
	chown 0:0 become-root
	chmod 4755 become-root
	"$HELPERS/start_with.py" --user "$NOBODY" -- ./become-root --reuid 0 true 2>/dev/null ||
		skip "set-uid programs do not work here"
}

@test "what outlives KILL stops the run: 125, survivor, its pid named, no attempt beside it" {
	need_root
	open_for_others
	unkillable
	try_allow_left=1 try "$HELPERS/start_with.py" --user "$NOBODY" -- "$open_folder/again" -n 3 -d 1ms -k 200ms -o r.json -- \
		sh -c 'echo $AGAIN_ATTEMPT >>attempts; ./become-root --reuid 0 sleep 1000 >/dev/null 2>&1 & echo $! >survivor
			until grep -q "^Uid:.0.0" /proc/$!/status; do sleep 0.01; done; exit 1'
	to_end=$(cat survivor)
	is "$how" "exit 125"
	is "$(cat attempts)" 1
	has "$stderr" "$(cat survivor)"
	valid_report r.json
	is "$(query r.json .reason)" '"survivor"'
	is "$(query r.json .total_attempts)" 1
	alive "$(cat survivor)"
	end_process "$(cat survivor)"
}
