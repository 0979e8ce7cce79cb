#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# At a terminal: ^C, ^Z, fg, readers of /dev/tty, hangup. A pty plays the terminal.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

# at_terminal STEP... -- CMD...: CMD leads the session of a fresh terminal; $output is what the terminal showed.
at_terminal() {
	try "$HELPERS/pty_run.py" --how-file pty.how "$@"
	pty_how=none
	if [ -e pty.how ]; then
		pty_how=$(<pty.how)
	fi
	hasnt "$stderr" "stuck"
}

SHELL_AT_TERMINAL=(env HISTFILE= "PS1=$ " bash --norc --noprofile --noediting -i)

@test "^C ends child and again at once; again dies of INT" {
	local before
	before=$(now_ms)
	at_terminal file=ready 'send=\x03' gone=ready -- \
		again -n 5 -d 1h --max-delay 1h -k 1h -o r.json -- sh -c 'echo $$ >ready; exec sleep 1000'
	is "$pty_how" "signal INT"
	between $(($(now_ms) - before)) 0 8000
	is "$(query r.json .reason)" '"interrupted"'
	is "$(query r.json .total_attempts)" 1
}

@test "^C during a wait ends again at once" {
	at_terminal 'expect=retrying' 'send=\x03' -- again -n 5 -d 1h --max-delay 1h -o r.json -- sh -c 'exit 7'
	is "$pty_how" "signal INT"
	is "$(query r.json .reason)" '"interrupted"'
}

@test '^\ ends child and again at once; again dies of QUIT' {
	at_terminal file=ready 'send=\x1c' gone=ready -- again -n 5 -d 1h --max-delay 1h -- sh -c 'echo $$ >ready; exec sleep 1000'
	is "$pty_how" "signal QUIT"
}

@test "^C stops the shell's loop around again too" {
	at_terminal file=ready 'send=\x03' gone=ready -- \
		bash -c 'while :; do echo round >>rounds; again -n 5 -d 10ms -- sh -c "echo \$\$ >ready; exec sleep 1000"; done'
	is "$pty_how" "signal INT"
	is "$(wc -l <rounds)" 1
}

@test "^C stops the shell's loop also when it comes during a wait" {
	at_terminal 'expect=retrying' 'send=\x03' -- bash -c 'while :; do echo round >>rounds; again -n 5 -d 1h --max-delay 1h -- false; done'
	is "$pty_how" "signal INT"
	is "$(wc -l <rounds)" 1
}

@test "^C and a child that handles it and exits: again still dies of INT, and the loop stops" {
	at_terminal file=ready 'send=\x03' -- \
		bash -c 'while :; do echo round >>rounds; again -n 5 -d 10ms -- sh -c "trap \"exit 0\" INT; echo \$\$ >ready; while :; do sleep 0.02; done"; done'
	is "$pty_how" "signal INT"
	is "$(wc -l <rounds)" 1
}

@test "^C ends descendants in sessions of their own too" {
	at_terminal file=ready file=far 'send=\x03' gone=ready gone=far -- \
		again -n 5 -d 1h --max-delay 1h -k 1s -- sh -c 'setsid sh -c "echo \$\$ >far; exec sleep 1000" & echo $$ >ready; sleep 1000; sleep 1000'
	is "$pty_how" "signal INT"
}

@test "^C is not delivered twice to the child" {
	at_terminal file=ready 'send=\x03' file=counts -- again -n 5 -d 10ms -k 1h -- "$HELPERS/count_signals.py" ready counts INT,TERM
	is "$pty_how" "signal INT"
	is "$(cat counts)" $'INT 1\nTERM 0'
}

@test "an INT from kill(1), not from the terminal, is sent on to the child, once" {
	at_terminal file=ready file=counts -- \
		sh -c 'again -n 5 -d 10ms -k 1h -- "$0" ready counts INT,TERM & again=$!; until [ -s ready ]; do sleep 0.01; done; kill -TERM $again; wait $again; echo "code $?"' \
		"$HELPERS/count_signals.py"
	is "$(cat counts)" $'INT 0\nTERM 1'
	has "$output" "code 143"
}

@test "the child is in again's own group, the terminal's foreground one" {
	at_terminal -- again -n 1 -- sh -c 'read -r _ _ _ _ group _ _ foreground _ </proc/$$/stat
		read -r _ _ _ _ agains _ </proc/$PPID/stat
		echo "group $group foreground $foreground again $agains" >seen'
	is "$pty_how" "exit 0"
	local group foreground agains
	read -r _ group _ foreground _ agains <seen
	is "$foreground" "$group" "the child's group is in the foreground"
	is "$agains" "$group" "and is again's"
}

@test "the terminal is never handed over, from the first attempt to the last" {
	at_terminal -- again -n 2 -d 10ms -- sh -c 'read -r _ _ _ _ _ _ _ foreground _ </proc/$$/stat; echo $foreground >>seen; exit 1'
	is "$(sort -u seen | wc -l)" 1
	is "$(wc -l <seen)" 3
}

