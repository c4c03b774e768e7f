/* totp.h: time-based one-time passwords (RFC 6238 over RFC 4226).
 *
 * HMAC-SHA-1, six digits, steps of 30 s counted from 1970: what every authenticator
 * takes without being told. A clock may be one step off either way. Pure. */
#pragma once

#define TOTP_SECRET_LEN   20
#define TOTP_SECRET_CHARS 32 /* base32 of it (RFC 4648), unpadded since it comes out even */
#define TOTP_DIGITS       6
#define TOTP_STEP_MS      30000
#define TOTP_WINDOW       1 /* steps */

/* The one-time password of a step. */
void totp_code(const unsigned char secret[TOTP_SECRET_LEN], int64_t step, char ret_code[TOTP_DIGITS + 1]);
/* The step within the window whose one-time password this is and that is later than
 * last_step, so that none is taken twice; 0 when there is none. */
int64_t totp_match(const unsigned char secret[TOTP_SECRET_LEN], const char *code, int64_t now, int64_t last_step);
/* The secret as people type it. */
void totp_secret_text(const unsigned char secret[TOTP_SECRET_LEN], char ret_text[TOTP_SECRET_CHARS + 1]);
