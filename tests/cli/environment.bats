#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the child is told in its environment, and how an again inside an again behaves.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

# told NAME: prints `NAME=value` of each attempt, or `NAME unset`.
told() {
	# shellcheck disable=SC2016
	printf 'if [ "${%s+x}" ]; then echo "$%s"; else echo unset; fi' "$1" "$1"
}

# The boot clock in nanoseconds, plus so many milliseconds.
boottime_ns() {
	"$PY" -c "import time; print(time.clock_gettime_ns(time.CLOCK_BOOTTIME) + ${1:-0} * 1000000)"
}

@test "AGAIN_ATTEMPT counts from 1, AGAIN_MAX_ATTEMPTS is the retries and one" {
	try again -n 2 -d 1ms -- sh -c 'echo "$AGAIN_ATTEMPT/$AGAIN_MAX_ATTEMPTS"; exit 1'
	is "$output" $'1/3\n2/3\n3/3'
}

@test "AGAIN_MAX_ATTEMPTS of an unlimited run is no number that lies" {
	try again -n unlimited -d 1ms -- sh -c "$(told AGAIN_MAX_ATTEMPTS)"
	is "$output" unlimited
}

@test "AGAIN_RUN_ID is the report's, the same for every attempt, different for every run" {
	try again -n 2 -d 1ms -o r.json -- sh -c 'echo "$AGAIN_RUN_ID"; exit 1'
	is "$(printf '%s\n' "$output" | sort -u)" "$(query r.json .run_id | tr -d '"')"
	local first=$output
	try again -n 2 -d 1ms -- sh -c 'echo "$AGAIN_RUN_ID"; exit 1'
	[ "$output" != "$first" ]
}

@test "the first attempt has no last one" {
	try again -n 1 -- sh -c "$(told AGAIN_LAST_EXIT); $(told AGAIN_LAST_SIGNAL); $(told AGAIN_LAST_REASON)"
	is "$output" $'unset\nunset\nunset'
}

@test "AGAIN_LAST_EXIT and AGAIN_LAST_REASON after an exit" {
	try again -n 1 -d 1ms -- sh -c '[ "$AGAIN_ATTEMPT" = 1 ] && exit 7; echo "$AGAIN_LAST_EXIT|$AGAIN_LAST_SIGNAL|$AGAIN_LAST_REASON"'
	like "$output" '^7\|\|.+$'
	has "$output" "exit 7"
}

@test "AGAIN_LAST_SIGNAL is a name" {
	try again -n 1 -d 1ms -- sh -c '[ "$AGAIN_ATTEMPT" = 1 ] && kill -KILL $$; echo "$AGAIN_LAST_SIGNAL|$AGAIN_LAST_REASON"'
	is "$output" "KILL|signal KILL"
}

@test "what the last attempt was told is not told again when it no longer holds" {
	try again -n 2 -d 1ms -- sh -c 'echo "${AGAIN_LAST_EXIT-}|${AGAIN_LAST_SIGNAL-}"
		case $AGAIN_ATTEMPT in 1) kill -KILL $$ ;; 2) exit 4 ;; esac'
	is "$(printf '%s\n' "$output" | tail -n 1)" "4|"
	is "$(printf '%s\n' "$output" | sed -n 2p | cut -d'|' -f2)" KILL
}

@test "AGAIN_LAST_REASON after a timeout" {
	try again -n 1 -d 1ms -t 200ms -- sh -c '[ "$AGAIN_ATTEMPT" = 1 ] && sleep 1000; echo "$AGAIN_LAST_REASON"'
	has "$output" timeout
}

@test "AGAIN_ELAPSED_MS grows with the waits" {
	try again -n 2 -d 100ms --backoff constant --jitter none -- sh -c 'echo "$AGAIN_ELAPSED_MS"; exit 1'
	between "${lines[0]}" 0 2000
	between "${lines[1]}" $((lines[0] + 100)) 5000
	between "${lines[2]}" $((lines[1] + 100)) 9000
}

@test "AGAIN_REMAINING_MS is what the deadline leaves" {
	try again -n 1 -d 100ms --jitter none -D 60s -- sh -c 'echo "$AGAIN_REMAINING_MS"; exit 1'
	between "${lines[0]}" 50000 60000
	between "${lines[1]}" 40000 $((lines[0] - 100))
}

@test "AGAIN_DEADLINE_NS is on the boot clock" {
	local before after
	before=$(boottime_ns 60000)
	try again -n 1 -d 1ms -D 60s -- sh -c 'echo "$AGAIN_DEADLINE_NS"; exit 1'
	after=$(boottime_ns 60000)
	between "${lines[0]}" "$before" "$after"
	is "${lines[1]}" "${lines[0]}"
}

@test "without a deadline there is neither AGAIN_REMAINING_MS nor AGAIN_DEADLINE_NS" {
	try again -n 1 -- sh -c "$(told AGAIN_REMAINING_MS); $(told AGAIN_DEADLINE_NS)"
	is "$output" $'unset\nunset'
}

@test "the rest of the environment passes, even what is odd" {
	ODD=$'a\nb' EMPTY='' try again -n 1 -- sh -c 'printf "%s|%s" "$ODD" "${EMPTY-none}"'
	is "$output" $'a\nb|'
	try env -i "$AGAIN" -n 1 -- /usr/bin/env
	is "$(printf '%s\n' "$output" | grep -cv '^AGAIN_')" 0
}

@test "each name stands once in the environment, also inside another again" {
	try again -n 1 -D 60s -- again -n 1 -d 1ms -- sh -c '[ "$AGAIN_ATTEMPT" = 1 ] && exit 1; tr "\0" "\n" </proc/self/environ'
	is "$status" 0
	has "$output" "AGAIN_ATTEMPT=2"
	is "$(printf '%s\n' "$output" | grep '^AGAIN_' | cut -d= -f1 | sort | uniq -d)" ""
}

