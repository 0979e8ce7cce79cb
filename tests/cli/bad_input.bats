#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Bad input is refused before anything runs: one line that names the option, the value, the reason and an accepted form; exit 125.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

# refused ARG...: again ARG... -- CMD is refused with one line, and CMD does not run.
refused() {
	try again "$@" -- touch ran
	is "$status" 125
	is "$output" ""
	is "$(line_count "$stderr")" 1 "lines on stderr"
	like "$stderr" '^again: '
	if [ -e ran ]; then
		echo "the command was run" >&2
		return 1
	fi
}

# bad OPTION VALUE ERE: OPTION VALUE is refused; the line names both, and the reason or the accepted form matches ERE.
bad() {
	refused "$1" "$2"
	has "$stderr" "$1"
	has "$stderr" "$2"
	like "${stderr/"$1"/}" "$3"
	# The line says more than what it repeats: a reason and a form.
	between "${#stderr}" $((${#1} + ${#2} + 25)) 400
}

# The units show what a duration looks like.
DURATION='[0-9](ms|s|m|h)'

# contradiction WORD WORD ARG...: two options that contradict each other: the line has both words.
contradiction() {
	local first=$1 second=$2
	shift 2
	refused "$@"
	has "$stderr" "$first"
	has "$stderr" "$second"
}

@test "--max-retries 0" {
	bad --max-retries 0 'must be at least 1; to run once, do not use again'
	refused -n 0
	has "$stderr" "must be at least 1; to run once, do not use again"
}

@test "--max-retries -1" {
	bad --max-retries -1 'at least 1|unlimited'
}

@test "--max-retries abc" {
	bad --max-retries abc 'unlimited'
}

@test "--max-retries 1e99" {
	bad --max-retries 1e99 'unlimited'
}

@test "--max-retries with nothing in it" {
	bad --max-retries '' 'unlimited'
	has "$stderr" "''"
}

@test "--max-retries: other numbers that are none" {
	local value
	for value in 1.5 +3 0x10 ' 3' '3 ' 99999999999999999999 4294967296 Unlimited -0; do
		bad --max-retries "$value" 'unlimited|at least 1|at most'
	done
}

@test "--max-retries=0 and -n0 are refused like --max-retries 0" {
	refused --max-retries=0
	has "$stderr" "must be at least 1"
	refused -n0
	has "$stderr" "must be at least 1"
}

@test "--base-delay -1" {
	bad --base-delay -1 "$DURATION"
}

@test "--base-delay 0" {
	bad --base-delay 0 'above 0|greater than 0|more than 0|> 0|positive'
	bad --base-delay 0ms 'above 0|greater than 0|more than 0|> 0|positive'
}

@test "--base-delay nan" {
	bad --base-delay nan "$DURATION"
}

@test "--base-delay 1x" {
	bad --base-delay 1x "$DURATION"
}

@test "--base-delay 1h30: a number without its unit after one with" {
	bad --base-delay 1h30 "$DURATION"
}

@test "--base-delay: other durations that are none" {
	local value
	for value in '' inf 1e3 ' 1' '1 s' +1 0x1 1s1s 1m1h . 1.2.3 s 1,5 0.0000000001 99999999999999999999 -0.5s 1S; do
		bad --base-delay "$value" "$DURATION|above 0|too (large|small|long|short)|at (most|least)"
	done
}

@test "every other duration is read as strictly" {
	local option value
	for option in --max-delay --initial-delay --reset-after --timeout --kill-after --deadline; do
		for value in -1 abc '' 1x 1h30 nan 99999999999999999999d; do
			bad "$option" "$value" "$DURATION|at most|too (large|long)"
		done
	done
}

@test "--factor 0.5" {
	bad --factor 0.5 'at least 1|1 or more|>= ?1'
}

@test "--factor: what is no number of 1 or more" {
	local value
	for value in 0 -2 abc '' nan inf 1e3 0.999 ' 2'; do
		bad --factor "$value" 'at least 1|1 or more|>= ?1|number'
	done
}

@test "a given --max-delay below the base" {
	refused --base-delay 10s --max-delay 1s
	has "$stderr" --max-delay
	has "$stderr" --base-delay
	has "$stderr" "'1s'"
}

@test "a --max-delay below the default base is refused too" {
	refused --max-delay 500ms
	has "$stderr" --max-delay
	has "$stderr" 500ms
	has "$stderr" --base-delay
}

@test "--base-delay above the default cap is no contradiction: the cap is the base then" {
	try again plan -n 3 --base-delay 2m --jitter none
	is "$status" 0
	like "$output" $'\n *3 +(120s|2m) +(120s|2m) +(120s|2m) '
}

@test "unknown jitter lists the known ones" {
	local kind
	bad --jitter fulll full
	for kind in none full equal decorrelated proportional; do
		has "$stderr" "$kind"
	done
	bad --jitter '' equal
	bad --jitter FULL full
	bad --jitter full:0.5 equal
}

@test "proportional jitter's ratio is between 0 and 1, both excluded" {
	local value
	for value in proportional:0 proportional:1 proportional:1.5 proportional:-0.1 proportional:x proportional: proportional:nan; do
		bad --jitter "$value" '0.*1|number|proportional'
	done
}

@test "unknown backoff lists the known ones" {
	local kind
	bad --backoff expo exponential
	for kind in constant linear exponential fibonacci polynomial list; do
		has "$stderr" "$kind"
	done
	bad --backoff constant:2 linear
}

@test "a polynomial's degree is 1 to 8" {
	local value
	for value in polynomial:0 polynomial:9 polynomial:x polynomial: polynomial:1.5 polynomial:-1; do
		bad --backoff "$value" '1.*8'
	done
}

@test "a list's delays are durations above 0" {
	local value
	for value in list: list list:0 list:1s//2s list:1s/ list:/1s list:1s/x list:-1 list:1s,2s; do
		bad --backoff "$value" "list:|$DURATION"
	done
}

@test "--seed is 0 to 2^53-1" {
	local value
	for value in -1 abc '' 9007199254740992 1.5 99999999999999999999 0x1; do
		bad --seed "$value" '9007199254740991|2\^53'
	done
	try again -n 1 --seed 9007199254740991 -- true
	is "$status" 0
	try again -n 1 --seed 0 -- true
	is "$status" 0
}

@test "--success: exit codes 0 to 255" {
	local value
	for value in '' abc 256 '0,' ,0 0,,1 -1 3-1 '!' '0,x' 1- 0-256 '!!0' '0;1'; do
		bad --success "$value" '0-255|0 to 255|255|!0|0,3|0,1|code'
	done
}

@test "--retry-on and --stop-on: what is no WHEN" {
	local option value
	for option in --retry-on --stop-on; do
		for value in '' foo exit: exit exit:256 exit:x exit:5-1 'exit:1,' signal: signal:FOO signal:0 signal:65 timeout:1 any:1 \
			'exit:1&' '&exit:1' 'exit:1&&timeout' 'exit:1|timeout' 'exit:-1'; do
			bad "$option" "$value" 'exit|signal|timeout'
		done
	done
}

@test "WHEN kinds that need a watched stream are not there" {
	local value
	for value in stdout:/x/ stderr:/x/ output:/x/ idle; do
		bad --retry-on "$value" 'exit'
	done
}

@test "--kill-leftovers, --log-format: an unknown word lists the known ones" {
	bad --kill-leftovers sometimes 'failed.*always.*never|failed.*never.*always'
	bad --log-format xml 'text.*json|json.*text'
	bad --kill-leftovers '' failed
	bad --log-format '' json
}

@test "--exit-on-give-up is an exit code" {
	local value
	for value in -1 256 abc '' 1.5; do
		bad --exit-on-give-up "$value" '255'
	done
}

@test "no command" {
	try again
	is "$status" 125
	is "$(line_count "$stderr")" 1
	like "$stderr" '^again: .*command'
	is "$output" ""
	try again -n 3
	is "$status" 125
	is "$(line_count "$stderr")" 1
	like "$stderr" 'command'
	try again -n 3 --
	is "$status" 125
	is "$(line_count "$stderr")" 1
	like "$stderr" 'command'
}

@test "a value that is missing" {
	local pair
	for pair in -n:--max-retries --max-retries:--max-retries -d:--base-delay -t:--timeout --deadline:--deadline -o:--output \
		--jitter:--jitter --config:--config; do
		try again "${pair%:*}"
		is "$status" 125 "$pair"
		is "$(line_count "$stderr")" 1
		has "$stderr" "${pair#*:}"
	done
}

@test "a value for an option that takes none" {
	local option
	for option in --quiet=1 --verbose=yes --help=all --version=2; do
		refused "$option"
		has "$stderr" "${option%%=*}"
	done
}

@test "an unknown option is answered with the nearest one" {
	local pair
	for pair in --max-retry:--max-retries --jiter:--jitter --bse-delay:--base-delay --outpt:--output --sucess:--success \
		--retryon:--retry-on --time-out:--timeout --dedline:--deadline --confg:--config --log-formt:--log-format; do
		refused "${pair%:*}" 3
		has "$stderr" "${pair%:*}"
		has "$stderr" "${pair#*:}"
	done
}

@test "an unknown option with its value in one word is named without the value" {
	refused --jiter=full
	has "$stderr" --jiter
	has "$stderr" --jitter
}

@test "an unknown letter" {
	refused -z
	has "$stderr" "-z"
	refused -qz
	has "$stderr" "z"
}

@test "the names that other tools use are answered with ours" {
	local name
	for name in --retries --tries --attempts --max-attempts; do
		refused "$name" 3
		has "$stderr" "$name"
		has "$stderr" --max-retries
	done
	refused --delay 3
	has "$stderr" --delay
	has "$stderr" --base-delay
	refused --retries=3
	has "$stderr" --max-retries
}

@test "options that do not exist are unknown, not ignored" {
	local option
	for option in --preset --stdin --budget --hedge --breaker --rule --retry-if --policy --hint-max --attempt-dir --stdout-file \
		--metrics --trace --idle-timeout --on-retry --spool-max; do
		refused "$option" x
		has "$stderr" "$option"
		like "$stderr" 'unknown'
	done
	for option in --retry-after --live --fail-if-flaky; do
		refused "$option"
		has "$stderr" "$option"
		like "$stderr" 'unknown'
	done
}

@test "contradiction: --factor with a backoff that does not grow by a factor" {
	local kind
	for kind in constant linear fibonacci polynomial list:1s/2s; do
		contradiction --factor exponential --factor 2 --backoff "$kind"
		contradiction --factor exponential --backoff "$kind" --factor 3
	done
}

@test "contradiction: decorrelated jitter with a backoff that is not exponential" {
	local kind
	for kind in constant linear fibonacci polynomial list:1s/2s; do
		contradiction decorrelated exponential --jitter decorrelated --backoff "$kind"
	done
}

@test "contradiction: decorrelated jitter with --factor" {
	contradiction decorrelated --factor --jitter decorrelated --factor 3
}

@test "contradiction: -q with -v" {
	refused -q -v
	like "$stderr" '(-q|--quiet).*(-v|--verbose)|(-v|--verbose).*(-q|--quiet)'
	refused -qv
	refused --quiet --verbose
}

@test "contradiction: --base-delay with a list" {
	contradiction --base-delay list --base-delay 1s --backoff list:1s/2s
}

@test "contradiction: --reset-after that no attempt can reach, above --timeout" {
	contradiction --reset-after --timeout --reset-after 10s --timeout 1s
}

@test "contradiction: --timeout above --deadline is none: the deadline just wins" {
	try again -n 1 --timeout 10s --deadline 5s -- true
	is "$status" 0
}

@test "--output into a folder that cannot be made is known before the first attempt" {
	refused --output /proc/nowhere/report.json
	has "$stderr" --output
	has "$stderr" /proc/nowhere
	echo "a file" >file
	refused --output file/report.json
	has "$stderr" --output
	has "$stderr" file/report.json
	refused --output file/deeper/report.json
	is "$(cat file)" "a file"
}

@test "--output that is a folder is known before the first attempt" {
	mkdir folder
	refused --output folder
	has "$stderr" folder
	refused --output ''
	has "$stderr" --output
}

@test "--output into a folder without permission is known before the first attempt" {
	[ "$(id -u)" -ne 0 ] || skip "root may write everywhere"
	mkdir closed
	chmod 555 closed
	refused --output closed/report.json
	has "$stderr" closed/report.json
}

@test "--log-file that cannot be opened is known before the first attempt" {
	refused --log-file /proc/nowhere/log
	has "$stderr" --log-file
	has "$stderr" /proc/nowhere/log
	mkdir folder
	refused --log-file folder
	has "$stderr" folder
}

@test "--config: an unreadable file is named" {
	refused --config nowhere.conf
	has "$stderr" --config
	has "$stderr" nowhere.conf
}

@test "--config: an error names file and line" {
	printf '# a comment\nmax-retries 3\n\nbase-delay 1x\n' >a.conf
	refused --config a.conf
	like "$stderr" 'a\.conf:4'
	has "$stderr" base-delay
	has "$stderr" 1x
	printf 'max-retries 3\nmax-retry 3\n' >b.conf
	refused --config b.conf
	like "$stderr" 'b\.conf:2'
	has "$stderr" max-retries
	printf 'max-retries\n' >c.conf
	refused --config c.conf
	like "$stderr" 'c\.conf:1'
	printf 'max-retries 0' >d.conf
	refused --config d.conf
	like "$stderr" 'd\.conf:1'
	has "$stderr" "must be at least 1"
}

@test "bad input in the verbs is refused the same way" {
	try again plan --max-retries 0
	is "$status" 125
	is "$(line_count "$stderr")" 1
	is "$output" ""
	try again plan --nonsense
	is "$status" 125
	is "$(line_count "$stderr")" 1
	has "$stderr" --nonsense
}

@test "a value with control bytes cannot garble the terminal or break the line" {
	refused --max-retries $'3\e[31m\nred'
	hasnt "$stderr" $'\e'
	is "$(line_count "$stderr")" 1
}

@test "the first bad option is the one that is told" {
	refused --max-retries abc --jitter nonsense
	has "$stderr" abc
	hasnt "$stderr" nonsense
}

@test "bad input leaves no report and no log behind" {
	refused --output r.json --log-file log --max-retries 0
	is "$(ls -A)" ""
}
