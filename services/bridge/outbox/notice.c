#include "services/bridge/outbox/notice.h"

#include <time.h>

#include "notice.pb-c.h"
#include "rpc.pb-c.h"

#define CHINA_MS     INT64_C(28800000)
#define THING_CHARS  20
#define PLACE_ABSENT "以小程序内说明为准"
#define TITLE_ABSENT "工会服务"

static const char *const words[NOTICE_WORDS] = {"title", "place", "when", "what"};

enum notice_end notice_judge(int reason)
{
    switch (reason) {
    case 0:
        return NOTICE_SENT;
    case BRIDGE__REASON__WECHAT_UNCERTAIN:
    case BRIDGE__REASON__SMS_UNCERTAIN:
    case RPC__REASON__STOPPING: /* with its request out */
        return NOTICE_UNKNOWN;
    case BRIDGE__REASON__NOTICE_NO_TEMPLATE:
    case BRIDGE__REASON__NOTICE_NO_WECHAT:
    case BRIDGE__REASON__NOTICE_NO_MOBILE:
    case BRIDGE__REASON__NOTICE_TOO_LATE:
    case BRIDGE__REASON__NOTICE_TURNED_OFF:
    case BRIDGE__REASON__SMS_REFUSED:
    case BRIDGE__REASON__WECHAT_APP_UNKNOWN:
    case BRIDGE__REASON__WECHAT_MESSAGE_INVALID:
    case BRIDGE__REASON__WECHAT_NOT_SUBSCRIBED:
    case BRIDGE__REASON__WECHAT_OPENID_UNKNOWN:
        return NOTICE_NEVER;
    default: /* WeChat, the sender or identity is busy or away, or our credentials are to be mended */
        return NOTICE_AGAIN;
    }
}

/* The bytes of at most so many characters. */
static size_t cut(const char *text, size_t chars)
{
    size_t len = 0;

    while (text[len] && (((unsigned char)text[len] & 0xc0) == 0x80 || chars-- > 0))
        len++;
    return len;
}

void notice_text(const char *text, char ret[NOTICE_TEXT_SIZE])
{
    snprintf(ret, NOTICE_TEXT_SIZE, "%.*s", (int)cut(text, NOTICE_TEXT_CHARS), text);
}

/* At most THING_CHARS characters, the last of a longer text being "…"; none is a control character. */
static void thing(const char *text, char ret[NOTICE_VALUE_SIZE])
{
    bool whole = !text[cut(text, THING_CHARS)];

    snprintf(ret, NOTICE_VALUE_SIZE, "%.*s%s", (int)cut(text, whole ? THING_CHARS : THING_CHARS - 1), text,
             whole ? "" : "…");
    for (char *c = ret; *c; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
}

static bool is_kind(const struct notice_field *field, const char *kind)
{
    size_t len = strcspn(field->name, "0123456789");

    return strlen(kind) == len && memcmp(field->name, kind, len) == 0;
}

void notice_instant(int64_t at, bool day, char ret[NOTICE_VALUE_SIZE])
{
    time_t seconds = (time_t)((at + CHINA_MS) / 1000);
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    snprintf(ret, NOTICE_VALUE_SIZE, day ? "%d年%d月%d日" : "%d年%d月%d日 %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min);
}

void notice_value(const struct notice *notice, const struct notice_field *field, char ret[NOTICE_VALUE_SIZE])
{
    switch (field->word) {
    case NOTICE_TITLE:
        thing(*notice->title ? notice->title : TITLE_ABSENT, ret);
        break;
    case NOTICE_PLACE:
        thing(*notice->place ? notice->place : PLACE_ABSENT, ret);
        break;
    case NOTICE_WHEN:
        notice_instant(notice->about_at, is_kind(field, "date"), ret);
        break;
    default:
        snprintf(ret, NOTICE_VALUE_SIZE, "%s",
                 is_kind(field, "phrase") ? notice_phrase(notice->kind) : notice_sentence(notice->kind));
        break;
    }
}

/* The next word of a line that fits, with one blank after it. */
static bool next_word(const char **line, char *ret, size_t size)
{
    size_t len = strcspn(*line, " ");

    if (len == 0 || len >= size)
        return false;
    memcpy(ret, *line, len);
    ret[len] = '\0';
    *line += len + ((*line)[len] == ' ');
    return true;
}

static bool read_field(char *text, int kind, struct notice_field *ret)
{
    const struct notice sample = {.kind = kind};
    char value[NOTICE_VALUE_SIZE];
    char *word = strchr(text, '=');
    unsigned i = 0;

    if (!word || word - text >= NOTICE_FIELD_SIZE)
        return false;
    *word++ = '\0';
    while (i < NOTICE_WORDS && strcmp(words[i], word) != 0)
        i++;
    if (i == NOTICE_WORDS)
        return false;
    snprintf(ret->name, sizeof(ret->name), "%s", text);
    ret->word = (enum notice_word)i;
    if ((is_kind(ret, "time") || is_kind(ret, "date")) && ret->word != NOTICE_WHEN)
        return false;
    notice_value(&sample, ret, value);
    return wechat_value_ok(ret->name, value);
}

bool notice_template_read(const char *kind, const char *rest, int *ret_kind, struct notice_template *ret)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(&notice__notice_kind__descriptor, kind);
    char field[NOTICE_FIELD_SIZE + 16];

    *ret = (struct notice_template){0};
    if (!value || value->value == NOTICE__NOTICE_KIND__NOTICE_NONE)
        return false;
    *ret_kind = value->value;
    if (!next_word(&rest, ret->appid, sizeof(ret->appid)) || !next_word(&rest, ret->id, sizeof(ret->id)) ||
        !next_word(&rest, ret->page, sizeof(ret->page)))
        return false;
    if (strcmp(ret->page, "-") == 0)
        *ret->page = '\0';
    while (*rest) {
        if (ret->n_fields == NOTICE_FIELDS || !next_word(&rest, field, sizeof(field)) ||
            !read_field(field, *ret_kind, &ret->fields[ret->n_fields++]))
            return false;
    }
    return ret->n_fields > 0;
}
