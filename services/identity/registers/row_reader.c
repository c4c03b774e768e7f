/* What clerks write into tables, as what identity keeps. */
#include "common/text/text.h"
#include "services/identity/rules.h"

#define REMOVAL_FIELDS    2
#define ROSTER_FIELDS_MIN 4
#define ROSTER_FIELDS     5
#define UNION_FIELDS_MIN  2
#define UNION_FIELDS      4

int resident_id_read(const char *text, int today, struct cn_resident_id *ret_id, int *ret_warning)
{
    static const int reasons[] = {
        [CN_ID_OK] = 0,
        [CN_ID_FORMAT] = IDENTITY__REASON__RESIDENT_ID_INVALID,
        [CN_ID_15_DIGITS] = IDENTITY__REASON__RESIDENT_ID_15_DIGITS,
        [CN_ID_CHECKSUM] = IDENTITY__REASON__RESIDENT_ID_CHECKSUM,
        [CN_ID_DATE] = IDENTITY__REASON__RESIDENT_ID_DATE,
        [CN_ID_REGION] = IDENTITY__REASON__RESIDENT_ID_REGION,
    };
    struct cn_resident_id id;
    enum cn_id_result result = cn_document(text, today, &id);

    if (result != CN_ID_OK)
        return reasons[result];
    if (id.birth_year && cn_age(&id, today) < AGE_MIN)
        return IDENTITY__REASON__TOO_YOUNG;
    *ret_id = id;
    *ret_warning = id.region_abolished ? IDENTITY__REASON__REGION_ABOLISHED
                   : id.region_unknown ? IDENTITY__REASON__REGION_UNKNOWN
                                       : 0;
    return 0;
}

int document_read(const char *text, int kind, int today, struct cn_resident_id *ret_id, int *ret_warning)
{
    char typed[64];

    if (kind < 0 || kind >= CN_DOCUMENT_KINDS)
        return IDENTITY__REASON__RESIDENT_ID_INVALID;
    if (!kind || cn_document_kind(text) != CN_RESIDENT_ID)
        return resident_id_read(text, today, ret_id, ret_warning);
    if (snprintf(typed, sizeof(typed), "%s%s", cn_document_sign((enum cn_document_kind)kind),
                 text + strspn(text, " \t")) >= (int)sizeof(typed))
        return IDENTITY__REASON__RESIDENT_ID_INVALID;
    return resident_id_read(typed, today, ret_id, ret_warning);
}

bool document_is(const char *typed, const char *number, int today)
{
    struct cn_resident_id id;
    int warning;

    return (cn_document(typed, today, &id) == CN_ID_OK && strcmp(id.number, number) == 0) ||
           (document_read(typed, (int)cn_document_kind(number), today, &id, &warning) == 0 &&
            strcmp(id.number, number) == 0);
}

int document_sex(const struct cn_resident_id *id)
{
    if (id->kind != CN_RESIDENT_ID)
        return RPC__SEX__SEX_UNKNOWN;
    return id->male ? RPC__SEX__MALE : RPC__SEX__FEMALE;
}

int company_code_read(const char *text, bool excused, char ret_code[CN_USCC_LEN + 1])
{
    char code[CN_USCC_LEN + 1];

    switch (cn_uscc(text, code)) {
    case CN_ID_OK:
        break;
    case CN_ID_CHECKSUM:
    case CN_ID_REGION:
        if (!excused)
            return IDENTITY__REASON__CREDIT_CODE_CHECKSUM;
        if (!cn_fold(text, "", code, sizeof(code)))
            return IDENTITY__REASON__CREDIT_CODE_INVALID;
        break;
    default:
        return IDENTITY__REASON__CREDIT_CODE_INVALID;
    }
    memcpy(ret_code, code, sizeof(code));
    return 0;
}

int credit_code_read(const char *text, bool excused, char ret_code[CN_USCC_LEN + 1])
{
    char code[CN_USCC_LEN + 1];
    int reason = company_code_read(text, excused, code);

    if (reason)
        return reason;
    if (code[0] != '8' && !excused)
        return IDENTITY__REASON__CREDIT_CODE_NOT_UNION;
    memcpy(ret_code, code, sizeof(code));
    return 0;
}

static bool is_code_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

int union_code_read(const char *text, char ret_code[UNION_CODE_SIZE])
{
    char code[UNION_CODE_SIZE];
    size_t len = 0;

    if (!cn_fold(text, "", code, sizeof(code)))
        return IDENTITY__REASON__UNION_CODE_INVALID;
    for (; code[len]; len++) {
        if (!is_code_character(code[len]) && !(code[len] == '-' && len > 0 && is_code_character(code[len - 1])))
            return IDENTITY__REASON__UNION_CODE_INVALID;
    }
    if (len == 0 || !is_code_character(code[len - 1]))
        return IDENTITY__REASON__UNION_CODE_INVALID;
    memcpy(ret_code, code, len + 1);
    return 0;
}

