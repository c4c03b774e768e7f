#include "common/base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/base/limits.h"

#define LINE_SIZE   4096
#define VALUE_MAX   512
#define PATIENCE_MS 1000 /* for a reader, where waiting is allowed */

static const char *service_name = "huigong";
static enum log_level least_level = LOG_INFO;

void log_init(const char *service, enum log_level least)
{
    service_name = service;
    least_level = least;
}

struct line {
    char text[LINE_SIZE];
    size_t len;
    bool full;
};

static void line_add(struct line *line, const char *text, size_t len)
{
    /* Two bytes stay free for the closing brace and newline. */
    line->full = line->full || len > LINE_SIZE - 2 - line->len;
    if (line->full)
        return;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void line_quote(struct line *line, const char *value)
{
    line_add(line, "\"", 1);
    for (size_t i = 0; value[i] && i < VALUE_MAX; i++) {
        unsigned char c = (unsigned char)value[i];
        char escape[7];

        if (c == '"' || c == '\\') {
            escape[0] = '\\';
            escape[1] = (char)c;
            line_add(line, escape, 2);
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(escape, sizeof(escape), "\\u%04x", c);
            line_add(line, escape, 6);
        } else {
            line_add(line, value + i, 1);
        }
    }
    line_add(line, "\"", 1);
}

/* A pair that does not fit, and what follows it, is left out whole. */
static void line_pair(struct line *line, const char *name, const char *value)
{
    size_t before = line->len;

    line_add(line, line->len == 1 ? "" : ",", line->len == 1 ? 0 : 1);
    line_quote(line, name);
    line_add(line, ":", 1);
    line_quote(line, value ? value : "");
    if (line->full)
        line->len = before;
}

/* The beginning that all lines have. */
static void line_begin(struct line *line, enum log_level level, const char *event)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct clock real;
    char ts[CLOCK_TEXT];

    *line = (struct line){.len = 0};
    clock_real(&real);
    clock_format(clock_now(&real), ts);
    line_add(line, "{", 1);
    line_pair(line, "ts", ts);
    line_pair(line, "level", names[level]);
    line_pair(line, "svc", service_name);
    line_pair(line, "event", event);
}

static void line_end(struct line *line)
{
    line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
}

/* ---- writing ---- */

static struct {
    pthread_mutex_t pen;   /* over the writing, however long that takes */
    pthread_mutex_t mutex; /* over what follows, for a moment only */
    pthread_cond_t filled, written;
    bool begun;       /* the thread runs */
    bool writing;     /* it is at lines that it has taken */
    bool full;        /* a line was dropped, and what gathers has not been taken since */
    unsigned gathers; /* which of the two gathers; the other is the writer's */
    size_t len;       /* of what gathers */
    uint64_t dropped;
    char lines[2][LIMIT_LOG];
} out = {.pen = PTHREAD_MUTEX_INITIALIZER, .mutex = PTHREAD_MUTEX_INITIALIZER};

/* Returns how many bytes could be written. */
static size_t put(const char *bytes, size_t len)
{
    struct pollfd room = {STDERR_FILENO, POLLOUT, 0};
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(STDERR_FILENO, bytes + done, len - done);

        if (n >= 0)
            done += (size_t)n;
        else if (errno == EAGAIN)
            poll(&room, 1, -1);
        else if (errno != EINTR)
            break;
    }
    return done;
}

/* Writes lines, as many at once as a pipe takes undivided, so that those of several processes do not mix. Returns
 * how many could not be written. */
static unsigned put_lines(const char *lines, size_t len)
{
    static bool torn; /* the last line that was written has no end */
    const char *end = lines + len;
    unsigned lost = 0;

    while (lines < end) {
        const char *stop = end - lines > PIPE_BUF ? (const char *)memrchr(lines, '\n', PIPE_BUF) + 1 : end;
        const char *at = lines;

        torn = torn && put("\n", 1) != 1;
        if (!torn)
            at += put(lines, (size_t)(stop - lines));
        torn = torn || (at < stop && at > lines && at[-1] != '\n');
        for (; at < stop; at++)
            lost += *at == '\n';
        lines = stop;
    }
    return lost;
}

static uint64_t add_dropped(unsigned lines)
{
    uint64_t dropped;

    pthread_mutex_lock(&out.mutex);
    dropped = out.dropped += lines;
    pthread_mutex_unlock(&out.mutex);
    return dropped;
}

/* Puts lines and behind them, when not all that were dropped before have been told, how many. */
static void put_and_tell(const char *lines, size_t len, uint64_t dropped)
{
    static uint64_t told;
    unsigned lost = put_lines(lines, len);
    struct line line;

    if (lost > 0)
        add_dropped(lost);
    if (lost > 0 || dropped == told)
        return;
    line_begin(&line, LOG_WARN, "log_lines_dropped");
    line_pair(&line, "count", log_int((int64_t)(dropped - told)));
    line_end(&line);
    if (put_lines(line.text, line.len) == 0)
        told = dropped;
}

