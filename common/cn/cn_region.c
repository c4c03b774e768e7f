#include "common/cn/cn_id.h"

#define FIRST_YEAR 1981

extern const unsigned char areacodes_csv[];
extern const size_t areacodes_csv_len;

/* Columns of areacodes.csv. */
enum { COLUMN_CODE, COLUMN_NAME = 3, COLUMN_FROM = 6, COLUMN_TO = 7 };

struct period {
    const char *name;
    size_t name_len;
    int from, to; /* years, both included */
};

static size_t next_line(size_t at)
{
    const unsigned char *newline = memchr(areacodes_csv + at, '\n', areacodes_csv_len - at);

    return newline ? (size_t)(newline - areacodes_csv) + 1 : areacodes_csv_len;
}

static int compare_code(size_t at, const char *code)
{
    ensure(areacodes_csv_len - at > CN_REGION_LEN);
    return memcmp(areacodes_csv + at, code, CN_REGION_LEN);
}

/* Where the first line stands whose code is not less; the file is sorted. */
static size_t lower_bound(const char *code)
{
    size_t low = next_line(0), high = areacodes_csv_len;

    while (low < high) {
        size_t line = low + (high - low) / 2;

        while (line > low && areacodes_csv[line - 1] != '\n')
            line--;
        if (compare_code(line, code) < 0)
            low = next_line(line);
        else
            high = line;
    }
    return low;
}

static int read_year(const char *text, size_t len, int missing)
{
    int year = 0;

    if (len == 0)
        return missing;
    for (size_t i = 0; i < len; i++)
        year = year * 10 + (text[i] - '0');
    return year;
}

static struct period read_period(size_t line)
{
    const char *at = (const char *)areacodes_csv + line;
    const char *end = (const char *)areacodes_csv + next_line(line);
    struct period period = {.name = at};

    for (int column = COLUMN_CODE; column <= COLUMN_TO; column++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));

        ensure(comma);
        if (column == COLUMN_NAME) {
            period.name = at;
            period.name_len = (size_t)(comma - at);
        } else if (column == COLUMN_FROM) {
            period.from = read_year(at, (size_t)(comma - at), FIRST_YEAR);
        } else if (column == COLUMN_TO) {
            period.to = read_year(at, (size_t)(comma - at), 9999);
        }
        at = comma + 1;
    }
    return period;
}

/* How many years a period is away from a year. */
static int distance(const struct period *period, int year)
{
    if (year < period->from)
        return period->from - year;
    return year > period->to ? year - period->to : 0;
}

enum cn_region_state cn_region(const char *code, int year, char ret_name[CN_REGION_SIZE])
{
    enum cn_region_state state = CN_REGION_UNKNOWN;
    struct period nearest = {0};

    ret_name[0] = '\0';
    if (strspn(code, "0123456789") < CN_REGION_LEN)
        return CN_REGION_UNKNOWN;
    if (year < FIRST_YEAR)
        year = FIRST_YEAR;
    for (size_t line = lower_bound(code); line < areacodes_csv_len && compare_code(line, code) == 0;
         line = next_line(line)) {
        struct period period = read_period(line);

        if (state == CN_REGION_UNKNOWN || distance(&period, year) < distance(&nearest, year))
            nearest = period;
        if (distance(&period, year) == 0)
            state = CN_REGION_IN_FORCE;
        else if (state != CN_REGION_IN_FORCE && period.to < year)
            state = CN_REGION_WITHDRAWN;
        else if (state == CN_REGION_UNKNOWN)
            state = CN_REGION_LATER;
    }
    if (state != CN_REGION_UNKNOWN)
        snprintf(ret_name, CN_REGION_SIZE, "%.*s", (int)nearest.name_len, nearest.name);
    return state;
}

/* Whether a code is one level below: a county also where there is no prefecture between. */
static bool is_just_below(const char *code, size_t len, int year)
{
    char prefecture[CN_REGION_LEN + 1], name[CN_REGION_SIZE];

    if (len == 0)
        return memcmp(code + 2, "0000", 4) == 0;
    if (memcmp(code + 4, "00", 2) == 0)
        return len == 2 && memcmp(code + 2, "00", 2) != 0;
    snprintf(prefecture, sizeof(prefecture), "%.4s00", code);
    return len == 4 || cn_region(prefecture, year, name) != CN_REGION_IN_FORCE;
}

bool cn_region_below(const char *within, int year, char code[CN_REGION_LEN + 1], char ret_name[CN_REGION_SIZE])
{
    char from[CN_REGION_LEN + 1];
    size_t len = strlen(within);

    if ((len != 0 && len != 2 && len != 4) || within[strspn(within, "0123456789")] != '\0')
        return false;
    snprintf(from, sizeof(from), "%s", *code ? code : within);
    for (size_t i = strlen(from); i < CN_REGION_LEN; i++)
        from[i] = '0';
    from[CN_REGION_LEN] = '\0';
    for (size_t line = lower_bound(from); line < areacodes_csv_len; line = next_line(line)) {
        const char *found = (const char *)areacodes_csv + line;
        struct period period = read_period(line);

        if (memcmp(found, within, len) != 0)
            break;
        if ((*code && compare_code(line, code) == 0) || year < period.from || year >= period.to ||
            !is_just_below(found, len, year))
            continue;
        snprintf(code, CN_REGION_LEN + 1, "%.6s", found);
        snprintf(ret_name, CN_REGION_SIZE, "%.*s", (int)period.name_len, period.name);
        return true;
    }
    return false;
}

bool cn_is_province(const char *code)
{
    static const char provinces[][3] = {
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43",
        "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83",
    };

    for (size_t i = 0; i < ARRAY_LEN(provinces); i++) {
        if (strncmp(code, provinces[i], 2) == 0)
            return true;
    }
    return false;
}
