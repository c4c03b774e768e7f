#include "services/identity/rules.h"

/* ---- the union tree ---- */

int child_refusal(const char *parent, int64_t ordinal, char ret_path[UNION_PATH_SIZE])
{
    if (union_path_level(parent) == LIMIT_PATH_LEVELS)
        return IDENTITY__REASON__UNION_TOO_DEEP;
    return union_path_child(parent, ordinal, ret_path) ? 0 : IDENTITY__REASON__UNION_TOO_WIDE;
}

/* ---- authority ---- */

bool role_is_administrator(int role)
{
    return role == RULE__ROLE__SYSTEM_ADMIN || role == RULE__ROLE__SECURITY_ADMIN || role == RULE__ROLE__AUDIT_ADMIN;
}

bool role_needs_two(int role)
{
    return role_is_administrator(role) || role == RULE__ROLE__UNION_ADMIN || role == RULE__ROLE__FINANCE ||
           role == RULE__ROLE__BENEFIT_MANAGER || role == RULE__ROLE__REPORT_CLERK;
}

/* A grant's part of a packed Principal: a tag and length, the role, the path; while it is new,
 * an instant and two members. */
static size_t packed_size(const char *union_path, bool is_new)
{
    return 2 + 2 + 2 + strlen(union_path) + (is_new ? 7 + 2 + 2 * 9 : 0);
}

static int authority_refusal(const Rpc__Principal *official, const char *union_path)
{
    int refusal = RPC__REASON__NOT_OFFICIAL;

    if (official->internal)
        return 0;
    for (size_t i = 0; i < official->n_grants; i++) {
        const Rpc__Grant *grant = official->grants[i];

        if (grant->role != RULE__ROLE__SECURITY_ADMIN)
            continue;
        if (union_path_covers(grant->union_path, union_path))
            return 0;
        refusal = IDENTITY__REASON__GRANT_EXCEEDS_YOURS;
    }
    return refusal;
}

int grant_room_refusal(const char *union_path, const struct held_grant *held, size_t n_held)
{
    size_t packed = packed_size(union_path, true);

    for (size_t i = 0; i < n_held; i++)
        packed += packed_size(held[i].union_path, held[i].is_new);
    return n_held >= LIMIT_GRANTS || packed > GRANTS_PACKED_MAX ? (int)IDENTITY__REASON__TOO_MANY_GRANTS : 0;
}

int grant_refusal(const Rpc__Principal *grantor, int role, const char *union_path, int64_t member_id,
                  const struct held_grant *held, size_t n_held)
{
    int refusal;

    if (role == RULE__ROLE__ROLE_NONE || role == RULE__ROLE__COMPANY_AGENT ||
        !protobuf_c_enum_descriptor_get_value(&rule__role__descriptor, role))
        return IDENTITY__REASON__ROLE_INVALID;
    refusal = authority_refusal(grantor, union_path);
    if (refusal)
        return refusal;
    if (grantor->member_id == member_id)
        return IDENTITY__REASON__GRANT_EXCEEDS_YOURS;
    for (size_t i = 0; i < n_held; i++) {
        if (role_is_administrator(role) && role_is_administrator(held[i].role) && role != held[i].role)
            return IDENTITY__REASON__ROLES_EXCLUDE;
    }
    return grant_room_refusal(union_path, held, n_held);
}

int revoke_refusal(const Rpc__Principal *official, const char *union_path)
{
    return authority_refusal(official, union_path);
}

/* ---- standing ---- */

static bool is_reason_for(int standing, int reason)
{
    switch (reason) {
    case IDENTITY__STANDING_REASON__STANDING_DISCIPLINE:
    case IDENTITY__STANDING_REASON__STANDING_INVESTIGATION:
        return standing == IDENTITY__STANDING__STANDING_SUSPENDED;
    case IDENTITY__STANDING_REASON__STANDING_OWN_WISH:
        return standing != IDENTITY__STANDING__STANDING_DECEASED;
    case IDENTITY__STANDING_REASON__STANDING_DEATH_CERTIFIED:
    case IDENTITY__STANDING_REASON__STANDING_DEATH_REPORTED:
        return standing == IDENTITY__STANDING__STANDING_DECEASED;
    case IDENTITY__STANDING_REASON__STANDING_TERM_OVER:
    case IDENTITY__STANDING_REASON__STANDING_MISTAKE:
        return standing == IDENTITY__STANDING__STANDING_ACTIVE;
    default:
        return false;
    }
}

int standing_refusal(int from, int to, int reason)
{
    if (from == to || (from == IDENTITY__STANDING__STANDING_DECEASED && to == IDENTITY__STANDING__STANDING_SUSPENDED))
        return IDENTITY__REASON__STANDING_UNCHANGED;
    return is_reason_for(to, reason) ? 0 : IDENTITY__REASON__STANDING_REASON_INVALID;
}

