// SPDX-License-Identifier: MIT
// Every system call and every allocation of the program fails once, in each of a row of situations.
//
// Whatever fails: the program ends, with the right result or with a clear error and 125; nothing
// that it started is alive; no temporary file is left; and a report is there whole or not at all.
#include "faulty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/** A run that takes longer hangs. */
#define LIMIT_MS 20'000

/** More calls than this no situation makes. */
#define CALLS_MAX 20'000

/** Most calls of a long run are looks at the machine's other processes: of these only some are made to fail. */
#define CALLS_ALL 400
#define CALLS_STEP 17

struct situation {
	const char *name;
	/** Run by /bin/sh, with $A the program, $R the report's path and $L a log's. */
	const char *script;
	/**
	 * The exit codes that are right: of the run that nothing fails, and of those that end well
	 * in another way.
	 */
	int right[6];
};

static char folder[] = "/tmp/again-faults-XXXXXX";
static char record_path[64];
static char report_path[64];
static char errors_path[64];
static char log_path[64];

static void write_record(uint64_t at)
{
	const struct faulty_record fresh = {.at = at};
	FILE *file = fopen(record_path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(&fresh, sizeof(fresh), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

static struct faulty_record read_record(void)
{
	struct faulty_record record;
	FILE *file = fopen(record_path, "r");
	assert_non_null(file);
	assert_int_equal(fread(&record, sizeof(record), 1, file), 1);
	(void)fclose(file);
	return record;
}

static pid_t start(const struct situation *situation)
{
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setpgid(0, 0);
		const int null = open("/dev/null", O_RDWR);
		const int errors = open(errors_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(errors, 2);
		(void)setenv("AGAIN_FAULT_FILE", record_path, 1);
		(void)setenv("R", report_path, 1);
		(void)setenv("L", log_path, 1);
		char self[256];
		const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
		self[len > 0 ? len : 0] = '\0';
		(void)setenv("A", self, 1);
		(void)close(null);
		(void)close(errors);
		(void)execl("/bin/sh", "sh", "-c", situation->script, (char *)NULL);
		_exit(99);
	}
	return pid;
}

// The exit code as a shell tells it; -1: it hung.
static int finish(pid_t pid)
{
	const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	const int ready = poll(&ended, 1, LIMIT_MS);
	(void)close(pidfd);
	int status = 0;
	if (ready != 1) {
		(void)kill(-pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		return -1;
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Everything below us is gone, or goes within a moment: what dies with its parent needs one.
static int count_leftovers(void)
{
	int left = 0;
	for (int round = 0; round < 200; round++) {
		pid_t pid = 0;
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		}
		if (pid < 0 && errno == ECHILD) {
			return 0;
		}
		left = 1;
		const struct timespec moment = {.tv_nsec = 5'000'000};
		(void)nanosleep(&moment, NULL);
	}
	return left;
}

static void kill_leftovers(void)
{
	char line[64];
	FILE *pipe = popen("ps -o pid= --ppid $PPID", "r"); // $PPID is us
	while (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL) {
		(void)kill((pid_t)atol(line), SIGKILL);
	}
	if (pipe != NULL) {
		(void)pclose(pipe);
	}
	while (waitpid(-1, NULL, 0) > 0) {
	}
}

static bool file_says(const char *path, const char *words, bool *out_there)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	*out_there = file != NULL;
	if (file == NULL) {
		return false;
	}
	const size_t len = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[len] = '\0';
	return strstr(text, words) != NULL;
}

static bool is_right(const struct situation *situation, int code)
{
	for (size_t i = 0; i < sizeof(situation->right) / sizeof(situation->right[0]); i++) {
		if (situation->right[i] == code && (code != 0 || i == 0)) {
			return true;
		}
	}
	return false;
}

static unsigned count_temporary_files(void)
{
	char command[128];
	unsigned count = 0;
	(void)snprintf(command, sizeof(command), "find %s -name '.*.tmp' | wc -l", folder);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%u", &count), 1);
	(void)pclose(pipe);
	return count;
}

static void check_end(const struct situation *situation, int code,
                      const struct faulty_record *record)
{
	const char *call = record->fired;
	const unsigned long long at = record->at;
	bool there = false;
	if (code == -1) {
		fail_msg("%s: call %llu (%s) failed, and it hung", situation->name, at, call);
	}
	if (!is_right(situation, code)) {
		const bool told = file_says(errors_path, "again: ", &there);
		if (code != 125 || !told) {
			fail_msg("%s: call %llu (%s) failed: exit %d, error %s", situation->name,
			         at, call, code, told ? "told" : "not told");
		}
	}
	// One unlink that fails is the one way to leave a temporary file.
	if (strcmp(call, "unlink") != 0 && count_temporary_files() != 0) {
		fail_msg("%s: call %llu (%s) failed and left a temporary file", situation->name, at,
		         call);
	}
	const bool whole = file_says(report_path, "\n}\n", &there);
	if (there && !whole) {
		fail_msg("%s: call %llu (%s) failed and left half a report", situation->name, at,
		         call);
	}
	if (count_leftovers() != 0) {
		kill_leftovers();
		fail_msg("%s: call %llu (%s) failed and left a process alive", situation->name, at,
		         call);
	}
}

static void run_situation(const struct situation *situation)
{
	uint64_t at = 1;
	for (; at <= CALLS_MAX; at += at < CALLS_ALL ? 1 : CALLS_STEP) {
		char command[128];
		(void)snprintf(command, sizeof(command), "rm -rf %s/r", folder);
		assert_int_equal(system(command), 0);
		write_record(at);
		const int code = finish(start(situation));
		const struct faulty_record record = read_record();
		check_end(situation, code, &record);
		if (record.fired[0] == '\0') {
			assert_int_equal(code, situation->right[0]);
			break;
		}
	}
	assert_in_range(at, 2, CALLS_MAX);
}

static void test_success_with_report(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "success after a retry, with a report",
		.script = "exec \"$A\" -n 2 -d 1ms -o \"$R\" -- sh -c 'test $AGAIN_ATTEMPT -ge 2'",
		.right = {0, 126, 127},
	});
}

static void test_exhaustion_with_logs(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "exhaustion, with logs and rules",
		.script =
			"exec \"$A\" -v -n 1 -d 1ms --stop-on exit:9 --log-format json --log-file \"$L\" -- "
			"sh -c 'exit 7'",
		.right = {7, 126},
	});
}

