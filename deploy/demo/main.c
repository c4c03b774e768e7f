/* hg-city: writes the demonstration city's unions.csv and roster.csv. */
#include "deploy/demo/city.h"

#include <errno.h>
#include <getopt.h>

#define USAGE                                                                                                          \
    "usage: hg-city [--members N] [--seed S] FOLDER\n"                                                                 \
    "Writes FOLDER/unions.csv and FOLDER/roster.csv; N is at most 10000000 (100000).\n"

static bool read_number(const char *text, unsigned long long max, unsigned long long *ret)
{
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);

    if (errno || end == text || *end || *text == '-' || value > max)
        return false;
    *ret = value;
    return true;
}

static int write_unions(const struct city *city, long members, FILE *file)
{
    (void)members;
    return city_write_unions(city, file);
}

/* Writes FOLDER/name; 0, or -1 after saying why not. */
static int write_file(const struct city *city, long members, const char *folder, const char *name,
                      int (*write)(const struct city *, long, FILE *))
{
    char path[4096];

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path)) {
        fprintf(stderr, "hg-city: %s: path too long\n", folder);
        return -1;
    }
    FILE *file = fopen(path, "w");
    int failed = file ? write(city, members, file) : -1;

    if (file && fclose(file) != 0)
        failed = -1;
    if (failed)
        fprintf(stderr, "hg-city: %s: %s\n", path, strerror(errno));
    return failed;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"members", required_argument, NULL, 'm'},
        {"seed", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    unsigned long long members = 100000, seed = 4406;
    int failed = -1;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'h')
            return fputs(USAGE, stdout) < 0;
        if ((option == 'm' && read_number(optarg, CITY_MEMBERS_MAX, &members)) ||
            (option == 's' && read_number(optarg, UINT64_MAX, &seed)))
            continue;
        return fputs(USAGE, stderr), 2;
    }
    if (optind + 1 != argc)
        return fputs(USAGE, stderr), 2;

    struct city *city = city_new(seed);

    if (!city)
        return fputs("hg-city: out of memory\n", stderr), 1;
    if (!write_file(city, 0, argv[optind], "unions.csv", write_unions))
        failed = write_file(city, (long)members, argv[optind], "roster.csv", city_write_roster);
    city_free(city);
    return failed ? 1 : 0;
}
