#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which delays come out: growth, cap, jitter, seeds, the plan, and the waits that are not made.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

# schedule WANTED ARG...: the delays of a failing run.
schedule() {
	local wanted=$1
	shift
	try again -q -o report.json "$@" -- false
	is "$status" 1
	is "$(delays)" "$wanted" "delays of: $*"
}

@test "growth without jitter" {
	schedule "0.001 0.002 0.004 0.008" -n 4 -d 1ms --jitter none
	schedule "0.001 0.003 0.009 0.027" -n 4 -d 1ms --jitter none --factor 3
	schedule "0.004 0.006 0.009 0.0135" -n 4 -d 4ms --jitter none --factor 1.5
	schedule "0.001 0.001 0.001" -n 3 -d 1ms --jitter none --factor 1
	schedule "0.001 0.001 0.001" -n 3 -d 1ms --jitter none --backoff constant
	schedule "0.001 0.002 0.003 0.004" -n 4 -d 1ms --jitter none --backoff linear
	schedule "0.001 0.001 0.002 0.003 0.005 0.008" -n 6 -d 1ms --jitter none --backoff fibonacci
	schedule "0.001 0.004 0.009 0.016" -n 4 -d 1ms --jitter none --backoff polynomial
	schedule "0.001 0.008 0.027" -n 3 -d 1ms --jitter none --backoff polynomial:3
	schedule "0.001 0.002 0.003" -n 3 -d 1ms --jitter none --backoff polynomial:1
	schedule "0.003 0.001 0.002 0.002 0.002" -n 5 --jitter none --backoff list:3ms/1ms/2ms
	schedule "0.005 0.005" -n 2 --jitter none --backoff list:5ms
}

@test "the cap cuts the growth" {
	schedule "0.001 0.002 0.003 0.003" -n 4 -d 1ms --jitter none --max-delay 3ms
	schedule "0.001 0.002 0.002" -n 3 -d 1ms --jitter none --backoff linear --max-delay 2ms
	schedule "0.003 0.002 0.003" -n 3 --jitter none --backoff list:9ms/2ms/4ms --max-delay 3ms
	schedule "0.002 0.002" -n 2 -d 2ms --jitter none --max-delay 2ms
}

@test "a list has no default cap" {
	try again plan -n 1 --backoff list:2h --jitter none
	is "$status" 0
	like "$output" '7200|2h'
}

# in_range LEAST MOST...: report.json's delays, in nanoseconds, lie in their ranges, "least-most" each, the last repeated.
in_range() {
	"$PY" - "$@" <<-'END'
		import json, sys
		from decimal import Decimal
		ranges = [tuple(map(int, word.split("-"))) for word in sys.argv[1:]]
		with open("report.json") as file:
		    attempts = json.load(file, parse_float=Decimal)["attempts"]
		delays = [int(a["delay_seconds"] * 10**9) for a in attempts if a.get("delay_seconds") is not None]
		assert delays, "no delays"
		for n, delay in enumerate(delays):
		    least, most = ranges[min(n, len(ranges) - 1)]
		    assert least <= delay <= most, f"delay {n}: {delay} is not in {least} to {most}: {delays}"
		assert len(set(delays)) > len(delays) // 2, f"no spread: {delays}"
		tail = delays[len(ranges):]
		least, most = ranges[-1]
		if len(tail) >= 40:
		    middle = (least + most) // 2
		    below = sum(delay < middle for delay in tail)
		    assert len(tail) // 5 < below < 4 * len(tail) // 5, f"{below} of {len(tail)} below the middle"
		    assert sum(delay == most for delay in tail) <= len(tail) // 10, "bunched at the cap"
	END
}

@test "full jitter: above 0, up to the growth, spread at the cap" {
	local seed
	for seed in 1 2 3; do
		try again -q -n 60 -d 100us --max-delay 400us --jitter full --seed "$seed" -o report.json -- false
		in_range 1-100000 1-200000 1-400000
	done
}

@test "equal jitter: the upper half, spread at the cap" {
	local seed
	for seed in 1 2 3; do
		try again -q -n 60 -d 100us --max-delay 400us --jitter equal --seed "$seed" -o report.json -- false
		in_range 50000-100000 100000-200000 200000-400000
	done
}

@test "equal is the default" {
	try again -q -n 60 -d 100us --max-delay 400us --seed 9 -o report.json -- false
	local default
	default=$(delays)
	try again -q -n 60 -d 100us --max-delay 400us --seed 9 --jitter equal -o report.json -- false
	is "$(delays)" "$default"
}

