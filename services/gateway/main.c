#include "services/gateway/gateway.h"

static const struct service_command commands[] = {
    {"openapi", "print the OpenAPI document of all routes", gateway_print_openapi},
    {NULL, NULL, NULL},
};

static struct conf_entry conf[] = {
    {"HUIGONG_LISTEN", "127.0.0.1:8080", CONF_TEXT, "address and port for HTTP", 0, 0, NULL},
    {"HUIGONG_LISTEN_TLS", "", CONF_TEXT, "address and port for HTTPS", 0, 0, NULL},
    {"HUIGONG_LISTEN_METRICS", "", CONF_TEXT, "address and port for /metrics, not for the public", 0, 0, NULL},
    {"HUIGONG_TRUSTED_PROXIES", "", CONF_TEXT, "blocks of addresses that X-Forwarded-For is taken from, by commas", 0,
     0, NULL},
    {"HUIGONG_TLS_CERT", "", CONF_PATH, "certificate chain, PEM", 0, 0, NULL},
    {"HUIGONG_TLS_KEY", "", CONF_PATH, "its key, PEM", 0, 0, NULL},
    {"HUIGONG_TOKEN_KEY", NULL, CONF_PATH, "file of the key that checks session tokens", 0, 0, NULL},
    {"HUIGONG_WEB", "", CONF_PATH, "folder of static files", 0, 0, NULL},
    {"HUIGONG_WORKERS", "1", CONF_INT, "threads", 1, 64, NULL},
    {"HUIGONG_RATE_MEMBER", "20", CONF_INT, "requests a second of one member; 0: any", 0, 1000000, NULL},
    {"HUIGONG_RATE_ADDRESS", "100", CONF_INT, "requests a second of one address without a session; 0: any", 0, 1000000,
     NULL},
    {"HUIGONG_WINDOW", "4", CONF_INT, "messages outstanding to one service", 1, 16, NULL},
    CONF_END,
};

static const char *const read_conf[] = {"HUIGONG_TLS_CERT", "HUIGONG_TLS_KEY", NULL};

static const struct service_spec spec = {
    .name = "gateway",
    .about = "HTTP and JSON for clients, calls on the bus for services",
    .conf = conf,
    .edge = true,
    .network = SANDBOX_LISTENS,
    .read_conf = read_conf,
    .start = gateway_start,
    .serve = gateway_serve,
    .stop = gateway_stop,
    .probe = gateway_probe,
    .commands = commands,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &spec);
}
