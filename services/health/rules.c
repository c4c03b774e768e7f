#include "services/health/rules.h"

#include "common/base/union_path.h"
#include "common/text/text.h"

#define ITEM_TEXT 256

/* ---- packages ---- */

/* One character of a name in the form names are compared in: full-width letters and
 * digits (U+FF01..U+FF5E) are ASCII, letters are capitals, everything else in ASCII is
 * left out. Other characters are copied. Returns the bytes taken. */
static size_t fold(const unsigned char *text, char *ret, size_t *ret_len)
{
    unsigned char c = text[0];
    size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    *ret_len = 0;
    if (c == 0xef && (text[1] == 0xbc || text[1] == 0xbd) && text[2])
        c = (unsigned char)(text[2] - (text[1] == 0xbc ? 0x80 : 0x40) + 0x20);
    if (c >= 'a' && c <= 'z')
        c = (unsigned char)(c - 'a' + 'A');
    if (c < 0x80) {
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            ret[(*ret_len)++] = (char)c;
        return len;
    }
    for (; *ret_len < len && text[*ret_len]; (*ret_len)++)
        ret[*ret_len] = (char)text[*ret_len];
    return *ret_len;
}

static void folded(const char *text, char ret[ITEM_TEXT])
{
    size_t n = 0, len;

    while (*text && n + 4 < ITEM_TEXT) {
        text += fold((const unsigned char *)text, ret + n, &len);
        n += len;
    }
    ret[n] = '\0';
}

bool is_hepatitis_b(const char *code, const char *name)
{
    /* LOINC: surface antigen and antibody, e antigen and antibody, core antibody, DNA. */
    static const char *const codes[] = {"51953",  "51961",  "169359", "51938",  "139543",
                                        "139535", "139527", "169334", "296152", "112581"};
    static const char *const words[] = {"乙肝",   "乙型肝炎", "乙型病毒性肝炎", "B型肝炎", "两对半",
                                        "二对半", "HBSAG",    "HBSAB",          "HBEAG",   "HBEAB",
                                        "HBCAB",  "HBV",      "抗HB",           "ANTIHB",  "HEPATITISB"};
    char text[ITEM_TEXT];

    folded(code, text);
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(text, codes[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strstr(text, words[i]))
            return true;
    }
    folded(name, text);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strstr(text, words[i]))
            return true;
    }
    return false;
}

bool item_is_for(const Health__PackageItem *item, int trade)
{
    return item->kind == HEALTH__ITEM_KIND__BASE || trade != RPC__TRADE__TRADE_OTHER;
}

int report_refusal(const Health__BeginReportRequest *report, bool attended, const char **ret_field)
{
    *ret_field = "bookingId";
    if (!attended)
        return HEALTH__REASON__NOT_ATTENDED;
    *ret_field = "items";
    if (report->size == 0 && report->n_items == 0)
        return HEALTH__REASON__REPORT_EMPTY;
    for (size_t i = 0; i < report->n_items; i++) {
        if (is_hepatitis_b(report->items[i]->code, report->items[i]->name))
            return HEALTH__REASON__REPORT_HEPATITIS_B;
    }
    return 0;
}

bool is_abnormal(const Health__ReportItems *items)
{
    for (size_t i = 0; i < items->n_items; i++) {
        if (items->items[i]->abnormal)
            return true;
    }
    return false;
}

int package_refusal(const Health__Package *package, const char **ret_field)
{
    *ret_field = "package.items";
    if (package->n_items == 0)
        return HEALTH__REASON__NO_PACKAGE_ITEMS;
    for (size_t i = 0; i < package->n_items; i++) {
        if (is_hepatitis_b(package->items[i]->code, package->items[i]->name))
            return HEALTH__REASON__HEPATITIS_B_ITEM;
    }
    return 0;
}

/* ---- sites ---- */

int site_refusal(const Health__Site *site, int64_t now, const char **ret_field)
{
    *ret_field = "site.walkIns";
    if (site->walk_ins > site->capacity)
        return HEALTH__REASON__WALK_INS_ABOVE_CAPACITY;
    if (site->kind != HEALTH__SITE_KIND__VAN)
        return 0;
    *ret_field = "site.capacity";
    if (!site->capacity || !site->stops_from || !site->stops_until)
        return HEALTH__REASON__VAN_NEEDS_DAY;
    *ret_field = "site.stopsUntil";
    return site->stops_until > site->stops_from && site->stops_until > now ? 0 : HEALTH__REASON__TIMES_OUT_OF_ORDER;
}

/* ---- campaigns ---- */

/* Without a lot there is nothing to enter, to draw or to wait for. */
static int first_come_refusal(const Health__Campaign *campaign, int64_t now, const char **ret_field)
{
    *ret_field = campaign->draw_at         ? "campaign.drawAt"
                 : campaign->value_at      ? "campaign.valueAt"
                 : *campaign->public_name  ? "campaign.publicName"
                 : *campaign->value_format ? "campaign.valueFormat"
                                           : "campaign.strata";
    if (campaign->draw_at || campaign->value_at || *campaign->public_name || *campaign->value_format)
        return HEALTH__REASON__NO_LOT;
    for (size_t i = 0; i < campaign->n_strata; i++) {
        if (campaign->strata[i]->waiting)
            return HEALTH__REASON__NO_LOT;
    }
    *ret_field = "campaign.bookFrom";
    if (campaign->book_from <= now)
        return HEALTH__REASON__OPENS_TOO_SOON;
    *ret_field = "campaign.bookUntil";
    return campaign->book_until > campaign->book_from ? 0 : HEALTH__REASON__TIMES_OUT_OF_ORDER;
}

