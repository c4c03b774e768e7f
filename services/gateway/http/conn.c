#include "services/gateway/http/conn_internal.h"

#include "common/base/limits.h"

#define WRITE_PIECE ((size_t)256 << 10) /* of a long answer; each has LIMIT_WRITE_MS */
#define KEPT_CONNS  1024

static const unsigned wait_ms[WAIT_COUNT] = {
    [WAIT_HANDSHAKE] = LIMIT_HEADER_MS, [WAIT_HEAD] = LIMIT_HEADER_MS, [WAIT_BODY] = LIMIT_BODY_MS,
    [WAIT_WRITE] = LIMIT_WRITE_MS,      [WAIT_IDLE] = LIMIT_IDLE_MS,   [WAIT_LINGER] = LIMIT_LINGER_MS,
};

void conn_owner_init(struct conn_owner *owner, _Atomic unsigned *open, unsigned most)
{
    unsigned last = most / 8 < LIMIT_LAST_PLACES ? most / 8 : LIMIT_LAST_PLACES;

    for (size_t i = 0; i < WAIT_COUNT; i++)
        link_init(&owner->waits[i]);
    link_init(&owner->dirty);
    link_init(&owner->turns);
    owner->open = open;
    owner->most = most;
    owner->places = most - last;
    pool_init(&owner->conns, sizeof(struct conn), KEPT_CONNS);
}

void conn_owner_done(struct conn_owner *owner)
{
    tls_close(owner->tls);
    pool_done(&owner->conns);
}

/* ---- ending ---- */

/* The bytes of its handshake that waited have been read, or are not needed. */
static void drop_hello(struct conn *conn)
{
    struct guest *guest = conn->http.guest;

    link_remove(&conn->handshake);
    if (guest && link_is_alone(&guest->handshakes))
        link_remove(&guest->turn);
    if (conn->hello)
        guests_uncharge(&conn->owner->http.guests, guest, GUEST_BODIES, conn->hello_len);
    free(conn->hello);
    conn->hello = NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;
    struct conn_owner *owner = conn->owner;

    http_close(&conn->http);
    tls_session_free(conn->tls);
    atomic_fetch_sub_explicit(owner->open, 1, memory_order_relaxed);
    http_count(&owner->http.counters.open, (uint64_t)-1);
    pool_give(&owner->conns, conn);
}

void conn_close(struct conn *conn)
{
    if (conn->closing)
        return;
    conn->closing = true;
    guests_uncharge(&conn->owner->http.guests, conn->http.guest, GUEST_SESSIONS, conn->charged);
    conn->charged = 0;
    link_remove(&conn->wait);
    link_remove(&conn->dirty);
    conn_leave_place(conn);
    drop_hello(conn);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

static void wait_for(struct conn *conn, enum wait kind)
{
    struct conn_owner *owner = conn->owner;

    conn->kind = (uint8_t)kind;
    conn->serial = conn->http.serial;
    conn->deadline_ms = uv_now(&owner->loop) + wait_ms[kind];
    link_remove(&conn->wait);
    link_append(&owner->waits[kind], &conn->wait);
}

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *ret_buf);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct conn *conn = req->data;

    if (status < 0)
        conn_close(conn);
}

/* The last answer is out. The client may still be sending; closing now would make
 * the kernel reset the connection and the answer could be lost, so end only our
 * direction and wait a little for hers. */
static void linger(struct conn *conn)
{
    if (conn->http.eof) {
        conn_close(conn);
        return;
    }
    conn->lingering = true;
    if (!conn->reading)
        uv_read_start((uv_stream_t *)&conn->tcp, give_buffer, on_read);
    conn->req.shutdown.data = conn;
    if (uv_shutdown(&conn->req.shutdown, (uv_stream_t *)&conn->tcp, on_shutdown) < 0) {
        conn_close(conn);
        return;
    }
    wait_for(conn, WAIT_LINGER);
}

/* ---- reading ---- */

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *ret_buf)
{
    struct conn *conn = handle->data;

    (void)size;
    *ret_buf = uv_buf_init(conn->owner->bytes, sizeof(conn->owner->bytes));
}

