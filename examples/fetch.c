// SPDX-License-Identifier: MIT
// fetch: a URL to stdout, retried as a policy says. How a blocking loop uses libagain; here around libcurl.
//
//     cc -o fetch fetch.c $(pkg-config --cflags --libs again libcurl)
//     ./fetch https://example.org/ max-retries=8,base-delay=250ms,deadline=1m
//
// The caller's part is small: the clock, the sleep, the attempt, and what the attempt's end means (classify). A body is
// held back until its attempt has succeeded, so that nothing of a failed one is printed.
#include <again/again.h>

#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static again_ns now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (again_ns)time.tv_sec * AGAIN_NS_PER_SECOND + (again_ns)time.tv_nsec;
}

static void sleep_until(again_ns moment)
{
	struct timespec time = {
		.tv_sec = (time_t)(moment / AGAIN_NS_PER_SECOND),
		.tv_nsec = (long)(moment % AGAIN_NS_PER_SECOND),
	};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0) {
		// A signal came; the moment is the same.
	}
}

// What only the caller can know. A GET may be done twice, so a connection that broke in the middle is worth a retry.
static uint32_t classify(CURLcode code, long http)
{
	switch (code) {
	case CURLE_OK:
		break;
	case CURLE_OPERATION_TIMEDOUT:
		return AGAIN_CLASS_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return AGAIN_CLASS_TRANSIENT;
	default:
		return AGAIN_CLASS_PERMANENT;
	}
	switch (http) {
	case 408:
		return AGAIN_CLASS_TIMEOUT;
	case 429:
	case 503:
		return AGAIN_CLASS_THROTTLED;
	case 500:
	case 502:
	case 504:
		return AGAIN_CLASS_SERVER;
	default:
		return http >= 200 && http < 300 ? AGAIN_CLASS_SUCCESS : AGAIN_CLASS_PERMANENT;
	}
}

// One attempt. Its body goes to `body`; how it ended goes to the outcome.
static void attempt(CURL *curl, FILE *body, const struct again_decision *next,
                    struct again_outcome *outcome)
{
	// libcurl takes milliseconds, and 0 for no limit.
	again_ns limit_ms = next->attempt_timeout_ns / 1000000 + 1;
	if (limit_ms > LONG_MAX || next->attempt_timeout_ns == AGAIN_NEVER) {
		limit_ms = 0;
	}
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)limit_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);

	*outcome = (struct again_outcome){.started_ns = now(), .lease = next->lease};
	CURLcode code = curl_easy_perform(curl);
	outcome->ended_ns = now();

	long http = 0;
	curl_off_t retry_after_s = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
	outcome->outcome_class = classify(code, http);
	if (retry_after_s > 0) {
		outcome->hint_kind = AGAIN_HINT_RELATIVE;
		outcome->hint_ns = (again_ns)retry_after_s * AGAIN_NS_PER_SECOND;
	}
	if (outcome->outcome_class != AGAIN_CLASS_SUCCESS) {
		fprintf(stderr, "fetch: attempt %u: HTTP %ld, %s\n", (unsigned)next->attempt, http,
		        curl_easy_strerror(code));
	}
}

static int fetch(CURL *curl, const struct again_policy *policy, uint64_t seed)
{
	struct again_call call;
	struct again_decision next;
	again_call_init(&call, policy, now(), seed, 0);
	again_call_begin(&call, policy, NULL, now(), &next);

	char *body = NULL;
	size_t len = 0;
	while (next.verb == AGAIN_VERB_RETRY) {
		sleep_until(next.not_before_ns);
		free(body);
		FILE *file = open_memstream(&body, &len);
		if (file == NULL) {
			perror("fetch");
			return 1;
		}
		struct again_outcome outcome;
		attempt(curl, file, &next, &outcome);
		if (fclose(file) != 0) {
			outcome.outcome_class = AGAIN_CLASS_PERMANENT;
		}
		again_call_next(&call, policy, NULL, &outcome, now(), &next);
		if (next.verb == AGAIN_VERB_RETRY) {
			fprintf(stderr, "fetch: again in %.3f s\n", (double)next.delay_ns / 1e9);
		}
	}
	int status = 1;
	if (next.verb == AGAIN_VERB_SUCCEED) {
		status = fwrite(body, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
	} else {
		fprintf(stderr, "fetch: %s after %u attempts\n", again_reason_text(next.reason),
		        (unsigned)next.attempt);
	}
	free(body);
	return status;
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: fetch URL [POLICY]\n");
		return 2;
	}
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	again_ns list[AGAIN_LIST_MAX];
	struct again_setup setup;
	again_setup_init(&setup, sizeof(setup));
	setup.policy = &policy;
	setup.list = list;
	setup.list_cap = AGAIN_LIST_MAX;
	const char *text = argc == 3 ? argv[2] : "timeout=10s,deadline=1m";
	struct again_error error = {0};
	if (again_setup_parse(&setup, text, strlen(text), &error) != 0) {
		fprintf(stderr, "fetch: '%s', column %u: %s\n", text, (unsigned)error.column,
		        error.text);
		return 2;
	}

	// Clients with one seed would come back together.
	uint64_t seed = 0;
	CURL *curl = curl_easy_init();
	if (getentropy(&seed, sizeof(seed)) != 0 || curl == NULL) {
		fprintf(stderr, "fetch: no entropy, or no libcurl\n");
		return 1;
	}
	curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	int status = fetch(curl, &policy, seed);
	curl_easy_cleanup(curl);
	return status;
}
