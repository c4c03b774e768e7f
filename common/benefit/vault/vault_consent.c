/* vault_consent.c: who agrees to be shown her files, as identity tells. */
#include "identity/identity.pb-c.h"

#include "common/benefit/vault/vault_internal.h"

bool vault_agreed(const struct vault *vault, int64_t member_id, int64_t now)
{
    if (!vault->kind->purpose)
        return true;
    store_ask(vault->store, vault->sql + SQL_AGREED, "ii", member_id, now);
    return store_any(vault->store, vault->sql + SQL_AGREED);
}

static void apply_consent(const struct vault *vault, const Identity__ConsentChanged *changed)
{
    if ((int)changed->purpose != vault->kind->purpose)
        return;
    if (changed->withdrawn)
        store_run(vault->store, vault->sql + SQL_WITHDRAW, "i", changed->member_id);
    else
        store_run(vault->store, vault->sql + SQL_GIVE, "ii", changed->member_id, (int64_t)changed->version);
}

static void apply_policy(const struct vault *vault, const Identity__PolicyPublished *published)
{
    if ((int)published->purpose == vault->kind->purpose)
        store_run(vault->store, vault->sql + SQL_PUBLISH, "ii", (int64_t)published->version, published->in_force_at);
}

void vault_hear(void *self, void *call, const Rpc__JournalRow *row)
{
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    (void)call;
    if (event && event->event_case == IDENTITY__EVENT__EVENT_CONSENT_CHANGED)
        apply_consent(self, event->consent_changed);
    else if (event && event->event_case == IDENTITY__EVENT__EVENT_POLICY_PUBLISHED)
        apply_policy(self, event->policy_published);
    identity__event__free_unpacked(event, NULL);
}

const int32_t vault_heard[VAULT_HEARD] = {IDENTITY__EVENT__EVENT_CONSENT_CHANGED,
                                          IDENTITY__EVENT__EVENT_POLICY_PUBLISHED};
