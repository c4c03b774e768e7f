/* pay_file.h: a file of the platform's: a proven answer says where it is and what its hash is; it is fetched, and read
 * beside the loop when it has that hash. */
#pragma once
#include "common/rpc/rpc.h"
#include "services/bridge/pay/pay.h"

#define PAY_HASH_SIZE 41 /* of SHA-1, as text */

/* Beside the loop: reads a file, which it may change; text[len] is a NUL. NULL, or what is wrong with it. */
typedef const char *(*pay_file_read)(void *arg, char *text, size_t len);

struct pay_file {
    struct pay *pay;
    enum {
        PAY_FILE_IDLE,
        PAY_FILE_ASKING,
        PAY_FILE_FETCHING,
        PAY_FILE_READING,
        PAY_FILE_READ,    /* hash says which */
        PAY_FILE_REFUSED, /* code says why */
        PAY_FILE_FAILED,  /* why says why: it may be there another time */
    } stage;
    const char *url_name; /* of the answer's member that says where it is */
    pay_file_read read;
    void *arg;
    long status; /* of the answer, with */
    enum pay_code code;
    const char *why;
    char hash[PAY_HASH_SIZE];
    struct worker_task task;
    char *text;
    size_t len;
};

/* Asks for one; false when there is no room. */
bool pay_file_begin(struct pay_file *file, struct pay *pay, const char *path, const char *url_name, pay_file_read read,
                    void *arg);
/* A slice of working a file off, in a transaction: what a deed changes of how far that is, so many bytes, is as it was
 * when it comes to nothing. Whether it was committed. */
bool pay_file_slice(struct rpc_server *rpc, void *so_far, size_t size, void (*deed)(void *call, void *arg), void *arg);
/* When nothing comes back any more, or it has ended: it is idle again. */
void pay_file_done(struct pay_file *file);
