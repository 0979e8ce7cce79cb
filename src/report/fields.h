// SPDX-License-Identifier: MIT
// Members of JSON objects that the report and the JSON log have in common, so that they have the
// same names.
#ifndef AGAIN_REPORT_FIELDS_H
#define AGAIN_REPORT_FIELDS_H

#include "base/event.h"
#include "base/json.h"

/** One member. */
void again_fields_string(struct again_json *json, const char *key, const char *string);
void again_fields_u64(struct again_json *json, const char *key, uint64_t number);
void again_fields_seconds(struct again_json *json, const char *key, again_ns ns);
void again_fields_utc(struct again_json *json, const char *key, uint64_t utc_ns);

/**
 * attempt status error delay_seconds (where a wait follows) started_at duration_seconds …
 * system_seconds.
 */
void again_fields_attempt(struct again_json *json, const struct again_attempt *attempt);

/**
 * status result reason exit_code … internal_error. `result` is the last attempt's words, NULL where
 * none was made.
 */
void again_fields_verdict(struct again_json *json, const struct again_verdict *verdict,
                          const char *result);

/** command: an array of strings. */
void again_fields_command(struct again_json *json, char *const *command);

/** max_retries: null where there is no limit. */
void again_fields_max_retries(struct again_json *json, const struct again_policy *policy);

/** policy: an object. Every key is always there; null is what does not apply. */
void again_fields_policy(struct again_json *json, const struct again_run_facts *facts);

#endif
