#include "services/identity/people/person.h"
#include "services/identity/people/members.h"
#include "services/identity/rules.h"
#include "services/identity/people/sealed.h"
#include "services/identity/access/wechats.h"

#include <mbedtls/platform_util.h>

#include "common/base/bytes.h"
#include "common/base/log.h"

#define ROSTER        "roster"
#define MEMBER        "member.person"
#define JOIN          "join"
#define CORRECTION    "correction"
#define MEMBER_MOBILE "member.mobile"
#define WECHAT        "wechat"
#define CREDENTIAL    "credential"
#define TRADE         "trade"
#define DEVICE        "session.device"
#define DECLARATION   "declaration"
#define DECLARED      "declaration.told"

_Static_assert(sizeof(struct proof) + PII_OVERHEAD <= PROOF_SEALED_MAX, "a proof fits");

int person_name_read(const char *text, void *call, char ret[CN_NAME_SIZE])
{
    int32_t bad;

    if (cn_name_or(text, ret, &bad))
        return 0;
    rpc_fact_character(call, bad);
    return IDENTITY__REASON__NAME_INVALID;
}

void person_index_mobile(const struct identity *self, const char *mobile, unsigned char ret[PII_INDEX_LEN])
{
    pii_index(self->pii, "mobile", mobile, strlen(mobile), ret);
}

void person_index_id(const struct identity *self, const char *resident_id, unsigned char ret[PII_INDEX_LEN])
{
    pii_index(self->pii, "resident_id", resident_id, strlen(resident_id), ret);
}

void person_index_openid(const struct identity *self, const char *appid, const char *openid,
                         unsigned char ret[PII_INDEX_LEN])
{
    char text[2 * WECHAT_NAME_MAX + 2];
    int len = snprintf(text, sizeof(text), "%s\n%s", appid, openid);

    ensure(len > 0 && (size_t)len < sizeof(text));
    pii_index(self->pii, "openid", text, (size_t)len, ret);
}

void person_index_unionid(const struct identity *self, const char *unionid, unsigned char ret[PII_INDEX_LEN])
{
    pii_index(self->pii, "unionid", unionid, strlen(unionid), ret);
}

void person_index_code(const struct identity *self, const char *mobile, int purpose, const char *code,
                       unsigned char ret[PII_INDEX_LEN])
{
    char text[CN_MOBILE_LEN + CODE_DIGITS + 16];

    snprintf(text, sizeof(text), "%s %d %s", mobile, purpose, code);
    pii_index(self->pii, "login_code", text, strlen(text), ret);
}

void person_index_address(const struct identity *self, uint64_t address, unsigned char ret[PII_INDEX_LEN])
{
    unsigned char bytes[8];

    put_be64(bytes, address);
    pii_index(self->pii, "address", bytes, sizeof(bytes), ret);
}

void person_index_asker(const struct identity *self, const Rpc__Client *client, unsigned char ret[PII_INDEX_LEN])
{
    if (client->device.len)
        pii_index(self->pii, "device", client->device.data, client->device.len, ret);
    else
        person_index_address(self, client->address, ret);
}

void person_next_turn(const struct identity *self, const unsigned char *halves, size_t len,
                      unsigned char ret[PII_INDEX_LEN])
{
    pii_index(self->pii, "refresh_turn", halves, len, ret);
}

static const struct pii_key *key_of(const struct identity *self, const struct member *member)
{
    return pii_data_key(self->pii, member->id, member->data_key.bytes, member->data_key.len);
}

static void seal(const struct identity *self, const struct member *member, const char *context, int64_t row,
                 const unsigned char *nonce, const char *text, struct sealed *ret)
{
    const struct pii_key *key = key_of(self, member);
    size_t len = strlen(text);

    ensure(key && len + PII_OVERHEAD <= sizeof(ret->bytes));
    pii_seal_under(key, context, row, nonce, text, len, ret->bytes);
    ret->len = len + PII_OVERHEAD;
}

/* Under the service's own key: nobody's account stands behind it. */
static void seal_unowned(const struct identity *self, const char *context, int64_t row, const unsigned char *nonce,
                         const struct person *person, struct sealed *ret)
{
    char text[SEALED_MAX - PII_OVERHEAD];
    int len = snprintf(text, sizeof(text), "%s\n%s\n%s", person->name, person->resident_id, person->mobile);

    ensure(len > 0 && (size_t)len < sizeof(text));
    pii_seal(self->pii, context, row, nonce, text, (size_t)len, ret->bytes);
    ret->len = (size_t)len + PII_OVERHEAD;
}

void person_seal_roster(const struct identity *self, int64_t roster_id, const unsigned char *nonce,
                        const struct person *person, struct sealed *ret)
{
    seal_unowned(self, ROSTER, roster_id, nonce, person, ret);
}

void person_seal_declaration(const struct identity *self, int64_t declaration_id, const unsigned char *nonce,
                             const struct person *person, struct sealed *ret)
{
    seal_unowned(self, DECLARATION, declaration_id, nonce, person, ret);
}

