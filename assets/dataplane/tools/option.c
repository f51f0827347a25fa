// SPDX-License-Identifier: Apache-2.0
#include "option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kb/error.h"

int kb_option_bad(const char *name, const char *allowed, const char *value)
{
	return kb_err_set(KB_EXIT_CONFIG, 0, "--%s must be %s, got '%s'", name, allowed, value);
}

int kb_option_number(uint64_t *out, const char *name, uint64_t min, uint64_t max, const char *value)
{
	char allowed[96];
	char *end;

	errno = 0;
	const uint64_t n = strtoull(value, &end, 10);
	/* strtoull takes "-1" and " 1"; a count has neither sign nor blank. */
	if (*value >= '0' && *value <= '9' && *end == '\0' && !errno && n >= min && n <= max) {
		*out = n;
		return 0;
	}
	snprintf(allowed, sizeof(allowed), "a whole number from %" PRIu64 " to %" PRIu64, min, max);
	return kb_option_bad(name, allowed, value);
}

int kb_option_number32(uint32_t *out, const char *name, uint32_t min, uint32_t max,
		       const char *value)
{
	uint64_t n = 0;

	if (kb_option_number(&n, name, min, max, value))
		return -1;
	*out = (uint32_t)n;
	return 0;
}

int kb_option_positive(double *out, const char *name, double max, const char *value)
{
	char allowed[64];
	char *end;
	const double n = strtod(value, &end);

	if (end != value && *end == '\0' && n > 0 && n <= max) {
		*out = n;
		return 0;
	}
	snprintf(allowed, sizeof(allowed), "more than 0 and at most %.0f", max);
	return kb_option_bad(name, allowed, value);
}

const char *kb_option_percent(double *out, const char *text)
{
	char *end;
	const double percent = strtod(text, &end);

	if (end == text || !(percent >= 0 && percent <= 100))
		return NULL;
	*out = percent;
	return *end == '%' ? end + 1 : end;
}
