#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --config FILE: one option a line, the rest of the line is its value, # comments; the command line wins.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

@test "options come from the file" {
	cat >again.conf <<-'END'
		# how this machine retries
		max-retries 3
		base-delay 2ms

		jitter none
		output report.json
		name from the file
	END
	try again --config again.conf -- false
	is "$status" 1
	is "$(delays)" "0.002 0.004 0.008"
	report .max_retries 3
	report .name "from the file"
	is "$(last_line)" "again[from the file]: Failed after 3 retries (total delay: 0.014s): exit 1 (retries exhausted)"
}

@test "the command line wins, before and after --config" {
	printf 'max-retries 3\nbase-delay 1ms\njitter none\n' >again.conf
	try again --config again.conf -n 1 -- false
	has "$(last_line)" "after 1 retry"
	try again -n 1 --config again.conf -- false
	has "$(last_line)" "after 1 retry"
	try again --config=again.conf --max-retries=2 -- false
	has "$(last_line)" "after 2 retries"
}

@test "options without a value" {
	printf 'quiet\nmax-retries 1\nbase-delay 1ms\n' >again.conf
	try again --config again.conf -o report.json -- again flaky --failures 1
	is "$status" 0
	is "$stderr" ""
	report .total_attempts 2
}

@test "the rest of the line is the value: spaces, # and quotes inside belong to it" {
	printf 'name a "b"  c # d\nmax-retries 1\nbase-delay 1ms\n' >again.conf
	try again --config again.conf -o report.json -- false
	report .name 'a "b"  c # d'
}

@test "repeatable options keep their order" {
	printf 'stop-on exit:5\nretry-on any\nmax-retries 2\nbase-delay 1ms\n' >again.conf
	try again --config again.conf -o report.json -- sh -c 'exit 5'
	report .total_attempts 1
	try again --config again.conf -o report.json -- sh -c 'exit 6'
	report .total_attempts 3
}

@test "the command line's rules come before the file's" {
	printf 'retry-on exit:5\nmax-retries 2\nbase-delay 1ms\n' >again.conf
	try again --config again.conf --stop-on any -o report.json -- sh -c 'exit 5'
	report .total_attempts 1
	try again --config again.conf --stop-on exit:6 -o report.json -- sh -c 'exit 5'
	report .total_attempts 3
}

@test "space around is ignored, empty lines and comments too, the last line may have no end" {
	printf '\n   # indented comment\n  max-retries   2  \n\t\n\tbase-delay\t1ms\njitter none' >again.conf
	try again --config again.conf -o report.json -- false
	is "$status" 1
	is "$(delays)" "0.001 0.002"
}

@test "lines of another system end with CR LF" {
	printf 'max-retries 2\r\nbase-delay 1ms\r\njitter none\r\n' >again.conf
	try again --config again.conf -o report.json -- false
	if [ "$status" -eq 125 ]; then
		like "$stderr" 'again\.conf:1'
		is "$(line_count "$stderr")" 1
		hasnt "$stderr" $'\r'
	else
		is "$(delays)" "0.001 0.002"
	fi
}

@test "an empty file is no error" {
	: >again.conf
	try again --config again.conf -n 1 -- echo ran
	is "$status" 0
	is "$output" ran
}

@test "/dev/null is an empty file" {
	try again --config /dev/null -n 1 -- echo ran
	is "$status" 0
	is "$output" ran
}

@test "a file on a pipe works" {
	try bash -c 'again --config <(printf "max-retries 2\nbase-delay 1ms\n") -- false'
	has "$(last_line)" "after 2 retries"
}

@test "an unknown option names file, line and the nearest" {
	printf '# one\n# two\nmax-retrys 3\n' >again.conf
	try again --config again.conf -- touch ran
	is "$status" 125
	is "$(line_count "$stderr")" 1
	like "$stderr" 'again\.conf:3'
	has "$stderr" max-retrys
	has "$stderr" max-retries
	[ ! -e ran ]
}

@test "a bad value names file and line, and the command is not run" {
	printf 'jitter none\nbackoff cubic\n' >again.conf
	try again --config again.conf -- touch ran
	is "$status" 125
	is "$(line_count "$stderr")" 1
	like "$stderr" 'again\.conf:2'
	has "$stderr" backoff
	has "$stderr" cubic
	has "$stderr" fibonacci
	[ ! -e ran ]
}

@test "a value where none belongs names file and line" {
	printf 'quiet please\n' >again.conf
	try again --config again.conf -- touch ran
	is "$status" 125
	like "$stderr" 'again\.conf:1'
	[ ! -e ran ]
}

@test "a bad line that the command line overrides is an error all the same" {
	printf 'max-retries 0\n' >again.conf
	try again --config again.conf -n 2 -- touch ran
	is "$status" 125
	like "$stderr" 'again\.conf:1'
	[ ! -e ran ]
}

@test "a contradiction between file and command line is refused" {
	printf 'factor 3\n' >again.conf
	try again --config again.conf --backoff constant -- touch ran
	is "$status" 125
	is "$(line_count "$stderr")" 1
	has "$stderr" factor
	[ ! -e ran ]
}

@test "a config inside a config is refused, not followed for ever" {
	printf 'config again.conf\n' >again.conf
	try_limit=10 try again --config again.conf -- touch ran
	is "$status" 125
	is "$(line_count "$stderr")" 1
	like "$stderr" 'again\.conf:1'
	[ ! -e ran ]
}

@test "a folder, an unreadable file and a binary file are refused with one line" {
	local file
	mkdir folder
	head -c 3000 /dev/urandom >binary
	printf 'max-retries 3\0 4\n' >nul
	for file in folder nowhere/file binary nul; do
		try again --config "$file" -- touch ran
		is "$status" 125 "$file"
		is "$(line_count "$stderr")" 1
		has "$stderr" "$file"
		[ ! -e ran ]
	done
}

@test "a file without an end is refused" {
	try_limit=20 try again --config /dev/zero -- touch ran
	is "$status" 125
	is "$(line_count "$stderr")" 1
	[ ! -e ran ]
}

@test "plan takes a config too" {
	printf 'max-retries 2\nbase-delay 7ms\njitter none\n' >again.conf
	try again plan --config again.conf
	is "$status" 0
	like "$output" '0\.007'
	like "$output" '0\.014'
}
