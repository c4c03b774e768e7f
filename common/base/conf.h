/* conf.h: settings, from the environment alone.
 *
 * A daemon's settings are one table of HUIGONG_* names; --help prints it, --check
 * reads it and exits. Secrets are given as paths of files, never as values. A
 * HUIGONG_ name that neither the daemon nor deploy/ knows is refused, so that a
 * misspelt setting is found at start. */
#pragma once

enum conf_kind { CONF_TEXT, CONF_INT, CONF_PATH };

struct conf_entry {
    const char *name;     /* HUIGONG_... */
    const char *fallback; /* NULL: must be set; "" : may be left out */
    enum conf_kind kind;  /* a path must exist when it is set */
    const char *help;
    int64_t min, max;  /* of an integer */
    const char *value; /* after conf_load */
};

#define CONF_END                                                                                                       \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }

/* Reads the environment into up to two tables. 0, or -1 after printing every
 * fault to stderr. A command line that does not serve (a probe, a call) needs
 * neither the daemon's required settings nor its files: they are left "". */
int conf_load(struct conf_entry *ours, struct conf_entry *chassis, bool serving);
void conf_print(FILE *out, const struct conf_entry *table);
/* The value of a name in a table that was loaded; "" when left out. */
const char *conf_text(const struct conf_entry *table, const char *name);
int64_t conf_int(const struct conf_entry *table, const char *name);
