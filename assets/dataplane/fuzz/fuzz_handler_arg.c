// SPDX-License-Identifier: Apache-2.0
/* The input is KB_HANDLER_ARGS; its first word is the key that is looked for. */
#include <string.h>

#include "fuzz.h"
#include "kb/error.h"
#include "kb/handler.h"

#define ROOM 16u

/* Whether a word of args is key=value with that value. */
static int has_word(const char *args, const char *key, const char *value)
{
	const size_t key_len = strlen(key), value_len = strlen(value);

	for (const char *word = args; *word; word += strspn(word, " ")) {
		const size_t len = strcspn(word, " ");

		if (len == key_len + 1 + value_len && memcmp(word, key, key_len) == 0 &&
		    word[key_len] == '=' && memcmp(word + key_len + 1, value, value_len) == 0)
			return 1;
		word += len;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *const text = malloc(size + 1);
	char out[ROOM], key[32];

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	const size_t len = strcspn(text, " ");
	if (len == 0 || len >= sizeof(key) || memchr(text, '=', len)) {
		free(text); /* no handler asks for such a key */
		return 0;
	}
	memcpy(key, text, len);
	key[len] = '\0';
	const char *const args = text + len;
	memset(out, 'x', sizeof(out));
	kb_err_clear();
	switch (kb_handler_arg(args, key, out, sizeof(out))) {
	case 1:
		must(memchr(out, '\0', sizeof(out)));
		must(has_word(args, key, out));
		break;
	case 0:
		must(!has_word(args, key, ""));
		break;
	default:
		must(kb_err_exit() == KB_EXIT_CONFIG && strstr(kb_err_text(), key));
	}
	free(text);
	return 0;
}
