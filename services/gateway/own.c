/* own.c: what the gateway answers itself, as its document tells it. */
#include "common/base/limits.h"
#include "services/gateway/gateway.h"

#define TEXT "{\"type\":\"string\"}"

#define HEADS                                                                                                          \
    "{\"type\":\"object\",\"required\":[\"journals\"],\"properties\":{\"journals\":{\"type\":\"array\","               \
    "\"description\":\"of the services that are up\",\"items\":{\"type\":\"object\","                                  \
    "\"required\":[\"queue\",\"publicPoint\",\"heads\"],\"properties\":{"                                              \
    "\"queue\":{\"type\":\"string\",\"description\":\"whose journal\"},"                                               \
    "\"publicPoint\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{128}$\","                                            \
    "\"description\":\"x and y of the P-256 key that signs\"},"                                                        \
    "\"heads\":{\"type\":\"array\",\"description\":\"the newest, the oldest of them "                                  \
    "first\",\"items\":{\"type\":\"object\","                                                                          \
    "\"required\":[\"seq\",\"at\",\"hash\",\"key\",\"signature\"],\"properties\":{"                                    \
    "\"seq\":{\"type\":\"string\",\"description\":\"the row\"},"                                                       \
    "\"at\":{\"type\":\"string\",\"description\":\"of the row, in milliseconds since 1970: it is signed so\"},"        \
    "\"hash\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{64}$\",\"description\":\"of the row and all before it\"},"  \
    "\"key\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{16}$\",\"description\":\"the number of the key\"},"          \
    "\"signature\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{128}$\","                                              \
    "\"description\":\"r and s over SHA-256 of the text: hg-head-1 QUEUE SEQ AT HASH\"}}}}}}}}}"

#define READS                                                                                                          \
    "{\"type\":\"object\",\"required\":[\"paths\"],\"additionalProperties\":false,\"properties\":{\"paths\":{"         \
    "\"type\":\"array\",\"minItems\":1,\"maxItems\":20,\"description\":\"of reads, each with its query\","             \
    "\"items\":{\"type\":\"string\",\"maxLength\":4096,\"x-raw\":true}}}}"

#define ANSWERS                                                                                                        \
    "{\"type\":\"object\",\"required\":[\"answers\"],\"properties\":{\"answers\":{\"type\":\"array\","                 \
    "\"description\":\"in the order of the paths\",\"items\":{\"type\":\"object\",\"required\":[\"status\",\"body\"]," \
    "\"properties\":{\"status\":{\"type\":\"integer\",\"description\":\"as if it had come alone\"},"                   \
    "\"body\":{\"type\":[\"object\",\"null\"],\"description\":\"what is read, or the refusal\"}}}}}}"

#define EXPORTING                                                                                                      \
    "{\"type\":\"object\",\"required\":[\"services\"],\"properties\":{\"services\":{\"type\":\"array\","               \
    "\"description\":\"identity is not among them: it asks for a code, by POST /v1/me:export\","                       \
    "\"items\":{\"type\":\"string\"}}}}"
_Static_assert(LIMIT_READS == 20 && LIMIT_URI == 4096, "as the schema says");

const struct openapi_own gateway_own[] = {
    {.path = "/v1/batch",
     .name = "Gateway.ReadSeveral",
     .summary = "Does several reads at once, each with its own status",
     .media = "application/json",
     .schema = ANSWERS,
     .takes = READS,
     .limited = true},
    {.path = "/v1/journal-heads",
     .name = "Gateway.GetJournalHeads",
     .summary = "Tells the newest signed heads of every journal, for anybody to keep",
     .media = "application/json",
     .schema = HEADS,
     .limited = true},
    {.path = "/v1/me/data",
     .name = "Gateway.ListExporting",
     .summary = "Tells which services give a person what they keep of her, by GET /v1/me/data/{service}",
     .media = "application/json",
     .schema = EXPORTING,
     .limited = true},
    {.path = "/v1/openapi.json",
     .name = "Gateway.GetDocument",
     .summary = "Gives this document",
     .media = "application/json",
     .schema = "{\"type\":\"object\"}",
     .limited = true},
    {.path = "/readyz",
     .name = "Gateway.GetReadiness",
     .summary = "Tells whether requests are taken, and which services are up",
     .media = "text/plain",
     .schema = TEXT,
     .fails = true},
    {.path = "/livez",
     .name = "Gateway.GetLife",
     .summary = "Tells that the gateway runs",
     .media = "text/plain",
     .schema = TEXT},
    {.path = NULL},
};