int level_told(int level, int trade)
{
    return level == RPC__LEVEL__MEMBER && trade != RPC__TRADE__TRADE_OTHER ? RPC__LEVEL__CATEGORY : level;
}

/* ---- one-time codes ---- */

static int32_t seconds_until(int64_t at, int64_t now)
{
    return (int32_t)((at - now + 999) / 1000);
}

int code_pause_refusal(int64_t sent_at, int64_t now, int32_t *ret_retry_after_s)
{
    if (!sent_at || now >= sent_at + CODE_RESEND_MS)
        return 0;
    *ret_retry_after_s = seconds_until(sent_at + CODE_RESEND_MS, now);
    return IDENTITY__REASON__CODE_SENT_RECENTLY;
}

int code_count_refusal(const struct code_count *count, int64_t most, int64_t length_ms, int64_t now, int reason,
                       int32_t *ret_retry_after_s)
{
    if (!most || count->sends < most || now >= count->began_at + length_ms)
        return 0;
    *ret_retry_after_s = seconds_until(count->began_at + length_ms, now);
    return reason;
}

void code_counted(struct code_count *count, int64_t length_ms, int64_t now)
{
    if (count->sends == 0 || now >= count->began_at + length_ms)
        *count = (struct code_count){.began_at = now};
    count->sends++;
}

bool code_budget_turns_low(int64_t sends, int64_t budget)
{
    return budget && sends == (budget * CODES_LOW_PERCENT + 99) / 100;
}

int code_read(const char *text, char ret_code[CODE_DIGITS + 1])
{
    char folded[CODE_DIGITS + 1];

    if (!cn_fold(text, " -", folded, sizeof(folded)) || strspn(folded, "0123456789") != CODE_DIGITS)
        return IDENTITY__REASON__CODE_NOT_SIX_DIGITS;
    memcpy(ret_code, folded, sizeof(folded));
    return 0;
}

int code_answer(struct code *code, int64_t now, bool right)
{
    if (!code->sent_at || code->used || now >= code->sent_at + CODE_LIFE_MS)
        return IDENTITY__REASON__CODE_EXPIRED;
    if (code->tries >= CODE_TRIES)
        return IDENTITY__REASON__CODE_TRIES_EXHAUSTED;
    if (!right) {
        code->tries++;
        return IDENTITY__REASON__CODE_WRONG;
    }
    code->used = true;
    return 0;
}

void code_text(uint64_t random, char ret_text[CODE_DIGITS + 1])
{
    for (int i = CODE_DIGITS - 1; i >= 0; i--, random /= 10)
        ret_text[i] = (char)('0' + random % 10);
    ret_text[CODE_DIGITS] = '\0';
}

int sign_in_refusal(const struct sign_in_tries *tries, int64_t now, int32_t *ret_retry_after_s)
{
    int64_t wait = tries->last_at + SIGN_IN_LOCK_MS - now;

    if (tries->failed < SIGN_IN_FAILURES || wait <= 0)
        return 0;
    *ret_retry_after_s = (int32_t)((wait + 999) / 1000);
    return IDENTITY__REASON__SIGN_IN_LOCKED;
}

bool sign_in_failed(struct sign_in_tries *tries, int64_t now)
{
    if (now - tries->last_at >= SIGN_IN_LOCK_MS)
        tries->failed = 0;
    tries->failed++;
    tries->last_at = now;
    return tries->failed >= SIGN_IN_FAILURES;
}

int verify_refusal(const struct verify_tries *tries, int today)
{
    return tries->day == today && tries->failed >= VERIFY_TRIES ? IDENTITY__REASON__VERIFY_TRIES_EXHAUSTED : 0;
}

void verify_failed(struct verify_tries *tries, int today)
{
    if (tries->day != today)
        *tries = (struct verify_tries){.day = today};
    tries->failed++;
}

int verdict_refusal(int verdict)
{
    switch (verdict) {
    case IDENTITY__VERDICT__VERDICT_AGREES:
        return 0;
    case IDENTITY__VERDICT__VERDICT_DISAGREES:
        return IDENTITY__REASON__REAL_NAME_DISAGREES;
    case IDENTITY__VERDICT__VERDICT_NO_RECORD:
        return IDENTITY__REASON__REAL_NAME_NO_RECORD;
    default:
        return IDENTITY__REASON__REAL_NAME_UNAVAILABLE;
    }
}

/* ---- WeChat ---- */

int wechat_member(int64_t by_openid, int64_t by_unionid, bool has_mobile, int64_t by_mobile, int64_t *ret_member_id)
{
    int64_t owner = by_openid ? by_openid : by_unionid;

    if (!owner && !has_mobile)
        return IDENTITY__REASON__WECHAT_NOT_BOUND;
    if (owner && by_mobile && owner != by_mobile)
        return IDENTITY__REASON__WECHAT_OTHER_MEMBER;
    *ret_member_id = owner ? owner : by_mobile;
    return 0;
}

bool wechat_name_read(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= WECHAT_NAME_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}
