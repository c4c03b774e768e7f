/* table_encoding.c: in which encoding a text is.
 *
 * A byte order mark decides. Without one every byte is looked at, under both readings: as
 * UTF-8 and as GB18030. Mostly only one of them is possible, since a text of some length
 * in the one is not valid in the other: a heading in Chinese is enough. Where both are, what
 * the text would say decides, or else nothing does:
 *   - UTF-8 with ideographs is UTF-8, unless as GB18030 it has only the characters of GB2312;
 *   - pairs of bytes that would be accented letters are such where they touch a letter of ASCII
 *     (Müller), and characters of GB2312 where two or more stand alone (as a name in a field does);
 *   - with signs of both kinds, or of none, it is not decided. */
#include "common/table/table_internal.h"

#define CHUNK      65536
#define SEEN_BYTES 24

/* A place of the file. */
struct spot {
    uint64_t at, line;
};

/* The text so far as UTF-8. */
struct as_utf8 {
    bool bad;
    struct spot spot;  /* where it had become impossible */
    unsigned more;     /* bytes that a character still needs */
    unsigned char low; /* the least that the next may be, if it is the second */
    unsigned char high;
    uint64_t wide, narrow; /* characters of three bytes or four, and of two */
};

/* And as GB18030. */
struct as_gb {
    bool bad;
    struct spot spot;
    unsigned at; /* bytes of a character that are there */
    unsigned char first, third;
    uint64_t common, rare; /* characters of GB2312, and others */
};

/* Runs of bytes that are no ASCII, whatever they mean. */
struct runs {
    size_t len;
    bool touched; /* by a letter of ASCII before */
    uint64_t in_words, alone;
};

struct look {
    struct as_utf8 utf8;
    struct as_gb gb;
    struct runs runs;
    uint64_t zeros[2]; /* NULs at even and odd places */
    struct spot spot;
    uint64_t high;
    bool letter; /* the byte before */
};

static void utf8_byte(struct as_utf8 *utf8, unsigned char c, struct spot spot)
{
    if (utf8->bad)
        return;
    if (utf8->more > 0) {
        utf8->bad = c < utf8->low || c > utf8->high;
        utf8->low = 0x80;
        utf8->high = 0xbf;
        utf8->more--;
    } else if (c >= 0x80) {
        utf8->bad = c < 0xc2 || c > 0xf4;
        utf8->more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        utf8->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
        utf8->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        utf8->wide += utf8->more > 1;
        utf8->narrow += utf8->more == 1;
    }
    if (utf8->bad)
        utf8->spot = spot;
}

static void gb_byte(struct as_gb *gb, unsigned char c, struct spot spot)
{
    bool digit = c >= 0x30 && c <= 0x39, lead = c >= 0x81 && c <= 0xfe;

    if (gb->bad)
        return;
    switch (gb->at) {
    case 0:
        gb->bad = c >= 0x80 && !lead;
        gb->at = lead;
        gb->first = c;
        break;
    case 1:
        gb->bad = !digit && !(c >= 0x40 && c <= 0xfe && c != 0x7f);
        gb->at = digit ? 2 : 0;
        if (!digit && c >= 0xa1 &&
            ((gb->first >= 0xb0 && gb->first <= 0xf7) || (gb->first >= 0xa1 && gb->first <= 0xa3)))
            gb->common++;
        else
            gb->rare++;
        break;
    case 2:
        gb->bad = !lead;
        gb->at = 3;
        break;
    default:
        gb->bad = !digit;
        gb->at = 0;
        break;
    }
    if (gb->bad)
        gb->spot = spot;
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void run_byte(struct runs *runs, unsigned char c, bool letter_before)
{
    if (c >= 0x80) {
        if (runs->len++ == 0)
            runs->touched = letter_before;
        return;
    }
    if (runs->len > 0 && (runs->touched || is_letter(c)))
        runs->in_words++;
    else if (runs->len >= 4 && runs->len % 2 == 0)
        runs->alone++;
    runs->len = 0;
}

static void look_at(struct look *look, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = bytes[i];

        utf8_byte(&look->utf8, c, look->spot);
        gb_byte(&look->gb, c, look->spot);
        run_byte(&look->runs, c, look->letter);
        look->letter = is_letter(c);
        look->zeros[look->spot.at & 1] += c == 0;
        look->high += c >= 0x80;
        look->spot.line += c == '\n';
        look->spot.at++;
    }
}

