#include "broker/contact_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "broker/json_text.h"
#include "io/whole_file.h"

#define FILE_MOST (1u << 20)

static void make_text(struct buf *text, const char *berth, const char *token,
		      const Berth__Contact *c)
{
	json_t *uris = json_array(), *v;

	for (size_t i = 0; i < c->n_doors; i++)
		json_array_append_new(uris, json_string(c->doors[i]->uri));
	v = json_pack("{s:s, s:o, s:s, s:s, s:s}", "uri", c->leader_uri,
		      "uris", uris, "token", token, "berth", berth, "leader",
		      c->leader);
	json_text_value(text, v);
	buf_puts(text, "\n");
	json_decref(v);
}

static bool folder_there(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	bool there;

	if (slash == NULL || slash == path)
		return true;
	folder = mem_strndup(path, (size_t)(slash - path));
	there = access(folder, F_OK) == 0;
	free(folder);
	return there;
}

int contact_file_write(const char *path, const char *berth, const char *token,
		       const Berth__Contact *contact, struct berth_error *err)
{
	struct buf text;
	char *old;
	size_t len = 0;
	int rc = 0;

	if (!folder_there(path))
		return 0;
	buf_init(&text);
	make_text(&text, berth, token, contact);
	old = whole_file_read(path, FILE_MOST, &len, NULL);
	if (old == NULL || len != text.len || memcmp(old, text.data, len) != 0)
		rc = whole_file_write(path, text.data, text.len, err);
	free(old);
	buf_finish(&text);
	return rc;
}

void contact_file_remove(const char *path)
{
	unlink(path);
}
