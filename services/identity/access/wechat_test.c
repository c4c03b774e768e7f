#include "services/identity/fixture.h"

#include "services/identity/people/person.h"

#define APP    "wx0000000000000001"
#define OTHER  "wx0000000000000002"
#define OPENID "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
#define UNION  "o6_bmasdasdsad6_2sgVt7hMZOPfL"
#define MOBILE "16900000001"

static const Rpc__Answer *enter_as(struct harness *h, const Rpc__Principal *who, const char *appid, const char *openid,
                                   const char *unionid, const char *mobile)
{
    Identity__WechatLoginRequest request = IDENTITY__WECHAT_LOGIN_REQUEST__INIT;

    request.appid = unconst(appid);
    request.openid = unconst(openid);
    request.unionid = unconst(unionid);
    request.mobile = unconst(mobile);
    return harness_call(h, "Identity.CompleteWechatLogin", &request.base, who, NULL);
}

static const Rpc__Answer *enter(struct harness *h, const char *appid, const char *openid, const char *unionid,
                                const char *mobile)
{
    return enter_as(h, harness_internal(h), appid, openid, unionid, mobile);
}

static int64_t member_of(struct harness *h, const Rpc__Answer *answer)
{
    Identity__Session *session = harness_output(h, answer, &identity__session__descriptor);

    return principal_of(h, session)->member_id;
}

static void only_the_bridge_may_say_who_comes_through_wechat(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    assert_refused(enter_as(&h, NULL, APP, OPENID, "", MOBILE), "NOT_OFFICIAL");
    assert_refused(enter_as(&h, harness_official(&h, 7, RULE__ROLE__SYSTEM_ADMIN, ""), APP, OPENID, "", MOBILE),
                   "NOT_OFFICIAL");
    assert_int_equal(journal_rows(&h), 0);
    end(&h);
}

static void whom_nobody_knows_must_give_her_number(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    assert_refused(enter(&h, APP, OPENID, UNION, ""), "WECHAT_NOT_BOUND");
    assert_int_equal(journal_rows(&h), 0);
    end(&h);
}

static void the_number_binds_to_the_member_who_has_it(void **state)
{
    const Rpc__Answer *answer;
    Identity__Event *event;
    int64_t member_id;
    struct harness h;

    (void)state;
    begin(&h);
    member_id = principal_of(&h, login(&h, MOBILE))->member_id;
    answer = enter(&h, APP, OPENID, "", "+86 " MOBILE);
    assert_true(answer->created);
    assert_int_equal(member_of(&h, answer), member_id);
    event = last_event(&h, IDENTITY__EVENT__EVENT_WECHAT_BOUND);
    assert_int_equal(event->wechat_bound->member_id, member_id);
    /* From now on the number is not needed. */
    assert_int_equal(member_of(&h, enter(&h, APP, OPENID, "", "")), member_id);
    end(&h);
}

static void a_new_number_makes_one_member(void **state)
{
    int64_t member_id;
    struct harness h;

    (void)state;
    begin(&h);
    member_id = member_of(&h, enter(&h, APP, OPENID, "", MOBILE));
    assert_int_equal(member_of(&h, enter(&h, APP, OPENID, "", MOBILE)), member_id);
    assert_int_equal(principal_of(&h, login(&h, MOBILE))->member_id, member_id);
    end(&h);
}

static void one_person_is_one_member_in_every_app_of_an_owner(void **state)
{
    int64_t member_id;
    struct harness h;

    (void)state;
    begin(&h);
    member_id = member_of(&h, enter(&h, APP, OPENID, UNION, MOBILE));
    assert_int_equal(member_of(&h, enter(&h, OTHER, "oAnother", UNION, "")), member_id);
    /* The same openid in another app is somebody else's. */
    assert_refused(enter(&h, OTHER, OPENID, "", ""), "WECHAT_NOT_BOUND");
    assert_refused(enter(&h, APP, "oAnother", "", ""), "WECHAT_NOT_BOUND");
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_WECHAT_BOUND)->wechat_bound->member_id, member_id);
    end(&h);
}

static void a_unionid_that_comes_later_is_kept(void **state)
{
    int64_t member_id;
    struct harness h;

    (void)state;
    begin(&h);
    member_id = member_of(&h, enter(&h, APP, OPENID, "", MOBILE));
    assert_refused(enter(&h, OTHER, "oAnother", UNION, ""), "WECHAT_NOT_BOUND");
    assert_int_equal(member_of(&h, enter(&h, APP, OPENID, UNION, "")), member_id);
    assert_int_equal(member_of(&h, enter(&h, OTHER, "oAnother", UNION, "")), member_id);
    end(&h);
}

