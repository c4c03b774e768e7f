#include "tests/record.h"

#include <errno.h>

#include "common/base/hex.h"

#define FILE_MAX (1 << 20) /* of a setting */

struct record {
    FILE *file;
    bool broken;
    unsigned disk; /* n_disks when it began */
};

static unsigned n_disks; /* rises whenever the disk changes: even when it is sound */

struct record *record_open(const char *service)
{
    static unsigned n;
    const char *dir = getenv("RECORD_DIR");
    struct record *record;
    char path[512];

    if (!dir || !*dir)
        return NULL;
    record = calloc(1, sizeof(*record));
    ensure(record);
    snprintf(path, sizeof(path), "%s/%s.%s.%u", dir, service, program_invocation_short_name, n++);
    record->file = fopen(path, "w");
    ensure(record->file);
    record->disk = n_disks;
    fprintf(record->file, "service %s\n", service);
    return record;
}

static bool writes(const struct record *record)
{
    return record && !record->broken && record->disk == n_disks && n_disks % 2 == 0;
}

void record_close(struct record *record)
{
    if (!record)
        return;
    if (writes(record))
        fputs("end\n", record->file);
    ensure(fclose(record->file) == 0);
    free(record);
}

void record_break(struct record *record)
{
    if (record)
        record->broken = true;
}

void record_disk(bool sound)
{
    if (sound == (n_disks % 2 != 0))
        n_disks++;
}

/* ---- lines ---- */

static void put_bytes(struct record *record, const void *bytes, size_t len)
{
    char *text = malloc(HEX_SIZE(len));

    ensure(text);
    hex_print(bytes, len, text);
    fprintf(record->file, " %s", text);
    free(text);
}

static void put_clock(struct record *record, const char *what, const struct clock *clock)
{
    fprintf(record->file, "%s %lld %llu", what, (long long)clock->fake_ms, (unsigned long long)clock->fake_random);
}

static void end_line(struct record *record)
{
    fputc('\n', record->file);
}

/* A setting, and what is in the file that it names. */
static void put_setting(struct record *record, const struct conf_entry *entry)
{
    const char *value = entry->value ? entry->value : "";
    FILE *file = entry->kind == CONF_PATH && *value ? fopen(value, "r") : NULL;
    char *bytes;

    fprintf(record->file, "%s %s", file ? "file" : "set", entry->name);
    if (file) {
        bytes = malloc(FILE_MAX);
        ensure(bytes);
        put_bytes(record, bytes, fread(bytes, 1, FILE_MAX, file));
        free(bytes);
        fclose(file);
    } else {
        put_bytes(record, value, strlen(value));
    }
    end_line(record);
}

void record_start(struct record *record, const struct clock *clock, const struct conf_entry *conf)
{
    if (!writes(record))
        return;
    for (; conf && conf->name; conf++)
        put_setting(record, conf);
    put_clock(record, "start", clock);
    end_line(record);
}

void record_message(struct record *record, const struct clock *clock, const void *bytes, size_t len)
{
    if (!writes(record))
        return;
    put_clock(record, "message", clock);
    put_bytes(record, bytes, len);
    end_line(record);
}

void record_finish(struct record *record, const unsigned char hash[32])
{
    if (!writes(record))
        return;
    fputs("finish", record->file);
    put_bytes(record, hash, 32);
    end_line(record);
}

void record_tidy(struct record *record, const struct clock *clock, const unsigned char hash[32])
{
    if (!writes(record))
        return;
    put_clock(record, "tidy", clock);
    put_bytes(record, hash, 32);
    end_line(record);
}

static void put_named(struct record *record, const char *what, const struct clock *clock, const char *name,
                      const void *bytes, size_t len, const unsigned char hash[32])
{
    if (!writes(record))
        return;
    put_clock(record, what, clock);
    fprintf(record->file, " %s", name);
    put_bytes(record, bytes, len);
    put_bytes(record, hash, 32);
    end_line(record);
}

void record_follow(struct record *record, const struct clock *clock, const char *queue, const void *bytes, size_t len,
                   const unsigned char hash[32])
{
    put_named(record, "follow", clock, queue, bytes, len, hash);
}

void record_given(struct record *record, const struct clock *clock, const char *name, const void *bytes, size_t len,
                  const unsigned char hash[32])
{
    put_named(record, "given", clock, name, bytes, len, hash);
}

void record_stop(struct record *record)
{
    if (writes(record))
        fputs("stop\n", record->file);
}
