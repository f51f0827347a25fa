// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "kb/error.h"
#include "kb/handler.h"

int kb_handler_arg(const char *args, const char *key, char *out, uint32_t size)
{
	const size_t key_len = strlen(key);

	for (const char *p = args; *p;) {
		p += strspn(p, " ");
		const size_t len = strcspn(p, " ");

		if (len > key_len && p[key_len] == '=' && memcmp(p, key, key_len) == 0) {
			const size_t value_len = len - key_len - 1;

			if (value_len >= size)
				return kb_err_set(
					KB_EXIT_CONFIG, 0,
					"handler argument %s is longer than %u characters", key,
					size - 1);
			memcpy(out, p + key_len + 1, value_len);
			out[value_len] = '\0';
			return 1;
		}
		p += len;
	}
	return 0;
}
