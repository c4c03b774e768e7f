/* match_evenings.h: the evenings of a file of speed dating, as tests/bench/match reads them: people, and who said what
 * of whom. What a row lacks is unknown; a row that does not tell who decided what about whom is left out, and counted.
 */
#pragma once
#include <math.h>

#include "common/text/csv.h"
#include "services/match/rank/traits.h"

#define PEOPLE_MAX 64 /* of an evening */
#define ROWS_MAX   (PEOPLE_MAX * PEOPLE_MAX / 2)
#define HOBBY_FROM 7 /* of 10: how much somebody likes an interest that counts as hers */

struct row {
    int i, j;  /* of the evening's people: who decided, and about whom */
    int order; /* of the partners of i */
    int back;  /* the row of j about i, or -1 */
    int parity;
    bool yes;
};

struct evening {
    long wave;
    int n_people, n_rows, last_order;
    long iids[PEOPLE_MAX];
    struct rank_traits people[PEOPLE_MAX];
    struct row rows[ROWS_MAX];
};

struct evenings {
    struct evening *of;
    size_t n, n_left_out;
};

enum column {
    IID,
    PID,
    GENDER,
    WAVE,
    ORDER,
    AGE,
    SPORTS,
    TVSPORTS,
    EXERCISE,
    DINING,
    MUSEUMS,
    ART,
    HIKING,
    GAMING,
    CLUBBING,
    READING,
    TV,
    THEATER,
    MOVIES,
    CONCERTS,
    MUSIC,
    SHOPPING,
    YOGA,
    GOAL,
    DATE,
    GO_OUT,
    FIELD_CD,
    CAREER_C,
    DEC,
    COLUMNS
};
static const char *const columns[COLUMNS] = {
    "iid",     "pid",      "gender", "wave",   "order",    "age",     "sports",   "tvsports", "exercise", "dining",
    "museums", "art",      "hiking", "gaming", "clubbing", "reading", "tv",       "theater",  "movies",   "concerts",
    "music",   "shopping", "yoga",   "goal",   "date",     "go_out",  "field_cd", "career_c", "dec"};

_Noreturn static inline void no_evenings(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(2);
}

/* The whole file with a NUL behind it. */
static inline char *file_text(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    long size = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *text;

    if (size < 0 || size > 256 << 20)
        no_evenings(path, "cannot be read, or is above 256 MB");
    rewind(file);
    text = malloc((size_t)size + 1);
    ensure(text);
    *ret_len = fread(text, 1, (size_t)size, file);
    text[*ret_len] = '\0';
    fclose(file);
    return text;
}

/* A number from 0 to `most`, rounded; -1 when there is none. */
static inline long number_in(const char *text, long most)
{
    char *end;
    double value = strtod(text, &end);

    while (*end == ' ')
        end++;
    if (end == text || *end || !isfinite(value) || value < -.5 || value > (double)most)
        return -1;
    return lround(value);
}

static inline uint8_t small_in(const char *text, long least, long most)
{
    long value = number_in(text, most);

    return value < least ? 0 : (uint8_t)value;
}

static inline struct rank_traits traits_in(char *const *at)
{
    struct rank_traits traits = {
        .sex = number_in(at[GENDER], 1) == 1 ? RANK_MAN : RANK_WOMAN,
        .age = small_in(at[AGE], 16, 99),
        .dates = small_in(at[DATE], 1, 7),
        .goes_out = small_in(at[GO_OUT], 1, 7),
        .goal = small_in(at[GOAL], 1, 6),
        .trade = small_in(at[FIELD_CD], 1, 255),
        .work = small_in(at[CAREER_C], 1, 255),
    };

    for (int k = 0; k < RANK_TASTES; k++)
        traits.tastes |= (uint32_t)(number_in(at[SPORTS + k], 100) >= HOBBY_FROM) << k;
    return traits;
}

