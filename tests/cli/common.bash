# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every command-line test uses. The program under test is $AGAIN (default: build/bin/again of this repository); the tests know
# nothing of it but what its manual says.
#
#   try CMD…         runs CMD contained: $status, $output and $stderr as `run --separate-stderr`, $how in words ("signal TERM")
#   start CMD…       the same in the background: $pid is CMD's own; `finish` waits for it and sets the same variables
#   wait_for COND    polls a shell condition, at most 15 seconds; there are no sleeps for synchronisation
#   is has hasnt like unlike       the assertions; each says what it wanted and what it got
#
# Each test works in its own empty folder and ends with proof: nothing that it started is alive (teardown).

bats_require_minimum_version 1.5.0

REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
HELPERS=$REPO/tests/helpers
AGAIN=${AGAIN:-$REPO/build/bin/again}
PY=/usr/bin/python3

setup() {
	common_setup
}

teardown() {
	common_teardown
}

common_setup() {
	local name
	[[ $AGAIN == /* ]] || AGAIN=$PWD/$AGAIN
	if [ ! -x "$AGAIN" ]; then
		echo "no program at $AGAIN: build it first, or set AGAIN" >&2
		return 1
	fi
	# Another again may be running the tests: what it tells its children is not for ours.
	for name in ${!AGAIN_*}; do
		unset "$name"
	done
	unset TRACEPARENT
	export AGAIN
	export PATH="${AGAIN%/*}:$PATH"
	export LC_ALL=C.UTF-8
	export PYTHONDONTWRITEBYTECODE=1
	export AGAINTEST_MARK="$BATS_ROOT_PID.$BATS_TEST_NAME.$RANDOM$RANDOM"
	export CONTAIN_LEFT="$BATS_TEST_TMPDIR/.left"
	ulimit -c 0
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
}

# The living processes that carry the mark.
marked() {
	local file pid
	# shellcheck disable=SC2013 # paths below /proc have no spaces
	for file in $(grep -lzsxF -- "AGAINTEST_MARK=$1" /proc/[0-9]*/environ); do
		pid=${file#/proc/}
		pid=${pid%/environ}
		if alive "$pid"; then
			echo "$pid"
		fi
	done
}

wait_for_quiet() {
	for _ in {1..40}; do
		[ -n "$(marked "$1")" ] || return 0
		sleep 0.05
	done
}

common_teardown() {
	local mark=${AGAINTEST_MARK:-none} failed=0 pid
	unset AGAINTEST_MARK
	if [ -s "$BATS_TEST_TMPDIR/.left" ]; then
		echo "left alive by a command that had ended:" >&2
		cat "$BATS_TEST_TMPDIR/.left" >&2
		failed=1
	fi
	# Every process of this test carries its mark in its first environment. What other programs than ours have killed may take a
	# moment to be gone; what ours leave is looked for at once, when they end (contain.py).
	wait_for_quiet "$mark"
	for pid in $(marked "$mark"); do
		echo "left alive by the test: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")" >&2
		kill -KILL "$pid" 2>/dev/null
		failed=1
	done
	cd / || true
	return "$failed"
}

contained() {
	"$PY" "$HELPERS/contain.py" --how-file "$BATS_TEST_TMPDIR/how" "$@" 3>&-
}

try() {
	rm -f "$BATS_TEST_TMPDIR/how"
	# Not run's own status: it warns of every 127, which is an answer of ours like others.
	run --separate-stderr try_contained "$@"
	status=$(<"$BATS_TEST_TMPDIR/status")
	how=none
	if [ -e "$BATS_TEST_TMPDIR/how" ]; then
		how=$(<"$BATS_TEST_TMPDIR/how")
	fi
}

# stdin of a try: a file of the caller's in $try_stdin, else /dev/null.
try_contained() {
	local allow=()
	if [ -n "${try_allow_left:-}" ]; then
		allow=(--allow-left)
	fi
	local code=0
	contained "${allow[@]}" --limit "${try_limit:-30}" -- "$@" <"${try_stdin:-/dev/null}" || code=$?
	echo "$code" >"$BATS_TEST_TMPDIR/status"
}

start() {
	rm -f start.pid "$BATS_TEST_TMPDIR/how"
	local allow=()
	if [ -n "${try_allow_left:-}" ]; then
		allow=(--allow-left)
	fi
	contained "${allow[@]}" --limit "${try_limit:-60}" --pid-file start.pid -- "$@" \
		<"${try_stdin:-/dev/null}" >start.out 2>start.err &
	contain_pid=$!
	wait_for '[ -s start.pid ]'
	pid=$(<start.pid)
}

finish() {
	status=0
	wait "$contain_pid" || status=$?
	how=none
	if [ -e "$BATS_TEST_TMPDIR/how" ]; then
		how=$(<"$BATS_TEST_TMPDIR/how")
	fi
	output=$(<start.out)
	stderr=$(<start.err)
}

# wait_for CONDITION [SECONDS]
wait_for() {
	local until=$((${EPOCHREALTIME/./} + ${2:-15} * 1000000))
	until eval "$1"; do
		if ((${EPOCHREALTIME/./} > until)); then
			echo "waited in vain for: $1" >&2
			show >&2
			return 1
		fi
		nap
	done
}

# A poll's pause, without a process: nothing ever writes to this pipe.
nap() {
	local fd
	if [ -z "${nap_fd:-}" ]; then
		mkfifo "$BATS_TEST_TMPDIR/.nap"
		exec {fd}<>"$BATS_TEST_TMPDIR/.nap"
		nap_fd=$fd
	fi
	read -r -t 0.01 -u "$nap_fd" || true
}

# A zombie is not alive.
alive() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	stat=${stat##*) }
	[[ ${stat%% *} != [ZX] ]]
}

# The state letter of a process.
state_of() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	stat=${stat##*) }
	echo "${stat%% *}"
}

# end_process PID: ends one of our own processes that was meant to survive.
end_process() {
	kill -KILL "$1" 2>/dev/null || true
	wait_for "! alive $1"
}

# now_ms: a clock for measuring how long something took.
now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

show() {
	printf 'status: %s (%s)\n' "${status:-?}" "${how:-?}"
	printf 'stdout: %s\n' "${output:-}"
	printf 'stderr: %s\n' "${stderr:-}"
	if [ -s start.err ]; then
		printf 'stderr so far: %s\n' "$(<start.err)"
	fi
}

# is GOT WANTED [WHAT]
is() {
	if [ "$1" != "$2" ]; then
		printf '%s\n  got:    %s\n  wanted: %s\n' "${3:-not the same}" "$1" "$2" >&2
		show >&2
		return 1
	fi
}

has() {
	if [[ $1 != *"$2"* ]]; then
		printf 'text without: %s\n  text: %s\n' "$2" "$1" >&2
		show >&2
		return 1
	fi
}

hasnt() {
	if [[ $1 == *"$2"* ]]; then
		printf 'text with: %s\n  text: %s\n' "$2" "$1" >&2
		show >&2
		return 1
	fi
}

# like TEXT ERE
like() {
	if ! [[ $1 =~ $2 ]]; then
		printf 'text unlike: %s\n  text: %s\n' "$2" "$1" >&2
		show >&2
		return 1
	fi
}

unlike() {
	if [[ $1 =~ $2 ]]; then
		printf 'text like: %s\n  text: %s\n' "$2" "$1" >&2
		show >&2
		return 1
	fi
}

# between NUMBER LEAST MOST: whole numbers; what is none is wrong.
between() {
	if ! [[ $1 =~ ^-?[0-9]+$ ]] || (($1 < $2 || $1 > $3)); then
		printf '%s is not in %s to %s\n' "$1" "$2" "$3" >&2
		show >&2
		return 1
	fi
}

# query REPORT FILTER: a value of a JSON file, compact.
query() {
	jq -c "$2" "$1"
}

# report FILTER WANTED: a value of report.json, strings without quotes.
report() {
	is "$(jq -rc "$1" report.json)" "$2" "report: $1"
}

# The delays of a report, in a line: "0.01 0.02".
delays() {
	jq -r '[.attempts[] | .delay_seconds | select(. != null)] | join(" ")' "${1:-report.json}"
}

# The last line that went to stderr.
last_line() {
	printf '%s' "${stderr##*$'\n'}"
}

line_count() {
	if [ -z "$1" ]; then
		echo 0
	else
		printf '%s\n' "$1" | wc -l
	fi
}

valid_report() {
	local fault
	if ! fault=$("$PY" "$HELPERS/validate_report.py" "${@:-report.json}" 2>&1); then
		printf 'not a valid report: %s\n' "$fault" >&2
		return 1
	fi
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

need() {
	command -v "$1" >/dev/null || skip "needs $1"
}