void person_seal_declared(const struct identity *self, int64_t declaration_id, const unsigned char *nonce,
                          const struct person *person, struct sealed *ret)
{
    seal_unowned(self, DECLARED, declaration_id, nonce, person, ret);
}

static void seal_named(const struct identity *self, const struct member *member, const char *context, int64_t row,
                       const unsigned char *nonce, const struct person *person, struct sealed *ret)
{
    char text[SEALED_MAX - PII_OVERHEAD];

    snprintf(text, sizeof(text), "%s\n%s", person->name, person->resident_id);
    seal(self, member, context, row, nonce, text, ret);
}

void person_seal_member(const struct identity *self, const struct member *member, const unsigned char *nonce,
                        const struct person *person, struct sealed *ret)
{
    seal_named(self, member, MEMBER, member->id, nonce, person, ret);
}

void person_seal_join(const struct identity *self, const struct member *member, int64_t request_id,
                      const unsigned char *nonce, const struct person *person, struct sealed *ret)
{
    seal_named(self, member, JOIN, request_id, nonce, person, ret);
}

void person_seal_correction(const struct identity *self, const struct member *member, int64_t correction_id,
                            const unsigned char *nonce, const struct person *person, struct sealed *ret)
{
    char text[SEALED_MAX - PII_OVERHEAD];

    snprintf(text, sizeof(text), "%s\n%s\n%s", person->name, person->resident_id, person->mobile);
    seal(self, member, CORRECTION, correction_id, nonce, text, ret);
}

void person_seal_mobile(const struct identity *self, const struct member *member, const unsigned char *nonce,
                        const char *mobile, struct sealed *ret)
{
    seal(self, member, MEMBER_MOBILE, member->id, nonce, mobile, ret);
}

void person_seal_wechat(const struct identity *self, const struct member *member, int64_t wechat_id,
                        const unsigned char *nonce, const char *appid, const char *openid, const char *unionid,
                        struct sealed *ret)
{
    char text[SEALED_MAX - PII_OVERHEAD];

    snprintf(text, sizeof(text), "%s\n%s\n%s", appid, openid, unionid);
    seal(self, member, WECHAT, wechat_id, nonce, text, ret);
}

void person_seal_secrets(const struct identity *self, int64_t member_id, const unsigned char *nonce,
                         const void *secrets, size_t len, unsigned char *ret)
{
    pii_seal(self->pii, CREDENTIAL, member_id, nonce, secrets, len, ret);
}

bool person_open_secrets(const struct identity *self, int64_t member_id, const unsigned char *sealed, size_t len,
                         void *ret, size_t size)
{
    char plain[PII_PLAIN_MAX + 1];
    bool opened = len == size + PII_OVERHEAD && pii_open(self->pii, CREDENTIAL, member_id, sealed, len, plain) >= 0;

    if (opened)
        memcpy(ret, plain, size);
    else
        log_warn("sealed_field_unreadable", "field", CREDENTIAL, "row", log_int(member_id));
    mbedtls_platform_zeroize(plain, sizeof(plain));
    return opened;
}

static bool open_sealed(const struct identity *self, const struct pii_key *key, const char *context, int64_t row,
                        const struct sealed *sealed, char ret_text[SEALED_MAX])
{
    if (pii_open_under(self->pii, key, context, row, sealed->bytes, sealed->len, ret_text) >= 0)
        return true;
    log_warn("sealed_field_unreadable", "field", context, "row", log_int(row));
    return false;
}

/* Cuts the next line off a text. */
static void next_line(char **text, char *ret, size_t size)
{
    snprintf(ret, size, "%s", strsep(text, "\n"));
}

static bool open_lines(const struct identity *self, const struct pii_key *key, const char *context, int64_t row,
                       const struct sealed *sealed, struct person *ret)
{
    char text[SEALED_MAX], *at = text;

    *ret = (struct person){0};
    if (!open_sealed(self, key, context, row, sealed, text))
        return false;
    next_line(&at, ret->name, sizeof(ret->name));
    if (at)
        next_line(&at, ret->resident_id, sizeof(ret->resident_id));
    if (at)
        next_line(&at, ret->mobile, sizeof(ret->mobile));
    return true;
}

bool person_open_roster(const struct identity *self, int64_t roster_id, const struct sealed *sealed, struct person *ret)
{
    return open_lines(self, NULL, ROSTER, roster_id, sealed, ret);
}

bool person_open_declaration(const struct identity *self, int64_t declaration_id, const struct sealed *sealed,
                             struct person *ret)
{
    return open_lines(self, NULL, DECLARATION, declaration_id, sealed, ret);
}

bool person_open_declared(const struct identity *self, int64_t declaration_id, const struct sealed *sealed,
                          struct person *ret)
{
    return open_lines(self, NULL, DECLARED, declaration_id, sealed, ret);
}

