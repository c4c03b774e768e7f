#include "common/trust/seal.h"

#include <errno.h>

#include "common/base/bytes.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/sha256.h"

#define LABEL   "hg-grants-1"
#define SUM_LEN 32

struct seal_checker {
    struct ecdsa_key *key;
    unsigned char good[SEAL_REMEMBERED][SUM_LEN]; /* of what was sealed, and its seal; by the sum's first bytes */
};

/* What is sealed; 0 when it is too large. */
static size_t sealed_text(const Rpc__Principal *principal, unsigned char ret[LIMIT_TOKEN])
{
    Rpc__Principal bare = *principal;
    size_t label = strlen(LABEL);

    bare.grants_seal = (ProtobufCBinaryData){0, NULL};
    if (rpc__principal__get_packed_size(&bare) + label > LIMIT_TOKEN)
        return 0;
    memcpy(ret, LABEL, label);
    return label + rpc__principal__pack(&bare, ret + label);
}

bool grants_seal(struct ecdsa_key *key, Rpc__Principal *principal, unsigned char ret_seal[ECDSA_SIGNATURE_LEN])
{
    unsigned char text[LIMIT_TOKEN];
    size_t len = sealed_text(principal, text);

    if (!len || !ecdsa_sign(key, text, len, ret_seal))
        return false;
    principal->grants_seal = (ProtobufCBinaryData){ECDSA_SIGNATURE_LEN, ret_seal};
    return true;
}

struct seal_checker *seal_checker_open(const char *path)
{
    struct seal_checker *checker = calloc(1, sizeof(*checker));
    unsigned char point[ECDSA_POINT_LEN];
    char text[HEX_SIZE(ECDSA_POINT_LEN)];
    FILE *file = fopen(path, "re");
    bool read = file && fgets(text, sizeof(text), file) && strlen(text) + 1 == sizeof(text) &&
                hex_read(text, sizeof(point), point);

    if (!file)
        log_error("session_point_refused", "file", path, "error", strerror(errno));
    else
        fclose(file);
    if (checker && read)
        checker->key = ecdsa_key_public(point);
    if (checker && checker->key)
        return checker;
    if (file)
        log_error("session_point_refused", "file", path, "why", "it is no point of P-256 in 128 hex digits");
    seal_checker_close(checker);
    return NULL;
}

void seal_checker_close(struct seal_checker *checker)
{
    if (!checker)
        return;
    ecdsa_key_free(checker->key);
    free(checker);
}

bool seal_check(struct seal_checker *checker, const Rpc__Principal *principal)
{
    unsigned char text[LIMIT_TOKEN + ECDSA_SIGNATURE_LEN], sum[SUM_LEN], *known;
    size_t len = sealed_text(principal, text);

    if (!len || principal->grants_seal.len != ECDSA_SIGNATURE_LEN)
        return false;
    memcpy(text + len, principal->grants_seal.data, ECDSA_SIGNATURE_LEN);
    sha256_of(text, len + ECDSA_SIGNATURE_LEN, sum);
    known = checker->good[get_be32(sum) % SEAL_REMEMBERED];
    if (memcmp(known, sum, SUM_LEN) == 0)
        return true;
    if (!ecdsa_verify(checker->key, text, len, principal->grants_seal.data))
        return false;
    memcpy(known, sum, SUM_LEN);
    return true;
}
