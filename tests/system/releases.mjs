// Releases and claims on them, for tests that are about something else.
import assert from 'node:assert/strict';
import { EVERY_ROLE, mint } from './people.mjs';
import { until } from './stack.mjs';

/** A published release that is open, and claims on it. */
export async function openRelease(stack, { stock = 1000, ...more } = {}) {
    const token = mint(stack.tokenKey(), { memberId: 1, grants: EVERY_ROLE });
    const release = { title: '餐券', faceFen: '500', stockPerDay: stock, opensAt: new Date(Date.now() + 300).toISOString(), ...more };
    const created = await stack.post('/v1/releases', { release }, { token, key: `release-${release.opensAt}` });
    assert.equal(created.status, 201, created.text);
    const { releaseId } = created.json.release;
    assert.equal((await stack.post(`/v1/releases/${releaseId}:publish`, undefined, { token })).status, 200);
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