bool person_open_join(const struct identity *self, const struct member *member, int64_t request_id,
                      const struct sealed *sealed, struct person *ret)
{
    return open_lines(self, key_of(self, member), JOIN, request_id, sealed, ret);
}

bool person_open_correction(const struct identity *self, const struct member *member, int64_t correction_id,
                            const struct sealed *sealed, struct person *ret)
{
    return open_lines(self, key_of(self, member), CORRECTION, correction_id, sealed, ret);
}

bool person_reseal_wechat(const struct identity *self, const struct member *old, const struct member *member,
                          struct wechat *door, int64_t new_id, void *call)
{
    unsigned char nonce[PII_NONCE_LEN];
    char text[SEALED_MAX];

    if (!open_sealed(self, key_of(self, old), WECHAT, door->id, &door->sealed, text))
        return false;
    rpc_random(call, nonce, sizeof(nonce));
    door->id = new_id;
    seal(self, member, WECHAT, door->id, nonce, text, &door->sealed);
    return true;
}

bool person_open_wechat(const struct identity *self, const struct member *member, const struct wechat *wechat,
                        char ret_appid[WECHAT_NAME_MAX + 1], char ret_openid[WECHAT_NAME_MAX + 1])
{
    char text[SEALED_MAX], *at = text;
    bool opened = open_sealed(self, key_of(self, member), WECHAT, wechat->id, &wechat->sealed, text);

    *ret_appid = '\0';
    if (opened)
        next_line(&at, ret_appid, WECHAT_NAME_MAX + 1);
    if (ret_openid)
        *ret_openid = '\0';
    if (ret_openid && opened && at)
        next_line(&at, ret_openid, WECHAT_NAME_MAX + 1);
    mbedtls_platform_zeroize(text, sizeof(text));
    return opened;
}

bool person_open_member(const struct identity *self, const struct member *member, struct person *ret)
{
    const struct pii_key *key = key_of(self, member);
    char text[SEALED_MAX], *at = text;

    *ret = (struct person){0};
    if (member->sealed_mobile.len == 0)
        return false;
    if (!open_sealed(self, key, MEMBER_MOBILE, member->id, &member->sealed_mobile, text))
        return false;
    next_line(&at, ret->mobile, sizeof(ret->mobile));
    if (member->sealed_person.len == 0)
        return true;
    at = text;
    if (!open_sealed(self, key, MEMBER, member->id, &member->sealed_person, text)) {
        *ret = (struct person){0};
        return false;
    }
    next_line(&at, ret->name, sizeof(ret->name));
    if (at)
        next_line(&at, ret->resident_id, sizeof(ret->resident_id));
    return true;
}

void person_mask(const struct person *person, struct person *ret)
{
    struct person masked = {0};

    if (*person->name)
        cn_mask_name(person->name, masked.name);
    if (*person->resident_id)
        cn_mask_resident_id(person->resident_id, masked.resident_id);
    if (*person->mobile)
        cn_mask_mobile(person->mobile, masked.mobile);
    *ret = masked;
}

void person_seal_device(const struct identity *self, const struct member *member, int64_t session_id,
                        const unsigned char *nonce, const char *name, struct sealed *ret)
{
    seal(self, member, DEVICE, session_id, nonce, name, ret);
}

void person_open_device(const struct identity *self, const struct member *member, int64_t session_id,
                        const struct sealed *sealed, char ret_name[SEALED_MAX])
{
    *ret_name = '\0';
    if (sealed->len && !open_sealed(self, key_of(self, member), DEVICE, session_id, sealed, ret_name))
        *ret_name = '\0';
}

void person_seal_proof(const struct identity *self, const struct member *member, int64_t trade_id,
                       const unsigned char *nonce, const struct proof *proof, struct sealed_proof *ret)
{
    const struct pii_key *key = key_of(self, member);
    char text[sizeof(*proof)];
    int len = snprintf(text, sizeof(text), "%s\n%s\n%s", proof->platform, proof->work_number, proof->evidence);

    ensure(key && len > 0 && (size_t)len < sizeof(text));
    pii_seal_under(key, TRADE, trade_id, nonce, text, (size_t)len, ret->bytes);
    ret->len = (size_t)len + PII_OVERHEAD;
}

bool person_open_proof(const struct identity *self, const struct member *member, int64_t trade_id,
                       const struct sealed_proof *sealed, struct proof *ret)
{
    char text[PROOF_SEALED_MAX], *at = text;

    *ret = (struct proof){0};
    if (pii_open_under(self->pii, key_of(self, member), TRADE, trade_id, sealed->bytes, sealed->len, text) < 0) {
        log_warn("sealed_field_unreadable", "field", TRADE, "row", log_int(trade_id));
        return false;
    }
    next_line(&at, ret->platform, sizeof(ret->platform));
    if (at)
        next_line(&at, ret->work_number, sizeof(ret->work_number));
    if (at)
        next_line(&at, ret->evidence, sizeof(ret->evidence));
    return true;
}
