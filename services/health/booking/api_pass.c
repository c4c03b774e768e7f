#include "services/health/api.h"
#include "services/health/booking/visits.h"

#include "common/pass/qr.h"

#define QR_SCALE    6
#define QR_SIZE_MAX 65536

static bool png_of(const char *text, struct arena *arena, ProtobufCBinaryData *ret)
{
    struct buf buf;

    buf_init(&buf, QR_SIZE_MAX);
    if (qr_png(text, QR_SCALE, &buf)) {
        ret->data = (uint8_t *)arena_strndup(arena, buf.bytes, buf.len);
        ret->len = ret->data ? buf.len : 0;
    }
    buf_done(&buf);
    return ret->len > 0;
}

char *handle_text(int64_t handle, struct arena *arena)
{
    return arena_printf(arena, "%016llx", (unsigned long long)handle);
}

/* The pass of a booking that has one; false after refusing. */
static bool find_pass(struct health *self, const struct booking *booking, void *call, struct issued *ret)
{
    bool found =
        (booking->state == HEALTH__BOOKING_STATE__ACTIVE || booking->state == HEALTH__BOOKING_STATE__ARRIVED) &&
        passes_find_of(&self->bookings, booking->id, ret);

    if (!found)
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_ACTIVE);
    return found;
}

static void reply_pass(struct health *self, const Health__Campaign *campaign, const struct booking *booking,
                       Health__Pass_Closure reply, void *call)
{
    struct arena *arena = rpc_arena(call);
    Health__Pass message = HEALTH__PASS__INIT;
    char text[PASS_SIZE], code[PASS_CODE_SIZE];
    struct issued issued;
    struct pass pass;
    uint16_t key_id;

    if (!find_pass(self, booking, call, &issued))
        return;
    pass_compose(booking, &issued, campaign->union_path, &pass);
    message.booking_id = booking->id;
    message.valid_from = pass.from_ms;
    message.valid_until = pass.until_ms;
    message.turn_key.len = PASS_TURN_KEY_LEN;
    message.turn_key.data = arena_alloc(arena, PASS_TURN_KEY_LEN);
    message.handle = handle_text(booking->handle, arena);
    if (!message.turn_key.data || !message.handle || !pass_make(self->passes, &pass, text) ||
        !pass_code_make(self->passes, PASS_PRINTED, pass.serial, rpc_now(call), code) ||
        !pass_turn_key(self->passes, PASS_SCREEN, pass.serial, &key_id, message.turn_key.data) ||
        !png_of(text, arena, &message.png)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    message.text = text;
    message.code = code;
    message.svg = qr_svg_text(text, arena);
    if (message.svg)
        reply(&message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* rpc GetPass: every form of it but the screen's. */
static void passes__get_pass(Health__Passes_Service *service, const Health__BookingRequest *req,
                             Health__Pass_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, passes_service);
    const Health__Campaign *campaign;
    struct booking booking;

    if (booking_of_member(self, req->booking_id, call, &booking, &campaign))
        reply_pass(self, campaign, &booking, reply, call);
}

/* rpc ReissuePass: another pass; the older one is revoked. */
static void passes__reissue_pass(Health__Passes_Service *service, const Health__BookingRequest *req,
                                 Health__Pass_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, passes_service);
    const Health__Campaign *campaign;
    struct booking booking;

    if (!booking_of_member(self, req->booking_id, call, &booking, &campaign))
        return;
    if (booking.state != HEALTH__BOOKING_STATE__ACTIVE) {
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_ACTIVE);
        return;
    }
    booking_reissue(&self->bookings, &booking, call);
    reply_pass(self, campaign, &booking, reply, call);
}

void reply_code(struct health *self, int kind, int64_t subject, Health__ScreenCode_Closure reply, void *call)
{
    Health__ScreenCode message = HEALTH__SCREEN_CODE__INIT;
    char code[PASS_CODE_SIZE];

    if (!pass_code_make(self->passes, (enum pass_kind)kind, (uint64_t)subject, rpc_now(call), code)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    message.code = code;
    message.svg = qr_svg_text(code, rpc_arena(call));
    message.changes_at = pass_changes_at(rpc_now(call));
    if (message.svg)
        reply(&message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* rpc GetScreenCode: what her screen shows for the next seconds. */
static void passes__get_screen_code(Health__Passes_Service *service, const Health__BookingRequest *req,
                                    Health__ScreenCode_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, passes_service);
    const Health__Campaign *campaign;
    struct booking booking;
    struct issued issued;

    if (booking_of_member(self, req->booking_id, call, &booking, &campaign) && find_pass(self, &booking, call, &issued))
        reply_code(self, PASS_SCREEN, issued.serial, reply, call);
}

const Health__Passes_Service passes_api = HEALTH__PASSES__INIT(passes__);
