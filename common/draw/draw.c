#include "common/draw/draw.h"

#include "common/base/buf.h"
#include "common/base/hex.h"
#include "common/draw/draw_internal.h"
#include "common/base/hmac.h"
#include "common/text/utf8.h"

#define ANNOUNCEMENT_MAX (8192 + DRAW_STRATA_MAX * 320)

const char *draw_reason_name(enum draw_reason reason)
{
    static const char *const names[] = {
        [DRAW_OK] = "OK",
        [DRAW_BAD_TERMS] = "BAD_TERMS",
        [DRAW_BAD_ENTRY] = "BAD_ENTRY",
        [DRAW_FULL] = "FULL",
        [DRAW_NOT_OPEN] = "NOT_OPEN",
        [DRAW_CLOSED] = "CLOSED",
        [DRAW_NOT_CLOSED] = "NOT_CLOSED",
        [DRAW_TOO_LATE] = "TOO_LATE",
        [DRAW_NOT_FROZEN] = "NOT_FROZEN",
        [DRAW_TERMS_FIXED] = "TERMS_FIXED",
        [DRAW_LIST_FIXED] = "LIST_FIXED",
        [DRAW_WRONG_SECRET] = "WRONG_SECRET",
        [DRAW_VALUE_NOT_YET] = "VALUE_NOT_YET",
        [DRAW_BAD_VALUE] = "BAD_VALUE",
        [DRAW_ALREADY_DRAWN] = "ALREADY_DRAWN",
        [DRAW_NOT_DRAWN] = "NOT_DRAWN",
        [DRAW_ALREADY_PUBLISHED] = "ALREADY_PUBLISHED",
        [DRAW_IS_VOID] = "IS_VOID",
        [DRAW_REASON_MISSING] = "REASON_MISSING",
    };

    ensure((size_t)reason < ARRAY_LEN(names));
    return names[reason];
}

/* ---- the terms ---- */

bool draw_is_line(const char *text, size_t size)
{
    char line[DRAW_TEXT_SIZE];

    ensure(size <= sizeof(line));
    return strnlen(text, size) < size && utf8_line(text, line, sizeof(line)) > 0 && strcmp(line, text) == 0;
}