static void a_unionid_of_another_member_is_not_taken(void **state)
{
    int64_t first, second;
    struct harness h;

    (void)state;
    begin(&h);
    first = member_of(&h, enter(&h, APP, OPENID, UNION, MOBILE));
    second = member_of(&h, enter(&h, OTHER, "oAnother", "", "16900000002"));
    assert_int_not_equal(first, second);
    /* Her own door stays hers, and the unionid stays the first's. */
    assert_int_equal(member_of(&h, enter(&h, OTHER, "oAnother", UNION, "")), second);
    assert_int_equal(member_of(&h, enter(&h, "wx0000000000000003", "oThird", UNION, "")), first);
    end(&h);
}

static void a_number_of_somebody_else_is_a_conflict(void **state)
{
    int64_t member_id, rows;
    struct harness h;

    (void)state;
    begin(&h);
    member_id = member_of(&h, enter(&h, APP, OPENID, UNION, MOBILE));
    login(&h, "16900000002");
    rows = journal_rows(&h);
    assert_refused(enter(&h, APP, OPENID, UNION, "16900000002"), "WECHAT_OTHER_MEMBER");
    assert_refused(enter(&h, OTHER, "oAnother", UNION, "16900000002"), "WECHAT_OTHER_MEMBER");
    assert_int_equal(journal_rows(&h), rows);
    /* A number that nobody has makes no second member either. */
    assert_int_equal(member_of(&h, enter(&h, APP, OPENID, UNION, "16900000003")), member_id);
    assert_int_equal(member_of(&h, enter(&h, APP, OPENID, UNION, "")), member_id);
    end(&h);
}

static void what_wechat_never_says_is_refused(void **state)
{
    char longest[WECHAT_NAME_MAX + 2];
    struct harness h;

    (void)state;
    begin(&h);
    memset(longest, 'o', sizeof(longest));
    longest[WECHAT_NAME_MAX + 1] = '\0';
    assert_refused(enter(&h, APP, "", "", MOBILE), "BAD_REQUEST");
    assert_refused(enter(&h, APP, "o\nx", "", MOBILE), "BAD_REQUEST");
    assert_refused(enter(&h, APP, longest, "", MOBILE), "BAD_REQUEST");
    assert_refused(enter(&h, APP, OPENID, longest, MOBILE), "BAD_REQUEST");
    assert_refused(enter(&h, "", OPENID, "", MOBILE), "BAD_REQUEST");
    assert_refused(enter(&h, APP, OPENID, "", "12345"), "MOBILE_INVALID");
    longest[WECHAT_NAME_MAX] = '\0';
    assert_ok(enter(&h, longest, longest, longest, MOBILE));
    end(&h);
}

static void a_member_has_so_many_doors_and_no_more(void **state)
{
    char openid[16];
    struct harness h;

    (void)state;
    begin(&h);
    for (int i = 0; i < WECHAT_DOORS; i++) {
        snprintf(openid, sizeof(openid), "o%d", i);
        assert_ok(enter(&h, APP, openid, "", MOBILE));
    }
    assert_refused(enter(&h, APP, OPENID, "", MOBILE), "WECHAT_TOO_MANY");
    assert_ok(enter(&h, APP, "o0", "", ""));
    end(&h);
}

static Identity__WechatList *list(struct harness *h, const Rpc__Principal *who)
{
    Identity__WechatsRequest request = IDENTITY__WECHATS_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Identity.ListWechats", &request.base, who, NULL),
                          &identity__wechat_list__descriptor);
}

static const Rpc__Answer *unbind(struct harness *h, const Rpc__Principal *who, int64_t wechat_id)
{
    Identity__UnbindWechatRequest request = IDENTITY__UNBIND_WECHAT_REQUEST__INIT;

    request.wechat_id = wechat_id;
    return harness_call(h, "Identity.UnbindWechat", &request.base, who, NULL);
}

static const Rpc__Answer *list_sessions(struct harness *h, const Rpc__Principal *who)
{
    return harness_call(h, "Devices.ListSessions", NULL, who, NULL);
}

