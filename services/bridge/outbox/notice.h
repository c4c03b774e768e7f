/* notice.h: what a member is told, and how it reads in a template of WeChat's.
 *
 * A template's fields have names (thing1, time2) whose kinds bound what they hold; which
 * field shows what is said by a line of the settings:
 *
 *     KIND APPID TEMPLATE PAGE FIELD=WORD ...
 *
 * KIND is a value of NoticeKind, PAGE a page of the mini-program or "-"; a WORD is
 *   title  what it is about, e.g. a campaign
 *   place  where
 *   when   the instant it is about, in China, by the minute or (date) the day
 *   what   a sentence of ours, or (phrase) a few characters (common/benefit/notice/notice_words.h)
 * A text that is longer than its field is cut. What goes by a short message has a template of the sender's, whose text
 * says what has happened and what to do, with the instant as its parameter `when`. Pure: no I/O, no clock. */
#pragma once
#include "common/benefit/notice/notice_words.h"
#include "services/bridge/wechat/said.h"

#define NOTICE_TEXT_CHARS    60 /* of a title or place */
#define NOTICE_TEXT_SIZE     (NOTICE_TEXT_CHARS * 4 + 1)
#define NOTICE_VALUE_SIZE    (20 * 4 + 1)
#define NOTICE_FIELDS        10 /* of a template */
#define NOTICE_TEMPLATE_SIZE 65
#define NOTICE_PAGE_SIZE     129
#define NOTICE_FIELD_SIZE    33
#define NOTICE_LINE_SIZE     768

struct notice {
    int kind;     /* Notice__NoticeKind */
    int64_t door; /* the id of one of her WeChats, or NOTICE_BY_APP, NOTICE_BY_MOBILE */
    int64_t member_id, about_id, about_at;
    char title[NOTICE_TEXT_SIZE], place[NOTICE_TEXT_SIZE]; /* "" where there is none */
};

enum notice_word { NOTICE_TITLE, NOTICE_PLACE, NOTICE_WHEN, NOTICE_WHAT, NOTICE_WORDS };

struct notice_field {
    char name[NOTICE_FIELD_SIZE];
    enum notice_word word;
};

struct notice_template {
    char appid[WECHAT_NAME_SIZE], id[NOTICE_TEMPLATE_SIZE], page[NOTICE_PAGE_SIZE];
    struct notice_field fields[NOTICE_FIELDS];
    unsigned n_fields; /* 0: there is none */
};

/* What the outcome of a try (0 or a Reason) means for its message. */
enum notice_end {
    NOTICE_SENT,
    NOTICE_AGAIN, /* surely not sent; later it may be */
    NOTICE_NEVER,
    NOTICE_UNKNOWN, /* nobody knows whether it was sent */
};

enum notice_end notice_judge(int reason);
/* An instant in China, by the minute or the day. */
void notice_instant(int64_t at, bool day, char ret[NOTICE_VALUE_SIZE]);
/* At most NOTICE_TEXT_CHARS of a UTF-8 text. */
void notice_text(const char *text, char ret[NOTICE_TEXT_SIZE]);
/* The kind and what follows it in a line. False when it is not of that form, or a field
 * could not show its word. */
bool notice_template_read(const char *kind, const char *rest, int *ret_kind, struct notice_template *ret);
/* What a field shows: a value that wechat_value_ok allows. */
void notice_value(const struct notice *notice, const struct notice_field *field, char ret[NOTICE_VALUE_SIZE]);
