// SPDX-License-Identifier: MIT
// A program of somebody else: C++11, built with pkg-config against what is installed (tests/cli/examples.bats).
#include <again/again.h>

#include <iostream>
#include <vector>

int main()
{
	again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	policy.jitter = AGAIN_JITTER_FULL;
	again_error error{};
	if (again_policy_validate(&policy, &error) != 0) {
		return 1;
	}
	std::vector<again_ns> delays(8);
	delays.resize(again_call_plan(&policy, 42, 0, delays.size(), delays.data()));
	for (again_ns delay : delays) {
		std::cout << delay << '\n';
	}
}
