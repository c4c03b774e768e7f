/* cli.h: calls from a command line, over the bus, as the internal principal.
 *
 * Whoever may open the bus' sockets is trusted by the services; the sockets'
 * folder is only its owner's. */
#pragma once
#include "common/rpc.h"

/* Calls one method and waits. The answer is in the arena; one with a reason of
 * ours when the broker or the service cannot be reached. */
const Rpc__Answer *cli_call(const char *bus_dir, const char *queue, const char *method, const void *input, size_t len,
                            struct arena *arena);
/* --call METHOD JSON: prints the answer, or the refusal, as JSON. 0 answered, 1
 * refused, 2 unreachable. */
int cli_call_json(const char *bus_dir, const char *method, const char *json);
/* --probe: prints one line. 0 healthy, 1 sick, 2 unreachable. */
int cli_probe(const char *bus_dir, const char *queue);
