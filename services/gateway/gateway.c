#include "common/bus/bus.h"
#include "services/gateway/gateway.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/api/openapi.h"
#include "common/base/log.h"
#include "services/gateway/app.h"

#define OPENAPI_MAX ((size_t)16 << 20)

struct gateway {
    struct app_settings settings;
    struct token_keys *keys;
    struct files *files;
    struct server *server;
    char bus_dir[256];
    uv_signal_t hangup;
};

/* "127.0.0.1:8080" or "[::1]:8080". */
static bool parse_listener(const char *text, char address[64], uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    const char *end = colon;
    char *rest;
    long port = colon ? strtol(colon + 1, &rest, 10) : -1;

    if (!colon || port < 0 || port > UINT16_MAX || rest == colon + 1 || *rest)
        return false;
    if (*text == '[' && end > text && end[-1] == ']') {
        text++;
        end--;
    }
    if (end == text || end - text >= 64)
        return false;
    snprintf(address, 64, "%.*s", (int)(end - text), text);
    *ret_port = (uint16_t)port;
    return true;
}

/* Who is limited to what, and by whom callers are told apart. */
static int rates(struct service *service, struct app_settings *settings)
{
    struct conf_entry *conf = service->spec->conf;
    int64_t member = conf_int(conf, "HUIGONG_RATE_MEMBER"), address = conf_int(conf, "HUIGONG_RATE_ADDRESS");
    const char *proxies = conf_text(conf, "HUIGONG_TRUSTED_PROXIES");

    if (!proxies_read(proxies, &settings->proxies)) {
        log_error("bad_proxies", "setting", "HUIGONG_TRUSTED_PROXIES", "value", proxies, "limit", log_int(PROXIES_MAX));
        return -1;
    }
    return limiter_init(&settings->members, member, member * 2, &service->clock) ||
                   limiter_init(&settings->addresses, address, address * 2, &service->clock)
               ? -1
               : 0;
}

static int listeners(struct service *service, struct server_options *options)
{
    static const char *const names[] = {"HUIGONG_LISTEN", "HUIGONG_LISTEN_TLS", "HUIGONG_LISTEN_METRICS"};
    static char addresses[ARRAY_LEN(names)][64];
    unsigned n = 0;

    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        const char *text = conf_text(service->spec->conf, names[i]);

        if (!*text)
            continue;
        if (!parse_listener(text, addresses[n], &options->listeners[n].port)) {
            log_error("bad_address", "setting", names[i], "value", text);
            return -1;
        }
        options->listeners[n].address = addresses[n];
        options->listeners[n].tls = i == 1;
        options->listeners[n].inner = i == 2;
        n++;
    }
    return n ? 0 : -1;
}

int gateway_print_openapi(const struct service *service, int argc, char **argv)
{
    struct buf document;
    int code = 1;

    (void)service;
    (void)argv;
    buf_init(&document, OPENAPI_MAX);
    if (argc == 0 && openapi_write(&document, api_docs, api_docs_len, gateway_own) == 0 &&
        fwrite(document.bytes, 1, document.len, stdout) == document.len && fflush(stdout) == 0)
        code = 0;
    buf_done(&document);
    return code;
}

int gateway_start(struct service *service)
{
    static struct gateway gateway;
    struct conf_entry *conf = service->spec->conf;
    struct server_options options = {
        .workers = (int)conf_int(conf, "HUIGONG_WORKERS"),
        .cert_file = conf_text(conf, "HUIGONG_TLS_CERT"),
        .key_file = conf_text(conf, "HUIGONG_TLS_KEY"),
        .proxies = &gateway.settings.proxies,
        .app = app_server,
        .app_data = &gateway.settings,
    };

    service->self = &gateway;
    gateway.settings.workers = options.workers;
    buf_init(&gateway.settings.openapi, OPENAPI_MAX);
    if (app_counts_open(&gateway.settings) ||
        openapi_write(&gateway.settings.openapi, api_docs, api_docs_len, gateway_own))
        return -1;
    gateway.keys = token_keys_open(conf_text(conf, "HUIGONG_TOKEN_KEY"));
    if (!gateway.keys || listeners(service, &options) || rates(service, &gateway.settings))
        return -1;
    if (*conf_text(conf, "HUIGONG_WEB")) {
        gateway.files = files_load(conf_text(conf, "HUIGONG_WEB"));
        if (!gateway.files)
            return -1;
    }
    gateway.server = server_open(&options);
    if (!gateway.server)
        return -1;
    snprintf(gateway.bus_dir, sizeof(gateway.bus_dir), "%s/" BUS_EDGE, service_bus_dir(service));
    gateway.settings.bus_dir = gateway.bus_dir;
    gateway.settings.partitions = &service->partitions;
    gateway.settings.keys = gateway.keys;
    gateway.settings.files = gateway.files;
    gateway.settings.server = gateway.server;
    gateway.settings.window = (unsigned)conf_int(conf, "HUIGONG_WINDOW");
    return 0;
}

static void on_hangup(uv_signal_t *handle, int signal)
{
    struct gateway *gateway = handle->data;

    (void)signal;
    log_info("certificate_reload", "done", server_reload_tls(gateway->server) ? "yes" : "no");
}

int gateway_serve(struct service *service)
{
    struct gateway *gateway = service->self;

    uv_signal_init(&service->loop, &gateway->hangup);
    gateway->hangup.data = gateway;
    uv_signal_start(&gateway->hangup, on_hangup, SIGHUP);
    return server_start(gateway->server) ? 0 : -1;
}

void gateway_stop(struct service *service)
{
    struct gateway *gateway = service->self;

    gateway->settings.stopping = true;
    server_stop(gateway->server);
    server_close(gateway->server);
    files_free(gateway->files);
    token_keys_close(gateway->keys);
    limiter_done(&gateway->settings.members);
    limiter_done(&gateway->settings.addresses);
    buf_done(&gateway->settings.openapi);
    free(gateway->settings.counts);
    service_stopped(service);
}

/* ---- the probe: GET /readyz from where it listens ---- */

static int connect_to(const char *text)
{
    struct timeval timeout = {.tv_sec = 2};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    char address[64];
    uint16_t port;
    bool is_six;
    int fd;

    if (!parse_listener(text, address, &port))
        return -1;
    is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    if (!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1)
        return -1;
    /* "Any address" listens on the loopback too. */
    if (four.sin_addr.s_addr == INADDR_ANY)
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (memcmp(&six.sin6_addr, &in6addr_any, sizeof(in6addr_any)) == 0)
        six.sin6_addr = in6addr_loopback;
    four.sin_port = six.sin6_port = htons(port);
    fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, is_six ? (void *)&six : (void *)&four, is_six ? sizeof(six) : sizeof(four)) == 0)
        return fd;
    close(fd);
    return -1;
}

int gateway_probe(const struct service *service)
{
    static const char request[] = "GET /readyz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";
    int fd = connect_to(conf_text(service->spec->conf, "HUIGONG_LISTEN"));
    char answer[512];
    ssize_t n = -1;
    int code = 2;

    if (fd >= 0 && write(fd, request, sizeof(request) - 1) == sizeof(request) - 1)
        n = read(fd, answer, sizeof(answer) - 1);
    if (n > 12)
        code = memcmp(answer + 9, "200", 3) == 0 ? 0 : 1;
    printf("%s gateway at %s\n",
           code == 0   ? "healthy"
           : code == 1 ? "sick"
                       : "unreachable",
           conf_text(service->spec->conf, "HUIGONG_LISTEN"));
    if (fd >= 0)
        close(fd);
    return code;
}
