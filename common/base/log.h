/* log.h: one JSON object per line on stderr.
 *
 *   {"ts":"2026-01-02T03:04:05.678Z","level":"info","svc":"coupon","event":"started","queue":"coupon"}
 *
 * The arguments after the event's name are pairs of a name and a text, ended by
 * NULL; numbers go through log_int. Values are cut at 512 bytes and quoted.
 * Personal data, tokens and keys are never passed to it. */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Sets the daemon's name and the least level that is written. */
void log_init(const char *service, enum log_level least);
/* Writes one line. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* A number as text, in one of 8 rotating buffers of this thread. */
const char *log_int(int64_t value);
/* 32 hex digits of a trace id, likewise. */
const char *log_trace(const unsigned char trace_id[16]);

#define log_info(...)  log_event(LOG_INFO, __VA_ARGS__, (char *)NULL)
#define log_warn(...)  log_event(LOG_WARN, __VA_ARGS__, (char *)NULL)
#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__, (char *)NULL)
