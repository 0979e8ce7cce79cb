// SPDX-License-Identifier: MIT
// How many bytes the public structs of libagain take: a line each, its name and its size.
#include <again/again.h>

#include <stdio.h>

#define PRINT(type) (void)printf("%s %zu\n", #type, sizeof(type))

int main(void)
{
	PRINT(struct again_call);
	PRINT(struct again_policy);
	PRINT(struct again_tokens);
	PRINT(struct again_gauge);
	PRINT(struct again_window);
	PRINT(struct again_rate);
	PRINT(struct again_breaker);
	PRINT(struct again_throttle);
	PRINT(struct again_hedge);
	PRINT(struct again_decision);
	PRINT(struct again_outcome);
	PRINT(struct again_guards);
	return 0;
}
