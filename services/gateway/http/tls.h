/* tls.h: TLS 1.2 for accepted connections, by mbedtls, without sockets.
 *
 * Bytes from the network go in by tls_feed and come out as plain text by tls_read;
 * plain text goes in by tls_write, and what is to be sent stands in tls_output. The
 * handshake happens inside tls_read.
 *
 * A struct tls is a certificate with its key and settings. It belongs to one
 * thread, and is freed with its last session, so a new certificate can replace it
 * while older connections go on. Only forward-secret suites with authenticated
 * encryption, over X25519 and P-256, since the larger curves cost a server ten times as
 * much; no renegotiation, no client certificates.
 *
 * A client that comes again resumes her session for LIMIT_TLS_RESUME_S, without the
 * costly part of the handshake: by a ticket, or by the cache of those who take none. Both
 * are shared by all threads (struct tls_memory), since a client comes again to any; a new
 * certificate begins with new ones. A ticket is kept by the client alone, and the cache has
 * LIMIT_TLS_CACHE sessions of some 300 bytes for all.
 *
 * A session has at most TLS_SESSION_MOST bytes: a record of 16 KiB each way, what is
 * negotiated, and output that waits for the client. Who opens one charges that to its guest (conn.h). */
#pragma once

#define TLS_SESSION_MOST ((size_t)80 << 10)

struct tls_memory;
struct tls;
struct tls_session;

/* What clients resume sessions by, for any number of struct tls. NULL after logging why. */
struct tls_memory *tls_memory_open(void);
/* Lets go of it; accepts NULL. Those who were opened with it keep it alive. */
void tls_memory_close(struct tls_memory *memory);

/* Reads a PEM chain and its PEM key. NULL after logging why. */
struct tls *tls_open(const char *cert_file, const char *key_file, struct tls_memory *memory);
/* Lets go of it; accepts NULL. Sessions keep it alive. */
void tls_close(struct tls *tls);

/* A session with a new client, or NULL without memory. */
struct tls_session *tls_session_new(struct tls *tls);
void tls_session_free(struct tls_session *session);

/* Bytes from the network, to be read by tls_read before the next tls_feed. */
void tls_feed(struct tls_session *session, const char *bytes, size_t len);
/* Plain text, at most size bytes. Returns their number, 0 when more bytes are
 * needed, -1 when the client has ended the session, -2 when it broke the protocol. */
int tls_read(struct tls_session *session, char *ret_bytes, size_t size);
/* Whether the handshake is done. */
bool tls_is_ready(const struct tls_session *session);

/* Encrypts a piece of the plain text, at most one record. Returns how many bytes
 * it took, 0 when it cannot. */
size_t tls_write(struct tls_session *session, const char *bytes, size_t len);
/* Says that nothing more will come. */
void tls_end(struct tls_session *session);

/* What is to be sent; stays where it is until tls_sent. */
const char *tls_output(const struct tls_session *session, size_t *ret_len);
void tls_sent(struct tls_session *session, size_t len);
