/* api_card.c: the card by which a member shows that she is one.
 *
 * Its code says her number and changes every half minute (common/pass/pass.h), so that a photograph of it is worth
 * nothing; only who holds the key, this daemon, makes and checks it. It opens nothing: who verifies it sees whether she
 * is a member, and what of her he may know. That he did is recorded for her to see (looks.h). */
#include "common/pass/pass.h"
#include "common/pass/qr.h"
#include "services/identity/access/session_life.h"
#include "services/identity/people/members.h"
#include "services/identity/rights/look_tries.h"
#include "services/identity/unions/unions.h"

/* rpc GetCardCode: the caller's own. */
static void cards__get_card_code(Identity__Cards_Service *service, const Identity__CardCodeRequest *req,
                                 Identity__CardCode_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, cards_service);
    Identity__CardCode message = IDENTITY__CARD_CODE__INIT;
    char code[PASS_CODE_SIZE];

    (void)req;
    if (!pass_code_make(self->cards, PASS_CARD, (uint64_t)rpc_principal(call)->member_id, rpc_now(call), code) ||
        !(message.svg = qr_svg_text(code, rpc_arena(call)))) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    message.code = code;
    message.changes_at = pass_changes_at(rpc_now(call));
    reply(&message, call);
}

/* Why a code is none of a card: 0 or a Reason. One that nobody here has signed counts against who reads it. */
static int code_refusal(struct identity *self, const char *text, void *call, struct pass_code *ret)
{
    int64_t reader_id = rpc_principal(call)->member_id, now = rpc_now(call);
    enum pass_reason reason;

    if (!look_tries_left(&self->look_tries, IDENTITY__LOOK_CASE__LOOK_CARD, reader_id, CARD_TRIES, now))
        return IDENTITY__REASON__CARD_TRIES_EXHAUSTED;
    reason = pass_code_check(self->cards, text, strlen(text), now, ret);
    if (reason == PASS_OK)
        return ret->kind == PASS_CARD ? 0 : IDENTITY__REASON__CARD_CODE_INVALID;
    if (reason == PASS_STALE)
        return IDENTITY__REASON__CARD_CODE_STALE;
    if (reason == PASS_FORGED) {
        look_tries_take(&self->look_tries, IDENTITY__LOOK_CASE__LOOK_CARD, reader_id, CARD_TRIES, now);
        rpc_keep(call);
    }
    return IDENTITY__REASON__CARD_CODE_INVALID;
}

/* Level and trade are for who decides about benefits of her union. */
static bool may_know(struct identity *self, const struct member *member, void *call)
{
    struct union_node node;

    return unions_find(&self->unions, member->union_id, &node) &&
           (rpc_has_role(call, RULE__ROLE__UNION_ADMIN, node.path) ||
            rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, node.path));
}

/* rpc VerifyCard. */
static void cards__verify_card(Identity__Cards_Service *service, const Identity__VerifyCardRequest *req,
                               Identity__CardHolder_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, cards_service);
    Identity__CardHolder message = IDENTITY__CARD_HOLDER__INIT;
    const Identity__Member *shown = NULL;
    struct pass_code code;
    struct member member;

    if (rpc_refuse_field_if(call, code_refusal(self, req->code, call, &code), "code"))
        return;
    if (members_find(&self->members, (int64_t)code.subject, &member) && !member.merged_into)
        shown = member_message(self, &member, call);
    if (shown && shown->level >= RPC__LEVEL__MEMBER && shown->union_) {
        message.valid = true;
        message.member_id = member.id;
        message.shown_name = shown->name;
        message.union_name = shown->union_->name;
        if (may_know(self, &member, call)) {
            message.level = shown->level;
            message.trade = shown->level >= RPC__LEVEL__CATEGORY ? shown->trade : RPC__TRADE__TRADE_OTHER;
        }
    }
    reply(&message, call);
}

const Identity__Cards_Service cards_api = IDENTITY__CARDS__INIT(cards__);
