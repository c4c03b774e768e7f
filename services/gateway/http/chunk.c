#include "services/gateway/http/chunk.h"

enum {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_LINE,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END,
};

void chunk_init(struct chunk_reader *reader, uint64_t max)
{
    *reader = (struct chunk_reader){.state = SIZE, .room = max};
}

/* 1 to 16 hexadecimal digits, then an extension or the end of the line. */
static enum refusal read_size(struct chunk_reader *reader, char c)
{
    unsigned digit;

    if (c >= '0' && c <= '9') {
        digit = (unsigned)(c - '0');
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
        digit = (unsigned)((c | 0x20) - 'a') + 10;
    } else {
        if (reader->digits == 0 || (c != ';' && c != '\r'))
            return REFUSAL_CHUNK;
        reader->state = c == ';' ? EXTENSION : SIZE_LF;
        return REFUSAL_NONE;
    }
    if (reader->digits == 16)
        return REFUSAL_CHUNK;
    reader->digits++;
    reader->left = reader->left << 4 | digit;
    return REFUSAL_NONE;
}

/* The content does not matter, but a line end inside a quoted string would be
 * read in two ways. */
static enum refusal read_extension(struct chunk_reader *reader, char c)
{
    if (c == '\r' && !reader->quote) {
        reader->state = SIZE_LF;
        return REFUSAL_NONE;
    }
    if (!head_is_value((unsigned char)c))
        return REFUSAL_CHUNK;
    if (reader->quote == 2)
        reader->quote = 1;
    else if (c == '"')
        reader->quote = !reader->quote;
    else if (c == '\\' && reader->quote)
        reader->quote = 2;
    return ++reader->overhead <= LIMIT_HEADERS ? REFUSAL_NONE : REFUSAL_HEADERS_TOO_LARGE;
}

static enum refusal read_trailer(struct chunk_reader *reader, char c)
{
    if (++reader->overhead > LIMIT_HEADERS)
        return REFUSAL_HEADERS_TOO_LARGE;
    switch (reader->state) {
    case TRAILER_LINE:
        if (c == '\r') {
            reader->state = END_LF;
            return REFUSAL_NONE;
        }
        if (++reader->trailers > LIMIT_HEADER_COUNT)
            return REFUSAL_HEADERS_TOO_LARGE;
        reader->name_len = 0;
        reader->state = TRAILER_NAME;
        if (!head_is_token((unsigned char)c))
            return REFUSAL_TRAILER;
        __attribute__((fallthrough));
    case TRAILER_NAME:
        if (c == ':') {
            reader->state = TRAILER_VALUE;
            return head_allows_trailer(reader->name, reader->name_len) ? REFUSAL_NONE : REFUSAL_TRAILER;
        }
        if (!head_is_token((unsigned char)c))
            return REFUSAL_TRAILER;
        if (reader->name_len < sizeof(reader->name))
            reader->name[reader->name_len++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        return REFUSAL_NONE;
    default:
        if (c == '\r') {
            reader->state = TRAILER_LF;
            return REFUSAL_NONE;
        }
        return head_is_value((unsigned char)c) ? REFUSAL_NONE : REFUSAL_TRAILER;
    }
}

/* CR or LF, whichever must come, and what comes behind it. */
static enum refusal read_line_end(struct chunk_reader *reader, char c)
{
    if (c != (reader->state == DATA_CR ? '\r' : '\n'))
        return REFUSAL_CHUNK;
    switch (reader->state) {
    case SIZE_LF:
        if (reader->left > reader->room)
            return REFUSAL_BODY_TOO_LARGE;
        reader->room -= reader->left;
        reader->state = reader->left > 0 ? DATA : TRAILER_LINE;
        break;
    case DATA_CR:
        reader->state = DATA_LF;
        break;
    case DATA_LF:
        reader->state = SIZE;
        reader->digits = 0;
        break;
    case TRAILER_LF:
        reader->state = TRAILER_LINE;
        break;
    default:
        reader->state = END;
    }
    return REFUSAL_NONE;
}

enum refusal chunk_feed(struct chunk_reader *reader, const char *bytes, size_t len, struct chunk_step *ret_step)
{
    enum refusal refusal = REFUSAL_NONE;
    size_t i = 0;

    *ret_step = (struct chunk_step){0};
    while (i < len && !refusal && reader->state != END) {
        switch (reader->state) {
        case SIZE:
            refusal = read_size(reader, bytes[i++]);
            break;
        case EXTENSION:
            refusal = read_extension(reader, bytes[i++]);
            break;
        case DATA:
            ret_step->data = bytes + i;
            ret_step->data_len = len - i < reader->left ? len - i : (size_t)reader->left;
            ret_step->used = i + ret_step->data_len;
            reader->left -= ret_step->data_len;
            if (reader->left == 0)
                reader->state = DATA_CR;
            return REFUSAL_NONE;
        case TRAILER_LINE:
        case TRAILER_NAME:
        case TRAILER_VALUE:
            refusal = read_trailer(reader, bytes[i++]);
            break;
        default:
            refusal = read_line_end(reader, bytes[i++]);
        }
    }
    ret_step->used = i;
    ret_step->end = reader->state == END;
    return refusal;
}
