/* limits.h: every bound of the system, by name. A size is in bytes, a time in
 * milliseconds, unless the name ends in another unit. */
#pragma once

/* The bus */
#define LIMIT_BATCH_CALLS      2000                              /* calls in one transaction */
#define LIMIT_BATCH_MESSAGES   64                                /* messages drained for one transaction */
#define LIMIT_MESSAGE_SIZE     (4 << 20)                         /* one nng message */
#define LIMIT_MESSAGE_CALLS    512                               /* calls a client puts into one message */
#define LIMIT_ANSWER           (LIMIT_MESSAGE_SIZE - (16 << 10)) /* one packed answer; the rest is for others in its message */
#define LIMIT_CLIENT_WINDOW    16   /* messages a client may have outstanding per service */
#define LIMIT_CLIENT_QUEUE     4096 /* calls waiting in a client for its window */
#define LIMIT_BROKER_IN_FLIGHT 64   /* messages outstanding per service queue; nng drops answers past 64 */
#define LIMIT_BROKER_EDGE      (LIMIT_BROKER_IN_FLIGHT * 3 / 4) /* of them the edge may have */
#define LIMIT_QUEUE_NAME       31                               /* characters */
#define LIMIT_CLIENT_WAIT_MS   1000                             /* a call waits so long in a client for its window */
#define LIMIT_CALL_DEADLINE_MS 10000                            /* a call without an answer by then failed */
#define LIMIT_SILENCE_MS       2000   /* a server that leaves calls unanswered so long gives way to another */
#define LIMIT_NEWS_MS          300000 /* a broker that is not told of an end for so long ends itself */
#define LIMIT_COMMAND_MS       10000  /* a command line waits so long for who is not there */
#define LIMIT_PROBE_MS         3000   /* and a probe */

/* Ids (id.h) and the partitions of a queue */
#define LIMIT_ID_CLOCK_BITS     41
#define LIMIT_ID_COUNTER_BITS   11 /* ids of one millisecond; more run ahead of the clock */
#define LIMIT_ID_PARTITION_BITS 10
#define LIMIT_PARTITIONS        (1 << LIMIT_ID_PARTITION_BITS) /* of one queue */
#define LIMIT_QUEUES            256                            /* of all services, with their partitions */

/* The clock */
#define LIMIT_CLOCK_STEP_MS  2000  /* a change of the system's time that is taken at once */
#define LIMIT_CLOCK_TRIAL_MS 60000 /* that a greater one must stand before it is believed */

/* Memory of one request or batch */
#define LIMIT_REQUEST_ARENA (8 << 20)                        /* decoding one HTTP request */
#define LIMIT_BATCH_ARENA   (64 << 20)                       /* the calls of one batch and their answers */
#define LIMIT_CALL_ARENA    (64 << 20)                       /* what one call of it takes besides */
#define LIMIT_HELD_ARENA    (LIMIT_MESSAGE_SIZE + (1 << 20)) /* the answers of a message that waits for others */

/* What is done beside the loop (worker.h) */
#define LIMIT_WORKER_THREADS 4
#define LIMIT_WORKER_TASKS   256 /* that wait or run */

/* The log */
#define LIMIT_LOG (128 << 10) /* of lines that wait to be written, twice */

/* HTTP */
#define LIMIT_URI          4096
#define LIMIT_HEADERS      16384
#define LIMIT_HEADER_COUNT 64
#define LIMIT_HEADER_LINE  8000 /* one field with its name */
#define LIMIT_BODY         (1 << 20)
#define LIMIT_JSON_DEPTH   16
#define LIMIT_JSON_VALUES  20000     /* values in one body: the parser takes up to 300 bytes for each */
#define LIMIT_READS        20        /* of one batch over HTTP */
#define LIMIT_READS_ANSWER (1 << 20) /* the answers of all of them */
#define LIMIT_CONNECTIONS  20000
#define LIMIT_LAST_PLACES  512   /* of these, for those who are answered that there is no room */
#define LIMIT_HEADER_MS    10000 /* from a request's first byte to the end of its headers */
#define LIMIT_BODY_MS      30000
#define LIMIT_IDLE_MS      75000
#define LIMIT_WRITE_MS     30000
#define LIMIT_LINGER_MS    2000        /* reading on after the last answer, so that it is not lost to a reset */
#define LIMIT_PART         (128 << 10) /* of a body that comes or goes in parts */
#define LIMIT_STOP_MS      10000       /* for the requests in flight when the gateway stops */
#define LIMIT_HEADS        (400 << 20) /* of requests of one worker that are still coming */
#define LIMIT_BODIES       (128 << 20) /* of request bodies under way at one worker */
#define LIMIT_ANSWERS      (128 << 20) /* of unsent answers of one worker */
#define LIMIT_SESSIONS     (800 << 20) /* of sessions of TLS of one worker */
#define LIMIT_DROP         (64 << 10)  /* of a body that is read on after the answer, to keep the connection */
#define LIMIT_TLS_RESUME_S 7200        /* a TLS session can be resumed */
#define LIMIT_TLS_CACHE    1000        /* sessions kept for clients that take no ticket */
#define LIMIT_METRICS      (64 << 20)  /* the text of all metrics of all queues */
#define LIMIT_FILES        4096        /* static files, with their compressed siblings */
#define LIMIT_FILES_SIZE   (128 << 20)