static void test_timeout(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "a time limit that TERM does not end",
		.script =
			"exec \"$A\" -n 1 -d 1ms -t 30ms -k 20ms -- sh -c 'trap \"\" TERM; sleep 1000 & sleep 1000'",
		.right = {124, 126, 1},
	});
}

static void test_leftovers(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "leftovers in sessions of their own",
		.script =
			"exec \"$A\" -n 1 -d 1ms -k 20ms -- "
			"sh -c 'setsid sh -c \"trap : TERM; while :; do sleep 1000; done\" & sleep 0.02; exit 5'",
		.right = {5, 126},
	});
}

static void test_interrupt_in_wait(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "TERM during a wait",
		.script =
			"exec \"$A\" -n 3 -d 300ms --jitter none -o \"$R\" -- sh -c 'kill -TERM $PPID; exit 1'",
		.right = {143, 126, 1},
	});
}

static void test_interrupt_in_attempt(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "INT during an attempt",
		.script = "exec \"$A\" -n 3 -d 1ms -k 50ms -- sh -c 'kill -INT $PPID; sleep 1000'",
		.right = {130, 126},
	});
}

static void test_deadline(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "a deadline",
		.script = "exec \"$A\" -d 1ms -D 60ms -k 20ms -o \"$R\" -- sh -c 'sleep 1000'",
		.right = {124, 126},
	});
}

static void test_children_before(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "children that were there before",
		.script = "sleep 0.05 & exec \"$A\" -n 1 -d 1ms -- sh -c 'exit 4'",
		.right = {4, 126},
	});
}

static void test_closed_descriptors(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "closed standard descriptors",
		.script = "exec \"$A\" -n 1 -d 1ms -o \"$R\" -- sh -c 'exit 4' <&- >&-",
		.right = {4, 126},
	});
}

static void test_plan(void **state)
{
	(void)state;
	run_situation(&(struct situation){
		.name = "a plan",
		.script = "exec \"$A\" plan --seed 1 --stop-on any",
		.right = {0},
	});
}

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) != 0) {
		return -1;
	}
	(void)snprintf(record_path, sizeof(record_path), "%s/record", folder);
	(void)snprintf(report_path, sizeof(report_path), "%s/r/report.json", folder);
	(void)snprintf(log_path, sizeof(log_path), "%s/log", folder);
	(void)snprintf(errors_path, sizeof(errors_path), "%s/errors", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	char command[128];
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

// Goes on in a pid namespace of its own where that is allowed: with few processes to look at, a run makes few calls.
static void enter_small_world(void)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) {
		return;
	}
	const pid_t pid = fork();
	if (pid == 0) {
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) != 0) {
			(void)fprintf(stderr, "cannot mount /proc: %s\n", strerror(errno));
			_exit(99);
		}
		return;
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (getenv("AGAIN_FAULT_FILE") != NULL) {
		return faulty_main(argv);
	}
	enter_small_world();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success_with_report),
		cmocka_unit_test(test_exhaustion_with_logs),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_interrupt_in_wait),
		cmocka_unit_test(test_interrupt_in_attempt),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_children_before),
		cmocka_unit_test(test_closed_descriptors),
		cmocka_unit_test(test_plan),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
