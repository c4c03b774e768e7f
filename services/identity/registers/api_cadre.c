#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/decision.h"
#include "services/identity/registers/cadres.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Cadres_Service *service)
{
    return container_of(service, struct identity, cadres_service);
}

/* NULL when the call's memory is full. Staff may be of another union. */
Identity__Cadre *cadre_message(struct identity *self, const struct cadre *cadre, void *call)
{
    Identity__Cadre *message = arena_message(rpc_arena(call), &identity__cadre__descriptor);
    struct union_node node;

    if (!message || !unions_find(&self->unions, cadre->union_id, &node))
        return NULL;
    message->cadre_id = cadre->id;
    if (member_is_known(self, cadre->member_id, union_readers, call)) {
        message->member_id = cadre->member_id;
        message->name = member_masked_name(self, cadre->member_id, call);
    }
    message->union_ = union_message(&node, call);
    message->post = (Identity__Post)cadre->post;
    message->full_time = cadre->full_time;
    message->term_from = cadre->term_from;
    message->term_to = cadre->term_to;
    message->from = cadre->began_at;
    message->to = cadre->ended_at;
    return message;
}

static void reply_cadre(struct identity *self, const struct cadre *cadre, Identity__Cadre_Closure reply, void *call)
{
    reply(cadre_message(self, cadre, call), call);
}

static void add_cadres(struct identity *self, const struct cadre *cadres, size_t n, Identity__CadreList *list,
                       void *call)
{
    for (size_t i = 0; i < n && rpc_page_takes_at(call, cadres[i].path, cadres[i].id); i++)
        rpc_add(call, list, cadres, cadre_message(self, &cadres[i], call));
}

static void journal_cadre(const struct cadre *cadre, void *call)
{
    Identity__CadreChanged changed = IDENTITY__CADRE_CHANGED__INIT;

    changed.cadre_id = cadre->id;
    changed.member_id = cadre->member_id;
    changed.union_id = cadre->union_id;
    changed.post = cadre->post;
    changed.ended = cadre->ended_at != 0;
    rpc_tell(call, &changed.base);
}

static void end_cadre(struct identity *self, struct cadre *cadre, void *call)
{
    cadre->ended_at = rpc_now(call);
    cadres_end(&self->cadres, cadre);
    journal_cadre(cadre, call);
}

/* Whom a request names, and whether what it says of her can be: 0, or the Reason with
 * its field. Of a number that nobody has the same is said as of one not known by name. */
static int read_cadre(struct identity *self, const Identity__SetCadreRequest *req, int64_t *ret_member_id,
                      const char **ret_field)
{
    unsigned char index[PII_INDEX_LEN];
    char mobile[CN_MOBILE_LEN + 1];
    struct member member;

    *ret_field = "mobile";
    if (!cn_mobile(req->mobile, mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    person_index_mobile(self, mobile, index);
    if (!members_find_mobile(&self->members, index, &member) || !member.sealed_person.len)
        return IDENTITY__REASON__CADRE_NOT_REAL_NAME;
    *ret_member_id = member.id;
    *ret_field = "post";
    if (req->post <= IDENTITY__POST__POST_NONE || req->post > IDENTITY__POST__POST_STAFF)
        return IDENTITY__REASON__CADRE_POST_INVALID;
    *ret_field = "termTo";
    return req->term_from > 0 && (req->term_to == 0 || req->term_to > req->term_from)
               ? 0
               : IDENTITY__REASON__CADRE_TERM_INVALID;
}

static bool says_the_same(const struct cadre *a, const struct cadre *b)
{
    return a->post == b->post && a->full_time == b->full_time && a->term_from == b->term_from &&
           a->term_to == b->term_to;
}

/* rpc SetCadre: her one record in a union, in place of the one before. */
static void cadres__set_cadre(Identity__Cadres_Service *service, const Identity__SetCadreRequest *req,
                              Identity__Cadre_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const char *field = "unionId";
    struct cadre now, cadre = {
                          .union_id = req->union_id,
                          .term_from = req->term_from,
                          .term_to = req->term_to,
                          .began_at = rpc_now(call),
                          .recorded_by = rpc_principal(call)->member_id,
                          .post = (int)req->post,
                          .full_time = req->full_time,
                      };
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (!reason)
        reason = read_cadre(self, req, &cadre.member_id, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (cadres_find_now(&self->cadres, cadre.union_id, cadre.member_id, &now)) {
        if (says_the_same(&now, &cadre)) {
            reply_cadre(self, &now, reply, call);
            return;
        }
        end_cadre(self, &now, call);
    }
    cadre.id = id_next(&self->ids, rpc_now(call));
    cadres_add(&self->cadres, &cadre);
    journal_cadre(&cadre, call);
    rpc_created(call);
    reply_cadre(self, &cadre, reply, call);
}

/* The record that a request names, for officials of these roles: 0 or a Reason. */
static int find_cadre(struct identity *self, int64_t cadre_id, const int *roles, void *call, struct cadre *ret_cadre)
{
    if (!cadres_find(&self->cadres, cadre_id, ret_cadre))
        return IDENTITY__REASON__CADRE_NOT_FOUND;
    return official_refusal(self, ret_cadre->union_id, roles, call);
}

/* rpc EndCadre: she holds the office no more; what was stays in the history. */
static void cadres__end_cadre(Identity__Cadres_Service *service, const Identity__EndCadreRequest *req,
                              Identity__Cadre_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct cadre cadre;
    int reason = find_cadre(self, req->cadre_id, union_administrators, call, &cadre);

    if (rpc_refuse_if(call, reason))
        return;
    if (!cadre.ended_at)
        end_cadre(self, &cadre, call);
    reply_cadre(self, &cadre, reply, call);
}

/* rpc ListCadres: who holds offices in a union and below it. */
static void cadres__list_cadres(Identity__Cadres_Service *service, const Identity__ListCadresRequest *req,
                                Identity__CadreList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct cadre *found = arena_alloc(rpc_arena(call), rpc_page(call)->limit * sizeof(*found));
    Identity__CadreList list = IDENTITY__CADRE_LIST__INIT;
    struct page page;
    size_t n;

    if (!page_begin(self, req->union_id, union_readers, call, &page))
        return;
    n = cadres_find_page(&self->cadres, &page, found);
    add_cadres(self, found, n, &list, call);
    page_end(&self->unions, &page, n, call);
    reply(&list, call);
}

/* rpc ListCadreHistory: all records of that person in that union, the latest first. */
static void cadres__list_cadre_history(Identity__Cadres_Service *service, const Identity__ListCadreHistoryRequest *req,
                                       Identity__CadreList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    struct cadre cadre, *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Identity__CadreList list = IDENTITY__CADRE_LIST__INIT;
    int reason = find_cadre(self, req->cadre_id, union_readers, call, &cadre);

    if (rpc_refuse_if(call, reason))
        return;
    add_cadres(self, found,
               cadres_find_history(&self->cadres, cadre.union_id, cadre.member_id, page->before, found, page->limit),
               &list, call);
    reply(&list, call);
}

const Identity__Cadres_Service cadres_api = IDENTITY__CADRES__INIT(cadres__);