@test "proportional jitter: around the growth, never above the cap" {
	try again -q -n 60 -d 100us --max-delay 450us --jitter proportional:0.5 --seed 5 -o report.json -- false
	in_range 50000-150000 100000-300000 150000-450000
	try again -q -n 60 -d 100us --backoff constant --jitter proportional --seed 5 -o report.json -- false
	in_range 80000-120000
}

@test "decorrelated jitter: from the base to three times the last delay, never above the cap" {
	try again -q -n 80 -d 100us --max-delay 1ms --jitter decorrelated --seed 5 -o report.json -- false
	in_range 100000-300000 100000-1000000
	"$PY" - <<-'END'
		import json
		from decimal import Decimal
		with open("report.json") as file:
		    attempts = json.load(file, parse_float=Decimal)["attempts"]
		delays = [a["delay_seconds"] for a in attempts if a.get("delay_seconds") is not None]
		for last, delay in zip(delays, delays[1:]):
		    assert delay <= 3 * last, (last, delay)
	END
}

@test "jitter on a list" {
	try again -q -n 50 --backoff list:100us/300us --jitter equal --seed 5 -o report.json -- false
	in_range 50000-100000 150000-300000
}

@test "the same seed gives the same schedule, another seed another" {
	local kind
	for kind in full equal decorrelated proportional:0.3; do
		try again -q -n 10 -d 1ms --max-delay 3ms --jitter "$kind" --seed 7 -o report.json -- false
		local first
		first=$(delays)
		try again -q -n 10 -d 1ms --max-delay 3ms --jitter "$kind" --seed 7 -o report.json -- sh -c 'exit 5'
		is "$(delays)" "$first" "$kind"
		report .seed 7
		try again -q -n 10 -d 1ms --max-delay 3ms --jitter "$kind" --seed 8 -o report.json -- false
		[ "$(delays)" != "$first" ]
	done
}

@test "how long attempts take does not change the schedule" {
	try again -q -n 4 -d 1ms --seed 7 -o report.json -- false
	local first
	first=$(delays)
	try again -q -n 4 -d 1ms --seed 7 -o report.json -- sh -c 'sleep 0.0$AGAIN_ATTEMPT; exit 1'
	is "$(delays)" "$first"
}

@test "a shorter run's schedule is the beginning of a longer one's" {
	try again -q -n 3 -d 1ms --seed 7 -o report.json -- false
	local short
	short=$(delays)
	try again -q -n 6 -d 1ms --max-delay 60s --seed 7 -o report.json -- false
	like "$(delays)" "^$short "
}

# plan_line N: the plan's line of retry N; it begins with the number.
plan_line() {
	printf '%s\n' "$output" | grep -E "^ *$1([^0-9.]|\$)"
}

last_output_line() {
	printf '%s\n' "${output##*$'\n'}"
}

# as_told SECONDS: a delay as people read it, to the millisecond.
as_told() {
	"$PY" -c '
from decimal import Decimal, ROUND_HALF_UP
import sys
text = str(Decimal(sys.argv[1]).quantize(Decimal("0.001"), ROUND_HALF_UP))
print(text.rstrip("0").rstrip(".") if "." in text else text)' "$1"
}

@test "plan --seed prints the schedule that a run with this seed has" {
	local kind delay number
	for kind in none full equal decorrelated proportional:0.3; do
		try again -q -n 6 -d 3ms --max-delay 40ms --jitter "$kind" --seed 11 -o report.json -- false
		local made=()
		read -r -a made <<<"$(delays)"
		is "${#made[@]}" 6
		try again plan -n 6 -d 3ms --max-delay 40ms --jitter "$kind" --seed 11
		is "$status" 0
		is "$stderr" ""
		number=1
		for delay in "${made[@]}"; do
			local line
			line=$(plan_line "$number")
			if [[ $line != *"$delay"* ]]; then
				like "$line" "(^|[^0-9.])$(as_told "$delay" | sed 's/\./\\./')s?([^0-9.]|\$)"
			fi
			number=$((number + 1))
		done
	done
}

@test "plan runs nothing and writes nothing" {
	try again plan -n 2 -o report.json -- touch ran
	[ ! -e ran ]
	[ ! -e report.json ]
	try again plan -n 2
	is "$status" 0
	[ -n "$output" ]
	is "$(ls -A)" ""
}

