/* evidence_fixture.h: files of a kind, and how a member uploads them and an official looks at them. */
#pragma once
#include "common/base/body_parts.h"
#include "common/base/sha256.h"
#include "services/subsidy/fixture.h"

#define FILE_MAX (LIMIT_PART + 1000)

static unsigned char bytes_of_file[FILE_MAX];
static int32_t file_size = 3000; /* of all that are made */

/* A file that begins as its kind does and is its own by what follows. */
static inline const unsigned char *a_file(Subsidy__FileKind kind, unsigned char fill)
{
    memset(bytes_of_file, fill, sizeof(bytes_of_file));
    if (kind == SUBSIDY__FILE_KIND__PDF)
        memcpy(bytes_of_file, "%PDF-1.7\n", 9);
    else if (kind == SUBSIDY__FILE_KIND__JPEG)
        memcpy(bytes_of_file, "\xff\xd8\xff\xe0", 4);
    else if (kind == SUBSIDY__FILE_KIND__PNG)
        memcpy(bytes_of_file, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    return bytes_of_file;
}

static inline const Subsidy__EvidenceFile *file_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__evidence_file__descriptor);
}

static inline const Rpc__Answer *begin_file(int64_t application_id, const char *field, Subsidy__FileKind kind,
                                            int64_t member_id)
{
    Subsidy__BeginEvidenceRequest request = SUBSIDY__BEGIN_EVIDENCE_REQUEST__INIT;

    request.application_id = application_id;
    request.field = unconst(field);
    request.kind = kind;
    request.size = file_size;
    return call_once("Evidence.BeginEvidence", &request.base, member_of(member_id));
}

static inline const Rpc__Answer *put_file(int64_t evidence_id, int32_t part, int64_t member_id)
{
    Subsidy__PutEvidencePartRequest request = SUBSIDY__PUT_EVIDENCE_PART_REQUEST__INIT;
    bool there = part < body_parts(file_size);

    request.evidence_id = evidence_id;
    request.part = part;
    request.content = (ProtobufCBinaryData){there ? (size_t)body_part_size(file_size, part) : 1,
                                            bytes_of_file + (there ? part * LIMIT_PART : 0)};
    return harness_call(&h, "Evidence.PutEvidencePart", &request.base, member_of(member_id), NULL);
}

static inline const Rpc__Answer *finish_file(int64_t evidence_id, int64_t member_id)
{
    Subsidy__FinishEvidenceRequest request = SUBSIDY__FINISH_EVIDENCE_REQUEST__INIT;
    unsigned char sum[32];

    sha256_of(bytes_of_file, (size_t)file_size, sum);
    request.evidence_id = evidence_id;
    request.sha256 = (ProtobufCBinaryData){sizeof(sum), sum};
    return harness_call(&h, "Evidence.FinishEvidence", &request.base, member_of(member_id), NULL);
}

/* All parts of one that was begun, and its end. */
static inline int64_t sent_file(int64_t evidence_id, int64_t member_id)
{
    for (int32_t part = 0; part < body_parts(file_size); part++)
        assert_ok(put_file(evidence_id, part, member_id));
    assert_int_equal(file_of(finish_file(evidence_id, member_id))->state, SUBSIDY__EVIDENCE_STATE__EVIDENCE_READY);
    return evidence_id;
}

static inline const Rpc__Answer *on_file(const char *method, int64_t evidence_id, const Rpc__Principal *who)
{
    Subsidy__EvidenceRequest request = SUBSIDY__EVIDENCE_REQUEST__INIT;

    request.evidence_id = evidence_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static inline const Rpc__Answer *fetch_file(const char *method, int64_t evidence_id, int32_t part,
                                            const Rpc__Principal *who)
{
    Subsidy__FetchEvidenceRequest request = SUBSIDY__FETCH_EVIDENCE_REQUEST__INIT;

    request.evidence_id = evidence_id;
    request.part = part;
    return harness_call(&h, method, &request.base, who, NULL);
}

/* All of it is what was uploaded last. */
static inline void assert_fetches(const char *method, int64_t evidence_id, const Rpc__Principal *who)
{
    for (int32_t n = 0; n < body_parts(file_size); n++) {
        const Rpc__Part *part = harness_output(&h, fetch_file(method, evidence_id, n, who), &rpc__part__descriptor);

        assert_int_equal(part->body.len, body_part_size(file_size, n));
        assert_memory_equal(part->body.data, bytes_of_file + n * LIMIT_PART, part->body.len);
        assert_int_equal(part->next, n + 1 < body_parts(file_size) ? n + 1 : 0);
    }
}
