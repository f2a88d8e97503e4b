/*
 * error.h - the one error convention of Berth.
 *
 * A function that can fail returns -1 or NULL and fills the struct
 * berth_error that it was passed last.  The text is one line that a user can
 * act on: it names the place (file:line, field, node) and, where there is
 * one, the mend.  Callers may pass NULL when they do not want the text.
 */
#ifndef BERTH_ERROR_H
#define BERTH_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* What kind of failure; it decides the exit code and the HTTP status. */
enum berth_code {
	BERTH_OK = 0,
	BERTH_EINPUT,	 /* the caller's input is wrong: exit 2, HTTP 400 */
	BERTH_EAUTH,	 /* no or wrong credentials: exit 2, HTTP 401 */
	BERTH_ENOTFOUND, /* no such thing: exit 2, HTTP 404 */
	BERTH_ECONFLICT, /* not possible in this state: exit 2, HTTP 409 */
	BERTH_ELIMIT,	 /* too large or too many: exit 2, HTTP 413 */
	BERTH_EUNAVAIL,	 /* nobody there (yet): exit 1, HTTP 503 */
	BERTH_EPROTO,	 /* the peer speaks nonsense or another version */
	BERTH_ESYS,	 /* the operating system or a library failed */
	BERTH_ESPACE,	 /* the disk is full: exit 1, HTTP 507 */
};

struct berth_error {
	enum berth_code code;
	char text[512];
};

#ifdef __cplusplus
}
#endif
#endif
