/* cli.h: calls from a command line, over the bus, as the internal principal.
 *
 * Whoever may open the bus' sockets is trusted by the services; the sockets'
 * folder is only its owner's. */
#pragma once
#include "common/rpc/rpc.h"

/* --call METHOD JSON: prints the answer, or the refusal, as JSON. 0 answered, 1
 * refused, 2 unreachable. */
int cli_call_json(const char *bus_dir, const char *method, const char *json);
/* --probe: prints one line. 0 healthy, 1 sick, 2 unreachable. */
int cli_probe(const char *bus_dir, const char *queue);
