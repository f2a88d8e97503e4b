/* settings.c - see settings.h. */
#include "launcher/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/conf.h"
#include "launcher/nodedir.h"

#define ORPHAN_MS (3600 * 1000)
#define ORPHAN_MAX_MS (365LL * 24 * 3600 * 1000)

/* The lines that carry one string. */
static const struct word {
	const char *name;
	size_t offset;
} words[] = {
	{"berth", offsetof(struct settings, berth)},
	{"node", offsetof(struct settings, node)},
	{"base-dir", offsetof(struct settings, base_dir)},
	{"state-dir", offsetof(struct settings, state_dir)},
	{"secret", offsetof(struct settings, secret)},
	{"token", offsetof(struct settings, token)},
	{"network", offsetof(struct settings, network)},
	{"topology", offsetof(struct settings, topology)},
	{"address", offsetof(struct settings, address)},
};

#define NWORDS (sizeof words / sizeof words[0])

static char **field(const struct settings *s, size_t offset)
{
	return (char **)((char *)s + offset);
}

void settings_init(struct settings *s)
{
	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < NWORDS; i++)
		*field(s, words[i].offset) = mem_strdup("");
	s->dir = mem_strdup("");
	buf_init(&s->conf);
}

void settings_finish(struct settings *s)
{
	for (size_t i = 0; i < NWORDS; i++)
		free(*field(s, words[i].offset));
	free(s->dir);
	buf_finish(&s->conf);
}

void settings_put(char **f, const char *value)
{
	char *copy = mem_strdup(value);

	free(*f);
	*f = copy;
}

static int check_version(const char *text, struct berth_error *err)
{
	if (atoi(text) == BOOTSTRAP_VERSION)
		return 0;
	return error_set(err, BERTH_EPROTO,
			 "this berth-launcher speaks version %d of the start "
			 "protocol, not '%s'; install the same Berth on every "
			 "node",
			 BOOTSTRAP_VERSION, text);
}

/* The broker reads the rest, and says what is wrong with it. */
static int read_conf(struct settings *s, struct berth_error *err)
{
	const char *text = s->conf.data ? s->conf.data : "";
	struct conf *conf = conf_parse(text, "berth.conf", err);
	long long ms = ORPHAN_MS;
	int rc = -1;

	if (conf && conf_int(conf, "launcher.orphan_after_ms", 0, ORPHAN_MAX_MS,
			     &ms, err) >= 0)
		rc = 0;
	s->orphan_ms = (unsigned long long)ms;
	conf_destroy(conf);
	return rc;
}

static int finish(struct settings *s, struct berth_error *err)
{
	if (s->berth[0] == '\0' || s->secret[0] == '\0' ||
	    s->token[0] == '\0')
		return error_set(err, BERTH_EPROTO,
				 "settings end without berth, secret and "
				 "token");
	if (s->base_dir[0] == '\0') {
		/* not shared between nodes, and short enough for sockets */
		free(s->base_dir);
		s->base_dir = mem_printf("/tmp/berth-%u/%s",
					 (unsigned)geteuid(), s->berth);
	}
	s->complete = true;
	return read_conf(s, err);
}

int settings_line(struct settings *s, const char *line,
		  struct berth_error *err)
{
	size_t n = strcspn(line, " ");
	const char *rest = line[n] ? line + n + 1 : line + n;

	for (size_t i = 0; i < NWORDS; i++) {
		if (strlen(words[i].name) == n &&
		    memcmp(words[i].name, line, n) == 0) {
			settings_put(field(s, words[i].offset), rest);
			return 0;
		}
	}
	if (strncmp(line, "berth-bootstrap ", 16) == 0)
		return check_version(rest, err);
	if (n == 9 && memcmp(line, "conf-line", 9) == 0) {
		buf_printf(&s->conf, "%s\n", rest);
		return 0;
	}
	if (strcmp(line, "emulated") == 0) {
		s->emulated = true;
		return 0;
	}
	if (strcmp(line, "broker") == 0) {
		s->broker = true;
		return 0;
	}
	if (strcmp(line, "end") == 0)
		return finish(s, err);
	return error_set(err, BERTH_EPROTO, "unknown line '%.40s'", line);
}

static void write_conf(struct buf *out, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		buf_printf(out, "conf-line %.*s\n", (int)n, text);
		text += text[n] ? n + 1 : n;
	}
}

int settings_save(const struct settings *s, struct berth_error *err)
{
	struct buf out;
	int rc;

	buf_init(&out);
	buf_printf(&out, "berth-bootstrap %d\n", BOOTSTRAP_VERSION);
	for (size_t i = 0; i < NWORDS; i++)
		buf_printf(&out, "%s %s\n", words[i].name,
			   *field(s, words[i].offset));
	if (s->emulated)
		buf_puts(&out, "emulated\n");
	if (s->broker)
		buf_puts(&out, "broker\n");
	write_conf(&out, s->conf.data);
	buf_puts(&out, "end\n");
	rc = nodedir_write(s->dir, "settings", out.data, out.len, err);
	buf_finish(&out);
	return rc;
}

int settings_load(struct settings *s, const char *dir,
		  struct berth_error *err)
{
	char *text = nodedir_read(dir, "settings", err);
	char *save = NULL;
	int rc = 0;

	if (text == NULL)
		return -1;
	for (char *line = strtok_r(text, "\n", &save); line && rc == 0;
	     line = strtok_r(NULL, "\n", &save))
		rc = settings_line(s, line, err);
	if (rc == 0 && !s->complete)
		rc = error_set(err, BERTH_EINPUT, "the file is cut off");
	if (rc)
		error_prefix(err, "%s/settings", dir);
	settings_put(&s->dir, dir);
	free(text);
	return rc;
}
