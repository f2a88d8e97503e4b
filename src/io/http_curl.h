/* http_curl.h - setting up a transfer, for http_fetch.c and http_client.c. */
#ifndef IO_HTTP_CURL_H
#define IO_HTTP_CURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A whole body, or what a streamed answer's reader has not been shown yet. */
#define HTTP_BODY_MAX (512u << 20)

int http_check_uri(const char *uri, struct berth_error *err);
/* why: CURL_ERROR_SIZE bytes that live as long as easy. */
void http_set_common(CURL *easy, unsigned timeout_ms, char *why);
void http_set_target(CURL *easy, const char *uri, const char *path);
void http_set_body(CURL *easy, const char *method, const void *body,
		   size_t len);
struct curl_slist *http_make_headers(const char *token, bool body);

/* 0 before there is one. */
long http_status_of(CURL *easy);
/* Why there was no answer. */
void http_explain(const char *uri, CURLcode result, const char *why,
		  struct berth_error *err);

#endif