@test "an inner run counts its own attempts and has its own id and name" {
	try again -n 3 -d 1ms -o outer.json -- sh -c '
		[ "$AGAIN_ATTEMPT" -lt 3 ] && exit 9
		exec again -n 1 -d 1ms -o inner.json -- sh -c "echo \$AGAIN_ATTEMPT/\$AGAIN_MAX_ATTEMPTS; [ \$AGAIN_ATTEMPT = 2 ]"'
	is "$status" 0
	is "$output" $'1/2\n2/2'
	[ "$(query inner.json .run_id)" != "$(query outer.json .run_id)" ]
}

@test "what the outer run says of its last attempt does not leak into the inner run" {
	try again -n 1 -d 1ms -- sh -c '[ "$AGAIN_ATTEMPT" = 1 ] && exit 9
		exec again -n 1 -d 1ms -- sh -c "echo \"\${AGAIN_LAST_EXIT-unset} \${AGAIN_LAST_SIGNAL-unset} \${AGAIN_LAST_REASON-unset}\""'
	is "$output" "unset unset unset"
}

@test "an inner run's elapsed time is its own" {
	try again -n 1 -d 300ms --jitter none -- sh -c '[ "$AGAIN_ATTEMPT" = 1 ] && exit 9; exec again -n 1 -- sh -c "echo \$AGAIN_ELAPSED_MS"'
	between "$output" 0 290
}

@test "an inner run without a deadline has the outer one's" {
	local before after
	before=$(boottime_ns 60000)
	try again -n 1 -D 60s -- again -n 1 -- sh -c 'echo "$AGAIN_DEADLINE_NS"; echo "$AGAIN_REMAINING_MS"'
	after=$(boottime_ns 60000)
	between "${lines[0]}" "$before" "$after"
	between "${lines[1]}" 40000 60000
}

@test "the shorter of the two deadlines counts" {
	try again -n 1 -D 60s -- again -n 1 -D 1h -- sh -c 'echo "$AGAIN_REMAINING_MS"'
	between "$output" 40000 60000
	try again -n 1 -D 1h -- again -n 1 -D 60s -- sh -c 'echo "$AGAIN_REMAINING_MS"'
	between "$output" 40000 60000
}

@test "an inner run never outlives the outer deadline, by itself: in an attempt" {
	local before
	before=$(now_ms)
	AGAIN_DEADLINE_NS=$(boottime_ns 500) try again -n 5 -d 1ms -D 1h -o r.json -- sleep 1000
	is "$how" "exit 124"
	between $(($(now_ms) - before)) 300 6000
	is "$(query r.json .reason)" '"deadline"'
}

@test "an inner run never outlives the outer deadline, by itself: before a wait" {
	local before
	before=$(now_ms)
	AGAIN_DEADLINE_NS=$(boottime_ns 10000) try again -n 5 -d 30s --jitter none -o r.json -- sh -c 'exit 7'
	is "$how" "exit 7"
	between $(($(now_ms) - before)) 0 8000
	is "$(query r.json .reason)" '"would_exceed_deadline"'
}

@test "an outer deadline that has passed lets nothing run for long" {
	local before
	before=$(now_ms)
	AGAIN_DEADLINE_NS=$(boottime_ns -1000) try again -n 5 -d 1ms -k 100ms -o r.json -- sleep 1000
	is "$status" 124
	between $(($(now_ms) - before)) 0 6000
	valid_report r.json
}

@test "the outer deadline ends outer and inner and leaves nothing" {
	local before
	before=$(now_ms)
	try again -n 1 -D 500ms -k 5s -- again -n unlimited -d 10ms -k 5s -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	is "$how" "exit 124"
	between $(($(now_ms) - before)) 500 12000
}

@test "an outer timeout ends the inner run and its child" {
	try again -n 1 -d 1ms -t 300ms -k 2s -- again -n unlimited -d 10ms -- sleep 1000
	is "$how" "exit 124"
}

@test "nonsense in AGAIN_ variables from elsewhere does no harm" {
	local nonsense
	for nonsense in abc '' -1 99999999999999999999999 ' 5'; do
		AGAIN_ATTEMPT=$nonsense AGAIN_MAX_ATTEMPTS=$nonsense AGAIN_ELAPSED_MS=$nonsense AGAIN_REMAINING_MS=$nonsense \
			AGAIN_LAST_EXIT=$nonsense AGAIN_RUN_ID=$nonsense try again -n 1 -- sh -c 'echo "$AGAIN_ATTEMPT"'
		is "$status" 0 "nonsense '$nonsense'"
		is "$output" 1
	done
}

@test "a deadline from elsewhere that is no number is refused or ignored, never obeyed" {
	local nonsense
	for nonsense in abc -1 99999999999999999999999 ' 5' 5s; do
		AGAIN_DEADLINE_NS=$nonsense try again -n 1 -- sh -c 'echo "$AGAIN_ATTEMPT"'
		if [ "$status" -eq 125 ]; then
			is "$(line_count "$stderr")" 1
			has "$stderr" AGAIN_DEADLINE_NS
		else
			is "$status" 0 "nonsense '$nonsense'"
			is "$output" 1
		fi
	done
}

@test "the working folder and the umask are the caller's" {
	umask 027
	mkdir sub
	cd sub
	try again -n 1 -- sh -c 'pwd; umask'
	is "$output" "$(pwd)"$'\n0027'
	is "$(umask)" 0027
}
