/*
 * agreed.h - calls of the API that are carried out and answered when what they
 * ask for is on record.
 */
#ifndef BROKER_AGREED_H
#define BROKER_AGREED_H

#include "broker/commit.h"
#include "io/http.h"

struct agreed;

struct agreed *agreed_create(struct commit *commit);
/* Those who wait are told to come again; NULL is fine. */
void agreed_destroy(struct agreed *a);

/* It is on record: carry it out, and answer req; NULL: nobody waits. */
typedef void (*agreed_f)(void *arg, void *data, struct http_request *req);
/*
 * Ask for change, which is read, not kept.  Then done is called from the loop
 * with data, which is freed after it by drop; where the change is refused or
 * another rank leads, data is freed and req told so.
 */
void agreed_ask(struct agreed *a, struct http_request *req,
		Berth__RecordChange *change, agreed_f done, void *arg,
		void *data, void (*drop)(void *data));

#endif
