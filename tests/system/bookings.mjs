// Bookings and scans for tests: slots that begin soon, winners who book, staff at the door.
import assert from 'node:assert/strict';
import { announced, enter, giveValue, manager, member, post, publish, UNION } from './checkups.mjs';
import { mint } from './people.mjs';
import { until } from './stack.mjs';

const MINUTE = 60000, CHINA = 8 * 3600000;

/** The token of somebody who scans; in a session of her own. */
export const staff = (stack, memberId) =>
    mint(stack.tokenKey(), { memberId, unionPath: UNION, grants: [{ role: 'CHECKUP_STAFF', unionPath: UNION }] });

/** A published campaign in which these members have won: their ids, or how many from 1 on. */
export async function won(stack, who, { open = 6000, ...more } = {}) {
    const people = Array.isArray(who) ? who : Array.from({ length: who }, (_, i) => 1 + i);
    const campaign = await announced(stack, { quota: people.length, waiting: 0, open, cancelHours: 0, ...more });
    await until('entries open', async () => (await enter(stack, campaign, people[0])).status === 201);
    for (const answer of await Promise.all(people.map((id) => enter(stack, campaign, id))))
        assert.ok(answer.status < 300, answer.text);
    await giveValue(stack, campaign);
    await publish(stack, campaign, people.length);
    return { ...campaign, people };
}

/** A slot of the campaign's site that begins `minutes` from now, when its passes are good already. */
export async function soon(stack, { campaignId, sites: [{ siteId }] }, { minutes = 10, capacity = 10 } = {}) {
    const start = Math.ceil(Date.now() / MINUTE + minutes) * MINUTE;
    const day = new Date(start + CHINA).toISOString().slice(0, 10);
    const fromMinute = (start + CHINA) / MINUTE % 1440;
    const { slots } = await post(stack, `/v1/checkups/${campaignId}/sites/${siteId}/slots`,
        { days: [day], hours: [{ fromMinute, untilMinute: Math.min(fromMinute + 30, 1440), capacity }] });
    return slots.find((slot) => Date.parse(slot.startsAt) === start).slotId;
}

export const book = (stack, { campaignId }, slotId, memberId) =>
    stack.post(`/v1/checkups/${campaignId}/bookings`, { slotId }, { token: member(stack, memberId) });
export const passOf = async (stack, bookingId, memberId) => {
    const answer = await stack.get(`/v1/me/bookings/${bookingId}/pass`, { token: member(stack, memberId) });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
};

/** A person who scans at a site, with a device: { token, deviceId, siteId }. */
export async function scanner(stack, siteId, memberId) {
    await post(stack, `/v1/checkup-sites/${siteId}:setStaff`, { memberId, duty: 'SCANS' }, manager(stack));
    const token = staff(stack, memberId);
    const { deviceId } = await post(stack, `/v1/checkup-sites/${siteId}/devices`, { name: `${memberId} 号` }, token);
    return { token, deviceId, siteId };
}
export const scan = (stack, { token, deviceId, siteId }, scanRef, text) =>
    stack.post(`/v1/checkup-sites/${siteId}/scans`, { deviceId, scanRef, text }, { token });
