/*
 * status.h - the few values of PMIx that launchers put into replies or read
 * from entries.  They are part of the PMIx standard and of our wire format
 * ("a PMIx status"); PMIx itself stays in the shepherds.
 */
#ifndef LAUNCHER_STATUS_H
#define LAUNCHER_STATUS_H

enum {
	STATUS_OK = 0,
	STATUS_TIMEOUT = -24,
	STATUS_UNREACHABLE = -25,
	STATUS_NOT_FOUND = -46,
	STATUS_PARTIAL = -52,
	STATUS_LOST = -61, /* lost connection */
};

enum {
	RANGE_LOCAL = 2,
	RANGE_NAMESPACE = 3,
	RANGE_CUSTOM = 6,
	RANGE_PROC_LOCAL = 7,
};

enum {
	PERSIST_INDEFINITE = 0,
	PERSIST_FIRST_READ = 1,
	PERSIST_PROCESS = 2,
	PERSIST_APP = 3,
	PERSIST_SESSION = 4,
};

#endif
