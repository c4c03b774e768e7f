/* table_line.c: rows as a child writes them and its daemon takes them.
 *
 *   R number TAB field TAB field ...     a row; a field has no tab and no line end
 *   B number                             a line that is no row
 *   E fault TAB rows TAB cut TAB others TAB form TAB seen
 *
 * The last line has an E: without it the child was ended. */
#include <errno.h>
#include <unistd.h>

#include "common/table/table_internal.h"

/* ---- the child ---- */

struct output {
    int fd;
    size_t len;
    char bytes[65536];
};

static bool flush(struct output *output)
{
    size_t at = 0;

    while (at < output->len) {
        ssize_t n = write(output->fd, output->bytes + at, output->len - at);

        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    output->len = 0;
    return true;
}

static bool put(struct output *output, const char *text)
{
    size_t len = strlen(text);

    if (len > sizeof(output->bytes) - output->len && !flush(output))
        return false;
    memcpy(output->bytes + output->len, text, len);
    output->len += len;
    return true;
}

static bool put_row(void *arg, uint32_t number, const char *const *fields, unsigned n)
{
    char head[16];

    snprintf(head, sizeof(head), "%c%u", n ? 'R' : 'B', number);
    if (!put(arg, head))
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (!put(arg, "\t") || !put(arg, fields[i]))
            return false;
    }
    return put(arg, "\n");
}

static int64_t read_input(void *arg, uint64_t at, void *ret_bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(*(int *)arg, (char *)ret_bytes + done, len - done, (off_t)(at + done));

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return (int64_t)done;
}

/* Texts of a fault or a sheet's name: no tab and no line end. */
static void flatten(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20)
            *text = ' ';
    }
}

void table_write_to(int file, int out)
{
    static struct output output;
    struct table_source source = {read_input, &file, 0};
    struct table_sink sink = {put_row, &output};
    struct table_told told = {.fault = TABLE_UNREADABLE};
    char line[sizeof(told) + 128];
    off_t size = lseek(file, 0, SEEK_END);

    output.fd = out;
    source.size = (uint64_t)size;
    if (size >= 0)
        table_read(&source, &sink, &told);
    flatten(told.form);
    flatten(told.seen);
    snprintf(line, sizeof(line), "E%d\t%u\t%u\t%u\t%s\t%s\n", (int)told.fault, told.rows, told.cut_fields,
             told.other_rows, told.form, told.seen);
    if (put(&output, line))
        flush(&output);
}

void table_write(void)
{
    table_write_to(STDIN_FILENO, STDOUT_FILENO);
}

/* ---- the daemon ---- */

static bool number(char *text, uint32_t *ret)
{
    char *end;
    unsigned long value;

    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtoul(text, &end, 10);
    *ret = (uint32_t)value;
    return !*end && !errno && value <= UINT32_MAX;
}

static bool take_told(char *line, struct table_told *ret)
{
    uint32_t fault;
    char *form, *seen;

    if (!number(strsep(&line, "\t"), &fault) || fault > TABLE_TOO_LARGE || !number(strsep(&line, "\t"), &ret->rows) ||
        !number(strsep(&line, "\t"), &ret->cut_fields) || !number(strsep(&line, "\t"), &ret->other_rows))
        return false;
    form = strsep(&line, "\t");
    seen = strsep(&line, "\t");
    if (!form || !seen || line || strlen(form) >= sizeof(ret->form) || strlen(seen) >= sizeof(ret->seen))
        return false;
    ret->fault = (enum table_fault)fault;
    memcpy(ret->form, form, strlen(form) + 1);
    memcpy(ret->seen, seen, strlen(seen) + 1);
    return true;
}

bool table_line(char *line, struct table_line *ret)
{
    char kind = *line, *field;

    ret->last = kind == 'E';
    ret->n_fields = 0;
    ret->number = 0;
    if (ret->last)
        return take_told(line + 1, &ret->told);
    if (kind != 'R' && kind != 'B')
        return false;
    line++;
    if (!number(strsep(&line, "\t"), &ret->number) || (kind == 'R') != (line != NULL))
        return false;
    while ((field = strsep(&line, "\t"))) {
        if (ret->n_fields == TABLE_FIELDS_MAX)
            return false;
        ret->fields[ret->n_fields++] = field;
    }
    return true;
}
