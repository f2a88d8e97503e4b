/*
 * http_fetch.c - one transfer with libcurl: how each is set up, and the
 * blocking call of http.h.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/http.h"
#include "io/http_curl.h"

#define CONNECT_TIMEOUT_MS 5000L
#define UNACKNOWLEDGED_MS 5000

int http_check_uri(const char *uri, struct berth_error *err)
{
	if ((strncmp(uri, "unix:/", 6) == 0 && uri[6]) ||
	    (strncmp(uri, "http://", 7) == 0 && uri[7]))
		return 0;
	return error_set(err, BERTH_EINPUT,
			 "'%s' is no address of a Berth: http://HOST:PORT or "
			 "unix:/PATH is wanted",
			 uri);
}

void http_set_target(CURL *easy, const char *uri, const char *path)
{
	size_t len = strlen(uri);
	char *url;

	if (strncmp(uri, "unix:", 5) == 0) {
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, uri + 5);
		url = mem_printf("http://localhost%s", path);
	} else {
		while (len > 0 && uri[len - 1] == '/')
			len--;
		url = mem_printf("%.*s%s", (int)len, uri, path);
	}
	curl_easy_setopt(easy, CURLOPT_URL, url);
	free(url);
}

void http_set_body(CURL *easy, const char *method, const void *body, size_t len)
{
	bool post = strcmp(method, "POST") == 0 || body != NULL;

	if (post) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(body ? len : 0));
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
				 body ? body : "");
	}
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(method, post ? "POST" : "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

struct curl_slist *http_make_headers(const char *token, bool body)
{
	struct curl_slist *list = NULL;

	/* Without this curl waits a second before it sends larger bodies. */
	list = curl_slist_append(list, "Expect:");
	list = curl_slist_append(list, body ? "Content-Type: application/json"
					    : "Content-Type:");
	if (token && token[0]) {
		char *line = mem_printf("Authorization: Bearer %s", token);

		list = curl_slist_append(list, line);
		free(line);
	}
	return list;
}

/* A server whose node is gone is given up after some seconds without an
 * acknowledgement, also while nothing is on its way but probes. */
static int on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	int ms = UNACKNOWLEDGED_MS;

	/* Not a TCP socket: nothing to do. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	return CURL_SOCKOPT_OK;
}

void http_set_common(CURL *easy, unsigned timeout_ms, char *why)
{
	why[0] = '\0';
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 2L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 1L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
}

void http_explain(const char *uri, CURLcode result, const char *why,
		  struct berth_error *err)
{
	const char *text = why[0] ? why : curl_easy_strerror(result);

	if (result == CURLE_COULDNT_CONNECT)
		error_set(err, BERTH_EUNAVAIL, "%s: nobody answers: %s", uri,
			  text);
	else if (result == CURLE_OPERATION_TIMEDOUT)
		error_set(err, BERTH_EUNAVAIL, "%s: no answer in time", uri);
	else
		error_set(err, BERTH_EUNAVAIL, "%s: no answer: %s", uri, text);
}

long http_status_of(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* ---- blocking ---- */

static size_t fetch_write(char *data, size_t size, size_t n, void *arg)
{
	struct buf *in = arg;

	if (in->len + n > HTTP_BODY_MAX)
		return 0;
	buf_add(in, data, n);
	return n;
}

int http_fetch_with(const char *uri, const char *token, const char *header,
		    const char *method, const char *path, const void *body_in,
		    size_t len_in, char **body, size_t *len,
		    unsigned connect_ms, unsigned timeout_ms,
		    struct berth_error *err)
{
	struct curl_slist *headers = NULL;
	char why[CURL_ERROR_SIZE];
	CURLcode result;
	struct buf in;
	CURL *easy;
	int status = -1;

	if (http_check_uri(uri, err) != 0)
		return -1;
	easy = curl_easy_init();
	if (easy == NULL)
		return error_set(err, BERTH_ESYS, "libcurl does not start");
	buf_init(&in);
	headers = http_make_headers(token, body_in != NULL);
	if (header)
		headers = curl_slist_append(headers, header);
	http_set_common(easy, timeout_ms, why);
	if (connect_ms)
		curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
				 (long)connect_ms);
	http_set_target(easy, uri, path);
	http_set_body(easy, method, body_in, len_in);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, fetch_write);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &in);
	result = curl_easy_perform(easy);
	if (result == CURLE_OK)
		status = (int)http_status_of(easy);
	else
		http_explain(uri, result, why, err);
	if (status >= 0 && len)
		*len = in.len;
	if (status >= 0 && body)
		*body = buf_take(&in);
	buf_finish(&in);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	return status;
}

int http_fetch(const char *uri, const char *token, const char *method,
	       const char *path, const void *body_in, size_t len_in,
	       char **body, size_t *len, unsigned timeout_ms,
	       struct berth_error *err)
{
	return http_fetch_with(uri, token, NULL, method, path, body_in, len_in,
			       body, len, 0, timeout_ms, err);
}
