/* own_launcher.c - see own_launcher.h. */
#include "broker/own_launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "io/stream.h"
#include "io/where.h"
#include "rpc/start.h"

enum { SECRET_HEX = 64, START_MS = 20000 };

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf b;
	size_t n;

	if (f == NULL)
		return NULL;
	buf_init(&b);
	do {
		n = fread(buf_reserve(&b, 4096), 1, 4096, f);
		b.len += n;
	} while (n > 0);
	fclose(f);
	*buf_reserve(&b, 1) = '\0';
	return buf_take(&b);
}

/* The secret in the file; NULL: none (yet). */
static char *read_secret(const char *path)
{
	char *text = read_text(path);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	if (text && strlen(text) == SECRET_HEX)
		return text;
	free(text);
	return NULL;
}

/* Of all ranks that try, one makes the file; it is there whole or not at
 * all. */
static int make_secret(const char *path, struct berth_error *err)
{
	char hex[SECRET_HEX + 1], *temp;
	int fd, rc = 0;

	rand_secret_hex(hex, SECRET_HEX / 2);
	temp = mem_printf("%s.%.16s", path, hex);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rand_secret_hex(hex, SECRET_HEX / 2);
	if (fd < 0 || write(fd, hex, SECRET_HEX) != SECRET_HEX ||
	    fsync(fd) < 0 || (link(temp, path) < 0 && errno != EEXIST))
		rc = error_sys(err, "cannot write %s", path);
	if (fd >= 0) {
		close(fd);
		unlink(temp);
	}
	free(temp);
	return rc;
}

/* The file "secret" or "token": one for all ranks. */
static char *find_secret(const char *dir, const char *name,
			 struct berth_error *err)
{
	char *path = mem_printf("%s/%s", dir, name);
	char *secret = read_secret(path);

	if (secret == NULL && make_secret(path, err) == 0) {
		secret = read_secret(path);
		if (secret == NULL)
			error_set(err, BERTH_EINPUT,
				  "%s holds nothing of a Berth: remove it",
				  path);
	}
	free(path);
	return secret;
}

static int make_state_dir(const char *dir, struct berth_error *err)
{
	char *copy = mem_strdup(dir);
	int rc = 0;

	for (char *p = copy + 1; rc == 0; p++) {
		char end = *p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			rc = error_sys(err, "cannot make folder %s", copy);
		*p = end;
		if (end == '\0')
			break;
	}
	free(copy);
	return rc;
}

static bool listens(const struct broker_conf *c)
{
	char *path = mem_printf("%s/launcher.sock", c->node_dir);
	int fd = stream_connect_unix(path, NULL);

	free(path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Where the launcher that runs is reached, from its own notes. */
static char *read_address(const struct broker_conf *c)
{
	char *path = mem_printf("%s/settings", c->node_dir);
	char *text = read_text(path), *save = NULL, *found = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL;
	     line && found == NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "address ", 8) == 0)
			found = mem_strdup(line + 8);
	}
	free(text);
	free(path);
	return found ? found : mem_strdup("");
}

static int start(const struct broker_conf *c, const char *secret,
		 char **address, struct berth_error *err)
{
	char *program = where_program("berth-launcher", err);
	char *conf = c->conf_path ? read_text(c->conf_path) : NULL;
	const struct start_config config = {
		.berth = c->berth,
		.state_dir = c->state_dir,
		.base_dir = c->state_dir,
		.secret = secret,
		.token = c->token,
		.network = c->network ? c->network : "",
		.topology = c->topology ? c->topology : "",
		.conf = conf ? conf : "",
	};
	char *argv[] = {program, "--bootstrap", "--node", c->node, NULL};
	const char *name = c->node;
	struct start *s = NULL;
	int rc = -1;

	if (program) {
		s = start_create(&config);
		rc = start_command(s, argv, &name, 1, false, NULL, err);
	}
	if (rc == 0)
		rc = start_run(s, START_MS, err);
	if (rc == 0)
		*address = mem_strdup(start_node(s, 0)->address);
	start_destroy(s);
	free(conf);
	free(program);
	return rc;
}

int own_launcher_ensure(struct broker_conf *c, char **address,
			struct berth_error *err)
{
	char *secret;
	int rc;

	*address = NULL;
	if (make_state_dir(c->state_dir, err) < 0)
		return -1;
	free(c->token);
	c->token = find_secret(c->state_dir, "token", err);
	if (c->token == NULL)
		return -1;
	if (listens(c)) {
		log_info("the node's launcher is there");
		*address = read_address(c);
		return 0;
	}
	secret = find_secret(c->state_dir, "secret", err);
	if (secret == NULL)
		return -1;
	rc = start(c, secret, address, err);
	free(secret);
	return rc;
}
