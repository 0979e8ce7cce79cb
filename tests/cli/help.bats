#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --help, --version, verbs and commands of the same name, and that manual and completions know every option.

# shellcheck disable=SC2016,SC2154 # code for other shells stands in single quotes; common.bash sets the variables
load common

OPTIONS="max-retries base-delay max-delay factor backoff jitter seed initial-delay reset-after timeout kill-after kill-leftovers
	deadline success retry-on stop-on output name log-format log-file config exit-on-give-up quiet verbose help version"

# The long options that --help lists.
listed() {
	[ "$("$AGAIN" --help | grep -c -- --)" -ge 20 ] || return 1
	"$AGAIN" --help | grep -oE '(^|[ ,])--[a-z][a-z-]*' | grep -oE '[a-z][a-z-]*' | sort -u
}

@test "-h and --help list every option, on stdout, and exit 0" {
	try again -h
	is "$status" 0
	is "$stderr" ""
	local name short=$output
	for name in $OPTIONS; do
		has "$output" "--$name"
	done
	for name in n d t k D o q v h V; do
		like "$output" "(^|[^-a-z])-${name}[ ,]"
	done
	try again --help
	is "$output" "$short"
}

@test "--help lists no option that does not exist" {
	local name names
	names=$(listed)
	for name in $names; do
		try again "--$name"
		hasnt "$stderr" "unknown"
	done
	is "$(printf '%s\n' "$names" | tr '\n' ' ')" "$(tr -s '[:space:]' '\n' <<<"$OPTIONS" | sort -u | grep . | tr '\n' ' ')"
}

@test "--help tells the defaults and the verbs" {
	try again --help
	has "$output" exponential
	has "$output" "60s"
	has "$output" plan
	has "$output" flaky
}

@test "--help wins over what else is there, and runs nothing" {
	try again -n 3 --help touch ran
	is "$status" 0
	has "$output" --max-retries
	[ ! -e ran ]
}

@test "-V and --version print name and version" {
	try again -V
	is "$status" 0
	like "$output" '^again [0-9]+\.[0-9]+(\.[0-9]+)?'
	is "$stderr" ""
	local short=$output
	try again --version
	is "$output" "$short"
}

@test "verbs have their own help" {
	local verb
	for verb in plan flaky; do
		try again "$verb" --help
		is "$status" 0
		has "$output" "$verb"
		is "$stderr" ""
	done
	try again flaky --help
	local name
	for name in failures state exit signal random seed hang delay print print-error; do
		has "$output" "--$name"
	done
}

@test "no command: one line that says what is wanted, 125" {
	try again
	is "$status" 125
	is "$(line_count "$stderr")" 1
	like "$stderr" 'COMMAND|--help'
}

@test "again -- plan runs a command that is called plan" {
	mkdir bin
	printf '#!/bin/sh\necho "a command called plan: $*"\n' >bin/plan
	chmod +x bin/plan
	PATH="$PWD/bin:$PATH" try again -- plan --max-retries 0
	is "$status" 0
	is "$output" "a command called plan: --max-retries 0"
	PATH="$PWD/bin:$PATH" try again -n 3 plan
	is "$output" "a command called plan: "
	PATH="$PWD/bin:$PATH" try again plan -n 1
	hasnt "$output" "a command called plan"
}

@test "a verb in another place is a command; not found, it says that verbs come first" {
	local verb
	for verb in plan flaky; do
		try again -n 3 "$verb"
		is "$status" 127
		like "$stderr" '[Vv]erb'
		like "$stderr" 'first'
	done
	try again -n 3 nowhere-to-be-found
	unlike "$stderr" '[Vv]erb'
}

@test "a verb is found where the program is started by its path or by a link" {
	try "$AGAIN" plan -n 1
	is "$status" 0
	has "$output" median
	ln -s "$AGAIN" renamed
	try ./renamed plan -n 1
	is "$status" 0
	has "$output" median
}

@test "again runs itself" {
	try again -n 1 -- again -n 1 -- again --version
	is "$status" 0
	like "$output" '^again [0-9]'
}

@test "the manual mentions every option" {
	local page name names text
	names=$(listed)
	page=$(find "$REPO/build" -name again.1 -type f 2>/dev/null | head -n 1)
	[ -n "$page" ] || skip "the manual is not built"
	# mdoc writes --name as "Fl -name".
	text=$(sed 's/\\-/-/g; s/Fl -\([a-z]\)/--\1/g' "$page")
	for name in $names; do
		has "$text" "--$name"
	done
}

@test "the completions of bash, zsh and fish mention every option" {
	local file name names text seen=0
	names=$(listed)
	while IFS= read -r file; do
		seen=$((seen + 1))
		text=$(<"$file")
		for name in $names; do
			like "$text" "(-|-l |'|\")$name" || {
				echo "in $file" >&2
				return 1
			}
		done
	done < <(find "$REPO/build" "$REPO/docs" -type f \( -name '_again' -o -name 'again.fish' -o -name 'again.bash' -o -path '*bash*/again' \) -not -path '*/bin/*' 2>/dev/null)
	[ "$seen" -ge 1 ] || skip "the completions are not built"
	between "$seen" 3 99
}

@test "bash loads its completion and completes an option" {
	local file
	file=$(find "$REPO/build" "$REPO/docs" -type f \( -name 'again.bash' -o -path '*bash*/again' \) -not -path '*/bin/*' 2>/dev/null | head -n 1)
	[ -n "$file" ] || skip "no completion for bash is built"
	# shellcheck disable=SC2016
	try bash --norc -c '
		. "$1"
		how=$(complete -p again)
		[[ $how =~ -F\ ([^ ]+) ]] || exit 3
		COMP_WORDS=(again --max-r) COMP_CWORD=1 COMP_LINE="again --max-r" COMP_POINT=13
		"${BASH_REMATCH[1]}" again --max-r again
		printf "%s\n" "${COMPREPLY[@]}"' - "$file"
	is "$stderr" ""
	like "$output" '^--max-retries'
}