# The spaces: a shell that is interrupted at its prompt loses the next key.
@test "in the background of a terminal the child has its own group, and ^C does not reach it" {
	at_terminal 'send=again -n 1 -- sh -c '"'"'echo $$ >ready; until [ -e go ]; do sleep 0.02; done; echo ended >ended'"'"' &\n' \
		file=ready 'send=\x03' 'send=    \necho still there\n' 'expect=still there' touch=go 'send=wait; exit\n' -- "${SHELL_AT_TERMINAL[@]}"
	is "$(cat ended)" ended
}

@test "a child that reads the terminal gets what is typed" {
	at_terminal 'expect=name\?' 'send=Ada\n' 'expect=hello Ada' -- again -n 1 -- sh -c 'echo "name?"; read -r name; echo "hello $name"'
	is "$pty_how" "exit 0"
}

@test "and so does the second attempt" {
	at_terminal 'expect=name 1\?' 'send=Ada\n' 'expect=name 2\?' 'send=Bob\n' 'expect=hello Bob' -- \
		again -n 1 -d 10ms -- sh -c 'echo "name $AGAIN_ATTEMPT?"; read -r name; [ "$name" = Bob ] && echo "hello $name"'
	is "$pty_how" "exit 0"
}

@test "a reader of /dev/tty beside again in a pipeline keeps working" {
	at_terminal 'send=again -n 1 -d 10ms -- sh -c '"'"'echo data; until [ -e got ]; do sleep 0.02; done'"'"' | (read -r x </dev/tty; echo "got:$x" >got; cat; cat got)\n' \
		'send=hello\n' 'expect=got:hello' 'send=exit\n' -- "${SHELL_AT_TERMINAL[@]}"
	is "$pty_how" "exit 0"
	has "$output" data
	hasnt "$output" Stopped
}

@test "a reader of /dev/tty keeps working between the attempts too" {
	at_terminal 'send=again -n 50 -d 20ms --backoff constant -- sh -c '"'"'[ -e got ]'"'"' 2>/dev/null | (read -r x </dev/tty; echo "got:$x" >got; cat; cat got)\n' \
		'send=hello\n' 'expect=got:hello' 'send=exit\n' -- "${SHELL_AT_TERMINAL[@]}"
	is "$pty_how" "exit 0"
	hasnt "$output" Stopped
}

@test "^Z stops the whole job and fg continues it" {
	at_terminal 'send=again -n 1 -- sh -c '"'"'echo $PPID $$ >ready; until [ -e go ]; do sleep 0.02; done; echo went on'"'"'\n' \
		file=ready 'send=\x1a' expect=Stopped state=ready:T \
		'send=fg\n' state=ready:SR touch=go 'expect=went on' 'send=exit\n' -- "${SHELL_AT_TERMINAL[@]}"
	is "$pty_how" "exit 0"
}

@test "^Z during a wait stops again, and fg continues the wait" {
	at_terminal 'send=again -n 1 -d 500ms --jitter none -o r.json -- sh -c '"'"'echo $PPID >pid; exit 7'"'"'; echo "code $?"\n' \
		'expect=retrying' 'send=\x1a' expect=Stopped state=pid:T \
		'send=fg\n' 'expect=Failed after 1 retry' 'send=exit\n' -- "${SHELL_AT_TERMINAL[@]}"
	is "$(query r.json .total_attempts)" 2
}

@test "a job that was stopped can be ended" {
	at_terminal 'send=again -n 1 -k 1s -- sh -c '"'"'echo $PPID $$ >ready; exec sleep 1000'"'"'\n' \
		file=ready 'send=\x1a' expect=Stopped state=ready:T \
		'send=kill %1; fg\n' gone=ready 'send=exit\n' -- "${SHELL_AT_TERMINAL[@]}"
}

@test "a timeout ends the whole tree at the terminal, without a group to signal" {
	at_terminal -- again -n 1 -d 10ms -t 200ms -k 200ms -- \
		sh -c 'trap "" TERM; (while :; do sleep 0.05; done) & setsid sleep 1000 & while :; do sleep 0.05; done'
	is "$pty_how" "exit 124"
}

@test "a timeout at the terminal does not touch others in the foreground group" {
	at_terminal 'send=again -n 1 -d 10ms -t 100ms -q -- sleep 1000 | sh -c '"'"'cat; echo "neighbour lives"'"'"'; echo "codes ${PIPESTATUS[*]}"\n' \
		'expect=neighbour lives' 'expect=codes 124 0' 'send=exit\n' -- "${SHELL_AT_TERMINAL[@]}"
}

@test "a hangup ends child and again" {
	at_terminal file=ready hangup gone=ready -- again -n 5 -d 1h --max-delay 1h -k 1h -- sh -c 'echo $$ >ready; exec sleep 1000'
	is "$pty_how" "signal HUP"
}

@test "the child still has its terminal on 0, 1 and 2" {
	at_terminal -- again -n 1 -- sh -c '[ -t 0 ] && [ -t 1 ] && [ -t 2 ]'
	is "$pty_how" "exit 0"
}