/* What the session still has to say, without waiting for the socket. */
static void say_farewell(struct conn *conn)
{
    size_t len;
    uv_buf_t buf;

    buf.base = unconst(tls_output(conn->tls, &len));
    buf.len = len;
    if (len > 0 && !conn->writing)
        uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1);
}

static void read_tls(struct conn *conn, const char *bytes, size_t len)
{
    struct conn_owner *owner = conn->owner;
    size_t waiting;
    int n;

    tls_feed(conn->tls, bytes, len);
    while ((n = tls_read(conn->tls, owner->plain, sizeof(owner->plain))) > 0)
        http_feed(&conn->http, owner->plain, (size_t)n);
    if (n == -1)
        http_eof(&conn->http);
    tls_output(conn->tls, &waiting);
    if (waiting > 0)
        conn_wake(&conn->http);
    if (n == -2) {
        say_farewell(conn);
        conn_close(conn);
    }
}

static bool is_shaking(const struct conn *conn)
{
    return conn->http.secure && !(conn->tls && tls_is_ready(conn->tls));
}

/* Keeps what a client sent for the next step of its handshake until its turn comes; nothing more is read till then. */
static void await_turn(struct conn *conn, const char *bytes, size_t len)
{
    struct conn_owner *owner = conn->owner;
    struct guest *guest = conn->http.guest;

    if (!guests_charge(&owner->http.guests, guest, GUEST_BODIES, len)) {
        http_count(&owner->http.counters.no_room, 1);
        conn_close(conn);
        return;
    }
    conn->hello = malloc(len);
    if (!conn->hello) {
        guests_uncharge(&owner->http.guests, guest, GUEST_BODIES, len);
        conn_close(conn);
        return;
    }
    memcpy(conn->hello, bytes, len);
    conn->hello_len = len;
    link_append(&guest->handshakes, &conn->handshake);
    if (link_is_alone(&guest->turn))
        link_append(&owner->turns, &guest->turn);
}

/* A session is charged to its guest, unless that is a proxy of ours. NULL without room or memory. */
static struct tls_session *new_session(struct conn *conn)
{
    struct conn_owner *owner = conn->owner;
    size_t size = conn->counts ? TLS_SESSION_MOST : 0;

    if (!guests_charge(&owner->http.guests, conn->http.guest, GUEST_SESSIONS, size) &&
        !(conn_evict_session(conn->http.guest) &&
          guests_charge(&owner->http.guests, conn->http.guest, GUEST_SESSIONS, size))) {
        http_count(&owner->http.counters.no_room, 1);
        return NULL;
    }
    conn->charged = size;
    return tls_session_new(owner->tls);
}

bool conn_shake(struct conn_owner *owner)
{
    struct guest *guest;
    struct conn *conn;

    if (link_is_alone(&owner->turns))
        return false;
    guest = container_of(owner->turns.next, struct guest, turn);
    conn = container_of(guest->handshakes.next, struct conn, handshake);
    link_remove(&guest->turn);
    link_remove(&conn->handshake);
    if (!link_is_alone(&guest->handshakes))
        link_append(&owner->turns, &guest->turn);
    if (!conn->tls)
        conn->tls = new_session(conn);
    if (conn->tls)
        read_tls(conn, conn->hello, conn->hello_len);
    else
        conn_close(conn);
    if (!conn->closing) {
        http_count(&owner->http.counters.handshakes, tls_is_ready(conn->tls));
        drop_hello(conn);
        conn_settle(conn);
    }
    return !link_is_alone(&owner->turns);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    if (n == 0)
        return;
    if (n < 0 && (n != UV_EOF || conn->lingering)) {
        conn_close(conn);
        return;
    }
    if (conn->lingering)
        return;
    if (n == UV_EOF)
        http_eof(&conn->http);
    else if (is_shaking(conn))
        await_turn(conn, buf->base, (size_t)n);
    else if (conn->tls)
        read_tls(conn, buf->base, (size_t)n);
    else
        http_feed(&conn->http, buf->base, (size_t)n);
    conn_settle(conn);
}

/* ---- writing ---- */

static void on_written(uv_write_t *req, int status)
{
    struct conn *conn = req->data;

    conn->writing = false;
    if (status < 0) {
        conn_close(conn);
        return;
    }
    if (conn->tls)
        tls_sent(conn->tls, conn->in_write);
    else
        http_sent(&conn->http, conn->in_write);
    conn_wake(&conn->http);
}