static inline struct evening *evening_of(struct evenings *evenings, long wave)
{
    for (size_t e = 0; e < evenings->n; e++) {
        if (evenings->of[e].wave == wave)
            return &evenings->of[e];
    }
    evenings->of = realloc(evenings->of, (evenings->n + 1) * sizeof(*evenings->of));
    ensure(evenings->of);
    evenings->of[evenings->n] = (struct evening){.wave = wave};
    return &evenings->of[evenings->n++];
}

/* -1 when there is none. */
static inline int person_of(const struct evening *evening, long iid)
{
    for (int i = 0; i < evening->n_people; i++) {
        if (evening->iids[i] == iid)
            return i;
    }
    return -1;
}

/* Twice over the rows: people first, then what they decided. False: it tells no decision, or there is no room. */
static inline bool take_row(struct evenings *evenings, char *const *at, bool people)
{
    long iid = number_in(at[IID], 1000000000), pid = number_in(at[PID], 1000000000);
    long wave = number_in(at[WAVE], 1000000), dec = number_in(at[DEC], 1);
    struct evening *evening;
    int i, j;

    if (iid < 0 || pid < 0 || wave < 0 || dec < 0 || number_in(at[GENDER], 1) < 0)
        return false;
    evening = evening_of(evenings, wave);
    i = person_of(evening, iid);
    if (people) {
        if (i >= 0 || evening->n_people == PEOPLE_MAX)
            return i >= 0;
        evening->iids[evening->n_people] = iid;
        evening->people[evening->n_people++] = traits_in(at);
        return true;
    }
    j = person_of(evening, pid);
    if (i < 0 || j < 0 || evening->people[i].sex == evening->people[j].sex || evening->n_rows == ROWS_MAX)
        return false;
    evening->rows[evening->n_rows++] = (struct row){.i = i,
                                                    .j = j,
                                                    .back = -1,
                                                    .yes = dec == 1,
                                                    .parity = (int)((iid + pid) % 2),
                                                    .order = (int)fmax(0, (double)number_in(at[ORDER], 1000))};
    return true;
}

static inline void pair_up(struct evening *evening)
{
    for (int r = 0; r < evening->n_rows; r++) {
        struct row *row = &evening->rows[r];

        if (row->order > evening->last_order)
            evening->last_order = row->order;
        for (int back = 0; back < evening->n_rows; back++) {
            if (evening->rows[back].i == row->j && evening->rows[back].j == row->i)
                row->back = back;
        }
    }
}

static inline void read_rows(const char *path, struct evenings *evenings, bool people)
{
    size_t len;
    char *text = file_text(path, &len);
    struct csv csv;
    struct csv_row row;
    enum csv_result result;
    int place[COLUMNS];
    bool headed = false;

    csv_init(&csv, text, len, 1);
    while ((result = csv_next(&csv, &row)) != CSV_END) {
        char *at[COLUMNS];
        char none[] = "";

        if (result == CSV_ROW && !headed) {
            for (int c = 0; c < COLUMNS; c++) {
                place[c] = -1;
                for (unsigned f = 0; f < row.n_fields; f++)
                    place[c] = strcmp(row.fields[f], columns[c]) == 0 ? (int)f : place[c];
                if (place[c] < 0)
                    no_evenings(path, columns[c]);
            }
            headed = true;
            continue;
        }
        if (!headed)
            no_evenings(path, "its first line names no columns");
        for (int c = 0; c < COLUMNS && result == CSV_ROW; c++)
            at[c] = (unsigned)place[c] < row.n_fields ? row.fields[place[c]] : none;
        if ((result != CSV_ROW || !take_row(evenings, at, people)) && !people)
            evenings->n_left_out++;
    }
    free(text);
}

/* Ends the program with what is wrong when the file is none of this kind. */
static inline struct evenings evenings_read(const char *path)
{
    struct evenings evenings = {0};

    read_rows(path, &evenings, true);
    read_rows(path, &evenings, false);
    if (evenings.n < 2)
        no_evenings(path, "fewer than two evenings, and the weights are fitted on the others");
    for (size_t e = 0; e < evenings.n; e++)
        pair_up(&evenings.of[e]);
    return evenings;
}