@test "plan prints least, median, most and the sum" {
	try again plan -n 3 -d 1s --jitter equal
	is "$status" 0
	like "$output" 'least'
	like "$output" 'median'
	like "$output" 'most'
	like "$(plan_line 1)" '0\.5.*0\.75.*1'
	like "$(plan_line 2)" '1.*1\.5.*2'
	like "$(plan_line 3)" '2.*3.*4'
	is "$(plan_line 4)" ""
}

@test "plan shows what the deadline does" {
	try again plan -n 5 -d 1s --jitter none -D 5s
	is "$status" 0
	like "$output" 'deadline'
	try again plan -n 5 -d 1s --jitter none
	unlike "$(plan_line 3)" 'deadline'
}

@test "plan prints the distribution of the total" {
	try again plan -n 2 -d 1s --backoff constant --jitter full
	is "$status" 0
	# Two uniform delays: the median of their sum is 1 s, and 95 % are below 2 - sqrt(0.1) = 1.684 s.
	like "$(last_output_line)" '^total delay: least 0s, median (0\.9[89]|1\.0[0-2])[0-9]*s, 95 % within 1\.(6[789]|70)[0-9]*s, most 2s$'
	try again plan -n 2 -d 1s --backoff constant --jitter full --seed 5
	like "$(last_output_line)" ', most 2s, with the seed [0-9.]+s$'
	# Without jitter there is one sum.
	try again plan -n 2 -d 1s --jitter none
	is "$(last_output_line)" "total delay: least 3s, most 3s"
	try again plan -n unlimited --jitter decorrelated
	like "$(last_output_line)" '^total delay of these: least 20s, median [0-9.]+s, 95 % within [0-9.]+s, most [0-9.]+s$'
}

@test "plan tells the same each time, whatever the seed" {
	local kind first
	for kind in equal decorrelated; do
		try again plan -n 6 --jitter "$kind" -D 40s
		first=$output
		try again plan -n 6 --jitter "$kind" -D 40s
		is "$output" "$first"
		try again plan -n 6 --jitter "$kind" -D 40s --seed 3
		is "$(last_output_line)" "${first##*$'\n'}"
	done
}

@test "plan tells the chance that all attempts fit the deadline" {
	# P(U + U < 1.5) = 0.875; with 0.2 s for each of the two attempts before the last: P(U + U < 1.1) = 0.595.
	try again plan -n 2 -d 1s --backoff constant --jitter full -D 1.5s
	is "$status" 0
	like "$(last_output_line)" '^chance of all 3 attempts: 8[678] % if they take no time$'
	try again plan -n 2 -d 1s --backoff constant --jitter full -D 1.5s -t 200ms
	like "$(last_output_line)" '^chance of all 3 attempts: 8[678] % if they take no time, (58|59|60|61) % if each takes its 0\.2s$'
	# The initial delay counts.
	try again plan -n 1 -d 1s --jitter none --initial-delay 1s -D 2s
	is "$(last_output_line)" "chance of all 2 attempts: 0 % if they take no time"
	try again plan -n 1 -d 1s --jitter none --initial-delay 1s -D 2.001s
	is "$(last_output_line)" "chance of all 2 attempts: 100 % if they take no time"
	# What is not certain is not told as if it were.
	try again plan -n 1 -d 1s --jitter full -D 998ms
	is "$(last_output_line)" "chance of all 2 attempts: over 99 % if they take no time"
	try again plan -n 1 -d 1s --jitter full -D 2ms
	is "$(last_output_line)" "chance of all 2 attempts: under 1 % if they take no time"
}

@test "plan tells no chance where there is no deadline or no last attempt" {
	try again plan -n 3 -t 1s
	unlike "$output" 'chance'
	try again plan -n unlimited -D 1m
	unlike "$output" 'chance'
	try again plan -n 1001 -D 1m
	unlike "$output" 'chance'
}

@test "plan of 1000 retries that walk their own way ends" {
	try_limit=20 try again plan -n 1000 --jitter decorrelated -D 1h
	is "$status" 0
	is "$(line_count "$output")" 1004
}

@test "plan of an unlimited run ends" {
	try_limit=10 try again plan -n unlimited
	is "$status" 0
	between "$(line_count "$output")" 5 5000
}

@test "plan of a million retries ends, and its delays stay at the cap" {
	try_limit=20 try again plan -n 1000000 --jitter none
	is "$status" 0
	like "$output" '60s?'
	unlike "$output" '-[0-9]'
}