/* Moves plain answers into the session's output, as far as there is room. */
static void encrypt(struct conn *conn)
{
    struct http_piece pieces[2];

    while (http_output(&conn->http, pieces) > 0) {
        size_t taken = tls_write(conn->tls, pieces[0].bytes, pieces[0].len);

        if (taken == 0)
            return;
        http_sent(&conn->http, taken);
    }
}

/* What is to go out now, in at most two pieces. */
static unsigned gather(struct conn *conn, uv_buf_t ret_bufs[2])
{
    struct http_piece pieces[2];
    unsigned count;
    size_t room = WRITE_PIECE;

    if (conn->tls) {
        encrypt(conn);
        pieces[0].bytes = tls_output(conn->tls, &pieces[0].len);
        count = pieces[0].len > 0;
    } else if (conn->http.secure) {
        count = 0;
    } else {
        count = http_output(&conn->http, pieces);
    }
    conn->in_write = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t len = pieces[i].len < room ? pieces[i].len : room;

        ret_bufs[i] = uv_buf_init(unconst(pieces[i].bytes), (unsigned)len);
        conn->in_write += len;
        room -= len;
    }
    return count;
}

/* Writes once; returns whether there may be more to write at once. */
static bool write_some(struct conn *conn)
{
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    uv_buf_t bufs[2];
    unsigned count = gather(conn, bufs);
    int n;

    if (count == 0)
        return false;
    n = uv_try_write(stream, bufs, count);
    if (n < 0 && n != UV_EAGAIN) {
        conn_close(conn);
        return false;
    }
    if (n > 0) {
        bool all = (size_t)n == conn->in_write;

        if (conn->tls)
            tls_sent(conn->tls, (size_t)n);
        else
            http_sent(&conn->http, (size_t)n);
        if (all)
            return true;
        count = gather(conn, bufs);
    }
    conn->req.write.data = conn;
    if (uv_write(&conn->req.write, stream, bufs, count, on_written) < 0) {
        conn_close(conn);
        return false;
    }
    conn->writing = true;
    wait_for(conn, WAIT_WRITE);
    return false;
}

static bool has_output(struct conn *conn)
{
    struct http_piece pieces[2];
    size_t len = 0;

    if (conn->tls)
        tls_output(conn->tls, &len);
    return len > 0 || http_output(&conn->http, pieces) > 0;
}

static void flush(struct conn *conn)
{
    while (!conn->closing && !conn->writing && !conn->lingering) {
        if (write_some(conn))
            continue;
        if (conn->closing || conn->writing)
            break;
        if (has_output(conn)) {
            /* The session cannot encrypt any more. */
            conn_close(conn);
            break;
        }
        /* Everything is out: a request that waited may be served now. */
        if (conn->http.ahead_len == 0 || conn->http.phase == HTTP_WAIT)
            break;
        http_resume(&conn->http);
    }
    conn_settle(conn);
}

/* ---- the connection's state ---- */

static enum wait waits_for(const struct conn *conn)
{
    if (is_shaking(conn))
        return WAIT_HANDSHAKE;
    switch (conn->http.phase) {
    case HTTP_IDLE:
        return WAIT_IDLE;
    case HTTP_HEAD:
        return WAIT_HEAD;
    case HTTP_BODY:
    case HTTP_DROP:
        return WAIT_BODY;
    case HTTP_WAIT:
        return WAIT_APP;
    default:
        return WAIT_WRITE;
    }
}

void conn_settle(struct conn *conn)
{
    bool wants;
    enum wait kind;

    if (conn->closing || conn->lingering)
        return;
    if (http_finished(&conn->http) && !conn->writing && !has_output(conn)) {
        if (conn->tls) {
            tls_end(conn->tls);
            say_farewell(conn);
        }
        linger(conn);
        return;
    }
    /* A session that is being written must not grow, which reading could make it do. */
    wants = http_wants_bytes(&conn->http) && !(conn->tls && conn->writing) && !conn->hello;
    if (wants != conn->reading) {
        conn->reading = wants;
        if (wants)
            uv_read_start((uv_stream_t *)&conn->tcp, give_buffer, on_read);
        else
            uv_read_stop((uv_stream_t *)&conn->tcp);
    }
    kind = waits_for(conn);
    if (!conn->writing && (kind != conn->kind || conn->serial != conn->http.serial))
        wait_for(conn, kind);
}

