#include "services/bridge/fetch.h"

#include <curl/curl.h>

#include "common/base/buf.h"
#include "common/base/log.h"

struct transfer {
    struct fetch *fetch;
    CURL *easy;
    struct buf body;
    struct curl_slist *headers; /* of this request alone */
    fetch_done done;            /* NULL: idle */
    bool sent;
    void *arg;
    struct transfer *next; /* idle */
};

struct fetch {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    struct curl_slist *json_headers;
    const char *ca_file;
    unsigned pending;
    struct transfer *idle;
    struct transfer transfers[FETCH_MAX];
};

/* A socket of curl's, watched by the loop; one for each connection. */
struct watch {
    uv_poll_t poll;
    curl_socket_t fd;
    struct fetch *fetch;
};

int fetch_init(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return 0;
    log_error("curl_not_started");
    return -1;
}

/* ---- curl and the loop ---- */

static void free_headers(struct transfer *transfer)
{
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

static const char *header_of(const struct fetch_answer *answer, const char *name)
{
    struct curl_header *header;

    return curl_easy_header(answer->from, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct fetch *fetch = transfer->fetch;
    struct fetch_answer answer = {
        .failure = code == CURLE_OK ? NULL : curl_easy_strerror(code),
        .sent = transfer->sent,
        .header = header_of,
        .from = transfer->easy,
    };

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_multi_remove_handle(fetch->multi, transfer->easy);
    answer.body = transfer->body.bytes ? transfer->body.bytes : "";
    answer.len = transfer->body.len;
    free_headers(transfer);
    transfer->done(transfer->arg, &answer);
    if (transfer->body.size > FETCH_BODY_KEPT)
        buf_done(&transfer->body);
    transfer->done = NULL;
    transfer->next = fetch->idle;
    fetch->idle = transfer;
    fetch->pending--;
}

static void act(struct fetch *fetch, curl_socket_t fd, int events)
{
    CURLMsg *message;
    int running;

    curl_multi_socket_action(fetch->multi, fd, events, &running);
    while ((message = curl_multi_info_read(fetch->multi, &running))) {
        struct transfer *transfer;

        ensure(message->msg == CURLMSG_DONE);
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish(transfer, message->data.result);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = container_of(poll, struct watch, poll);
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    act(watch->fetch, watch->fd, flags);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void free_watch(uv_handle_t *handle)
{
    free(container_of((uv_poll_t *)handle, struct watch, poll));
}

static struct watch *watch_new(struct fetch *fetch, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    watch->fd = fd;
    watch->fetch = fetch;
    if (uv_poll_init_socket(fetch->loop, &watch->poll, fd)) {
        free(watch);
        return NULL;
    }
    curl_multi_assign(fetch->multi, fd, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watching)
{
    struct fetch *fetch = arg;
    struct watch *watch = watching;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            uv_poll_stop(&watch->poll);
            curl_multi_assign(fetch->multi, fd, NULL);
            uv_close((uv_handle_t *)&watch->poll, free_watch);
        }
        return 0;
    }
    if (!watch)
        watch = watch_new(fetch, fd);
    if (!watch)
        return -1;
    events |= what & CURL_POLL_IN ? UV_READABLE : 0;
    events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
    return uv_poll_start(&watch->poll, events, on_poll) ? -1 : 0;
}

static int on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
    struct fetch *fetch = arg;

    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&fetch->timer);
    else
        uv_timer_start(&fetch->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;

    buf_add(&transfer->body, bytes, size * n);
    return transfer->body.failed ? 0 : size * n; /* 0 ends the transfer */
}

/* curl sends a request again by itself when a kept connection turns out to be closed;
 * but who serves it may have read the first one, and a code is good only once. */
static int before_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct transfer *transfer = arg;
    bool again = transfer->sent;

    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    transfer->sent = true;
    return again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- life ---- */

/* Everything that is the same for each request of this handle. */
static bool set_up(struct transfer *transfer)
{
    CURL *easy = transfer->easy = curl_easy_init();
    const char *ca_file = transfer->fetch->ca_file;

    return easy && curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS) == CURLE_OK;
}

static void free_fetch(uv_handle_t *timer)
{
    free(timer->data);
}

struct fetch *fetch_open(uv_loop_t *loop, const char *ca_file)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));
    bool ok = fetch != NULL;

    if (!ok)
        return NULL;
    fetch->loop = loop;
    fetch->ca_file = ca_file;
    uv_timer_init(loop, &fetch->timer);
    fetch->timer.data = fetch;
    fetch->multi = curl_multi_init();
    fetch->json_headers = curl_slist_append(NULL, "Content-Type: application/json");
    ok = fetch->multi && fetch->json_headers &&
         curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
         curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch) == CURLM_OK &&
         curl_multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, on_timeout) == CURLM_OK &&
         curl_multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch) == CURLM_OK &&
         curl_multi_setopt(fetch->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)FETCH_CONNECTIONS) == CURLM_OK;
    for (unsigned i = 0; i < FETCH_MAX; i++) {
        struct transfer *transfer = &fetch->transfers[i];

        transfer->fetch = fetch;
        buf_init(&transfer->body, FETCH_BODY_MAX);
        ok = ok && set_up(transfer);
        transfer->next = fetch->idle;
        fetch->idle = transfer;
    }
    if (ok)
        return fetch;
    log_error("curl_not_set_up");
    fetch_close(fetch);
    return NULL;
}

