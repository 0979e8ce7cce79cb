// SPDX-License-Identifier: MIT
// The log's choice of what to tell, and its way to the descriptor.
#include "report/log.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "report/lines.h"
#include "report/log_json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void again_log_init(struct again_log *log, const struct again_log_config *config)
{
	log->config = *config;
	log->failure = 0;
	log->initial_wait = false;
	log->kept_len = 0;
}

int again_log_failure(const struct again_log *log)
{
	return log->failure;
}

static void fail(struct again_log *log, int sys)
{
	if (log->failure == 0) {
		log->failure = sys;
	}
}

/** Keeps what does not go out now. */
static void keep(struct again_log *log, const char *bytes, size_t len)
{
	if (len > sizeof(log->kept) - log->kept_len) {
		fail(log, EAGAIN);
		return;
	}
	memcpy(log->kept + log->kept_len, bytes, len);
	log->kept_len += len;
}

/** Waits until the descriptor has room. A wait that fails says nothing: the write will. */
static bool has_room(const struct again_log *log, int timeout_ms)
{
	for (;;) {
		int ready = log->config.files->wait_writable(log->config.fd, timeout_ms);
		if (ready >= 0 || errno != EINTR) {
			return ready != 0;
		}
	}
}

/** Writes what the descriptor takes without making us wait longer than that; how much it was. */
static size_t write_some(struct again_log *log, const char *bytes, size_t len, int timeout_ms)
{
	size_t done = 0;
	while (done < len && has_room(log, timeout_ms)) {
		// A pipe with any room takes this much at once.
		const size_t part = len - done < PIPE_BUF ? len - done : PIPE_BUF;
		ssize_t written = log->config.files->write(log->config.fd, bytes + done, part);
		if (written > 0) {
			done += (size_t)written;
		} else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
			fail(log, written == 0 ? EIO : errno);
			return len;
		} else if (errno == EAGAIN && timeout_ms == 0) {
			return done;
		}
	}
	return done;
}

static void flush_kept(struct again_log *log, int timeout_ms)
{
	size_t done = write_some(log, log->kept, log->kept_len, timeout_ms);
	memmove(log->kept, log->kept + done, log->kept_len - done);
	log->kept_len -= done;
}

static void put_line(struct again_log *log, const char *bytes, size_t len)
{
	flush_kept(log, /*timeout_ms=*/0);
	size_t done = log->kept_len > 0 ? 0 : write_some(log, bytes, len, /*timeout_ms=*/0);

	if (done < len) {
		keep(log, bytes + done, len - done);
	}
}

static void put_text(struct again_log *log, const struct again_event *event,
                     void (*add)(struct again_text *, const struct again_event *))
{
	// One byte is left for the line's end.
	struct again_text text = again_text_over(log->line, sizeof(log->line) - 1);
	again_lines_prefix(&text, log->config.name);
	size_t prefix_len = text.len;
	add(&text, event);
	if (text.len > prefix_len) {
		log->line[text.len] = '\n';
		put_line(log, log->line, text.len + 1);
	}
}

/** A line as far as it fits, and how long all of it would be. */
struct measured_line {
	char *at;
	size_t len;
	size_t cap;
};

static int gather(void *context, const char *bytes, size_t len, struct again_error * /*err*/)
{
	struct measured_line *line = context;
	if (line->len + len <= line->cap) {
		memcpy(line->at + line->len, bytes, len);
	}
	line->len += len;
	return 0;
}

/** Composes the event into log->line; the length that it has or would have. */
static size_t compose(struct again_log *log, const struct again_event *event, bool brief)
{
	char buffer[256];
	struct again_json json;
	struct measured_line line = {.at = log->line, .cap = sizeof(log->line)};
	again_json_begin(&json, buffer, sizeof(buffer), /*pretty=*/false, gather, &line);
	again_log_json_event(&json, event, brief);
	(void)again_json_end(&json, NULL);
	return line.len;
}

static void put_json(struct again_log *log, const struct again_event *event)
{
	size_t len = compose(log, event, /*brief=*/false);
	if (len > sizeof(log->line)) {
		len = compose(log, event, /*brief=*/true); // a command of many words
	}
	if (len > sizeof(log->line)) {
		fail(log, EMSGSIZE);
		return;
	}
	put_line(log, log->line, len);
}

/** The verbosity that an event needs. */
static enum again_verbosity needed(const struct again_log *log, const struct again_event *event)
{
	bool json = log->config.format == AGAIN_LOG_JSON;
	switch (event->type) {
	case AGAIN_EVENT_STATUS:
		return AGAIN_VERBOSITY_QUIET;
	case AGAIN_EVENT_RUN_END:
		return event->verdict->succeeded ? AGAIN_VERBOSITY_NORMAL : AGAIN_VERBOSITY_QUIET;
	case AGAIN_EVENT_ATTEMPT_END:
		// That a command cannot be run is what the end says.
		if (!event->attempt->succeeded && event->attempt->kind != AGAIN_END_NOT_EXECUTED) {
			return AGAIN_VERBOSITY_NORMAL;
		}
		break;
	case AGAIN_EVENT_RUN_START:
	case AGAIN_EVENT_ATTEMPT_START:
	case AGAIN_EVENT_SIGNAL:
	case AGAIN_EVENT_WAIT_END:
		break;
	}
	return json ? AGAIN_VERBOSITY_NORMAL : AGAIN_VERBOSITY_VERBOSE;
}

static void tell(struct again_log *log, const struct again_event *event)
{
	if (log->config.format == AGAIN_LOG_JSON) {
		put_json(log, event);
		return;
	}
	bool has_rule = event->type == AGAIN_EVENT_ATTEMPT_END && event->attempt->rule != NULL;
	if (has_rule && log->config.verbosity == AGAIN_VERBOSITY_VERBOSE) {
		put_text(log, event, again_lines_rule);
	}
	put_text(log, event, again_lines_event);
}

void again_log_event(void *context, const struct again_event *event)
{
	struct again_log *log = context;
	if (event->type == AGAIN_EVENT_RUN_START) {
		log->initial_wait = event->delay_ns > 0;
	}
	// The wait before the first attempt is told of only where there was one.
	bool no_wait =
		event->type == AGAIN_EVENT_WAIT_END && event->attempt == NULL && !log->initial_wait;
	if (log->config.verbosity >= needed(log, event) && !no_wait) {
		tell(log, event);
	}
	if (event->type == AGAIN_EVENT_RUN_END) {
		const int patience_ms = 1000;
		flush_kept(log, patience_ms);
		if (log->kept_len > 0 && event->verdict->stop_signal == 0) {
			// Everything is over but this; who does not want to wait for it may say so.
			(void)log->config.files->unblock_signals();
			flush_kept(log, -1);
		}
		if (log->kept_len > 0) {
			fail(log, EAGAIN);
		}
	}
}
