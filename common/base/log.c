#include "common/base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "common/base/clock.h"

#define LINE_SIZE 4096
#define VALUE_MAX 512

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

void log_event(enum log_level level, const char *event, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct line line = {.len = 0};
    struct clock real;
    char ts[CLOCK_TEXT];
    const char *name;
    va_list args;

    if (level < least_level)
        return;
    clock_real(&real);
    clock_format(clock_now(&real), ts);
    line_add(&line, "{", 1);
    line_pair(&line, "ts", ts);
    line_pair(&line, "level", names[level]);
    line_pair(&line, "svc", service_name);
    line_pair(&line, "event", event);
    va_start(args, event);
    while ((name = va_arg(args, const char *)))
        line_pair(&line, name, va_arg(args, const char *));
    va_end(args);
    line.text[line.len++] = '}';
    line.text[line.len++] = '\n';
    /* One write, so that lines of several threads do not mix. */
    if (write(STDERR_FILENO, line.text, line.len) < 0)
        return;
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
    static const char digits[] = "0123456789abcdef";
    char *text = rotating_buffer();

    for (int i = 0; i < 16; i++) {
        text[2 * i] = digits[trace_id[i] >> 4];
        text[2 * i + 1] = digits[trace_id[i] & 15];
    }
    text[32] = '\0';
    return text;
}

void ensure_failed(const char *condition, const char *file, int line)
{
    log_error("impossible_state", "condition", condition, "file", file, "line", log_int(line));
    abort();
}
