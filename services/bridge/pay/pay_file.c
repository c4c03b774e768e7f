#include "services/bridge/pay/pay_file.h"

#include <stdlib.h>

#define SO_FAR_MAX 512 /* bytes */

static void fail(struct pay_file *file, const char *why)
{
    file->stage = PAY_FILE_FAILED;
    file->why = why;
}

static void read_beside(struct worker_task *task)
{
    struct pay_file *file = container_of(task, struct pay_file, task);

    file->why = pay_hash_is("SHA1", file->hash, file->text, file->len) ? file->read(file->arg, file->text, file->len)
                                                                       : "another hash";
}

static void on_read(struct worker_task *task)
{
    struct pay_file *file = container_of(task, struct pay_file, task);

    free(file->text);
    file->text = NULL;
    file->stage = file->why ? PAY_FILE_FAILED : PAY_FILE_READ;
}

static void on_file(void *arg, const struct pay_result *result)
{
    struct pay_file *file = arg;

    file->text = result->end == PAY_DONE && result->len > 0 ? malloc(result->len + 1) : NULL;
    if (!file->text) {
        fail(file, "no file");
        return;
    }
    memcpy(file->text, result->file, result->len);
    file->text[result->len] = '\0';
    file->len = result->len;
    file->task = (struct worker_task){.run = read_beside, .done = on_read};
    file->stage = PAY_FILE_READING;
    if (!file->pay->beside(file->pay->beside_self, &file->task))
        fail(file, "overloaded");
}

static void on_said(void *arg, const struct pay_result *result)
{
    struct pay_file *file = arg;
    const char *hash = pay_text(result->body, "hash_value");

    file->status = result->status;
    file->code = result->code;
    if (result->end == PAY_REFUSED) {
        file->stage = PAY_FILE_REFUSED;
    } else if (result->end == PAY_DONE && strlen(hash) == PAY_HASH_SIZE - 1) {
        memcpy(file->hash, hash, PAY_HASH_SIZE);
        file->stage = PAY_FILE_FETCHING;
        if (!pay_ask_file(file->pay, pay_text(result->body, file->url_name), on_file, file))
            fail(file, "no address");
    } else {
        fail(file, pay_code_name(result->code));
    }
}

bool pay_file_begin(struct pay_file *file, struct pay *pay, const char *path, const char *url_name, pay_file_read read,
                    void *arg)
{
    *file = (struct pay_file){.pay = pay, .url_name = url_name, .read = read, .arg = arg, .stage = PAY_FILE_ASKING};
    if (pay_ask(pay, path, NULL, on_said, file))
        return true;
    pay_file_done(file);
    return false;
}

void pay_file_done(struct pay_file *file)
{
    free(file->text);
    file->text = NULL;
    file->stage = PAY_FILE_IDLE;
}

bool pay_file_slice(struct rpc_server *rpc, void *so_far, size_t size, void (*deed)(void *call, void *arg), void *arg)
{
    unsigned char before[SO_FAR_MAX];

    ensure(size <= sizeof(before));
    memcpy(before, so_far, size);
    if (!rpc_server_transact(rpc, deed, arg))
        return true;
    memcpy(so_far, before, size);
    return false;
}
