// SPDX-License-Identifier: MIT
// connect: a pool of TCP connections to one server, each retried. How an event loop uses libagain; here poll(2).
//
//     cc -o connect connect.c $(pkg-config --cflags --libs again)
//     ./connect 127.0.0.1 5432 8
//
// Each connection is a call of its own with one timer: while it waits, the moment of its next attempt; while it
// connects, the attempt's limit. All share a budget, so that a server that is down does not get eight times the retries,
// and a breaker, so that they stop together. There is one thread, so the guards need no lock.
#include <again/again.h>

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define POOL_MAX 64

enum state {
	WAITING,
	CONNECTING,
	CONNECTED,
	FAILED
};

struct connection {
	enum state state;
	int fd;
	struct again_call call;
	struct again_decision next;
	again_ns started_ns;
	// When something has to be done if nothing happens before.
	again_ns timer_ns;
};

// What all connections share. The rules are in the policy's text.
struct pool {
	struct sockaddr_in address;
	struct again_policy policy;
	struct again_budget_rule budget_rule;
	struct again_breaker_rule breaker_rule;
	union again_budget budget;
	struct again_breaker breaker;
	struct again_guards guards;
	struct connection connections[POOL_MAX];
	int count;
};

static const char rules[] = "max-retries=8,base-delay=20ms,max-delay=200ms,timeout=1s,deadline=10s,"
			    "budget=tokens:20/cost:1/first:0.1/later:1,breaker=failures:20/open:5s";

static again_ns now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (again_ns)time.tv_sec * AGAIN_NS_PER_SECOND + (again_ns)time.tv_nsec;
}

static int index_of(const struct pool *pool, const struct connection *connection)
{
	return (int)(connection - pool->connections);
}

// What a decision means here: a timer, or the end.
static void follow(const struct pool *pool, struct connection *connection)
{
	const struct again_decision *next = &connection->next;
	if (next->verb == AGAIN_VERB_RETRY) {
		connection->state = WAITING;
		connection->timer_ns = next->not_before_ns;
		return;
	}
	connection->state = next->verb == AGAIN_VERB_SUCCEED ? CONNECTED : FAILED;
	connection->timer_ns = AGAIN_NEVER;
	printf("%d: %s after %u attempts\n", index_of(pool, connection),
	       connection->state == CONNECTED ? "connected" : again_reason_text(next->reason),
	       (unsigned)next->attempt);
}

// An attempt has ended: tell the call, and do what it says.
static void ended(struct pool *pool, struct connection *connection, uint32_t outcome_class)
{
	if (outcome_class != AGAIN_CLASS_SUCCESS && connection->fd >= 0) {
		(void)close(connection->fd);
		connection->fd = -1;
	}
	struct again_outcome outcome = {
		.outcome_class = outcome_class,
		.started_ns = connection->started_ns,
		.ended_ns = now(),
		.lease = connection->next.lease,
	};
	again_call_next(&connection->call, &pool->policy, &pool->guards, &outcome, outcome.ended_ns,
	                &connection->next);
	if (connection->next.verb == AGAIN_VERB_RETRY) {
		fprintf(stderr, "%d: failed; attempt %u in %.3f s\n", index_of(pool, connection),
		        (unsigned)connection->next.attempt,
		        (double)connection->next.delay_ns / 1e9);
	}
	follow(pool, connection);
}

static uint32_t classify(int error)
{
	switch (error) {
	case 0:
		return AGAIN_CLASS_SUCCESS;
	case ETIMEDOUT:
		return AGAIN_CLASS_TIMEOUT;
	case EACCES:
	case EAFNOSUPPORT:
	case EINVAL:
		return AGAIN_CLASS_PERMANENT;
	default:
		return AGAIN_CLASS_TRANSIENT;
	}
}

static void start(struct pool *pool, struct connection *connection)
{
	// The guards are shared: the breaker may have opened while this connection waited.
	again_call_start(&connection->call, &pool->policy, &pool->guards, now(), &connection->next);
	if (connection->next.verb != AGAIN_VERB_RETRY) {
		follow(pool, connection);
		return;
	}
	connection->started_ns = now();
	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 || connect(connection->fd, (const struct sockaddr *)&pool->address,
	                                  sizeof(pool->address)) == 0) {
		ended(pool, connection, classify(connection->fd < 0 ? errno : 0));
	} else if (errno == EINPROGRESS) {
		connection->state = CONNECTING;
		connection->timer_ns = connection->started_ns + connection->next.attempt_timeout_ns;
	} else {
		ended(pool, connection, classify(errno));
	}
}