int union_name_read(const char *text, char ret_name[UNION_NAME_SIZE], int32_t *ret_bad)
{
    char name[UNION_NAME_SIZE];
    int chars = text_line(text, name, sizeof(name), ret_bad);

    if (chars < 2 || chars > UNION_NAME_MAX)
        return IDENTITY__REASON__UNION_NAME_INVALID;
    memcpy(ret_name, name, strlen(name) + 1);
    return 0;
}

int union_trades_read(const Rpc__Trade *trades, size_t n, int *ret_trades)
{
    int bits = 0;

    for (size_t i = 0; i < n; i++) {
        if ((int)trades[i] <= RPC__TRADE__TRADE_OTHER || (int)trades[i] > RPC__TRADE__CONSTRUCTION)
            return IDENTITY__REASON__TRADE_INVALID;
        bits |= 1 << trades[i];
    }
    *ret_trades = bits;
    return 0;
}

int union_body_refusal(int workers, int body)
{
    if (body <= IDENTITY__UNION_BODY__BODY_NONE || body > IDENTITY__UNION_BODY__BODY_ORGANISER)
        return IDENTITY__REASON__UNION_BODY_INVALID;
    return workers >= COMMITTEE_MIN && body != IDENTITY__UNION_BODY__BODY_COMMITTEE
               ? IDENTITY__REASON__UNION_BODY_INVALID
               : 0;
}

int trade_read(const char *text, Rpc__Trade *ret_trade)
{
    static const struct {
        const char *name;
        Rpc__Trade trade;
    } names[] = {
        {"", RPC__TRADE__TRADE_OTHER},           {"其他", RPC__TRADE__TRADE_OTHER},
        {"快递员", RPC__TRADE__COURIER},         {"网约送餐员", RPC__TRADE__FOOD_DELIVERY},
        {"货车司机", RPC__TRADE__TRUCK_DRIVER},  {"网约车司机", RPC__TRADE__RIDE_DRIVER},
        {"出租车司机", RPC__TRADE__RIDE_DRIVER}, {"网约车（出租车）司机", RPC__TRADE__RIDE_DRIVER},
        {"环卫工人", RPC__TRADE__SANITATION},    {"建筑工人", RPC__TRADE__CONSTRUCTION},
    };
    const ProtobufCEnumValue *value;
    char name[64];
    int32_t bad;

    if (text_line(text, name, sizeof(name), &bad) < 0)
        return IDENTITY__REASON__TRADE_INVALID;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i].name) == 0) {
            *ret_trade = names[i].trade;
            return 0;
        }
    }
    value = protobuf_c_enum_descriptor_get_value_by_name(&rpc__trade__descriptor, name);
    if (!value)
        return IDENTITY__REASON__TRADE_INVALID;
    *ret_trade = (Rpc__Trade)value->value;
    return 0;
}

/* Between least and most fields; what spreadsheets add behind them is empty. */
static bool has_fields(const struct csv_row *row, unsigned least, unsigned most)
{
    for (unsigned i = most; i < row->n_fields; i++) {
        if (row->fields[i][0])
            return false;
    }
    return row->n_fields >= least;
}

/* Names the field when it is refused; a number that was rounded is that before all. */
static int in_field(const char *field, int reason, const char *text, struct row_fault *ret_fault)
{
    if (!reason)
        return 0;
    *ret_fault = (struct row_fault){.field = field};
    return is_rounded(text) ? (int)IDENTITY__REASON__NUMBER_ROUNDED : reason;
}

static int in_text(const char *field, int reason, int32_t character, struct row_fault *ret_fault)
{
    if (reason)
        *ret_fault = (struct row_fault){field, character};
    return reason;
}

/* A code; or a name, which is written in Chinese and none: ret_code is "" then. */
static int union_read(const char *text, char ret_code[UNION_CODE_SIZE], char ret_name[UNION_NAME_SIZE])
{
    int reason = union_code_read(text, ret_code);
    size_t ascii = 0;
    int32_t bad;

    if (!reason)
        return 0;
    while (text[ascii] && (unsigned char)text[ascii] < 0x80)
        ascii++;
    if (!text[ascii] || union_name_read(text, ret_name, &bad))
        return reason;
    *ret_code = '\0';
    return 0;
}

