/* service_wait.h: calls that wait until other services' journals have been read to their end (parts_heard_all). */
#pragma once
#include "common/daemon/service.h"

void service_wait_open(struct service *service);
/* Takes a job over that is such a question; false: it is another one. */
bool service_wait(struct service *service, struct rpc_job *job);
/* Those that wait are answered that it was not reached. */
void service_wait_end(struct service *service);
