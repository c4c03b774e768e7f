#include "services/health/booking/booking_sql.h"

#define BOOKING                                                                                                        \
    "b.booking_id, b.entitlement_id, b.campaign_id, b.member_id, b.site_id, b.slot_id, b.starts_at, b.ends_at, "       \
    "b.state, b.must_move, b.walk_in, b.handle, b.made_at, b.due_at, b.remind_at, b.journal_seq"
#define PASS "serial, booking_id, site_id, slot_id, from_at, until_at, issued_at, revoked_at, journal_seq"

const char *const booking_sql[BOOKING_N_SQL] = {
    [BOOKING_SQL_ADD] = "INSERT INTO booking (booking_id, entitlement_id, campaign_id, member_id, site_id, slot_id, "
                        "starts_at, ends_at, "
                        "state, must_move, walk_in, handle, made_at, due_at, remind_at, journal_seq) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    [BOOKING_SQL_SET] =
        "UPDATE booking SET site_id = ?2, slot_id = ?3, starts_at = ?4, ends_at = ?5, state = ?6, must_move = ?7, "
        "due_at = ?8, remind_at = ?9, journal_seq = ?10 WHERE booking_id = ?1",
    [BOOKING_SQL_FIND] = "SELECT " BOOKING " FROM booking b WHERE booking_id = ?1",
    [BOOKING_SQL_FIND_OF] = "SELECT " BOOKING " FROM booking b WHERE entitlement_id = ?1 AND state <> 3",
    [BOOKING_SQL_FIND_HANDLE] = "SELECT " BOOKING " FROM booking b WHERE site_id = ?1 AND handle = ?2 LIMIT 1",
    [BOOKING_SQL_LIST] = "SELECT " BOOKING " FROM booking b WHERE " HOLDER_HERS
                         " AND booking_id < ?2 AND " RPC_PAGE_STATES("?4", "state") " "
                                                                                    "ORDER BY booking_id DESC LIMIT ?3",
    [BOOKING_SQL_ROSTER] = "SELECT " BOOKING " FROM booking b WHERE site_id = ?1 AND starts_at >= ?2 "
                           "AND starts_at < ?3 AND state <> 3 AND handle > ?4 AND " RPC_PAGE_STATES(
                               "?6", "state") " ORDER BY handle LIMIT ?5",
    [BOOKING_SQL_DUE] = "SELECT " BOOKING " FROM booking b WHERE state = 1 AND due_at <= ?1 LIMIT ?2",
    [BOOKING_SQL_REMIND] =
        "SELECT " BOOKING " FROM booking b WHERE state = 1 AND remind_at > 0 AND remind_at <= ?1 LIMIT ?2",
    [BOOKING_SQL_STRANDED] =
        "SELECT " BOOKING " FROM campaign_site s JOIN booking b ON b.campaign_id = s.campaign_id "
        "AND b.site_id = s.site_id AND b.state = 1 AND b.must_move = 0 WHERE s.withdrawn = 1 LIMIT ?1",
    [BOOKING_SQL_STRANDED_SLOT] = "SELECT " BOOKING " FROM slot s JOIN booking b ON b.slot_id = s.slot_id "
                                  "AND b.state = 1 AND b.must_move = 0 WHERE s.withdrawn = 1 AND s.ends_at > ?2 "
                                  "LIMIT ?1",
    [BOOKING_SQL_BOOK_SOON] = "SELECT entitlement_id, campaign_id, member_id, book_by FROM entitlement "
                              "WHERE state = 1 AND soon_said = 0 AND book_by <= ?1 LIMIT ?2",
    [BOOKING_SQL_SAID_SOON] = "UPDATE entitlement SET soon_said = 1 WHERE entitlement_id = ?1",
    [BOOKING_SQL_ADD_PASS] =
        "INSERT INTO pass (serial, booking_id, site_id, slot_id, from_at, until_at, issued_at, journal_seq) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [BOOKING_SQL_REVOKE] = "UPDATE pass SET revoked_at = ?2, journal_seq = ?3 WHERE serial = ?1",
    [BOOKING_SQL_FIND_PASS] = "SELECT " PASS " FROM pass WHERE serial = ?1",
    [BOOKING_SQL_FIND_PASS_OF] = "SELECT " PASS " FROM pass WHERE booking_id = ?1 AND revoked_at = 0",
    [BOOKING_SQL_REVOKED] = "SELECT serial FROM pass WHERE site_id = ?1 AND revoked_at > 0 AND until_at > ?2 "
                            "ORDER BY serial LIMIT ?3",
    [BOOKING_SQL_COUNT_REVOKED] = "SELECT count(*) FROM pass WHERE site_id = ?1 AND revoked_at > 0",
    [BOOKING_SQL_AUDIT_SLOT] = "SELECT campaign_id = ?2 AND site_id = ?3 AND starts_at = ?4 AND ends_at = ?5 "
                               "AND (journal_seq > 0 OR (capacity = ?6 AND walk_ins = ?7 AND withdrawn = 0)) FROM slot "
                               "WHERE slot_id = ?1",
    [BOOKING_SQL_AUDIT_SLOT_CHANGED] = "SELECT journal_seq, capacity = ?2 AND walk_ins = ?3 AND withdrawn = ?4 "
                                       "FROM slot WHERE slot_id = ?1",
};
