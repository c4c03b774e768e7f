/* yuan.h: amounts of money as files write them. */
#pragma once

/* A whole number of digits alone, from 0 on. */
bool number_read(const char *text, int64_t *ret);
/* Yuan with at most two decimals ("116", "-116.00") in fen. */
bool yuan_read(const char *text, int64_t *ret_fen);