static void a_door_that_is_closed_ends_what_it_opened_and_nothing_else(void **state)
{
    Rpc__Principal *by_code, *by_door, *by_other;
    Identity__Session *opened;
    struct harness h;

    (void)state;
    begin(&h);
    by_code = principal_of(&h, login(&h, MOBILE));
    opened = harness_output(&h, enter(&h, APP, OPENID, "", MOBILE), &identity__session__descriptor);
    by_door = principal_of(&h, opened);
    clock_step(&h.service.clock, 5);
    by_other =
        principal_of(&h, harness_output(&h, enter(&h, OTHER, "oAnother", "", MOBILE), &identity__session__descriptor));
    assert_ok(unbind(&h, by_code, list(&h, by_code)->wechats[0]->wechat_id));
    assert_refused(list_sessions(&h, by_door), "TOKEN_REVOKED");
    assert_refused(try_refresh(&h, opened->refresh_token), "REFRESH_INVALID");
    assert_ok(list_sessions(&h, by_code));
    assert_ok(list_sessions(&h, by_other));
    end(&h);
}

static void a_member_sees_her_doors_and_closes_them(void **state)
{
    Rpc__Principal *member, *other;
    Identity__WechatList *doors;
    struct harness h;

    (void)state;
    begin(&h);
    member = principal_of(&h, login(&h, MOBILE));
    other = principal_of(&h, login(&h, "16900000002"));
    assert_int_equal(list(&h, member)->n_wechats, 0);
    assert_ok(enter(&h, APP, OPENID, "", MOBILE));
    clock_step(&h.service.clock, 5);
    assert_ok(enter(&h, OTHER, "oAnother", "", MOBILE));
    doors = list(&h, member);
    assert_int_equal(doors->n_wechats, 2);
    assert_string_equal(doors->wechats[0]->appid, APP);
    assert_string_equal(doors->wechats[1]->appid, OTHER);
    assert_int_equal(doors->wechats[1]->bound_at, clock_now(&h.service.clock));
    assert_int_equal(list(&h, other)->n_wechats, 0);
    assert_refused(unbind(&h, other, doors->wechats[0]->wechat_id), "WECHAT_NOT_FOUND");
    assert_refused(unbind(&h, NULL, doors->wechats[0]->wechat_id), "MISSING_TOKEN");
    assert_ok(unbind(&h, member, doors->wechats[0]->wechat_id));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_WECHAT_UNBOUND)->wechat_unbound->wechat_id,
                     doors->wechats[0]->wechat_id);
    assert_refused(unbind(&h, member, doors->wechats[0]->wechat_id), "WECHAT_NOT_FOUND");
    assert_refused(enter(&h, APP, OPENID, "", ""), "WECHAT_NOT_BOUND");
    assert_int_equal(list(&h, member)->n_wechats, 1);
    /* Bound again it is another door. */
    assert_int_equal(member_of(&h, enter(&h, APP, OPENID, "", MOBILE)), member->member_id);
    assert_int_not_equal(list(&h, member)->wechats[1]->wechat_id, doors->wechats[0]->wechat_id);
    end(&h);
}

static const Rpc__Answer *find_openid_in(struct harness *h, const Rpc__Principal *who, int64_t member_id,
                                         const char *appid, int64_t wechat_id)
{
    Identity__FindOpenidRequest request = IDENTITY__FIND_OPENID_REQUEST__INIT;

    request.member_id = member_id;
    request.appid = unconst(appid);
    request.wechat_id = wechat_id;
    return harness_call(h, "Identity.FindOpenid", &request.base, who, NULL);
}

static const Rpc__Answer *find_openid(struct harness *h, const Rpc__Principal *who, int64_t member_id,
                                      const char *appid)
{
    return find_openid_in(h, who, member_id, appid, 0);
}

static const Rpc__Answer *find_payee(struct harness *h, const Rpc__Principal *who, int64_t member_id, char **appids,
                                     size_t n)
{
    Identity__FindPayeeRequest request = IDENTITY__FIND_PAYEE_REQUEST__INIT;

    request.member_id = member_id;
    request.appid = appids;
    request.n_appid = n;
    return harness_call(h, "Identity.FindPayee", &request.base, who, NULL);
}

