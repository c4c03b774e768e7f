/* conn_place.c: who has a place among the connections, and who gives hers up (conn.h). */
#include "common/base/limits.h"
#include "services/gateway/http/conn_internal.h"

#define LOOKED_AT 64   /* of a guest's connections, for one that can go */
#define STUCK_MS  5000 /* a client that takes nothing for so long can go */

void conn_leave_place(struct conn *conn)
{
    if (conn->counts)
        guests_leave(&conn->owner->http.guests, conn->http.guest, &conn->place);
    conn->counts = false;
}

/* Nothing of it is with the application, or is on its way to a client who takes it. */
static bool can_go(const struct conn *conn)
{
    switch ((enum wait)conn->kind) {
    case WAIT_IDLE:
        return link_is_alone(&conn->dirty);
    case WAIT_HANDSHAKE:
    case WAIT_HEAD:
    case WAIT_BODY:
    case WAIT_LINGER:
        return true;
    case WAIT_WRITE:
        return conn->deadline_ms + STUCK_MS <= uv_now(&conn->owner->loop) + LIMIT_WRITE_MS;
    default:
        return false;
    }
}

static void evict(struct conn *conn)
{
    http_count(&conn->owner->http.counters.evicted, 1);
    conn_leave_place(conn);
    if (conn->kind == WAIT_HEAD || conn->kind == WAIT_BODY) {
        http_shed(&conn->http);
        conn_settle(conn);
    } else {
        conn_close(conn);
    }
}

/* One of a guest's, or of those with a session. Those that are looked at go to the end, so that others are next
 * time. */
static bool evict_of(struct guest *guest, bool session)
{
    for (unsigned i = 0; i < LOOKED_AT && i < guest->n_conns; i++) {
        struct conn *conn = container_of(guest->conns.next, struct conn, place);

        link_remove(&conn->place);
        link_append(&guest->conns, &conn->place);
        if (can_go(conn) && (conn->charged || !session)) {
            evict(conn);
            return true;
        }
    }
    return false;
}

bool conn_evict_session(struct guest *guest)
{
    return evict_of(guest, true);
}

/* Makes a place for one more connection of a guest, if somebody has less claim to it. */
static bool make_place(struct conn_owner *owner, const struct guest *guest)
{
    struct guest *most = guests_most(&owner->http.guests);
    struct link *idle = &owner->waits[WAIT_IDLE], *link = idle->next;

    if (most && most->n_conns > guest->n_conns + 1 && evict_of(most, false))
        return true;
    for (unsigned i = 0; i < LOOKED_AT && link != idle; i++, link = link->next) {
        struct conn *conn = container_of(link, struct conn, wait);

        if (conn->counts && conn->http.guest->n_conns > guest->n_conns && can_go(conn)) {
            evict(conn);
            return true;
        }
    }
    return false;
}

bool conn_find_place(struct conn *conn, unsigned open)
{
    struct conn_owner *owner = conn->owner;
    const struct proxies *proxies = owner->http.proxies;

    if (conn->http.inner || (proxies && proxies_trusts(proxies, &conn->http.peer)))
        return true;
    if (open >= owner->places && !make_place(owner, conn->http.guest))
        return false;
    guests_join(&owner->http.guests, conn->http.guest, &conn->place);
    conn->counts = true;
    return true;
}