/* Tokens */
#define LIMIT_TOKEN           1152 /* characters of a session token */
#define LIMIT_GRANTS          16   /* of one person */
#define LIMIT_SHOWN_NAME      16   /* bytes of a masked name: two characters and up to three stars */
#define LIMIT_LETTER_MS       (5 * 60 * 1000)
#define LIMIT_SESSION_MS      (30 * 60 * 1000)
#define LIMIT_REVOKED         1000000 /* sessions that a worker remembers as revoked */
#define LIMIT_IDEMPOTENCY_MS  (24 * 60 * 60 * 1000)
#define LIMIT_IDEMPOTENCY_KEY 128 /* characters of the header */
#define LIMIT_DEVICE_LEAST    16  /* characters of the header Device-Nonce */
#define LIMIT_DEVICE_NONCE    128
#define LIMIT_DEVICE_HASH     16 /* bytes of what stands for it behind the gateway */

/* The journal */
#define LIMIT_HEAR_MS          3000 /* a call waits so long for what other services have told */
#define LIMIT_JOURNAL_PAGE     1000
#define LIMIT_JOURNAL_AHEAD_MS 60000 /* of the clock, when that has been set back */
#define LIMIT_EVENT            4096  /* one packed Event */
#define LIMIT_SEGMENT_ROWS     65536 /* of one file of the archive */
#define LIMIT_SEGMENTS_OPEN    4     /* files of the archive that a daemon keeps open */
#define LIMIT_SEGMENTS_PAGE    8     /* files that one page of the journal looks through */
#define LIMIT_HEAD_MS          60000 /* from a new row to a signed head */
#define LIMIT_HEADS_PUBLIC     20    /* of each journal, at the gateway */
#define LIMIT_HEADS_SHOWN      1000  /* the newest heads, as they are published */
#define LIMIT_MONEY_KINDS      32    /* of one journal */
#define LIMIT_EVENT_NUMBER     900   /* of a service's own events; from it on, the chassis' (rpc.proto), */
#define LIMIT_CHASSIS_EVENTS   100   /* which are so many at most */

/* Numbers of people */
#define LIMIT_PEOPLE_MIN      10  /* of a group of whom it is told how many they are */
#define LIMIT_AUDIENCE_COUNTS 256 /* counts of who would fit that are kept (audience_counts.h) */

/* The store */
#define LIMIT_PARTS          64                       /* of one service */
#define LIMIT_STORE_LOG      (INT64_C(1) << 30)       /* of SQLite's log, while a copy is made beside */
#define LIMIT_STORE_LOG_KEPT (LIMIT_STORE_LOG / 16)   /* and when nobody reads an older state any more */
#define LIMIT_STORE_COPY_MS  (INT64_C(30) * 86400000) /* that a copy from before a step is kept beside it */

/* Lists in pages */
#define LIMIT_PAGE_PLACE 48 /* bytes beside the key of a row: the path of a union at most */
#define LIMIT_PAGE_TOKEN 80 /* characters: a check of 4 bytes, a key of 8, a place */

/* What people have got (common/benefit/granted) */
#define LIMIT_GRANTED (1 << 23) /* that one service knows of, and people who have some */

/* Singles (services/match) */
#define LIMIT_FOLLOWS 300 /* people whom one follows */
#define LIMIT_BLOCKS  300 /* and whom she has blocked */

/* A member's inbox */
#define LIMIT_INBOX 500 /* items, the newest */

/* Export of what is kept of a person */
#define LIMIT_EXPORT_PAGE  200       /* messages of one page */
#define LIMIT_EXPORT_BYTES (1 << 20) /* their JSON */

/* The union tree */
#define LIMIT_PATH_LEVELS  12
#define LIMIT_PATH_SEGMENT 4 /* base-36 digits of one level */
#define LIMIT_UNION_PATH   (LIMIT_PATH_LEVELS * LIMIT_PATH_SEGMENT)
