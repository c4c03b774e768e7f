/* packed.h: what a step may read of a packed message.
 *
 * Where a table holds messages as they came, a step that gives some of their fields columns of their own reads them by
 * these functions of SQL, by the number of the field; what is not there is 0, or ''. Of a field that is there several
 * times the last one counts, as everywhere. Bytes that are no message have no fields.
 *
 *     packed_int(message, 23)     an integer, an enum or a bool
 *     packed_text(message, 21)    a string
 *     packed_bits(message, 22)    of a repeated enum: bit n is set when one is n, up to 62 */
#pragma once
#include <sqlite3.h>

/* Makes them known to a connection. An error of SQLite's, or SQLITE_OK. */
int packed_register(sqlite3 *db);