static void *write_lines(void *arg)
{
    pthread_mutex_lock(&out.mutex);
    for (;;) {
        const char *lines = out.lines[out.gathers];
        uint64_t dropped = out.dropped;
        size_t len = out.len;

        if (len == 0) {
            pthread_cond_wait(&out.filled, &out.mutex);
            continue;
        }
        out.gathers = !out.gathers;
        out.len = 0;
        out.full = false;
        out.writing = true;
        pthread_mutex_unlock(&out.mutex);
        pthread_mutex_lock(&out.pen);
        put_and_tell(lines, len, dropped);
        pthread_mutex_unlock(&out.pen);
        pthread_mutex_lock(&out.mutex);
        out.writing = false;
        pthread_cond_broadcast(&out.written);
    }
    return arg;
}

/* Without the thread: once nobody reads, no further line waits until somebody does. */
static void put_directly(const struct line *line)
{
    static int patience_ms = PATIENCE_MS;
    struct pollfd room = {STDERR_FILENO, POLLOUT, 0};

    pthread_mutex_lock(&out.pen);
    if (poll(&room, 1, patience_ms) > 0) {
        patience_ms = PATIENCE_MS;
        put_and_tell(line->text, line->len, log_dropped());
    } else {
        patience_ms = 0;
        add_dropped(1);
    }
    pthread_mutex_unlock(&out.pen);
}

static void hand_over(const struct line *line)
{
    bool begun;

    pthread_mutex_lock(&out.mutex);
    begun = out.begun;
    out.full = out.full || line->len > LIMIT_LOG - out.len;
    if (begun && !out.full) {
        memcpy(out.lines[out.gathers] + out.len, line->text, line->len);
        out.len += line->len;
        pthread_cond_signal(&out.filled);
    } else if (begun) {
        out.dropped++;
    }
    pthread_mutex_unlock(&out.mutex);
    if (!begun)
        put_directly(line);
}

/* ---- around a fork: the child has no thread, and writes by itself ---- */

static void before_fork(void)
{
    pthread_mutex_lock(&out.mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&out.mutex);
}

static void in_child(void)
{
    out.begun = out.full = out.writing = false;
    out.len = 0;
    pthread_mutex_unlock(&out.mutex);
    pthread_mutex_init(&out.pen, NULL);
}

int log_begin(void)
{
    pthread_condattr_t monotonic;
    pthread_t thread;
    sigset_t all, old;
    int error;

    if (out.begun)
        return 0;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&out.filled, NULL);
    pthread_cond_init(&out.written, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_atfork(before_fork, after_fork, in_child);
    /* Signals are for the loop's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&thread, NULL, write_lines, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error) {
        log_error("log_not_begun", "why", strerror(error));
        return -1;
    }
    pthread_detach(thread);
    out.begun = true;
    return 0;
}

/* Whether all is written by then. */
static bool is_written(int patience_ms)
{
    int64_t until_ns = clock_monotonic_ns() + patience_ms * INT64_C(1000000);
    struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
    bool written;

    pthread_mutex_lock(&out.mutex);
    while (out.begun && (out.len > 0 || out.writing)) {
        if (pthread_cond_timedwait(&out.written, &out.mutex, &until))
            break;
    }
    written = !out.begun || (out.len == 0 && !out.writing);
    pthread_mutex_unlock(&out.mutex);
    return written;
}

void log_flush(void)
{
    static int patience_ms = PATIENCE_MS;

    patience_ms = is_written(patience_ms) ? PATIENCE_MS : 0;
}

void log_end(void)
{
    is_written(PATIENCE_MS);
}

uint64_t log_dropped(void)
{
    return add_dropped(0);
}

/* ---- lines ---- */

void log_event(enum log_level level, const char *event, ...)
{
    struct line line;
    const char *name;
    va_list args;

    if (level < least_level)
        return;
    line_begin(&line, level, event);
    va_start(args, event);
    while ((name = va_arg(args, const char *)))
        line_pair(&line, name, va_arg(args, const char *));
    va_end(args);
    line_end(&line);
    hand_over(&line);
}

#define ROTATING 8

static char *rotating_buffer(void)
{
    static _Thread_local char buffers[ROTATING][40];
    static _Thread_local unsigned next;

    return buffers[next++ % ROTATING];
}

const char *log_int(int64_t value)
{
    char *text = rotating_buffer();

    snprintf(text, 40, "%lld", (long long)value);
    return text;
}

const char *log_trace(const unsigned char trace_id[16])
{
    char *text = rotating_buffer();

    hex_print(trace_id, 16, text);
    return text;
}

void ensure_failed(const char *condition, const char *file, int line)
{
    log_error("impossible_state", "condition", condition, "file", file, "line", log_int(line));
    log_end();
    abort();
}
