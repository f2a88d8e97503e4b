#include "broker/restart.h"

#include <stddef.h>

#include "base/log.h"
#include "broker/api.h"
#include "broker/json_decode.h"

struct restart_in {
	const char *program;
};

static const struct json_field fields[] = {
	{.name = "program", .type = JSON_T_STRING, .max = 4096,
	 .offset = offsetof(struct restart_in, program)},
};

static int order(const struct restart *r, const char *node,
		 const char *program, struct berth_error *err)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Restart order = BERTH__RESTART__INIT;

	if (r->by_mpirun)
		return error_set(err, BERTH_ECONFLICT,
				 "mpirun started the ranks: end it and start "
				 "the new berthd by another one; tasks run on");
	order.program = (char *)program;
	msg.body_case = BERTH__MSG__BODY_RESTART;
	msg.restart = &order;
	if (nodes_send(r->nodes, node, &msg) == 0)
		return 0;
	return error_set(err, BERTH_ECONFLICT,
			 "node %.64s is not up: berth up brings it back first",
			 node);
}

void restart_post(void *restart, struct http_request *req, const char *name)
{
	struct restart_in in = {.program = ""};
	struct berth_error err = {0};
	json_t *body = api_body(req);

	if (body == NULL)
		return;
	if (JSON_DECODE(body, "", fields, &in, &err) != 0 ||
	    order(restart, name, in.program, &err) != 0) {
		http_reply_error(req, &err);
	} else {
		log_info("node %s begins anew%s%s", name,
			 in.program[0] != '\0' ? " as " : "", in.program);
		api_reply(req, 202, json_pack("{s:s}", "name", name));
	}
	json_decref(body);
}
