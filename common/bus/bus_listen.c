#include "common/bus/bus.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/bus/bus_nng.h"
#include "common/base/log.h"

#define KNOCK_TENDINGS 3 /* that a knock may take to be heard: nng's threads have to get their turn */

static int make_folder(const char *dir, const char *name, const char *end)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s%s", dir, name, end);
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    log_error("bus_folder", "path", path, "error", strerror(errno));
    return -1;
}

int bus_make_folders(const char *dir, const char *queue)
{
    return make_folder(dir, BUS_EDGE, "") || make_folder(dir, queue, BUS_SERVER) ? -1 : 0;
}

static int listen_at(struct bus_listening *listening)
{
    return bus_failed("listen", listening->address,
                      nng_listen(listening->socket, listening->address, &listening->listener, 0));
}

int bus_listen(struct bus_listening *listening, nng_socket socket, const char *dir, const char *name, int buffered)
{
    *listening = (struct bus_listening){.socket = socket, .knocked = -1};
    snprintf(listening->address, sizeof(listening->address), "ipc://%s/%s", dir, name);
    bus_socket_bounds(socket, buffered);
    return listen_at(listening);
}

static uint64_t stat_of(nng_stat *scope, const char *name)
{
    nng_stat *stat = nng_stat_find(scope, name);

    return stat ? nng_stat_value(stat) : 0;
}

/* Connections that failed before they were accepted, and those accepted. False when
 * there is no such listener.
 * nng_stat_find_listener of nng 1.5.2 finds the first listener, whichever is asked for. */
static bool count(nng_stat *all, nng_listener listener, uint64_t *ret_failed, uint64_t *ret_accepted)
{
    bool found = false;

    for (nng_stat *one = nng_stat_child(all); one && !found; one = nng_stat_next(one)) {
        found =
            strcmp(nng_stat_name(one), "listener") == 0 && stat_of(one, "id") == (uint64_t)nng_listener_id(listener);
        *ret_failed = stat_of(one, "other");
        *ret_accepted = stat_of(one, "accept");
    }
    return found;
}

/* Connects and greets as a peer of no protocol, who is accepted, and then refused. It
 * must stay until then, or it would be a failure itself. */
static int knock(const char *address)
{
    static const unsigned char greeting[8] = {0, 'S', 'P', 0, 0, 0, 0, 0};
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(peer.sun_path, sizeof(peer.sun_path), "%s", address + strlen("ipc://"));
    if (fd >= 0 && (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) ||
                    write(fd, greeting, sizeof(greeting)) != sizeof(greeting)))
        log_warn("knock_failed", "address", address, "error", strerror(errno));
    return fd;
}

static void listen_anew(struct bus_listening *listening)
{
    log_warn("listening_anew", "address", listening->address);
    nng_listener_close(listening->listener);
    listening->failed = 0;
    if (listen_at(listening))
        listening->listener = (nng_listener)NNG_LISTENER_INITIALIZER; /* the next time tries again */
}

void bus_listen_tend(struct bus_listening *listening, nng_stat *all)
{
    uint64_t failed = 0, accepted = 0;
    bool known = count(all, listening->listener, &failed, &accepted);

    if (listening->knocked >= 0) {
        bool heard = known && accepted > listening->accepted;

        if (known && !heard && ++listening->waited < KNOCK_TENDINGS)
            return;
        close(listening->knocked);
        listening->knocked = -1;
        known = heard;
    }
    if (!known) {
        listen_anew(listening);
    } else if (failed > listening->failed) {
        listening->failed = failed;
        listening->accepted = accepted;
        listening->waited = 0;
        listening->knocked = knock(listening->address);
    }
}