/* The door that was made last, of those apps that pay; nothing is written down, and no person is told. */
static void who_is_paid_is_found_in_the_apps_that_pay(void **state)
{
    char *both[] = {unconst(APP), unconst(OTHER)}, *other[] = {unconst(OTHER)};
    Rpc__Principal *member;
    Identity__FoundPayee *found;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    member = principal_of(&h, login(&h, MOBILE));
    assert_refused(find_payee(&h, harness_internal(&h), member->member_id, both, 2), "WECHAT_NOT_FOUND");
    enter(&h, APP, "oOld", "", MOBILE);
    clock_step(&h.service.clock, 5);
    enter(&h, APP, OPENID, "", MOBILE);
    rows = journal_rows(&h);
    assert_refused(find_payee(&h, harness_internal(&h), member->member_id, other, 1), "WECHAT_NOT_FOUND");
    found = harness_output(&h, find_payee(&h, harness_internal(&h), member->member_id, both, 2),
                           &identity__found_payee__descriptor);
    assert_string_equal(found->appid, APP);
    assert_string_equal(found->openid, OPENID);
    assert_string_equal(found->name, ""); /* none was proven */
    assert_refused(find_payee(&h, harness_internal(&h), 12345, both, 2), "WECHAT_NOT_FOUND");
    assert_refused(find_payee(&h, member, member->member_id, both, 2), "NOT_OFFICIAL");
    assert_int_equal(journal_rows(&h), rows);
    end(&h);
}

static void the_bridge_alone_is_told_by_what_name_wechat_knows_her(void **state)
{
    Rpc__Principal *member;
    Identity__WechatList *doors;
    Identity__FoundOpenid *found;
    int old = 0, last = 0;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    member = principal_of(&h, login(&h, MOBILE));
    assert_refused(find_openid(&h, harness_internal(&h), member->member_id, APP), "WECHAT_NOT_FOUND");
    enter(&h, APP, "oOld", "", MOBILE);
    clock_step(&h.service.clock, 5);
    enter(&h, APP, OPENID, "", MOBILE);
    clock_step(&h.service.clock, 5);
    enter(&h, OTHER, "oAnother", "", MOBILE);
    rows = journal_rows(&h);
    found = harness_output(&h, find_openid(&h, harness_internal(&h), member->member_id, APP),
                           &identity__found_openid__descriptor);
    assert_string_equal(found->openid, OPENID);
    found = harness_output(&h, find_openid(&h, harness_internal(&h), member->member_id, OTHER),
                           &identity__found_openid__descriptor);
    assert_string_equal(found->openid, "oAnother");
    doors = list(&h, member);
    for (size_t i = 0; i < doors->n_wechats; i++) {
        const Rpc__Answer *answer =
            find_openid_in(&h, harness_internal(&h), member->member_id, APP, doors->wechats[i]->wechat_id);

        if (strcmp(doors->wechats[i]->appid, APP) != 0) {
            assert_refused(answer, "WECHAT_NOT_FOUND");
            continue;
        }
        found = harness_output(&h, answer, &identity__found_openid__descriptor);
        old += strcmp(found->openid, "oOld") == 0;
        last += strcmp(found->openid, OPENID) == 0;
    }
    assert_true(old == 1 && last == 1);
    assert_refused(find_openid_in(&h, harness_internal(&h), member->member_id, APP, 4711), "WECHAT_NOT_FOUND");
    assert_refused(find_openid(&h, harness_internal(&h), member->member_id, "wx9"), "WECHAT_NOT_FOUND");
    assert_refused(find_openid(&h, harness_internal(&h), 12345, APP), "WECHAT_NOT_FOUND");
    assert_refused(find_openid(&h, member, member->member_id, APP), "NOT_OFFICIAL");
    assert_refused(find_openid(&h, harness_official(&h, 7, RULE__ROLE__SYSTEM_ADMIN, ""), member->member_id, APP),
                   "NOT_OFFICIAL");
    assert_int_equal(journal_rows(&h), rows);
    end(&h);
}

static const Rpc__Answer *find_mobile(struct harness *h, const Rpc__Principal *who, int64_t member_id)
{
    Identity__FindMobileRequest request = IDENTITY__FIND_MOBILE_REQUEST__INIT;

    request.member_id = member_id;
    return harness_call(h, "Identity.FindMobile", &request.base, who, NULL);
}

static void the_bridge_alone_is_told_her_number(void **state)
{
    Rpc__Principal *member;
    Identity__FoundMobile *found;
    struct harness h;

    (void)state;
    begin(&h);
    member = principal_of(&h, login(&h, MOBILE));
    found = harness_output(&h, find_mobile(&h, harness_internal(&h), member->member_id),
                           &identity__found_mobile__descriptor);
    assert_string_equal(found->mobile, MOBILE);
    assert_refused(find_mobile(&h, harness_internal(&h), 12345), "MEMBER_NOT_FOUND");
    assert_refused(find_mobile(&h, member, member->member_id), "NOT_OFFICIAL");
    assert_refused(find_mobile(&h, harness_official(&h, 7, RULE__ROLE__SYSTEM_ADMIN, ""), member->member_id),
                   "NOT_OFFICIAL");
    end(&h);
}

