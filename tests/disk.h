/* disk.h: a disk that fails, and a machine that loses its power, under SQLite.
 *
 * disk_init() puts a layer under every store of the process, as SQLite's default
 * VFS. It does nothing by itself and syncs nothing for real, until a test asks for
 *   - a fault: the n-th access of one kind fails, once or from then on, or
 *   - a power cut: after SQLite's own test (test6.c), what was written and not yet
 *     synced is on the disk in part: sectors that arrived, sectors that did not,
 *     sectors with half of the new bytes, sectors of rubbish. A file that was made or
 *     deleted and whose folder was not synced since is there or not.
 * Bytes outside a written range stay whole, as SQLite expects of today's disks
 * (SQLITE_IOCAP_POWERSAFE_OVERWRITE).
 *
 * power_every_cut() (power.h) does both halves of such a test for a service. One
 * thread; with tests/dump.c the only code beside common/store/store.c that includes sqlite3.h. */
#pragma once

enum disk_fault { DISK_FULL, DISK_WRITE_FAILS, DISK_SYNC_FAILS, DISK_READ_FAILS };

/* Before the process' first store. */
void disk_init(void);

/* The n-th access of the fault's kind from now on fails, and when lasting those
 * behind it. A write that fails has got half way. */
void disk_fail(enum disk_fault fault, int n, bool lasting);
void disk_heal(void);
/* Whether anything has failed since disk_fail. */
bool disk_has_failed(void);

/* The power is lost at the n-th write or sync from now on (0: now): that one and
 * all behind it fail. What was written before this call counts as synced. */
void disk_cut(int n);
bool disk_is_cut(void);
/* The power is back: what is left of the files follows from the seed. No file may
 * be open. */
void disk_power_on(uint64_t seed);
