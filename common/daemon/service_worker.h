/* service_worker.h: what a daemon's handlers ask for by rpc_make is run by its worker. */
#pragma once
#include "common/daemon/service.h"

/* Behind the sandbox, whose filters the threads inherit. settled ends a batch in which
 * calls were run again: it is what the bus calls when it is drained. 0 or -1, logged. */
int service_worker_open(struct service *service, void (*settled)(void *service));
/* Runs again the calls for which all has been made. */
void service_worker_made(struct service *service);
/* Waits until what was asked for has been made and answered; while the bus still sends. */
void service_worker_close(struct service *service);
