// Releases and claims on them, for tests that are about something else.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EVERY_ROLE, mint } from './people.mjs';
import { until } from './stack.mjs';

/** Makes and publishes a release that opens in a moment, in a longer one where the machine lets that pass before. */
export async function publishRelease(stack, { stock = 1000, ...more } = {}) {
    const token = mint(stack.tokenKey(), { memberId: 1, grants: EVERY_ROLE });
    let created;
    for (let wait = 300; wait < 30000; wait *= 3) {
        const release = { title: '餐券', faceFen: '500', stockPerDay: stock, opensAt: new Date(Date.now() + wait).toISOString(), ...more };
        created = await stack.post('/v1/releases', { release }, { token, key: `release-${randomUUID()}` });
        if (created.json.reason !== 'OPENS_IN_THE_PAST')
            break;
    }
    assert.equal(created.status, 201, created.text);
    const { releaseId } = created.json.release;
    assert.equal((await stack.post(`/v1/releases/${releaseId}:publish`, undefined, { token })).status, 200);
    return releaseId;
}

/** The same, when it is open. */
export async function openRelease(stack, more) {
    const releaseId = await publishRelease(stack, more);
    /* Who is in no union yet is shown those of all. */
    const newcomer = mint(stack.tokenKey(), { memberId: 2, level: 1, unionPath: '' });
    await until('the release opens', async () => {
        const { offers } = (await stack.get('/v1/me/offers', { token: newcomer })).json;
        return offers.some((one) => one.status.release.releaseId === releaseId && one.reason !== 'NOT_OPEN_YET');
    });
    return releaseId;
}

/**
 * claim(memberId): one member's claim with a token and an Idempotency-Key of her own, however often
 * it is called.
 */
export function claimer(stack, releaseId) {
    const key = stack.tokenKey();
    return (memberId, options) => stack.post(`/v1/releases/${releaseId}/claims`, undefined,
        { token: mint(key, { memberId }), key: `claim-${memberId}`, ...options });
}