static bool is_id(const char id[DRAW_ID_SIZE])
{
    size_t len = strnlen(id, DRAW_ID_SIZE);

    return len > 0 && len < DRAW_ID_SIZE &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

enum draw_reason draw_terms_check(const struct draw_terms *terms)
{
    if (!is_id(terms->id) || !draw_is_line(terms->title, sizeof(terms->title)) ||
        !draw_is_line(terms->rules, sizeof(terms->rules)) ||
        !draw_is_line(terms->public_name, sizeof(terms->public_name)))
        return DRAW_BAD_TERMS;
    if (terms->opens_ms < 0 || terms->closes_ms <= terms->opens_ms || terms->value_at_ms <= terms->closes_ms)
        return DRAW_BAD_TERMS;
    if (*terms->value_format && strcmp(terms->value_format, DRAW_NONE) != 0 && !draw_format_check(terms->value_format))
        return DRAW_BAD_TERMS;
    if (terms->steps < 1 || terms->steps > DRAW_STEPS_MAX || terms->weight_max < 1 ||
        terms->weight_max > DRAW_WEIGHT_MAX || terms->n_strata < 1 || terms->n_strata > DRAW_STRATA_MAX)
        return DRAW_BAD_TERMS;
    for (uint32_t i = 0; i < terms->n_strata; i++) {
        const struct draw_stratum *stratum = &terms->strata[i];

        if (stratum->quota > DRAW_ENTRIES_MAX || stratum->waiting > DRAW_ENTRIES_MAX ||
            !draw_is_line(stratum->label, sizeof(stratum->label)))
            return DRAW_BAD_TERMS;
    }
    return DRAW_OK;
}

int draw_terms_version(const struct draw_terms *terms)
{
    return *terms->value_format ? 2 : 1;
}

void draw_terms_write(const struct draw_terms *terms, struct buf *buf)
{
    char commitment[HEX_SIZE(DRAW_HASH_LEN)];

    buf_printf(buf, "hg-draw %d\ndraw %s\ntitle %s\nrules %s\n", draw_terms_version(terms), terms->id, terms->title,
               terms->rules);
    buf_printf(buf, "opens %lld\ncloses %lld\ncommitment ", (long long)terms->opens_ms, (long long)terms->closes_ms);
    hex_print(terms->commitment, DRAW_HASH_LEN, commitment);
    buf_printf(buf, "%s %u\npublic %s\nvalue-at %lld\n", commitment, terms->steps, terms->public_name,
               (long long)terms->value_at_ms);
    if (*terms->value_format)
        buf_printf(buf, "value-format %s\n", terms->value_format);
    buf_printf(buf, "weight-max %u\nstrata %u\n", terms->weight_max, terms->n_strata);
    for (uint32_t i = 0; i < terms->n_strata; i++) {
        const struct draw_stratum *stratum = &terms->strata[i];

        buf_printf(buf, "stratum %u %u %u %s\n", i, stratum->quota, stratum->waiting, stratum->label);
    }
}

bool draw_terms_hash(const struct draw_terms *terms, unsigned char ret[DRAW_HASH_LEN])
{
    struct buf buf;
    bool whole;

    buf_init(&buf, ANNOUNCEMENT_MAX);
    draw_terms_write(terms, &buf);
    whole = !buf.failed;
    if (whole)
        draw_hash((struct draw_part[]){{buf.bytes, buf.len}}, 1, ret);
    buf_done(&buf);
    return whole;
}

/* ---- the hashes ---- */

void draw_hash(const struct draw_part *parts, size_t n_parts, unsigned char ret[DRAW_HASH_LEN])
{
    struct sha256 sha;

    sha256_start(&sha);
    for (size_t i = 0; i < n_parts; i++)
        sha256_add(&sha, parts[i].bytes, parts[i].len);
    sha256_end(&sha, ret);
}

void draw_commitment(const unsigned char secret[DRAW_HASH_LEN], uint32_t steps, unsigned char ret[DRAW_HASH_LEN])
{
    memmove(ret, secret, DRAW_HASH_LEN);
    for (uint32_t i = 0; i < steps; i++)
        draw_hash((struct draw_part[]){{ret, DRAW_HASH_LEN}}, 1, ret);
}

void draw_chain_secret(const unsigned char last[DRAW_HASH_LEN], uint32_t days, uint32_t day,
                       unsigned char ret[DRAW_HASH_LEN])
{
    ensure(day >= 1 && day <= days && days <= DRAW_STEPS_MAX);
    draw_commitment(last, days - day, ret);
}

void draw_ticket(const unsigned char key[32], const void *person, size_t len, unsigned char ret[DRAW_TICKET_LEN])
{
    static const char domain[] = "hg-draw-ticket-1";
    struct hmac_part parts[] = {{domain, sizeof(domain) - 1}, {person, len}};
    unsigned char sum[HMAC_LEN];
    struct hmac hmac;

    hmac_init(&hmac, key);
    hmac_sum(&hmac, parts, ARRAY_LEN(parts), sum);
    hmac_done(&hmac);
    memcpy(ret, sum, DRAW_TICKET_LEN);
}

void draw_seed(const unsigned char secret[DRAW_HASH_LEN], const unsigned char root[DRAW_HASH_LEN], const char *value,
               unsigned char ret[DRAW_HASH_LEN])
{
    static const char domain[] = "hg-draw-1";
    struct draw_part parts[] = {
        {domain, sizeof(domain) - 1}, {secret, DRAW_HASH_LEN}, {root, DRAW_HASH_LEN}, {value, strlen(value)}};

    draw_hash(parts, ARRAY_LEN(parts), ret);
}

/* ---- ranks ---- */

#define RANKED_LEN (DRAW_HASH_LEN + DRAW_TICKET_LEN + 4)

void draw_ranker_init(struct draw_ranker *ranker, const unsigned char seed[DRAW_HASH_LEN])
{
    memset(ranker->block, 0, sizeof(ranker->block));
    memcpy(ranker->block, seed, DRAW_HASH_LEN);
    ranker->block[RANKED_LEN] = 0x80;
    put_be32(ranker->block + 60, RANKED_LEN * 8);
}

/* All that is hashed fits one block, whose padding never changes: one compression
 * instead of a whole run of SHA-256 saves a sixth of the draw. */
static const struct draw_words *hash_block(struct draw_ranker *ranker, uint32_t k)
{
    _Static_assert(sizeof(ranker->sha.ctx.state) == sizeof(struct draw_words), "the state is the hash");
    put_be32(ranker->block + DRAW_HASH_LEN + DRAW_TICKET_LEN, k);
    sha256_start(&ranker->sha);
    sha256_add(&ranker->sha, ranker->block, sizeof(ranker->block));
    return (const struct draw_words *)ranker->sha.ctx.state;
}

const struct draw_words *draw_ranker_rank(struct draw_ranker *ranker, const unsigned char ticket[DRAW_TICKET_LEN],
                                          uint32_t weight)
{
    memcpy(ranker->block + DRAW_HASH_LEN, ticket, DRAW_TICKET_LEN);

    const struct draw_words *rank = hash_block(ranker, 0);

    if (weight == 1)
        return rank;
    ranker->smallest = *rank;
    for (uint32_t k = 1; k < weight; k++) {
        rank = hash_block(ranker, k);
        if (draw_words_compare(rank, &ranker->smallest) < 0)
            ranker->smallest = *rank;
    }
    return &ranker->smallest;
}

void draw_words_bytes(const struct draw_words *words, unsigned char ret[DRAW_HASH_LEN])
{
    for (size_t i = 0; i < ARRAY_LEN(words->word); i++)
        put_be32(ret + 4 * i, words->word[i]);
}

void draw_rank(const unsigned char seed[DRAW_HASH_LEN], const unsigned char ticket[DRAW_TICKET_LEN], uint32_t weight,
               unsigned char ret[DRAW_HASH_LEN])
{
    struct draw_ranker ranker;

    draw_ranker_init(&ranker, seed);
    draw_words_bytes(draw_ranker_rank(&ranker, ticket, weight), ret);
}
