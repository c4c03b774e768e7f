/* bank_file.h: the files that banks take and give. No store; memory is the caller's.
 *
 * Both layouts are CSV (RFC 4180) with CRLF, amounts in yuan with two decimals, and totals: how many, what they come
 * to, and the sum of the last four digits of all accounts. BANK_LIST    UTF-8 with its mark:
 * 业务编号,收款账号,户名,开户行,金额,附言 ... 合计,N,,,YUAN,CONTROL BANK_TOTALS  GB18030:  总笔数,总金额,账号校验和 /
 * N,YUAN,CONTROL / 序号,收款户名,收款账号,收款行名,金额(元),用途,业务编号 ... What comes back has, under names in any
 * order, 业务编号, 金额 or 金额(元), and 处理结果, 交易状态 or 状态, in either encoding; a line 合计 holds for those
 * above it. */
#pragma once
#include "services/bridge/pay/payouts.h"
#include "settlement.pb-c.h"

#define BANK_LINES_MAX 1000 /* payments of a file */
#define BANK_FILE_MAX  ((size_t)1 << 20)
#define BANK_CELL_MAX  180 /* bytes of a name */
#define BANK_HEADS     20  /* lines among which the names are */

/* The converters between UTF-8 and GB18030 are loaded before there are no files any more. 0 or -1, logged. */
int bank_file_init(void);

struct bank_line {
    const char *number, *remark;
    const Settlement__PayeeAccount *account;
    int64_t fen;
};
struct bank_sums {
    int32_t n;
    int64_t fen, control;
};

/* Whether a bank would take it: a number of 8 to 32 digits, and names that fit. */
bool bank_account_ok(const Settlement__PayeeAccount *account);
struct bank_sums bank_sums(const struct bank_line *lines, unsigned n);
/* The file, in ret of BANK_FILE_MAX bytes: its length; 0 when it has no room. */
size_t bank_print(int layout, const struct bank_line *lines, unsigned n, char *ret);

enum bank_said { BANK_SAYS_NOTHING, BANK_SAYS_PAID, BANK_SAYS_FAILED };
struct bank_answer {
    int32_t line;
    char number[PAYOUT_NUMBER_SIZE];
    int64_t fen; /* -1: none */
    enum bank_said said;
};
/* Up to BANK_LINES_MAX answers of a file; -1 when it has no names, more lines, or totals that are not theirs. */
int bank_read(const void *file, size_t len, struct bank_answer *ret);
