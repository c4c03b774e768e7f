#include "services/coupon/rules.h"

#include "services/coupon/lot/lots.h"

#include "common/cn/cn_id.h"

int64_t release_lead(int64_t opens_at, int allowance)
{
    int64_t from = opens_at;

    if (allowance == COUPON__ALLOWANCE__ONE_PER_MONTH || allowance == COUPON__ALLOWANCE__ONE_PER_YEAR)
        cn_day_begin(cn_day(opens_at), &from);
    return opens_at - from;
}

int64_t release_period(const struct release *release, int32_t day)
{
    int64_t at = release->opens_at - release->lead_ms + day * COUPON_DAY_MS;

    switch (release->allowance) {
    case COUPON__ALLOWANCE__ONE_PER_DAY:
        return day;
    case COUPON__ALLOWANCE__ONE_PER_MONTH:
        return cn_day(at) / 100;
    case COUPON__ALLOWANCE__ONE_PER_YEAR:
        return cn_day(at) / 10000;
    default:
        return 0;
    }
}

bool way_is_claimed(int way)
{
    return way == COUPON__WAY__FIRST_COME || way == COUPON__WAY__ENTITLED || way == COUPON__WAY__CODES;
}

bool release_gives_of(const struct release *release, int32_t day)
{
    return day == release->day || release->way == COUPON__WAY__ENTITLED;
}

int32_t release_day(const struct release *release, int64_t now)
{
    int64_t day = (now - release->opens_at + release->lead_ms) / COUPON_DAY_MS;

    if (now < release->opens_at)
        return -1;
    if (release->lot.season_ms)
        return now - release->opens_at >= release->lot.season_ms;
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

int eligibility_reason(enum audience_rule rule)
{
    static const int own[AUDIENCE_RULES] = {
        [AUDIENCE_LEVEL] = COUPON__REASON__NOT_ELIGIBLE_LEVEL,
        [AUDIENCE_UNION] = COUPON__REASON__NOT_ELIGIBLE_UNION,
        [AUDIENCE_TRADE] = COUPON__REASON__NOT_ELIGIBLE_TRADE,
    };

    return audience_reason(own, rule);
}

int draft_refusal(const Coupon__Release *draft, int64_t now, const char **ret_field)
{
    const char *field;
    int refusal;

    if (draft->opens_at <= now) {
        *ret_field = "release.opensAt";
        return COUPON__REASON__OPENS_IN_THE_PAST;
    }
    if (draft->threshold_fen && draft->threshold_fen < draft->face_fen) {
        *ret_field = "release.thresholdFen";
        return COUPON__REASON__THRESHOLD_BELOW_FACE;
    }
    if (!way_is_claimed((int)draft->way) && !way_is_lot((int)draft->way) && draft->way != COUPON__WAY__TICKETS) {
        *ret_field = "release.way";
        return COUPON__REASON__WAY_NOT_OFFERED;
    }
    if (draft->way != COUPON__WAY__TICKETS && draft->way != COUPON__WAY__CODES && !draft->stock_per_day) {
        *ret_field = "release.stockPerDay";
        return RPC__REASON__MISSING_FIELD;
    }
    refusal = lot_form_refusal(draft, &field);
    if (refusal)
        *ret_field = field;
    return refusal;
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

int goods_refusal(const Coupon__GoodsClass *goods, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (goods[i] <= COUPON__GOODS_CLASS__GOODS_ANY || goods[i] > COUPON__GOODS_CLASS__OTHER_GOODS)
            return RPC__REASON__OUT_OF_RANGE;
    }
    return 0;
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
