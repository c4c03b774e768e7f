/* person.h: personal data, sealed and found. The only callers of pii.h.
 *
 * Each kind of field has a context of its own, so that a sealed value of one row
 * or kind does not open as another. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/members.h"
#include "services/identity/people/sealed.h"
#include "services/identity/access/wechats.h"

struct person {
    char name[CN_NAME_SIZE];
    char resident_id[CN_RESIDENT_ID_LEN + 1];
    char mobile[CN_MOBILE_LEN + 1]; /* "" where it is not kept with the others */
};

#define PROOF_PLATFORM_MAX 30 /* characters */
#define PROOF_NUMBER_MAX   40
#define PROOF_EVIDENCE_MAX 100

/* What somebody shows as a proof of her trade: lines of visible text. */
struct proof {
    char platform[PROOF_PLATFORM_MAX * 4 + 1];
    char work_number[PROOF_NUMBER_MAX * 4 + 1];
    char evidence[PROOF_EVIDENCE_MAX * 4 + 1];
};

/* A name as somebody writes it, in normal form: 0, or NAME_INVALID and, as a fact, the
 * character that it is refused for. */
int person_name_read(const char *text, void *call, char ret[CN_NAME_SIZE]);

/* Blind indexes of values in normal form. */
void person_index_mobile(const struct identity *self, const char *mobile, unsigned char ret[PII_INDEX_LEN]);
void person_index_id(const struct identity *self, const char *resident_id, unsigned char ret[PII_INDEX_LEN]);
/* Of a person's name in an app of WeChat's, and in all apps of one owner. */
void person_index_openid(const struct identity *self, const char *appid, const char *openid,
                         unsigned char ret[PII_INDEX_LEN]);
void person_index_unionid(const struct identity *self, const char *unionid, unsigned char ret[PII_INDEX_LEN]);
/* Of a code sent to a number: what is kept instead of the code. */
void person_index_code(const struct identity *self, const char *mobile, int purpose, const char *code,
                       unsigned char ret[PII_INDEX_LEN]);

/* Of who asks: her device, where it names itself; else the address, all of which are one where none is known. */
void person_index_asker(const struct identity *self, const Rpc__Client *client, unsigned char ret[PII_INDEX_LEN]);
/* Of an address, where what it asks for is counted. */
void person_index_address(const struct identity *self, uint64_t address, unsigned char ret[PII_INDEX_LEN]);
/* What follows the two halves of a refresh token, told to nobody who does not have them. */
void person_next_turn(const struct identity *self, const unsigned char *halves, size_t len,
                      unsigned char ret[PII_INDEX_LEN]);

/* nonce is PII_NONCE_LEN fresh random bytes. What is a member's is sealed under her data
 * key, which must be ready (data_keys.h); a roster's row and a declaration are not. */
void person_seal_roster(const struct identity *self, int64_t roster_id, const unsigned char *nonce,
                        const struct person *person, struct sealed *ret);
/* Of a declaration: what is to be recorded, all three, each "" where it is right; and of whom it is about what the
 * agent knows. */
void person_seal_declaration(const struct identity *self, int64_t declaration_id, const unsigned char *nonce,
                             const struct person *person, struct sealed *ret);
void person_seal_declared(const struct identity *self, int64_t declaration_id, const unsigned char *nonce,
                          const struct person *person, struct sealed *ret);
void person_seal_member(const struct identity *self, const struct member *member, const unsigned char *nonce,
                        const struct person *person, struct sealed *ret);
/* Of a request to join: name and resident ID. */
void person_seal_join(const struct identity *self, const struct member *member, int64_t request_id,
                      const unsigned char *nonce, const struct person *person, struct sealed *ret);
/* Of a request to correct: all three, each "" where it is right. */
void person_seal_correction(const struct identity *self, const struct member *member, int64_t correction_id,
                            const unsigned char *nonce, const struct person *person, struct sealed *ret);
void person_seal_mobile(const struct identity *self, const struct member *member, const unsigned char *nonce,
                        const char *mobile, struct sealed *ret);

/* What a client of hers calls itself. */
void person_seal_device(const struct identity *self, const struct member *member, int64_t session_id,
                        const unsigned char *nonce, const char *name, struct sealed *ret);
/* "" when it cannot be opened. */
void person_open_device(const struct identity *self, const struct member *member, int64_t session_id,
                        const struct sealed *sealed, char ret_name[SEALED_MAX]);

void person_seal_proof(const struct identity *self, const struct member *member, int64_t trade_id,
                       const unsigned char *nonce, const struct proof *proof, struct sealed_proof *ret);
bool person_open_proof(const struct identity *self, const struct member *member, int64_t trade_id,
                       const struct sealed_proof *sealed, struct proof *ret);

/* The texts are at most WECHAT_NAME_MAX characters each, and hold no line feed. */
void person_seal_wechat(const struct identity *self, const struct member *member, int64_t wechat_id,
                        const unsigned char *nonce, const char *appid, const char *openid, const char *unionid,
                        struct sealed *ret);
/* Seals a door anew, by a new id or its own, under the key of who has it now; old is who had
 * it before. Whether it could be opened. */
bool person_reseal_wechat(const struct identity *self, const struct member *old, const struct member *member,
                          struct wechat *door, int64_t new_id, void *call);

/* The appid of a member's door, and her openid there unless that is NULL; "" and false
 * when its seal cannot be opened. */
bool person_open_wechat(const struct identity *self, const struct member *member, const struct wechat *wechat,
                        char ret_appid[WECHAT_NAME_MAX + 1], char ret_openid[WECHAT_NAME_MAX + 1]);

/* Of a credential: bytes as they are; ret has room for len + PII_OVERHEAD. */
void person_seal_secrets(const struct identity *self, int64_t member_id, const unsigned char *nonce,
                         const void *secrets, size_t len, unsigned char *ret);
/* Exactly `size` bytes of them; false when they cannot be opened. */
bool person_open_secrets(const struct identity *self, int64_t member_id, const unsigned char *sealed, size_t len,
                         void *ret, size_t size);

/* False when the field was altered or its key is not loaded: warned, and
 * everything is "". */
bool person_open_roster(const struct identity *self, int64_t roster_id, const struct sealed *sealed,
                        struct person *ret);
bool person_open_join(const struct identity *self, const struct member *member, int64_t request_id,
                      const struct sealed *sealed, struct person *ret);
bool person_open_correction(const struct identity *self, const struct member *member, int64_t correction_id,
                            const struct sealed *sealed, struct person *ret);
bool person_open_declaration(const struct identity *self, int64_t declaration_id, const struct sealed *sealed,
                             struct person *ret);
bool person_open_declared(const struct identity *self, int64_t declaration_id, const struct sealed *sealed,
                          struct person *ret);
/* The masked forms; "" of what is not known. ret may be the same. */
void person_mask(const struct person *person, struct person *ret);
/* What is known of a member: her mobile, and once verified her name and ID. All is ""
 * when her account is closed. */
bool person_open_member(const struct identity *self, const struct member *member, struct person *ret);
