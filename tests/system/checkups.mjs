// Health-check campaigns for tests: their officials, and the way from a draft to a published draw.
import assert from 'node:assert/strict';
import { mint } from './people.mjs';
import { until } from './stack.mjs';
import { unionAt } from './unions.mjs';

/** Where the first union of a test stands. */
export const UNION = '0000';
export const VALUE = '03 07 11 18 22 30 + 09';

export const manager = (stack, memberId = 900) =>
    mint(stack.tokenKey(), { memberId, grants: [{ role: 'BENEFIT_MANAGER', unionPath: UNION }] });
export const member = (stack, memberId, more = {}) => mint(stack.tokenKey(), { memberId, unionPath: `${UNION}0001`, ...more });

const at = (ms) => new Date(ms).toISOString();

/** Asks as an official, with a new Idempotency-Key. */
const asked = (stack, path, body, token = manager(stack)) => stack.post(path, body, { token, key: `k-${Math.random()}` });

/** What she has made. */
export async function post(...what) {
    const { status, json, text } = await asked(...what);
    assert.ok(status === 201 || status === 200, text);
    return json;
}

/**
 * An announced campaign of one package and one site that opens and closes so many milliseconds from now; the public
 * value comes into being so many after that, by when the list is frozen. It opens later where the machine lets that
 * moment pass before all is announced. Without a lot (firstCome) it is booked from when it opens.
 */
export async function announced(stack, { opens = 1500, open = 3000, value = 5000, quota = 3, waiting = 3, firstCome = false, ...more } = {}) {
    const unionId = more.unionId ?? await unionAt(stack, UNION, 'health');
    const { packageId } = await post(stack, '/v1/checkup-packages', {
        package: { unionId, title: '基本套餐', items: [{ code: '36643-5', name: '胸部X线' }, { code: 'CT-L', name: '肺部低剂量CT', kind: 'LUNG' }] },
    });
    const { siteId } = await post(stack, '/v1/checkup-sites', {
        site: { unionId, name: '市中医院', address: '亲仁路6号', latE6: 23024750, lonE6: 113116580 },
    });
    for (let wait = opens; ; wait *= 3) {
        const opensAt = Date.now() + wait, closesAt = opensAt + open, valueAt = closesAt + value;
        const created = await asked(stack, '/v1/checkups', {
            campaign: {
                unionId, title: '职工免费体检', rules: '本市工会会员每人一次', packageId,
                strata: [{ label: '全体', quota, waiting: firstCome ? 0 : waiting }], sites: [{ siteId }],
                ...firstCome ? { firstCome, bookFrom: at(opensAt) } : {
                    opensAt: at(opensAt), closesAt: at(closesAt), publicName: '双色球下一期开奖号码', valueAt: at(valueAt),
                    drawAt: at(valueAt), bookFrom: at(valueAt),
                },
                bookUntil: at(closesAt + 30 * 86400000),
                priceFen: 11600, budgetFen: 11600 * quota, ...more,
            },
        });
        const answer = created.status === 201 ? await asked(stack, `/v1/checkups/${created.json.campaignId}:announce`, {}) : created;
        if (answer.status < 300)
            return created.json;
        assert.ok(answer.json.reason === 'OPENS_TOO_SOON' && wait < 30000, answer.text);
    }
}

export const draw = async (stack, { campaignId }) => (await stack.get(`/v1/checkups/${campaignId}/draw`)).json;
export const reaches = (stack, campaign, state) =>
    until(`the campaign is ${state}`, async () => {
        const now = await draw(stack, campaign).catch(() => null);
        return now?.state === state && now;
    });

export const enter = (stack, { campaignId }, memberId, more) =>
    stack.post(`/v1/checkups/${campaignId}/entries`, {}, { token: member(stack, memberId, more) });
export const offer = async (stack, { campaignId }, memberId) =>
    (await stack.get(`/v1/me/checkups/${campaignId}`, { token: member(stack, memberId) })).json;

/** Two officials enter the public value once it is there. */
export async function giveValue(stack, { campaignId }) {
    const path = `/v1/checkups/${campaignId}:enterValue`, token = manager(stack, 900);
    const tooSoon = ['NOT_FROZEN_YET', 'VALUE_NOT_YET'];
    const entered = await until('the value may be entered', async () => {
        const answer = await stack.post(path, { value: VALUE }, { token });
        return !tooSoon.includes(answer.json.reason) && answer;
    }, { every: 200 });
    assert.equal(entered.status, 200, entered.text);
    await post(stack, `/v1/checkups/${campaignId}:confirmValue`, { value: VALUE }, manager(stack, 901));
}

/** Publishes what is drawn, and waits until the winners are entitled. */
export async function publish(stack, campaign, winners) {
    await reaches(stack, campaign, 'DRAWN');
    await post(stack, `/v1/checkups/${campaign.campaignId}:publish`, {});
    await until('the winners are entitled', async () => {
        const [{ n }] = await stack.query('health', `SELECT count(*) AS n FROM entitlement WHERE campaign_id = ${campaign.campaignId}`);
        return n === winners;
    });
}

/** The published file: all pages, one after the other. */
export async function drawFile(stack, { campaignId }) {
    let text = '';
    for (let token = ''; ;) {
        const page = await until('a page of the file', async () => {
            const answer = await stack.get(`/v1/checkups/${campaignId}/draw-file?pageToken=${token}`);
            return answer.status !== 503 && answer;
        });
        assert.equal(page.status, 200, page.text);
        text += page.json.text;
        token = page.json.nextPageToken;
        if (!token)
            return text;
    }
}

export async function receipt(stack, { campaignId }, memberId) {
    const answer = await until('the receipt', async () => {
        const one = await stack.get(`/v1/me/checkups/${campaignId}/receipt`, { token: member(stack, memberId) });
        return one.status !== 503 && one;
    });
    assert.equal(answer.status, 200, answer.text);
    return answer.json.text;
}
