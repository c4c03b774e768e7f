#include "common/base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/limits.h"

static FILE *captured;
static int saved;
static char text[65536];

static void begin_capture(void)
{
    captured = tmpfile();
    assert_non_null(captured);
    saved = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
}

/* What was written since, and how many lines it is. */
static unsigned end_capture(void)
{
    unsigned lines = 0;
    ssize_t len;

    dup2(saved, STDERR_FILENO);
    close(saved);
    len = pread(fileno(captured), text, sizeof(text) - 1, 0);
    assert_true(len >= 0);
    text[len] = '\0';
    fclose(captured);
    for (ssize_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert_true(len == 0 || text[len - 1] == '\n');
    return lines;
}

static json_t *parse_line(void)
{
    json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(line);
    return line;
}

static const char *value_of(const json_t *line, const char *name)
{
    const char *value = json_string_value(json_object_get(line, name));

    assert_non_null(value);
    return value;
}

static void an_event_is_one_json_object(void **state)
{
    json_t *line;

    (void)state;
    log_init("coupon", LOG_INFO);
    begin_capture();
    log_warn("opened", "queue", "coupon", "rows", log_int(-42), "absent", (char *)NULL);
    assert_int_equal(end_capture(), 1);
    line = parse_line();
    assert_string_equal(value_of(line, "level"), "warn");
    assert_string_equal(value_of(line, "svc"), "coupon");
    assert_string_equal(value_of(line, "event"), "opened");
    assert_string_equal(value_of(line, "queue"), "coupon");
    assert_string_equal(value_of(line, "rows"), "-42");
    assert_string_equal(value_of(line, "absent"), "");
    assert_int_equal(strlen(value_of(line, "ts")), 24);
    json_decref(line);
}

static void a_value_with_control_characters_stays_one_line(void **state)
{
    static const char hostile[] = "a\nb\r\n{\"level\":\"error\"}\t\x1b[31m\x7f\"\\ 惠";
    json_t *line;

    (void)state;
    begin_capture();
    log_info("x", "value", hostile);
    assert_int_equal(end_capture(), 1);
    for (const char *p = text; *p != '\n'; p++)
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
    line = parse_line();
    assert_string_equal(value_of(line, "value"), hostile);
    assert_string_equal(value_of(line, "level"), "info");
    json_decref(line);
}

static void a_long_value_is_cut(void **state)
{
    char value[2000];
    json_t *line;

    (void)state;
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    begin_capture();
    log_info("x", "value", value, "after", "here");
    assert_int_equal(end_capture(), 1);
    line = parse_line();
    assert_int_equal(strlen(value_of(line, "value")), 512);
    assert_string_equal(value_of(line, "after"), "here");
    json_decref(line);
}

static void a_line_that_is_too_long_is_still_json(void **state)
{
    char value[600];
    json_t *line;

    (void)state;
    memset(value, '\1', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    begin_capture();
    log_info("x", "a", value, "b", value, "c", "short");
    assert_int_equal(end_capture(), 1);
    line = parse_line();
    assert_string_equal(value_of(line, "event"), "x");
    json_decref(line);
}

static void less_than_the_least_level_is_not_written(void **state)
{
    (void)state;
    log_init("coupon", LOG_WARN);
    begin_capture();
    log_info("quiet", "a", "b");
    log_error("loud", "a", "b");
    assert_int_equal(end_capture(), 1);
    assert_non_null(strstr(text, "loud"));
    log_init("coupon", LOG_INFO);
}

static void several_numbers_can_be_in_one_line(void **state)
{
    static const unsigned char id[16] = {0x00, 0x01, 0xab, 0xff, [15] = 0x0f};

    (void)state;
    begin_capture();
    log_info("x", "a", log_int(INT64_MIN), "b", log_int(2), "c", log_int(3), "trace", log_trace(id));
    end_capture();
    assert_non_null(strstr(text, "\"a\":\"-9223372036854775808\",\"b\":\"2\",\"c\":\"3\","
                                 "\"trace\":\"0001abff00000000000000000000000f\""));
}

/* ---- when nobody takes the lines ---- */

#define FLOOD 20000

/* The lines in a text, each a whole object; of those named log_lines_dropped, how many and their counts together. */
static unsigned count_lines(char *lines, size_t len, uint64_t *ret_told, unsigned *ret_said)
{
    unsigned n = 0;

    assert_true(len > 0 && lines[len - 1] == '\n');
    for (char *at = lines, *end; at < lines + len; at = end + 1, n++) {
        json_t *line;

        end = strchr(at, '\n');
        *end = '\0';
        line = json_loads(at, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(line);
        if (strcmp(value_of(line, "event"), "log_lines_dropped") == 0) {
            *ret_told += strtoull(value_of(line, "count"), NULL, 10);
            ++*ret_said;
        }
        json_decref(line);
    }
    return n;
}

/* Reads until the lines are over. */
static size_t drain(int fd, char *ret_text, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len < size - 1 && (n = read(fd, ret_text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    ret_text[len] = '\0';
    return len;
}

static void flood(int lines)
{
    for (int i = 0; i < lines; i++)
        log_info("flood", "number", log_int(i));
}

/* Without a thread of the log's own this writes to a pipe that nobody empties, and would never end. */
static void a_command_line_whose_log_nobody_reads_goes_on(void **state)
{
    static char lines[1 << 20];
    uint64_t before = log_dropped(), told = 0;
    unsigned seen, said = 0;
    int ends[2];
    size_t len;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    alarm(60);
    flood(FLOOD);
    alarm(0);
    assert_true(log_dropped() > before);
    len = (size_t)read(ends[0], lines, sizeof(lines));
    log_info("again");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    len += drain(ends[0], lines + len, sizeof(lines) - len);
    close(ends[0]);
    seen = count_lines(lines, len, &told, &said);
    assert_int_equal(told, log_dropped() - before);
    assert_int_equal(seen - said + told, FLOOD + 1);
}

/* From here on a thread of the log's own writes. */
static void lines_are_written_by_the_threads_end(void **state)
{
    (void)state;
    assert_int_equal(log_begin(), 0);
    begin_capture();
    log_info("x", "a", "b");
    log_end();
    assert_int_equal(end_capture(), 1);
}

static void a_stalled_pipe_stops_nobody_and_what_was_dropped_is_said(void **state)
{
    static char lines[4 << 20], copy[sizeof(lines)];
    uint64_t before = log_dropped(), told = 0;
    unsigned seen = 0, said = 0;
    int ends[2];
    size_t len = 0;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    alarm(60);
    flood(FLOOD);
    assert_true(log_dropped() - before > FLOOD / 2);
    /* The reader is back: what waited comes, and how much did not. */
    while (seen + told < FLOOD) {
        len += (size_t)read(ends[0], lines + len, sizeof(lines) - len - 1);
        if (lines[len - 1] != '\n')
            continue;
        memcpy(copy, lines, len + 1);
        told = said = 0;
        seen = count_lines(copy, len, &told, &said) - said;
    }
    alarm(0);
    log_end();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(told, log_dropped() - before);
    assert_int_equal(seen + told, FLOOD);
}

static void what_is_flushed_outlives_a_kill(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        pid_t child;

        begin_capture();
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            log_begin(); /* a thread of its own */
            log_info("said");
            log_flush();
            kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(end_capture(), 1);
    }
}

static void a_flush_waits_once_for_who_does_not_read(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    alarm(60);
    flood(FLOOD);
    for (int i = 0; i < 1000; i++)
        log_flush();
    alarm(0);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]); /* what waits is lost, and the writer goes on */
    close(ends[1]);
    log_end();
}

static void a_full_disk_loses_lines_and_counts_them(void **state)
{
    uint64_t before = log_dropped();
    int full = open("/dev/full", O_WRONLY);

    (void)state;
    assert_true(full >= 0);
    saved = dup(STDERR_FILENO);
    dup2(full, STDERR_FILENO);
    flood(10);
    log_end();
    assert_int_equal(log_dropped() - before, 10);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(full);
    begin_capture();
    log_info("room");
    log_end();
    assert_int_equal(end_capture(), 2);
    assert_non_null(strstr(text, "\"event\":\"log_lines_dropped\",\"count\":\"10\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_json_object),
        cmocka_unit_test(a_value_with_control_characters_stays_one_line),
        cmocka_unit_test(a_long_value_is_cut),
        cmocka_unit_test(a_line_that_is_too_long_is_still_json),
        cmocka_unit_test(less_than_the_least_level_is_not_written),
        cmocka_unit_test(several_numbers_can_be_in_one_line),
        cmocka_unit_test(a_command_line_whose_log_nobody_reads_goes_on),
        cmocka_unit_test(lines_are_written_by_the_threads_end),
        cmocka_unit_test(a_stalled_pipe_stops_nobody_and_what_was_dropped_is_said),
        cmocka_unit_test(what_is_flushed_outlives_a_kill),
        cmocka_unit_test(a_flush_waits_once_for_who_does_not_read),
        cmocka_unit_test(a_full_disk_loses_lines_and_counts_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