/* A line of this request alone; false when there is no memory. */
static bool add_header(struct transfer *transfer, const char *line)
{
    struct curl_slist *more = curl_slist_append(transfer->headers, line);

    if (more)
        transfer->headers = more;
    return more != NULL;
}

/* The headers of one request; false when there is no memory. */
static bool set_headers(struct transfer *transfer, const struct fetch_request *request)
{
    char line[FETCH_HEADER_MAX];
    bool good = true;

    if (!request->authorization && !request->headers[0])
        return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
                                request->json ? transfer->fetch->json_headers : NULL) == CURLE_OK;
    if (request->json)
        good = add_header(transfer, "Content-Type: application/json");
    if (request->authorization) {
        ensure((size_t)snprintf(line, sizeof(line), "Authorization: %s", request->authorization) < sizeof(line));
        good = good && add_header(transfer, line);
    }
    for (unsigned i = 0; i < FETCH_HEADERS && request->headers[i]; i++)
        good = good && add_header(transfer, request->headers[i]);
    return good && curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

bool fetch_start(struct fetch *fetch, const struct fetch_request *request, fetch_done done, void *arg)
{
    struct transfer *transfer = fetch->idle;
    bool post = request->json != NULL;
    CURL *easy = transfer ? transfer->easy : NULL;

    if (!transfer || curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) != CURLE_OK ||
        curl_easy_setopt(easy, post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L) != CURLE_OK ||
        (post && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->json)) != CURLE_OK) ||
        (post && curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->json) != CURLE_OK))
        return false;
    buf_clear(&transfer->body);
    transfer->body.max = request->body_max ? request->body_max : FETCH_BODY_MAX;
    transfer->sent = false;
    if (!set_headers(transfer, request) || curl_multi_add_handle(fetch->multi, easy) != CURLM_OK) {
        free_headers(transfer);
        return false;
    }
    fetch->idle = transfer->next;
    transfer->done = done;
    transfer->arg = arg;
    fetch->pending++;
    return true;
}

unsigned fetch_pending(const struct fetch *fetch)
{
    return fetch->pending;
}

void fetch_close(struct fetch *fetch)
{
    if (!fetch)
        return;
    for (unsigned i = 0; i < FETCH_MAX; i++) {
        struct transfer *transfer = &fetch->transfers[i];

        if (transfer->done)
            curl_multi_remove_handle(fetch->multi, transfer->easy);
        curl_slist_free_all(transfer->headers);
        curl_easy_cleanup(transfer->easy);
        buf_done(&transfer->body);
    }
    curl_multi_cleanup(fetch->multi);
    curl_slist_free_all(fetch->json_headers);
    uv_close((uv_handle_t *)&fetch->timer, free_fetch);
}
