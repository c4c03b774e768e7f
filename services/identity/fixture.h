/* fixture.h: what the tests of identity's operations share: the service on
 * a fresh store with keys of its own, its calls and its journal. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/notice/notice_fixture.h"
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "tests/harness.h"

static inline void with_sender(const char *sender)
{
    setenv("HUIGONG_SMS", sender, 1);
    assert_int_equal(conf_load(identity_spec.conf, NULL, true), 0);
}

/* A service with its keys that has not started. The codes are logged, where a test does not
 * need them. All calls come from one device. */
static inline void unstarted(struct harness *h)
{
    harness_init(h, &identity_spec, (void (*)(void *))identity_done);
    harness_key(h, "HUIGONG_PII_KEY",
                "1 " HARNESS_KEY "\nindex 2222222222222222222222222222222222222222222222222222222222222222\n");
    harness_key(h, "HUIGONG_TOKEN_KEY", HARNESS_KEY);
    harness_key(h, "HUIGONG_SESSION_KEY", HARNESS_KEY);
    harness_key(h, "HUIGONG_LOOK_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(h, "HUIGONG_CARD_KEY", "1 " HARNESS_KEY "\n");
    with_sender("log");
    harness_from(h, 1, 1);
}

static inline void begin(struct harness *h)
{
    unstarted(h);
    harness_start(h);
}

static inline struct identity *identity_of(struct harness *h)
{
    return h->service.self;
}

static inline void end(struct harness *h)
{
    assert_string_equal(harness_audit(h), "");
    harness_close(h);
}

/* ---- calls ---- */

static inline const Rpc__Answer *import_page(struct harness *h, const Rpc__Principal *who, const char *method,
                                             const char *csv, bool check_only)
{
    Identity__ImportRequest request = IDENTITY__IMPORT_REQUEST__INIT;

    request.csv = unconst(csv);
    request.first_line = 2;
    request.check_only = check_only;
    return harness_call(h, method, &request.base, who, NULL);
}

static inline Imports__ImportReport *import_roster(struct harness *h, const char *csv)
{
    return harness_output(h, import_page(h, harness_internal(h), "Identity.ImportRoster", csv, false),
                          &imports__import_report__descriptor);
}

static inline const Rpc__Answer *send_code_for(struct harness *h, const char *mobile, int purpose)
{
    Identity__SendCodeRequest request = IDENTITY__SEND_CODE_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.purpose = (Identity__CodePurpose)purpose;
    return harness_call(h, "Identity.SendCode", &request.base, harness_internal(h), NULL);
}

static inline const Rpc__Answer *send_code(struct harness *h, const char *mobile)
{
    return send_code_for(h, mobile, IDENTITY__CODE_PURPOSE__CODE_LOGIN);
}

/* Sends a code for a purpose and tells which: the next number of the clock's stream. */
static inline void get_code_for(struct harness *h, const char *mobile, int purpose, char ret_code[CODE_DIGITS + 1])
{
    struct clock before = h->service.clock;
    uint64_t random;

    clock_random(&before, &random, sizeof(random));
    code_text(random, ret_code);
    assert_ok(send_code_for(h, mobile, purpose));
}

static inline void get_code(struct harness *h, const char *mobile, char ret_code[CODE_DIGITS + 1])
{
    get_code_for(h, mobile, IDENTITY__CODE_PURPOSE__CODE_LOGIN, ret_code);
}

static inline const Rpc__Answer *try_login(struct harness *h, const char *mobile, const char *code)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.code = unconst(code);
    return harness_call(h, "Identity.Login", &request.base, NULL, NULL);
}

static inline Identity__Session *login(struct harness *h, const char *mobile)
{
    char code[CODE_DIGITS + 1];

    get_code(h, mobile, code);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    return harness_output(h, try_login(h, mobile, code), &identity__session__descriptor);
}

/* Who a session's token says she is, as the gateway reads it. */
static inline Rpc__Principal *principal_of(struct harness *h, const Identity__Session *session)
{
    struct identity *self = h->service.self;
    Rpc__Principal *principal;

    assert_int_equal(token_check(self->tokens, session->token, strlen(session->token), clock_now(&h->service.clock),
                                 &h->arena, &principal),
                     0);
    return principal;
}

static inline const Rpc__Answer *try_refresh(struct harness *h, const char *token)
{
    Identity__RefreshRequest request = IDENTITY__REFRESH_REQUEST__INIT;

    request.refresh_token = unconst(token);
    return harness_call(h, "Identity.RefreshSession", &request.base, NULL, NULL);
}

static inline const Rpc__Answer *verify(struct harness *h, const Rpc__Principal *who, const char *name,
                                        const char *resident_id)
{
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;

    request.name = unconst(name);
    request.resident_id = unconst(resident_id);
    return harness_call(h, "Identity.VerifyMe", &request.base, who, NULL);
}

/* What somebody was told about her account. */
static inline Identity__AccountNoticeList *notices_of(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Notices.ListMyNotices", NULL, who, NULL),
                          &identity__account_notice_list__descriptor);
}

/* The latest of it, of this thing: an AccountNews, or 0. */
static inline int told_of(struct harness *h, const Rpc__Principal *who, int64_t about_id)
{
    const Identity__AccountNoticeList *list = notices_of(h, who);

    return list->n_notices && list->notices[0]->about_id == about_id ? (int)list->notices[0]->news : 0;
}

/* ---- the journal ---- */

/* The last event of a kind, or NULL. */
static inline Identity__Event *last_event(struct harness *h, int32_t kind)
{
    return harness_last_event(h, &identity__event__descriptor, kind);
}

static inline int64_t journal_rows(struct harness *h)
{
    return rpc_server_journal(h->service.rpc)->tip.seq;
}

/* The same without what tells of looks: whether anything has changed. */
static inline int64_t journal_changes(struct harness *h)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    int32_t kind = IDENTITY__EVENT__EVENT_DATA_SEEN;
    int64_t n = journal_rows(h);

    request.kinds = &kind;
    request.n_kinds = 1;
    for (;;) {
        Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;

        journal_read(rpc_server_journal(h->service.rpc), &request, &h->arena, &page);
        n -= (int64_t)page.n_rows;
        if (page.read_to == request.after_seq || page.read_to >= page.last_seq)
            return n;
        request.after_seq = page.read_to;
    }
}
