/* log.h: one JSON object per line on stderr.
 *
 *   {"ts":"2026-01-02T03:04:05.678Z","level":"info","svc":"coupon","event":"started","queue":"coupon"}
 *
 * The arguments after the event's name are pairs of a name and a text, ended by
 * NULL; numbers go through log_int. Values are cut at 512 bytes and quoted.
 * Personal data, tokens and keys are never passed to it.
 *
 * A log never stops a daemon. From log_begin on a thread of its own writes the lines,
 * and whoever logs only copies them to it; while nobody reads the pipe or the disk is
 * full, LIMIT_LOG bytes wait and what comes then is dropped. How many lines were is
 * counted and said by a line, log_lines_dropped, when lines flow again. Before
 * log_begin, and in a command line, log_event writes by itself and waits no longer
 * than a second for a reader. */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Sets the daemon's name and the least level that is written. */
void log_init(const char *service, enum log_level least);
/* Starts the thread that writes; in a daemon, once its sandbox is closed. 0 or -1, logged. */
int log_begin(void);
/* Gives what is still to be written a second, before the process ends. */
void log_end(void);
/* Waits until what was logged is written, for the one line that must outlive a kill; a second at
 * most, and once nobody reads, not at all until somebody does. By the loop's thread alone. */
void log_flush(void);
/* Lines that were dropped since the start; every daemon tells it in its metrics. */
uint64_t log_dropped(void);
#define LOG_DROPPED_METRIC "huigong_log_lines_dropped_total"
/* Writes one line. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* A number as text, in one of 8 rotating buffers of this thread. */
const char *log_int(int64_t value);
/* 32 hex digits of a trace id, likewise. */
const char *log_trace(const unsigned char trace_id[16]);

#define log_info(...)  log_event(LOG_INFO, __VA_ARGS__, (char *)NULL)
#define log_warn(...)  log_event(LOG_WARN, __VA_ARGS__, (char *)NULL)
#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__, (char *)NULL)