static int lot_refusal(const Health__Campaign *campaign, int64_t now, const char **ret_field)
{
    const struct {
        int64_t at;
        const char *field;
    } times[] = {
        {campaign->opens_at, "campaign.opensAt"},   {campaign->closes_at, "campaign.closesAt"},
        {campaign->value_at, "campaign.valueAt"},   {campaign->draw_at, "campaign.drawAt"},
        {campaign->book_from, "campaign.bookFrom"}, {campaign->book_until, "campaign.bookUntil"},
    };

    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        *ret_field = times[i].field;
        if (!times[i].at)
            return RPC__REASON__MISSING_FIELD;
    }
    *ret_field = "campaign.publicName";
    if (!*campaign->public_name)
        return RPC__REASON__MISSING_FIELD;
    *ret_field = times[0].field;
    if (campaign->opens_at <= now)
        return HEALTH__REASON__OPENS_TOO_SOON;
    /* A value of the closing instant could be known to the last who enter; the draw may
     * follow the value, and booking the draw, at once. */
    for (size_t i = 1; i < ARRAY_LEN(times); i++) {
        *ret_field = times[i].field;
        if (times[i].at < times[i - 1].at || (times[i].at == times[i - 1].at && (i < 3 || i == 5)))
            return HEALTH__REASON__TIMES_OUT_OF_ORDER;
    }
    return 0;
}

/* Sites are listed once and have a price; strata name sites of the campaign. */
static int sites_refusal(const Health__Campaign *campaign, const char **ret_field)
{
    *ret_field = "campaign.sites";
    if (campaign->n_sites == 0)
        return HEALTH__REASON__NO_SITES;
    for (size_t i = 0; i < campaign->n_sites; i++) {
        if (!campaign->sites[i]->price_fen && !campaign->price_fen)
            return HEALTH__REASON__PRICE_MISSING;
        for (size_t j = 0; j < i; j++) {
            if (campaign->sites[j]->site_id == campaign->sites[i]->site_id)
                return HEALTH__REASON__SITE_TWICE;
        }
    }
    *ret_field = "campaign.strata";
    for (size_t i = 0; i < campaign->n_strata; i++) {
        bool found = !campaign->strata[i]->site_id;

        for (size_t j = 0; j < campaign->n_sites; j++)
            found |= campaign->sites[j]->site_id == campaign->strata[i]->site_id;
        if (!found)
            return HEALTH__REASON__SITE_NOT_IN_CAMPAIGN;
    }
    return 0;
}

int64_t price_at(const Health__CampaignSite *site, const Health__Campaign *campaign)
{
    return site->price_fen ? site->price_fen : campaign->price_fen;
}

int64_t dearest_price(const Health__Campaign *campaign, size_t stratum)
{
    int64_t won = campaign->strata[stratum]->site_id, price = 0;
    bool anywhere = !won;

    for (size_t i = 0; i < campaign->n_sites; i++)
        anywhere |= campaign->sites[i]->site_id == won && campaign->sites[i]->withdrawn;
    for (size_t i = 0; i < campaign->n_sites; i++) {
        const Health__CampaignSite *site = campaign->sites[i];

        if ((anywhere || site->site_id == won) && price_at(site, campaign) > price)
            price = price_at(site, campaign);
    }
    return price;
}

int campaign_refusal(const Health__Campaign *campaign, int64_t now, const char **ret_field)
{
    int64_t places = 0;
    int refusal =
        campaign->first_come ? first_come_refusal(campaign, now, ret_field) : lot_refusal(campaign, now, ret_field);

    if (refusal)
        return refusal;
    refusal = sites_refusal(campaign, ret_field);
    if (refusal)
        return refusal;
    for (size_t i = 0; i < campaign->n_strata; i++)
        places += campaign->strata[i]->quota;
    *ret_field = "campaign.strata";
    if (places == 0)
        return HEALTH__REASON__NO_PLACES;
    *ret_field = "campaign.valueFormat";
    return *campaign->value_format && !draw_format_check(campaign->value_format) ? HEALTH__REASON__VALUE_FORMAT_UNKNOWN
                                                                                 : 0;
}

/* ---- entering ---- */

static bool has_trade(Rpc__Trade *const trades, size_t n, Rpc__Trade trade)
{
    for (size_t i = 0; i < n; i++) {
        if (trades[i] == trade)
            return true;
    }
    return n == 0;
}

int invitation_refusal(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t now)
{
    static const int own[AUDIENCE_RULES] = {
        [AUDIENCE_LEVEL] = RPC__REASON__NOT_VERIFIED,         [AUDIENCE_UNION] = HEALTH__REASON__UNION_NOT_INVITED,
        [AUDIENCE_TRADE] = HEALTH__REASON__TRADE_NOT_INVITED, [AUDIENCE_BORN] = HEALTH__REASON__BIRTH_YEAR_NOT_INVITED,
        [AUDIENCE_SEX] = HEALTH__REASON__SEX_NOT_INVITED,
    };
    struct audience_rules rules;

    audience_compile(campaign->audience, &rules);
    return audience_reason(own, audience_judge(&rules, principal, now));
}

int32_t stratum_of(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t site_id)
{
    for (size_t i = 0; i < campaign->n_strata; i++) {
        const Health__Stratum *stratum = campaign->strata[i];

        if ((!stratum->site_id || stratum->site_id == site_id) &&
            union_path_covers(stratum->union_path, principal->union_path) &&
            has_trade(stratum->trades, stratum->n_trades, principal->trade))
            return (int32_t)i;
    }
    return -1;
}
