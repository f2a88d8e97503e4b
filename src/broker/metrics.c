#include "broker/metrics.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"

static void add(struct buf *b, const char *type, const char *name,
		const char *help, uint64_t v)
{
	buf_printf(b, "# HELP berth_%s %s\n# TYPE berth_%s %s\nberth_%s %llu\n",
		   name, help, name, type, name, (unsigned long long)v);
}

static void add_ledger(struct buf *b, const struct ledger_stats *s)
{
	const struct {
		const char *type, *name, *help;
		uint64_t v;
	} rows[] = {
		{"gauge", "nodes", "Nodes that are known.", s->nodes},
		{"gauge", "frameworks", "Registered frameworks.",
		 s->frameworks},
		{"gauge", "demands", "Demands that stand.", s->demands},
		{"gauge", "offers", "Offers that are open.", s->offers},
		{"gauge", "slices", "Slices offered or held.", s->slices},
		{"gauge", "jobs", "Jobs that have not ended.", s->jobs},
		{"gauge", "jobs_kept", "Ended jobs that are remembered.",
		 s->ended_jobs},
		{"gauge", "tasks", "Tasks that have not ended.", s->tasks},
		{"gauge", "cores", "Cores of the nodes that are up.",
		 s->total.cores},
		{"gauge", "cores_free", "Cores in no slice.", s->free.cores},
		{"gauge", "gpus", "GPUs of the nodes that are up.",
		 s->total.gpus},
		{"gauge", "gpus_free", "GPUs in no slice.", s->free.gpus},
		{"counter", "ledger_events_total", "Events of the ledger.",
		 s->events},
		{"counter", "rounds_total", "Rounds of the policy.", s->rounds},
		{"counter", "offers_made_total", "Offers made.",
		 s->offers_made},
		{"counter", "offers_accepted_total",
		 "Offers accepted, whole or in part.", s->offers_accepted},
		{"counter", "offers_declined_total", "Offers declined.",
		 s->offers_declined},
		{"counter", "offers_expired_total", "Offers that ran out.",
		 s->offers_expired},
		{"counter", "offers_rescinded_total", "Offers taken back.",
		 s->offers_rescinded},
		{"counter", "slices_revoked_total",
		 "Slices that were to be given back.", s->slices_revoked},
		{"counter", "slices_spared_total",
		 "Slices that then were not.", s->slices_spared},
		{"counter", "tasks_launched_total", "Tasks launched.",
		 s->tasks_launched},
		{"counter", "tasks_ended_total", "Tasks ended.",
		 s->tasks_ended},
		{"counter", "jobs_submitted_total", "Jobs submitted.",
		 s->jobs_submitted},
		{"counter", "jobs_ended_total", "Jobs ended.", s->jobs_ended},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add(b, rows[i].type, rows[i].name, rows[i].help, rows[i].v);
}

static void add_net(struct buf *b, const struct net *net)
{
	struct net_stats s;

	net_stats(net, &s);
	add(b, "counter", "messages_sent_total", "Messages to other ranks.",
	    s.sent);
	add(b, "counter", "messages_received_total",
	    "Messages from other ranks.", s.received);
	add(b, "counter", "sent_bytes_total", "Bytes to other ranks.",
	    s.sent_bytes);
	add(b, "counter", "received_bytes_total", "Bytes from other ranks.",
	    s.received_bytes);
}

/* Resident memory in KiB; 0: not known. */
static uint64_t resident_kib(void)
{
	unsigned long total = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu %lu", &total, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}

void metrics_get(void *metrics, struct http_request *req, const char *name)
{
	const struct metrics *m = metrics;
	struct ledger_stats st;
	struct buf b;
	size_t streams, queued;

	buf_init(&b);
	ledger_stats(book_ledger(m->book), &st);
	add_ledger(&b, &st);
	add(&b, "gauge", "nodes_up", "Nodes that are up.",
	    nodes_count_up(m->nodes));
	frameworks_figures(m->frameworks, &streams, &queued);
	add(&b, "gauge", "framework_streams", "Streams of events that are open.",
	    streams);
	add(&b, "gauge", "framework_queued_bytes",
	    "Events that frameworks have not read.", queued);
	add(&b, "gauge", "output_readers", "Readers of output.",
	    outputs_readers(m->outputs));
	add(&b, "counter", "output_bytes_total", "Output passed to readers.",
	    outputs_bytes(m->outputs));
	add(&b, "counter", "requests_total", "HTTP requests.",
	    api_server_requests(m->server));
	add(&b, "gauge", "resident_kib", "Resident memory of the leader.",
	    resident_kib());
	add_net(&b, m->net);
	conduct_metrics(m->conduct, &b);
	http_reply(req, 200, "text/plain; version=0.0.4", b.data, b.len);
	buf_finish(&b);
}
