#include "services/coupon/rules.h"

#include "common/base/union_path.h"

int32_t release_day(const struct release *release, int64_t now)
{
    int64_t day = (now - release->opens_at) / COUPON_DAY_MS;

    if (now < release->opens_at)
        return -1;
    return day > INT32_MAX ? INT32_MAX : (int32_t)day;
}

int release_refusal(const struct release *release, int64_t now)
{
    int32_t day = release_day(release, now);

    if (release->state == COUPON__STATE__DRAFT)
        return COUPON__REASON__RELEASE_NOT_FOUND;
    if (release->state == COUPON__STATE__CLOSED || day >= release->days)
        return COUPON__REASON__ENDED;
    if (release->state == COUPON__STATE__SUSPENDED)
        return COUPON__REASON__PAUSED;
    if (day < 0)
        return COUPON__REASON__NOT_OPEN_YET;
    return 0;
}

int eligibility_refusal(const struct release *release, const Rpc__Principal *principal)
{
    if ((int)principal->level < release->min_level)
        return COUPON__REASON__NOT_ELIGIBLE_LEVEL;
    if (!union_path_covers(release->eligible_path, principal->union_path))
        return COUPON__REASON__NOT_ELIGIBLE_UNION;
    if (release->trades && !(release->trades & UINT32_C(1) << ((unsigned)principal->trade & 31)))
        return COUPON__REASON__NOT_ELIGIBLE_TRADE;
    return 0;
}

int draft_refusal(const Coupon__Release *draft, const char *union_path, const char *eligible_path, int64_t now,
                  const char **ret_field)
{
    if (draft->opens_at <= now) {
        *ret_field = "release.opensAt";
        return COUPON__REASON__OPENS_IN_THE_PAST;
    }
    if (draft->threshold_fen && draft->threshold_fen < draft->face_fen) {
        *ret_field = "release.thresholdFen";
        return COUPON__REASON__THRESHOLD_BELOW_FACE;
    }
    if (!union_path_covers(union_path, eligible_path)) {
        *ret_field = "release.eligibleUnionId";
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    }
    return 0;
}

bool may_become(int from, int to)
{
    switch (to) {
    case COUPON__STATE__PUBLISHED:
        return from == COUPON__STATE__DRAFT || from == COUPON__STATE__SUSPENDED;
    case COUPON__STATE__SUSPENDED:
        return from == COUPON__STATE__PUBLISHED;
    case COUPON__STATE__CLOSED:
        return from != COUPON__STATE__CLOSED;
    default:
        return false;
    }
}

void coupon_code(uint64_t number, char ret_code[14])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (int i = 12; i >= 0; i--) {
        ret_code[i] = digits[number & 31];
        number >>= 5;
    }
    ret_code[13] = '\0';
}
