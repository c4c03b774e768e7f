/* body_parts.h: a body that comes or goes in parts of LIMIT_PART bytes, but the last. */
#pragma once
#include <stdint.h>

#include "common/base/limits.h"

static inline int32_t body_parts(int32_t size)
{
    return (size + LIMIT_PART - 1) / LIMIT_PART;
}

static inline int32_t body_part_size(int32_t size, int32_t part)
{
    int32_t rest = size - part * LIMIT_PART;

    return rest < LIMIT_PART ? rest : LIMIT_PART;
}
