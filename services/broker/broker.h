/* broker.h: hg-broker, the switch between the edges and the services.
 *
 * Owns one queue per service, named in HUIGONG_QUEUES or else by the .proto files, one
 * for each partition of HUIGONG_PARTITIONS, and the event bell; keeps nothing on disk and no business state. A queue
 * has many clients and one server: a second server is turned away, and while there is none every call is answered
 * SERVICE_DOWN at once. When a server dies, the calls it had taken are answered OUTCOME_UNKNOWN. A queue holds at most
 * LIMIT_BROKER_IN_FLIGHT messages; past that, calls are answered OVERLOADED. Forwarding runs on nng's threads; the loop
 * serves the broker's own queue, through which it is probed. */
#pragma once
#include "common/daemon/service.h"

int broker_start(struct service *service);
int broker_serve(struct service *service);
void broker_stop(struct service *service);
void broker_report(struct service *service, struct arena *arena, Rpc__ProbeReport *report);