bool is_rounded(const char *text)
{
    char folded[48], *end;
    struct cn_resident_id id;
    size_t digits;

    /* Most fields are none of both. */
    if (!strstr(text, "000") && !strpbrk(text, "Ee"))
        return false;
    if (!cn_fold(text, "", folded, sizeof(folded)))
        return false;
    digits = strspn(folded, "0123456789");
    if (digits == CN_RESIDENT_ID_LEN && !folded[digits])
        return strcmp(folded + CN_RESIDENT_ID_LEN - 3, "000") == 0 && cn_resident_id(folded, 99991231, &id) != CN_ID_OK;
    if (digits != 1)
        return false;
    end = folded + digits;
    if (*end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    if (*end != 'E' || (end[1] != '+' && strspn(end + 1, "0123456789") == 0))
        return false;
    end += 1 + (end[1] == '+');
    return *end && !end[strspn(end, "0123456789")];
}

/* A resident ID of a table: of numbers that were rounded one in eleven has the right check digit. */
static int listed_id_read(const char *text, int today, struct cn_resident_id *ret_id, int *ret_warning,
                          struct row_fault *ret_fault)
{
    int reason = in_field("residentId", resident_id_read(text, today, ret_id, ret_warning), text, ret_fault);

    if (!reason && !*ret_warning && strcmp(ret_id->number + CN_RESIDENT_ID_LEN - 3, "000") == 0)
        *ret_warning = IDENTITY__REASON__NUMBER_DOUBTFUL;
    return reason;
}

int roster_row_read(const struct csv_row *row, int today, struct roster_row *ret_row, struct row_fault *ret_fault)
{
    struct roster_row read = {0};
    int32_t bad;
    int reason;

    if (!has_fields(row, ROSTER_FIELDS_MIN, ROSTER_FIELDS))
        return in_text("", IDENTITY__REASON__CSV_MALFORMED, 0, ret_fault);
    if (!cn_name_or(row->fields[0], read.name, &bad))
        return in_text("name", IDENTITY__REASON__NAME_INVALID, bad, ret_fault);
    reason = listed_id_read(row->fields[1], today, &read.id, &read.warning, ret_fault);
    if (reason)
        return reason;
    if (!cn_mobile(row->fields[2], read.mobile))
        return in_field("mobile", IDENTITY__REASON__MOBILE_INVALID, row->fields[2], ret_fault);
    reason =
        in_field("unionCode", union_read(row->fields[3], read.union_code, read.union_name), row->fields[3], ret_fault);
    if (reason)
        return reason;
    reason = in_text("trade", trade_read(row->n_fields > 4 ? row->fields[4] : "", &read.trade), 0, ret_fault);
    if (reason)
        return reason;
    *ret_row = read;
    return 0;
}

int removal_row_read(const struct csv_row *row, int today, struct removal_row *ret_row, struct row_fault *ret_fault)
{
    struct removal_row read = {0};
    int reason;

    if (!has_fields(row, REMOVAL_FIELDS, REMOVAL_FIELDS))
        return in_text("", IDENTITY__REASON__CSV_MALFORMED, 0, ret_fault);
    reason = listed_id_read(row->fields[0], today, &read.id, &read.warning, ret_fault);
    if (reason)
        return reason;
    reason =
        in_field("unionCode", union_read(row->fields[1], read.union_code, read.union_name), row->fields[1], ret_fault);
    if (reason)
        return reason;
    *ret_row = read;
    return 0;
}

/* Trades between slashes. */
static int trades_read(const char *text, int *ret_trades)
{
    Rpc__Trade trades[RPC__TRADE__CONSTRUCTION];
    char copy[256], *at = copy, *name;
    size_t n = 0;

    if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
        return IDENTITY__REASON__TRADE_INVALID;
    while ((name = strsep(&at, "/"))) {
        Rpc__Trade trade;
        int reason = trade_read(name, &trade);

        if (reason)
            return reason;
        if (trade == RPC__TRADE__TRADE_OTHER)
            continue;
        if (n == ARRAY_LEN(trades))
            return IDENTITY__REASON__TRADE_INVALID;
        trades[n++] = trade;
    }
    return union_trades_read(trades, n, ret_trades);
}

int union_row_read(const struct csv_row *row, struct union_row *ret_row, struct row_fault *ret_fault)
{
    const char *parent = row->n_fields > 2 ? row->fields[2] : "";
    struct union_row read = {0};
    int32_t bad;
    int reason;

    if (!has_fields(row, UNION_FIELDS_MIN, UNION_FIELDS))
        return in_text("", IDENTITY__REASON__CSV_MALFORMED, 0, ret_fault);
    reason = in_field("code", union_code_read(row->fields[0], read.code), row->fields[0], ret_fault);
    if (reason)
        return reason;
    reason = union_name_read(row->fields[1], read.name, &bad);
    if (reason)
        return in_text("name", reason, bad, ret_fault);
    /* Nothing but blanks is empty too. */
    if (!cn_fold(parent, "", read.parent_code, sizeof(read.parent_code)) || read.parent_code[0]) {
        reason = in_field("parentCode", union_code_read(parent, read.parent_code), parent, ret_fault);
        if (reason)
            return reason;
    }
    if (strcmp(read.code, read.parent_code) == 0)
        return in_text("parentCode", IDENTITY__REASON__UNION_CODE_INVALID, 0, ret_fault);
    reason = in_text("trades", trades_read(row->n_fields > 3 ? row->fields[3] : "", &read.trades), 0, ret_fault);
    if (reason)
        return reason;
    *ret_row = read;
    return 0;
}
