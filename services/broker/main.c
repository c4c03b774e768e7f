#include "services/broker/broker.h"

static struct conf_entry conf[] = {
    {"HUIGONG_QUEUES", "", CONF_TEXT, "names of the services' queues; without it, those the .proto files name", 0, 0,
     NULL},
    CONF_END,
};

static const struct service_spec spec = {
    .name = "broker",
    .about = "carries calls and answers between the gateway and the services",
    .conf = conf,
    .listens = true,
    .start = broker_start,
    .serve = broker_serve,
    .stop = broker_stop,
    .report = broker_report,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &spec);
}
