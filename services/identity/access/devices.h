/* devices.h: devices that are known for a member's.
 *
 * A number is not a person: it is given on, and whoever has it gets its codes. So who comes by a
 * code or by WeChat is believed to be the member only where she has been before: on a device that
 * names itself by its nonce, through the same door (her number, or one of her WeChats), within
 * DEVICE_SILENCE_MS. Anywhere else her name and number of document stay hidden until she has
 * stepped up (api_stepup.c), and from then on the device is known. */
#pragma once
#include "services/identity/identity.h"

#define DEVICE_SILENCE_MS (INT64_C(90) * 86400000)
#define DEVICES_MAX       50 /* of one member: one more forgets the one that was silent longest */

struct device {
    int64_t member_id, door;
    unsigned char nonce[PII_INDEX_LEN];
};

/* Whether it is known, and was seen within DEVICE_SILENCE_MS. */
bool devices_know(const struct devices *devices, const struct device *device, int64_t now);
/* It is known from now on, or seen again. */
void devices_note(const struct devices *devices, const struct device *device, int64_t now);
/* None that came through a door is known any more; or (door -1) none at all. */
void devices_forget(const struct devices *devices, int64_t member_id, int64_t door);
/* Whether any was known that came through a door. */
bool devices_came_by(const struct devices *devices, int64_t member_id, int64_t door);
