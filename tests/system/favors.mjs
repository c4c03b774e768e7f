// Releases whose coupons are WeChat's, the stock behind them made by two officials of finance, for tests.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EVERY_ROLE, mint } from './people.mjs';
import { claimer } from './releases.mjs';
import { until } from './stack.mjs';

/** Simulators, a stack and people as beginPaying has made them, who may be sent coupons. */
export function favors({ stack, pay, people }) {
    for (const { openid } of people)
        pay.favor.people.set(openid, {});
    const official = (memberId) => mint(stack.tokenKey(), { memberId, grants: EVERY_ROLE });
    const backing = async (releaseId) => (await stack.get(`/v1/releases/${releaseId}/wechat-stock`, { token: official(901) })).json;
    const on = (releaseId, verb, memberId, body) => stack.post(`/v1/releases/${releaseId}/wechat-stock:${verb}`, body, { token: official(memberId) });

    /** Drafts one that opens in `ms`; gives the answer. */
    function draft({ ms = 1500, ...more } = {}) {
        const opensAt = Date.now() + ms;
        return stack.post('/v1/releases', { release: {
            title: '满3减2.99', faceFen: '299', thresholdFen: '300', stockPerDay: 10, opensAt: new Date(opensAt).toISOString(),
            spending: { validUntil: new Date(opensAt + 30 * 86400000).toISOString() }, backing: { name: '早餐立减金', description: '微信支付满3元减2.99元' }, ...more,
        } }, { token: official(1), key: randomUUID() });
    }
    /** One step by two hands, until WeChat has done it. */
    async function step(releaseId, name, state) {
        assert.equal((await on(releaseId, 'propose', 901, { step: `STOCK_${name}` })).status, 200);
        const confirmed = await on(releaseId, 'confirm', 902);
        assert.equal(confirmed.status, 200, confirmed.text);
        return until(`${name} is done`, async () => {
            const now = await backing(releaseId);
            return now.state === `BACKING_${state}` && now.underWay === 'BACKING_STEP_NONE' && now;
        });
    }
    /** A release that is published, with its stock running, once it is open. */
    async function open(more) {
        const made = await draft(more);
        assert.equal(made.status, 201, made.text);
        const { releaseId, opensAt } = made.json.release;
        await step(releaseId, 'CREATE', 'READY');
        await step(releaseId, 'START', 'RUNNING');
        const published = await stack.post(`/v1/releases/${releaseId}:publish`, undefined, { token: official(1) });
        assert.equal(published.status, 200, published.text);
        await until('it is open', () => Date.now() > Date.parse(opensAt));
        return releaseId;
    }
    return {
        official, backing, on, draft, step, open,
        claim: (releaseId, who) => claimer(stack, releaseId)(who.id),
        /** Her coupon, once it is in that state at WeChat. */
        coupon: (who, couponId, state) => until(`the coupon is ${state}`, async () => {
            const { json } = await stack.get(`/v1/me/coupons/${couponId}`, { token: mint(stack.tokenKey(), { memberId: who.id }) });
            return json.voucher?.state === `VOUCHER_${state}` && json;
        }),
        /** What the provider has given, by the numbers of our coupons. */
        given: () => [...pay.favor.coupons.values()].map(({ request, openid, status }) => ({ request, openid, status })),
    };
}
