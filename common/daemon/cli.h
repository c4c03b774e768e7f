/* cli.h: calls from a command line, over the bus, as the internal principal.
 *
 * A broker or a service that is not there just now is waited for, LIMIT_COMMAND_MS long, and
 * called again: what was not done is never given up for being a moment too early.
 *
 * Whoever may open the bus' sockets is trusted by the services; the sockets'
 * folder is only its owner's. */
#pragma once
#include "common/daemon/service.h"

/* --call METHOD JSON: prints the answer, or the refusal, as JSON. 0 answered, 1
 * refused, 2 unreachable. It goes to the partition that its input chooses; an operation of the
 * daemon's service whose input says nothing of it, and what every daemon serves (Daemon), to
 * the daemon's own. */
int cli_call_json(const struct service *service, const char *method, const char *json);
/* Waits until a queue is served, for LIMIT_COMMAND_MS; before a command makes calls of its own. */
void cli_wait(const char *bus_dir, const char *queue);
/* --probe: prints one line. 0 healthy, 1 sick, 2 unreachable, for LIMIT_PROBE_MS. */
int cli_probe(const char *bus_dir, const char *queue);
