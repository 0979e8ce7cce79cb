// SPDX-License-Identifier: MIT
// Rules that others have published, in the language of policy text, each with its source. @pure
//
// A preset is the published rule where libagain has it, and the nearest bounded form where it has not: no delay is 0,
// none is above the cap, and jitter keeps its spread at the cap. What differs is said in the source. Retry counts are
// max_retries, so "3 attempts" is 2.
#include <again/text.h>

#define AWS_DOCS "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"
#define GRPC_DOCS "https://github.com/grpc/proposal/blob/master/A6-client-retries.md"
#define FINAGLE_DOCS "https://finagle.github.io/blog/2016/02/08/retry-budgets"
#define LINKERD_DOCS "https://linkerd.io/2.10/tasks/configuring-retries/"
#define ENVOY_DOCS \
	"https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter"
#define ENVOY_BUDGET_DOCS \
	"https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto"
#define SRE_DOCS "https://sre.google/sre-book/handling-overload/"

static const struct again_preset policy_presets[] = {
	{
		"aws-2018",
		"max-retries=2,base-delay=1s,max-delay=20s,jitter=full,budget=aws-2018",
		"AWS SDKs, standard retry mode before 2026, " AWS_DOCS "; a delay is never 0 here",
	},
	{
		"aws-2026",
		"max-retries=2,base-delay=50ms,throttled-base-delay=1s,max-delay=20s,jitter=full,"
		"hint=bounded,hint-max=5s,hint-jitter=0,budget=aws-2026",
		"AWS SDKs, standard retry mode of 2026 (x-amz-retry-after as the hint), " AWS_DOCS
		"; a delay is never 0 here, and long polls wait no longer than others",
	},
	{
		"aws-2026-throttling",
		"max-retries=2,base-delay=1s,max-delay=20s,jitter=full,"
		"hint=bounded,hint-max=5s,hint-jitter=0,budget=tokens:500/cost:5/first:1/repay-last",
		"the same where every failure is taken for throttling, " AWS_DOCS
		"; for callers that cannot tell",
	},
	{
		"grpc",
		"max-retries=3,base-delay=100ms,max-delay=1s,jitter=proportional:0.2,"
		"hint=exact,hint-max=none,hint-jitter=0,budget=grpc",
		"gRPC A6, the proposal's example (4 attempts, retryThrottling 10 and 0.1), " GRPC_DOCS
		"; there jitter is added to the cap, up to 1.2 s, here the cap includes it",
	},
	{
		"finagle",
		"max-retries=20,base-delay=1ms,backoff=constant,jitter=full,budget=finagle",
		"Finagle, requeues with the default RetryBudget, " FINAGLE_DOCS
		"; there a requeue is immediate, here it waits up to 1 ms, because a delay of 0 is not"
		" offered; there one request may take a fifth of the budget, here of its reserve",
	},
	{
		"linkerd",
		"max-retries=1,base-delay=1ms,backoff=constant,jitter=full,budget=linkerd",
		"Linkerd 2, one retry within the default retry budget, " LINKERD_DOCS
		"; there a retry is immediate, here it waits up to 1 ms, because a delay of 0 is not"
		" offered",
	},
	{
		"envoy",
		"max-retries=1,base-delay=25ms,max-delay=250ms,jitter=full,budget=envoy",
		"Envoy, x-envoy-max-retries and retry_budget by default, " ENVOY_DOCS
		"; there retry n waits up to (2^n - 1) * 25 ms, here up to 2^(n-1) * 25 ms: the first"
		" is the same",
	},
	{
		"sre10",
		"max-retries=2,budget=sre10",
		"Site Reliability Engineering, chapter 21, three attempts and the per-client retry"
		" budget, " SRE_DOCS "; the book gives no delays: these are the defaults",
	},
	{
		"cenkalti",
		"max-retries=unlimited,base-delay=500ms,max-delay=60s,factor=1.5,"
		"jitter=proportional:0.5,deadline=15m,hint=exact,hint-jitter=0",
		"cenkalti/backoff, defaults, https://pkg.go.dev/github.com/cenkalti/backoff/v5"
		"; there jitter is added to the cap, up to 90 s, here the cap includes it",
	},
	{
		"polly",
		"max-retries=3,base-delay=2s,max-delay=none,backoff=constant,jitter=none",
		"Polly v8, RetryStrategyOptions by default,"
		" https://www.pollydocs.org/strategies/retry.html",
	},
	{
		"resilience4j",
		"max-retries=2,base-delay=500ms,backoff=constant,jitter=none",
		"resilience4j, RetryConfig by default, https://resilience4j.readme.io/docs/retry",
	},
	{
		"curl-retry",
		"base-delay=1s,max-delay=10m,jitter=none,hint=at-least,hint-max=6h",
		"curl --retry, https://curl.se/docs/manpage.html#--retry"
		"; there the count has to be given, here it is the default of 5; there a Retry-After of"
		" more than 6 h is cut to that, here it ends the call",
	},
	{
		"k8s",
		"max-retries=unlimited,base-delay=10s,max-delay=5m,jitter=none,reset-after=10m",
		"Kubernetes, restarts of a container,"
		" https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy",
	},
	{
		"temporal",
		"max-retries=unlimited,base-delay=1s,max-delay=100s,jitter=none",
		"Temporal, the default retry policy of an activity,"
		" https://docs.temporal.io/encyclopedia/retry-policies",
	},
	{
		"no-retry",
		"max-retries=0",
		"one attempt, as without a policy",
	},
};

static const struct again_preset budget_presets[] = {
	{
		"sre10",
		"window:2m/reserve:0.001/cost:1.001/least:0.001/call:0.1/retry:0.1",
		"Site Reliability Engineering, chapter 21: a retry while less than 10 % of the requests"
		" are retries, " SRE_DOCS
		"; the book names no window: two minutes are those of its adaptive throttling; the"
		" thousandths let a call that lasted longer than the window retry once",
	},
	{
		"aws-2018",
		"tokens:500/cost:5/cost-timeout:10/first:1/repay-last",
		"AWS SDKs, retry quota before 2026, " AWS_DOCS,
	},
	{
		"aws-2026",
		"tokens:500/cost:14/cost-throttled:5/first:1/repay-last",
		"AWS SDKs, retry quota of 2026, " AWS_DOCS,
	},
	{
		"grpc",
		"tokens:10/least:5.001/repay:0.1/charge-failures",
		"gRPC A6, retryThrottling of the proposal's example, maxTokens 10 and tokenRatio"
		" 0.1, " GRPC_DOCS,
	},
	{
		"finagle",
		"window:10s/reserve:100/call:0.2",
		"Finagle, RetryBudget by default: 20 % of the requests and 10 a second, for 10"
		" s, " FINAGLE_DOCS,
	},
	{
		"linkerd",
		"window:10s/reserve:100/call:0.2",
		"Linkerd, retryBudget by default: as Finagle's, " LINKERD_DOCS,
	},
	{
		"envoy",
		"concurrency:20%/min:3",
		"Envoy, retry_budget by default, " ENVOY_BUDGET_DOCS
		"; a call counts from its begin to its end, its waits included",
	},
};

const struct again_preset *again_policy_presets(size_t *out_count)
{
	*out_count = sizeof(policy_presets) / sizeof(policy_presets[0]);
	return policy_presets;
}

const struct again_preset *again_budget_presets(size_t *out_count)
{
	*out_count = sizeof(budget_presets) / sizeof(budget_presets[0]);
	return budget_presets;
}
