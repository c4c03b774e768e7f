/* pass_internal.h: between the files of pass. */
#pragma once
#include "common/trust/ecdsa.h"
#include "common/base/bytes.h"
#include "common/base/hmac.h"
#include "common/pass/pass.h"

#define SIGNATURE_LEN ECDSA_SIGNATURE_LEN

struct pass_key {
    uint16_t id;
    bool secret; /* code is set */
    struct ecdsa_key *signs;
    struct hmac code;
};

struct pass_keys {
    struct pass_key keys[PASS_KEYS_MAX]; /* newest first */
    size_t n_keys;
};

const struct pass_key *pass_key_find(const struct pass_keys *keys, uint16_t id);
/* The signature of bytes by the newest key; false when it is public alone or without memory. */
bool pass_sign(struct pass_keys *keys, const unsigned char *bytes, size_t len, unsigned char ret[SIGNATURE_LEN]);
/* OK, UNKNOWN_KEY or FORGED. */
enum pass_reason pass_check_signature(struct pass_keys *keys, uint16_t key_id, const unsigned char *bytes, size_t len,
                                      const unsigned char signature[SIGNATURE_LEN]);