/* An account that begins with a WeChat has nobody else to tell of it; one that was there has. */
static void a_new_wechat_is_told_to_the_doors_that_were_there_before(void **state)
{
    const Notice__NoticeGiven *told;
    Rpc__Principal *member;
    struct harness h;
    int64_t door;

    (void)state;
    begin(&h);
    enter(&h, APP, "oFirst", "", "16900000007");
    assert_null(last_notice(&h));
    member = principal_of(&h, login(&h, MOBILE));
    enter(&h, APP, OPENID, "", MOBILE);
    told = last_notice(&h);
    assert_int_equal(told->member_id, member->member_id);
    assert_int_equal(told->door, NOTICE_BY_MOBILE); /* not to itself */
    assert_int_equal(told->about_id, list(&h, member)->wechats[0]->wechat_id);
    door = told->about_id;
    enter(&h, OTHER, "oAnother", "", MOBILE);
    told = last_notice(&h);
    assert_int_equal(told->door, door);
    assert_int_not_equal(told->about_id, door);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND, told->about_id), 1);
    assert_ok(unbind(&h, member, told->about_id));
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND, told->about_id), 0);
    end(&h);
}

/* As the bridge speaks for her. */
static const Rpc__Answer *bind_wechat(struct harness *h, const Rpc__Principal *member, const char *appid,
                                      const char *openid, const char *unionid)
{
    Identity__WechatLoginRequest request = IDENTITY__WECHAT_LOGIN_REQUEST__INIT;
    char code[CODE_DIGITS + 1];
    Rpc__Principal *bridge = harness_internal(h);

    bridge->member_id = member->member_id;
    bridge->session_id = member->session_id;
    request.appid = unconst(appid);
    request.openid = unconst(openid);
    request.unionid = unconst(unionid);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    get_code_for(h, MOBILE, IDENTITY__CODE_PURPOSE__CODE_BIND, code);
    request.mobile_code = code;
    return harness_call(h, "Identity.CompleteWechatBinding", &request.base, bridge, NULL);
}

static int64_t door_of(struct harness *h, const Rpc__Answer *answer)
{
    Identity__WechatDoor *door = harness_output(h, answer, &identity__wechat_door__descriptor);

    assert_string_equal(door->appid, APP);
    assert_true(door->bound_at > 0);
    return door->wechat_id;
}

static void who_has_signed_in_by_a_code_binds_her_wechat(void **state)
{
    Rpc__Principal *member;
    struct harness h;
    int64_t door_id;

    (void)state;
    begin(&h);
    member = principal_of(&h, login(&h, MOBILE));
    door_id = door_of(&h, bind_wechat(&h, member, APP, OPENID, UNION));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_WECHAT_BOUND)->wechat_bound->member_id, member->member_id);
    /* Again it is the same door, and her WeChat alone lets her in, in each app of the owner. */
    assert_int_equal(door_of(&h, bind_wechat(&h, member, APP, OPENID, "")), door_id);
    assert_int_equal(list(&h, member)->n_wechats, 1);
    assert_int_equal(member_of(&h, enter(&h, APP, OPENID, UNION, "")), member->member_id);
    assert_int_equal(member_of(&h, enter(&h, OTHER, "oAnother", UNION, "")), member->member_id);
    end(&h);
}

static void a_wechat_of_somebody_else_is_not_bound(void **state)
{
    Rpc__Principal *member;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    assert_ok(enter(&h, APP, OPENID, UNION, "16900000002"));
    member = principal_of(&h, login(&h, MOBILE));
    rows = journal_rows(&h);
    assert_refused(bind_wechat(&h, member, APP, OPENID, ""), "WECHAT_OTHER_MEMBER");
    /* Nor one that is known to be hers by the unionid alone. */
    assert_refused(bind_wechat(&h, member, OTHER, "oAnother", UNION), "WECHAT_OTHER_MEMBER");
    assert_int_equal(journal_rows(&h), rows);
    assert_ok(harness_call(&h, "Identity.Logout", NULL, member, NULL));
    assert_refused(bind_wechat(&h, member, APP, "oMine", ""), "TOKEN_REVOKED");
    assert_refused(bind_wechat(&h, harness_person(&h, 77, RPC__LEVEL__MOBILE, ""), APP, "oMine", ""), "TOKEN_REVOKED");
    end(&h);
}