@test "no sleep after the last attempt" {
	local before
	before=$(now_ms)
	try again -n 1 --backoff list:1ms/1h --jitter none -- false
	is "$status" 1
	between $(($(now_ms) - before)) 0 5000
	try again -n 1 --backoff list:1ms/1h --jitter none -- again flaky --failures 1
	is "$status" 0
	between $(($(now_ms) - before)) 0 10000
}

@test "no sleep before an end that is already known" {
	local before
	before=$(now_ms)
	try again -n 5 -d 1h --max-delay 1h --stop-on exit:1 -- false
	is "$status" 1
	try again -n 5 -d 1h --max-delay 1h -- nowhere-to-be-found
	is "$status" 127
	try again -n 5 -d 1h --max-delay 1h -D 30s --jitter none -- false
	is "$status" 1
	between $(($(now_ms) - before)) 0 8000
}

@test "waits that fit the deadline are made, the one that does not is not" {
	try again -n 9 -d 100ms --jitter none -D 1s -o report.json -- false
	is "$status" 1
	# 0.1 + 0.2 + 0.4 fit, 0.8 does not.
	is "$(delays)" "0.1 0.2 0.4"
	report .reason would_exceed_deadline
	report .total_attempts 4
}

@test "--initial-delay: exactly that without jitter, not in the total" {
	local before
	before=$(now_ms)
	try again -n 1 -d 1ms --initial-delay 400ms --jitter none -o report.json -- false
	between $(($(now_ms) - before)) 400 5000
	report .total_delay_seconds 0.001
	report '.duration_seconds >= 0.4' true
	has "$(last_line)" "(total delay: 0.001s)"
}

@test "--initial-delay with jitter: uniform from 0 to it, by the seed" {
	local seed took short=0 long=0
	for seed in 1 2 3 4 5 6 7 8 9 10; do
		try again -n 1 --initial-delay 200ms --seed "$seed" -o report.json -- true
		took=$(jq '.duration_seconds * 1000 | floor' report.json)
		between "$took" 0 5000
		if ((took < 100)); then short=1; else long=1; fi
	done
	is "$short$long" 11 "both halves of the range occur"
}

@test "--initial-delay 0 is no delay" {
	local before
	before=$(now_ms)
	try again -n 1 --initial-delay 0 -- echo ran
	is "$status" 0
	is "$output" ran
	between $(($(now_ms) - before)) 0 3000
}

@test "an initial delay that cannot fit the deadline is not waited for, and nothing runs" {
	local before
	before=$(now_ms)
	try again -n 1 --initial-delay 1h --jitter none -D 1s -- touch ran
	[ "$status" -ne 0 ]
	between $(($(now_ms) - before)) 0 5000
	[ ! -e ran ]
}

@test "--reset-after: a long attempt resets the delay, not the count" {
	try again -n 5 -d 10ms --jitter none --reset-after 300ms -o report.json -- \
		sh -c '[ "$AGAIN_ATTEMPT" != 3 ] || sleep 0.35; exit 1'
	is "$(delays)" "0.01 0.02 0.01 0.02 0.04"
	report .total_attempts 6
}

@test "without --reset-after a long attempt resets nothing" {
	try again -n 3 -d 10ms --jitter none -o report.json -- sh -c '[ "$AGAIN_ATTEMPT" != 2 ] || sleep 0.35; exit 1'
	is "$(delays)" "0.01 0.02 0.04"
}

@test "2000 retries of a nanosecond" {
	local before
	before=$(now_ms)
	try_limit=60 try again -n 2000 --base-delay 1ns --backoff constant --jitter none -q -o report.json -- nowhere-to-be-found
	is "$status" 127
	try_limit=60 try again -n 2000 --base-delay 1ns --backoff constant --jitter none -q -o report.json -- false
	is "$status" 1
	report .total_attempts 2001
	report '.total_delay_seconds == 0.000002' true
	is "$(last_line)" "again: Failed after 2000 retries (total delay: 0s): exit 1 (retries exhausted)"
	between $(($(now_ms) - before)) 0 30000
}

@test "the cap holds when the growth has long overflowed" {
	try again -n 200 -d 1us --max-delay 2us --factor 1000000 --jitter none -q -o report.json -- false
	report '[.attempts[].delay_seconds | select(. != null)] | unique == [0.000001,0.000002]' true
	try again plan -n 20 -d 1s --jitter none --backoff polynomial:8
	is "$status" 0
	like "$(plan_line 20)" '(^|[^0-9.])60s?'
}
