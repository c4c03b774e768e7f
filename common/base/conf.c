#include "common/base/conf.h"

#include <errno.h>
#include <unistd.h>

extern char **environ;

/* Settings of deploy/ that reach the daemons' environment. */
static const char *const deploy_names[] = {"HUIGONG_HOME", "HUIGONG_PORT", "HUIGONG_METRICS_PORT", "HUIGONG_DEMO"};

static bool parse_int(const char *text, int64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(text, &end, 10);
    return *text && !*end && !errno;
}

static int load_entry(struct conf_entry *entry, bool serving)
{
    const char *value = getenv(entry->name);
    int64_t number;

    if (!value || !*value)
        value = entry->fallback || serving ? entry->fallback : "";
    if (!value) {
        fprintf(stderr, "%s must be set: %s\n", entry->name, entry->help);
        return -1;
    }
    if (entry->kind == CONF_INT && (!parse_int(value, &number) || number < entry->min || number > entry->max)) {
        fprintf(stderr, "%s must be a whole number from %lld to %lld\n", entry->name, (long long)entry->min,
                (long long)entry->max);
        return -1;
    }
    if (serving && entry->kind == CONF_PATH && *value && access(value, R_OK)) {
        fprintf(stderr, "%s=%s: %s\n", entry->name, value, strerror(errno));
        return -1;
    }
    entry->value = value;
    return 0;
}

static const struct conf_entry *find(const struct conf_entry *table, const char *name, size_t len)
{
    for (; table && table->name; table++) {
        if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
            return table;
    }
    return NULL;
}

static int refuse_unknown(const struct conf_entry *ours, const struct conf_entry *chassis)
{
    int failed = 0;

    for (char **env = environ; *env; env++) {
        size_t len = strcspn(*env, "=");
        bool known = strncmp(*env, "HUIGONG_", 8) != 0 || find(ours, *env, len) || find(chassis, *env, len);

        for (unsigned i = 0; i < ARRAY_LEN(deploy_names) && !known; i++)
            known = strlen(deploy_names[i]) == len && memcmp(deploy_names[i], *env, len) == 0;
        if (!known) {
            fprintf(stderr, "%.*s is no setting of this daemon; --help lists them\n", (int)len, *env);
            failed = -1;
        }
    }
    return failed;
}

int conf_load(struct conf_entry *ours, struct conf_entry *chassis, bool serving)
{
    int failed = refuse_unknown(ours, chassis);

    for (struct conf_entry *entry = ours; entry && entry->name; entry++)
        failed |= load_entry(entry, serving);
    for (struct conf_entry *entry = chassis; entry && entry->name; entry++)
        failed |= load_entry(entry, serving);
    return failed ? -1 : 0;
}

void conf_print(FILE *out, const struct conf_entry *table)
{
    for (; table && table->name; table++) {
        fprintf(out, "  %-22s %s", table->name, table->help);
        if (!table->fallback)
            fprintf(out, " (required)\n");
        else if (*table->fallback)
            fprintf(out, " [%s]\n", table->fallback);
        else
            fprintf(out, "\n");
    }
}

const char *conf_text(const struct conf_entry *table, const char *name)
{
    const struct conf_entry *entry = find(table, name, strlen(name));

    ensure(entry && entry->value);
    return entry->value;
}

int64_t conf_int(const struct conf_entry *table, const char *name)
{
    int64_t number;

    ensure(parse_int(conf_text(table, name), &number));
    return number;
}