static void who_has_left_closes_no_door(void **state)
{
    Identity__WechatList *doors;
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin(&h);
    member = principal_of(&h, login(&h, MOBILE));
    assert_ok(enter(&h, APP, OPENID, "", MOBILE));
    doors = list(&h, member);
    assert_ok(harness_call(&h, "Identity.Logout", NULL, member, NULL));
    assert_refused(unbind(&h, member, doors->wechats[0]->wechat_id), "TOKEN_REVOKED");
    end(&h);
}

/* Whether any file of the store holds these bytes. */
static bool on_disk(struct harness *h, const char *text)
{
    static const char *const names[] = {"data.sqlite", "data.sqlite-wal"};
    bool found = false;

    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        char path[64], *bytes;
        FILE *file;
        size_t len;

        snprintf(path, sizeof(path), "%s/%s", h->dir, names[i]);
        file = fopen(path, "rb");
        bytes = malloc(8 << 20);
        assert_non_null(file);
        assert_non_null(bytes);
        len = fread(bytes, 1, 8 << 20, file);
        fclose(file);
        found = found || memmem(bytes, len, text, strlen(text));
        free(bytes);
    }
    return found;
}

static void names_of_wechat_are_sealed(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    assert_ok(enter(&h, APP, OPENID, UNION, MOBILE));
    assert_true(on_disk(&h, "wechat_member")); /* the schema: what is read is the store */
    assert_false(on_disk(&h, OPENID));
    assert_false(on_disk(&h, UNION));
    assert_false(on_disk(&h, MOBILE));
    end(&h);
}

static void the_audit_misses_a_door_that_went_to_another(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    assert_ok(enter(&h, APP, OPENID, "", MOBILE));
    login(&h, "16900000002");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE wechat SET member_id = (SELECT max(member_id) FROM member)");
    assert_non_null(strstr(harness_audit(&h), "does not agree with journal row"));
    harness_tamper(&h, "UPDATE wechat SET member_id = (SELECT min(member_id) FROM member)");
    end(&h);
}

static void a_full_disk_binds_nothing(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    harness_fill(&h);
    while (enter(&h, APP, OPENID, "", MOBILE)->reason == 0)
        harness_forget(&h);
    assert_refused(enter(&h, APP, "oAnother", "", "16900000002"), "STORE_FULL");
    harness_empty(&h);
    assert_ok(enter(&h, APP, "oAnother", "", "16900000002"));
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_bridge_may_say_who_comes_through_wechat),
        cmocka_unit_test(whom_nobody_knows_must_give_her_number),
        cmocka_unit_test(the_number_binds_to_the_member_who_has_it),
        cmocka_unit_test(a_new_number_makes_one_member),
        cmocka_unit_test(one_person_is_one_member_in_every_app_of_an_owner),
        cmocka_unit_test(a_unionid_that_comes_later_is_kept),
        cmocka_unit_test(a_unionid_of_another_member_is_not_taken),
        cmocka_unit_test(a_number_of_somebody_else_is_a_conflict),
        cmocka_unit_test(what_wechat_never_says_is_refused),
        cmocka_unit_test(a_member_has_so_many_doors_and_no_more),
        cmocka_unit_test(a_member_sees_her_doors_and_closes_them),
        cmocka_unit_test(a_door_that_is_closed_ends_what_it_opened_and_nothing_else),
        cmocka_unit_test(who_is_paid_is_found_in_the_apps_that_pay),
        cmocka_unit_test(the_bridge_alone_is_told_by_what_name_wechat_knows_her),
        cmocka_unit_test(the_bridge_alone_is_told_her_number),
        cmocka_unit_test(a_new_wechat_is_told_to_the_doors_that_were_there_before),
        cmocka_unit_test(who_has_signed_in_by_a_code_binds_her_wechat),
        cmocka_unit_test(a_wechat_of_somebody_else_is_not_bound),
        cmocka_unit_test(who_has_left_closes_no_door),
        cmocka_unit_test(names_of_wechat_are_sealed),
        cmocka_unit_test(the_audit_misses_a_door_that_went_to_another),
        cmocka_unit_test(a_full_disk_binds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