void conn_wake(struct http *http)
{
    struct conn *conn = container_of(http, struct conn, http);

    if (!conn->closing && link_is_alone(&conn->dirty))
        link_append(&conn->owner->dirty, &conn->dirty);
}

void conn_flush_all(struct conn_owner *owner)
{
    while (!link_is_alone(&owner->dirty)) {
        struct conn *conn = container_of(owner->dirty.next, struct conn, dirty);

        link_remove(&conn->dirty);
        flush(conn);
    }
}

void conn_expire(struct conn_owner *owner)
{
    uint64_t now_ms = uv_now(&owner->loop);

    for (size_t kind = 0; kind < WAIT_COUNT; kind++) {
        struct link *list = &owner->waits[kind];

        while (kind != WAIT_APP && !link_is_alone(list)) {
            struct conn *conn = container_of(list->next, struct conn, wait);

            if (conn->deadline_ms > now_ms)
                break;
            if (kind == WAIT_HEAD || kind == WAIT_BODY) {
                http_timeout(&conn->http);
                conn_settle(conn);
            } else {
                conn_close(conn);
            }
        }
    }
}

/* Closes what is on the list and, if asked, has no answer to be written. */
static void close_list(struct link *list, bool only_quiet)
{
    struct link *link = list->next;

    while (link != list) {
        struct conn *conn = container_of(link, struct conn, wait);

        link = link->next;
        if (!only_quiet || link_is_alone(&conn->dirty))
            conn_close(conn);
    }
}

void conn_close_idle(struct conn_owner *owner)
{
    close_list(&owner->waits[WAIT_IDLE], true);
    close_list(&owner->waits[WAIT_HANDSHAKE], false);
}

void conn_close_all(struct conn_owner *owner)
{
    for (size_t kind = 0; kind < WAIT_COUNT; kind++)
        close_list(&owner->waits[kind], false);
}

/* ---- beginning ---- */

static struct address peer_of(const uv_tcp_t *tcp)
{
    struct sockaddr_storage from = {0};
    struct address peer;
    int len = sizeof(from);

    uv_tcp_getpeername(tcp, (struct sockaddr *)&from, &len);
    address_of((struct sockaddr *)&from, &peer);
    return peer;
}

/* Says so to whom there is no place for, which over TLS cannot be. */
static void turn_away(struct conn *conn, bool at_once)
{
    static const char text[] = HTTP_NO_ROOM;
    uv_buf_t buf = uv_buf_init(unconst(text), sizeof(text) - 1);

    http_count(&conn->owner->http.counters.turned_away, 1);
    if (!at_once && !conn->http.secure) {
        http_shed(&conn->http);
        conn_settle(conn);
        return;
    }
    if (!conn->http.secure)
        uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1);
    conn_close(conn);
}

bool conn_accept(struct conn_owner *owner, uv_stream_t *listener, bool secure, bool inner)
{
    struct conn *conn = pool_take(&owner->conns);
    struct address peer;
    unsigned open;

    if (!conn)
        return false;
    memset(conn, 0, sizeof(*conn));
    conn->owner = owner;
    conn->kind = WAIT_COUNT;
    link_init(&conn->wait);
    link_init(&conn->dirty);
    link_init(&conn->place);
    link_init(&conn->handshake);
    open = atomic_fetch_add_explicit(owner->open, 1, memory_order_relaxed);
    http_count(&owner->http.counters.open, 1);
    uv_tcp_init(&owner->loop, &conn->tcp);
    conn->tcp.data = conn;
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) < 0) {
        conn_close(conn);
        return true;
    }
    peer = peer_of(&conn->tcp);
    if (!http_open(&conn->http, &owner->http, &peer, secure)) {
        conn_close(conn);
        return true;
    }
    conn->http.inner = inner;
    if (open >= owner->most || !conn_find_place(conn, open)) {
        turn_away(conn, open >= owner->most);
        return true;
    }
    http_count(&owner->http.counters.accepted, 1);
    conn_settle(conn);
    return true;
}
