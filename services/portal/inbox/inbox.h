/* inbox.h: what each member was told, by all services.
 *
 * Follows what the part `notice` of every service tells (common/benefit/notice): an item for each notice, whatever the
 * doors by which she is told of it besides, with the title and the place that the journal has, and nothing more of her.
 * How it reads is the kind's (notice_words.h). What a service told in rows of its own before it shared that part is not
 * here; it stands among its own lists.
 *
 * An item is taken once, in the transaction that moves the cursor past its row, whichever daemon dies meanwhile. It is
 * of who holds the number at that moment. What is withdrawn stays with that mark, since she may have been told of it
 * by a message outside, and counts as unread no more.
 *
 * The newest LIMIT_INBOX items of a member are kept, for NOTICE_KEPT_MS at most. What is older than that when a portal
 * begins on journals of years is not taken. */
#pragma once
#include "services/portal/portal.h"

#define INBOX_READ_ROW 256 /* items that one row of the journal says are read */

/* Who the caller is now: her number, that of the account that hers has become part of, or 0. */
int64_t portal_caller(const struct portal *self, void *call);
