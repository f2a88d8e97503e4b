/*
 * contact_file.h - the contact file of the state directory: by what users find
 * the ranks' HTTP API, and the token.  Every rank writes it, with the same
 * text; where the directory is shared, that is one file.
 */
#ifndef BROKER_CONTACT_FILE_H
#define BROKER_CONTACT_FILE_H

#include "base/error.h"
#include "wire/frame.h"

/* Write it, unless it says so already.  A state directory that is not on this
 * node is left alone. */
int contact_file_write(const char *path, const char *berth, const char *token,
		       const Berth__Contact *contact, struct berth_error *err);
void contact_file_remove(const char *path);

#endif
