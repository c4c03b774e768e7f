/* What a release says of its lots. */
#include "services/coupon/lot/lots_internal.h"

bool way_is_lot(int way)
{
    return way == COUPON__WAY__FAIR || way == COUPON__WAY__LOT;
}

static int season_refusal(const Coupon__Release *draft, const char **ret_field)
{
    const Coupon__LotForm *form = draft->lot;
    int64_t draw_at = form->draw_at ? form->draw_at : form->value_at;

    *ret_field = "release.lot.season";
    if (draft->way != COUPON__WAY__LOT || draft->days > 1 || form->entry_seconds || form->that_day)
        return COUPON__REASON__LOT_FORM_MIXED;
    *ret_field = "release.lot.publicName";
    if (!*form->public_name)
        return RPC__REASON__MISSING_FIELD;
    *ret_field = "release.lot.valueFormat";
    if (*form->value_format && !draw_format_check(form->value_format))
        return COUPON__REASON__LOT_VALUE_FORMAT_UNKNOWN;
    *ret_field = "release.lot.closesAt";
    if (form->closes_at <= draft->opens_at || form->value_at <= form->closes_at || draw_at < form->value_at ||
        form->until <= draw_at + LOTTERY_PUBLISH_MS || form->until - draft->opens_at > 366 * COUPON_DAY_MS)
        return COUPON__REASON__LOT_TIMES_WRONG;
    return 0;
}

static int days_refusal(const Coupon__Release *draft, const char **ret_field)
{
    const Coupon__LotForm *form = draft->lot;

    *ret_field = "release.lot.season";
    if (form->closes_at || *form->public_name || *form->value_format || form->value_at || form->draw_at ||
        form->waiting || form->accept_days || form->until)
        return COUPON__REASON__LOT_FORM_MIXED;
    *ret_field = "release.lot.entrySeconds";
    return form->entry_seconds ? 0 : RPC__REASON__MISSING_FIELD;
}

int lot_form_refusal(const Coupon__Release *draft, const char **ret_field)
{
    int refusal;

    *ret_field = "release.lot";
    if (!way_is_lot((int)draft->way))
        return draft->lot ? COUPON__REASON__LOT_NOT_ASKED : 0;
    if (!draft->lot)
        return RPC__REASON__MISSING_FIELD;
    refusal = draft->lot->season ? season_refusal(draft, ret_field) : days_refusal(draft, ret_field);
    if (refusal)
        return refusal;
    *ret_field = "release.allowance";
    return draft->allowance == COUPON__ALLOWANCE__ONE_PER_DAY || draft->allowance == COUPON__ALLOWANCE__ONE_PER_RELEASE
               ? 0
               : COUPON__REASON__LOT_ALLOWANCE_WRONG;
}

void lots_remember(struct release *release, const Coupon__LotForm *form)
{
    release->lot = (struct release_lot){.of_day = -1, .announced = -1};
    if (!form)
        return;
    release->lot.entry_ms = form->season ? form->closes_at - release->opens_at : form->entry_seconds * INT64_C(1000);
    release->lot.season_ms = form->season ? form->until - release->opens_at : 0;
    release->lot.that_day = form->that_day;
}

bool lots_keep(struct coupon *self, struct release *release, const Coupon__LotForm *form)
{
    unsigned char packed[4096];
    Coupon__LotForm kept;

    lots_remember(release, form);
    if (!form)
        return true;
    kept = *form;
    kept.commitment = unconst("");
    return coupon__lot_form__get_packed_size(&kept) <= sizeof(packed) &&
           store_run(self->store, self->lots.sql + LOTS_SQL_KEEP, "ib", release->id, packed,
                     coupon__lot_form__pack(&kept, packed)) != -1;
}

Coupon__LotForm *lots_kept(const struct coupon *self, const struct release *release, struct arena *arena)
{
    unsigned statement = self->lots.sql + LOTS_SQL_KEPT;
    Coupon__LotForm *ret = NULL;
    const char *anchor;
    const void *packed;
    size_t len;

    store_ask(self->store, statement, "i", release->id);
    if (!store_row(self->store, statement))
        return NULL;
    packed = store_blob(self->store, statement, 0, &len);
    anchor = store_text(self->store, statement, 1);
    ret = coupon__lot_form__unpack(&arena->allocator, len, packed);
    if (ret && *anchor)
        ret->commitment = arena_strndup(arena, anchor, strlen(anchor));
    store_end(self->store, statement);
    return ret && ret->commitment ? ret : NULL;
}
