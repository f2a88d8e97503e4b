/* roles.h - the roles of a scenario: as its file says, or by the static
 * partitions.  Contradictions are the reader's to report, as the ledger sees
 * them. */
#ifndef SIM_ROLES_H
#define SIM_ROLES_H

#include "sim/reader.h"

void roles_read(struct reader *r);
/* Each role is guaranteed the cores that the frameworks in it have in the
 * baseline; the file may not set any. */
void roles_guarantee(struct reader *r);

#endif