// What poll found out about a connection, or that its timer is due.
static void step(struct pool *pool, struct connection *connection, short events)
{
	if (connection->state == CONNECTING && events != 0) {
		int error = 0;
		socklen_t size = sizeof(error);
		(void)getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
		ended(pool, connection, classify(error));
	} else if (now() >= connection->timer_ns) {
		if (connection->state == WAITING) {
			start(pool, connection);
		} else {
			ended(pool, connection, AGAIN_CLASS_TIMEOUT);
		}
	}
}

// How long poll may wait, in milliseconds, rounded up.
static int patience(const struct pool *pool)
{
	again_ns earliest = AGAIN_NEVER;
	for (int i = 0; i < pool->count; i++) {
		again_ns timer_ns = pool->connections[i].timer_ns;
		earliest = timer_ns < earliest ? timer_ns : earliest;
	}
	again_ns at = now();
	again_ns wait_ms = earliest > at ? (earliest - at + 999999) / 1000000 : 0;
	return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}

static int is_open(const struct pool *pool)
{
	for (int i = 0; i < pool->count; i++) {
		if (pool->connections[i].state <= CONNECTING) {
			return 1;
		}
	}
	return 0;
}

static void run(struct pool *pool)
{
	struct pollfd polled[POOL_MAX];
	while (is_open(pool)) {
		for (int i = 0; i < pool->count; i++) {
			const struct connection *connection = &pool->connections[i];
			// poll leaves out what is negative.
			polled[i] = (struct pollfd){
				.fd = connection->state == CONNECTING ? connection->fd : -1,
				.events = POLLOUT,
			};
		}
		if (poll(polled, (nfds_t)pool->count, patience(pool)) < 0) {
			// Interrupted: nothing is known of the descriptors.
			continue;
		}
		for (int i = 0; i < pool->count; i++) {
			step(pool, &pool->connections[i], polled[i].revents);
		}
	}
}

static void init(struct pool *pool, uint64_t seed)
{
	again_budget_init(&pool->budget, &pool->budget_rule, now());
	again_breaker_init(&pool->breaker);
	again_guards_init(&pool->guards, sizeof(pool->guards));
	pool->guards.budget_rule = &pool->budget_rule;
	pool->guards.budget = &pool->budget;
	pool->guards.breaker_rule = &pool->breaker_rule;
	pool->guards.breaker = &pool->breaker;
	for (int i = 0; i < pool->count; i++) {
		struct connection *connection = &pool->connections[i];
		connection->fd = -1;
		// One seed and a number each: no two have the same delays.
		again_call_init(&connection->call, &pool->policy, now(), seed, (uint64_t)i);
		again_call_begin(&connection->call, &pool->policy, &pool->guards, now(),
		                 &connection->next);
		follow(pool, connection);
	}
}

static int read_rules(struct pool *pool, const char *text)
{
	struct again_setup setup;
	again_setup_init(&setup, sizeof(setup));
	again_policy_init(&pool->policy, sizeof(pool->policy));
	again_budget_rule_init(&pool->budget_rule, sizeof(pool->budget_rule));
	again_breaker_rule_init(&pool->breaker_rule, sizeof(pool->breaker_rule));
	setup.policy = &pool->policy;
	setup.budget = &pool->budget_rule;
	setup.breaker = &pool->breaker_rule;
	struct again_error error = {0};
	int code = again_setup_parse(&setup, text, strlen(text), &error);
	if (code != 0) {
		fprintf(stderr, "connect: column %u: %s\n", (unsigned)error.column, error.text);
	}
	return code;
}

int main(int argc, char **argv)
{
	static struct pool pool;
	pool.count = argc == 4 ? atoi(argv[3]) : 4;
	pool.address = (struct sockaddr_in){.sin_family = AF_INET};
	if (argc < 3 || argc > 4 || pool.count < 1 || pool.count > POOL_MAX ||
	    inet_pton(AF_INET, argv[1], &pool.address.sin_addr) != 1) {
		fprintf(stderr, "usage: connect ADDRESS PORT [COUNT]\n");
		return 2;
	}
	pool.address.sin_port = htons((uint16_t)atoi(argv[2]));
	uint64_t seed = 0;
	if (read_rules(&pool, rules) != 0 || getentropy(&seed, sizeof(seed)) != 0) {
		return 2;
	}
	init(&pool, seed);
	run(&pool);

	int connected = 0;
	for (int i = 0; i < pool.count; i++) {
		if (pool.connections[i].state == CONNECTED) {
			connected++;
			(void)close(pool.connections[i].fd);
		}
	}
	printf("%d of %d connected\n", connected, pool.count);
	return connected == pool.count ? 0 : 1;
}
