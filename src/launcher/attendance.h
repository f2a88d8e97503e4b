/*
 * attendance.h - does a broker look after this node?  Its rank says so; the
 * shepherds hear it, and end their tasks when nobody does for too long
 * (shepherd/orphan.h).
 */
#ifndef LAUNCHER_ATTENDANCE_H
#define LAUNCHER_ATTENDANCE_H

#include "launcher/settings.h"
#include "launcher/shepherds.h"

struct attendance;

/* Both outlive it.  Nobody does at first. */
struct attendance *attendance_create(const struct settings *s,
				     struct shepherds *sh);
void attendance_destroy(struct attendance *a);

/* The rank's word. */
void attendance_word(struct attendance *a, const Berth__Attended *word);
/* The rank is gone. */
void attendance_rank_down(struct attendance *a);
/* This launcher leaves, and tasks are to run on for as long as they like. */
void attendance_keep(struct attendance *a);
/* A shepherd has linked. */
void attendance_tell(struct attendance *a, const char *shepherd);

#endif