static bool look_through(struct table *table, struct look *look)
{
    unsigned char chunk[CHUNK];
    size_t len;

    do {
        if (!table_bytes(table, look->spot.at, chunk, sizeof(chunk), &len))
            return false;
        look_at(look, chunk, len);
    } while (len == sizeof(chunk));
    run_byte(&look->runs, '\n', look->letter);
    if (look->utf8.more > 0 && !look->utf8.bad) {
        look->utf8.bad = true;
        look->utf8.spot = look->spot;
    }
    if (look->gb.at > 0 && !look->gb.bad) {
        look->gb.bad = true;
        look->gb.spot = look->spot;
    }
    return true;
}

/* The bytes around a place, in hexadecimal. */
static void show_bytes(struct table *table, uint64_t at, char *ret, size_t size)
{
    unsigned char bytes[8] = {0};
    size_t len = 0, used = 0;

    *ret = '\0';
    if (!table_bytes(table, at > 2 ? at - 2 : 0, bytes, sizeof(bytes), &len))
        return;
    for (size_t i = 0; i < len && used + 4 < size; i++)
        used += (size_t)snprintf(ret + used, size - used, i ? " %02X" : "%02X", bytes[i]);
}

static bool undecided(struct table *table, const struct look *look)
{
    char utf8[SEEN_BYTES + 8], gb[SEEN_BYTES + 8];

    if (!look->utf8.bad)
        return table_fail(table, TABLE_ENCODING, "UTF-8 / GB18030");
    show_bytes(table, look->utf8.spot.at, utf8, sizeof(utf8));
    show_bytes(table, look->gb.spot.at, gb, sizeof(gb));
    return table_fail(table, TABLE_ENCODING, "not UTF-8 in line %llu: %s; not GB18030 in line %llu: %s",
                      (unsigned long long)look->utf8.spot.line, utf8, (unsigned long long)look->gb.spot.line, gb);
}

/* Where both are possible and there is more than ASCII. */
static bool weigh(struct table *table, const struct look *look, enum table_encoding *ret)
{
    bool all_gb2312 = look->gb.rare == 0, words = look->runs.in_words > 0, alone = look->runs.alone > 0;

    if (look->utf8.wide > 0)
        return all_gb2312 ? undecided(table, look) : (*ret = TABLE_UTF_8, true);
    if (words == alone)
        return undecided(table, look);
    *ret = words ? TABLE_UTF_8 : TABLE_GB18030;
    return true;
}

/* By zeros: a text in UTF-16 has many, in every other place, at its digits, signs and line ends; nothing
 * else that is a table has any. */
static bool of_zeros(struct table *table, const struct look *look, enum table_encoding *ret)
{
    const uint64_t *zeros = look->zeros, least = look->spot.at / 16;
    bool little = zeros[1] > 8 * zeros[0] && zeros[1] >= least, big = zeros[0] > 8 * zeros[1] && zeros[0] >= least;

    if (look->spot.at % 2 || little == big)
        return table_fail(table, TABLE_OTHER, "binary");
    *ret = little ? TABLE_UTF_16LE : TABLE_UTF_16BE;
    return true;
}

bool table_encoding(struct table *table, enum table_encoding *ret, unsigned *ret_skip)
{
    struct look look = {.spot = {0, 1}};
    unsigned char mark[4] = {0};
    size_t len;

    *ret_skip = 0;
    if (!table_bytes(table, 0, mark, sizeof(mark), &len))
        return false;
    if (len >= 3 && memcmp(mark, "\xef\xbb\xbf", 3) == 0) {
        *ret = TABLE_UTF_8;
        *ret_skip = 3;
        return true;
    }
    if (len >= 2 && (memcmp(mark, "\xff\xfe", 2) == 0 || memcmp(mark, "\xfe\xff", 2) == 0)) {
        if (len == 4 && mark[2] == 0 && mark[3] == 0)
            return table_fail(table, TABLE_ENCODING, "UTF-32");
        *ret = mark[0] == 0xff ? TABLE_UTF_16LE : TABLE_UTF_16BE;
        *ret_skip = 2;
        return true;
    }
    if (!look_through(table, &look))
        return false;
    if (look.zeros[0] + look.zeros[1] > 0)
        return of_zeros(table, &look, ret);
    *ret = TABLE_UTF_8;
    if (look.high == 0 || (!look.utf8.bad && look.gb.bad))
        return true;
    if (look.utf8.bad && look.gb.bad)
        return undecided(table, &look);
    if (look.utf8.bad) {
        *ret = TABLE_GB18030;
        return true;
    }
    return weigh(table, &look, ret);
}

const char *table_encoding_name(enum table_encoding encoding)
{
    static const char *const names[] = {[TABLE_UTF_8] = "UTF-8",
                                        [TABLE_GB18030] = "GB18030",
                                        [TABLE_UTF_16LE] = "UTF-16LE",
                                        [TABLE_UTF_16BE] = "UTF-16BE"};

    return names[encoding];
}
