// What unions pay today, as the demonstration's scheme files say it: each file of the folder is opened by two officials,
// declared by whom it is for, reviewed by its offices, chosen as it says and shown, until it is to be paid. The forms are
// filled in from the files alone, so that another file is driven by putting it there. Of each file only times are made
// shorter here: the days of declaring and of being shown are none.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, mobile, personName, residentId, unionCoded, unionsCsv } from './people.mjs';
import { until } from './stack.mjs';
import { beginPaying } from './wechatpays.mjs';

const folder = new URL('../../deploy/demo/schemes/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json')).sort();
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const DAY = 864e5, OPEN_MS = 10000, DECLARE_MS = 45000; // until they open, and for how long one declares what is chosen from a list

describe('what unions pay today', () => {
    const schemes = new Map(); // by their files: { form, schemeId, applicants }
    let paying, stack, people, city, town, company, next = 0;
    const ok = (answer, code = 200) => {
        assert.equal(answer.status, code, answer.text);
        return answer.json;
    };
    const office = (memberId, role, union = city) => ({ token: mint(stack.tokenKey(), { memberId, unionPath: union.path, grants: [{ role, unionPath: union.path }] }) });
    const manager = (memberId) => office(memberId, 'BENEFIT_MANAGER'), finance = (memberId) => office(memberId, 'FINANCE');
    const her = (who) => ({ token: who.token });
    const hers = async (who) => ok(await stack.get(`/v1/me/applications/${who.applicationId}`, her(who)));
    const status = async ({ schemeId }) => ok(await stack.get(`/v1/schemes/${schemeId}/selection`, finance(921)));

    before(async () => {
        // WeChat takes up to 500 yuan without a name, and more by agreement; here as much as these schemes pay.
        paying = await beginPaying({ users: 2, standIn: false, settings: { bridge: { HUIGONG_PAY_ORDER_MAX: '500000', HUIGONG_PAY_PERSON_DAY: '5000000' } } });
        ({ stack, people } = paying);
        await stack.import('unions', unionsCsv());
        [city, town, company] = await Promise.all(['440600', '440604-001', '440604-001-0001'].map((code) => unionCoded(stack, code)));
        for (const union of [city, town, company])
            union.path = await until('subsidy knows the union', async () => (await stack.query('subsidy', `SELECT path FROM tree_union WHERE union_id = ${union.unionId}`))[0]?.path);
        // They are riders, who join the city's industry union, and are covered by that.
        const official = office(3, 'UNION_ADMIN');
        const { unionId } = ok(await stack.post('/v1/unions', { code: '440600-X', name: '新就业形态行业工会联合会', parentId: city.unionId, trades: ['FOOD_DELIVERY'] }, { ...official, key: 'industry' }), 201);
        for (const [n, who] of people.entries()) {
            const form = { unionId: company.unionId, trade: 'FOOD_DELIVERY', threeInOne: true, name: personName(700 + n), residentId: residentId(700 + n) };
            const { requestId } = ok(await stack.post('/v1/me/join-requests', form, her(who)), 201);
            assert.equal(ok(await stack.post(`/v1/unions/${unionId}/join-requests:decide`, { requestIds: [requestId], approve: true }, official)).done, 1);
            who.token = (await stack.login(mobile(700 + n))).token; // by whose number she has signed in before
        }
    });
    after(() => paying.close());

    /** In China: the day on which their cover has begun. */
    const today = () => new Date(Date.now() + 8 * 36e5).toISOString().slice(0, 10);

    /** What a field of a form takes; the n-th of what is different each time. */
    function answer(field, form) {
        const n = ++next, least = Number(field.least ?? 0);
        switch (field.kind) {
            case 'TEXT': return { text: '工会补贴申报情况说明如下'.padEnd(least, '实').slice(0, Math.max(least, 4)) };
            case 'NUMBER': return { number: String(least + 1) };
            case 'FEN': return { number: String(form.amount.field === field.name ? 54300 : Math.max(least, 100000)) };
            case 'DATE': return { date: form.coverCheck ? today() : form.rules?.some(({ smaller }) => smaller === field.name) ? '2025-03-01' : '2025-06-01' };
            case 'CHOICE': return { text: field.choices[0] };
            case 'REGION': return { text: '440604' };
            case 'RESIDENT_ID': return { text: residentId(n % 1000) };
            case 'BANK_ACCOUNT': return { text: `62220201000${String(n).padStart(5, '0')}` };
            case 'CERTIFICATE': return { text: `ZS-2025-${String(n).padStart(6, '0')}` };
            default: throw new Error(`a field of kind ${field.kind} is filled in by nobody here`);
        }
    }

    /** All fields that are asked but files; those asked with a choice, when it is the first. */
    const answers = (form) => form.fields.filter(({ kind, askedWith, askedFor }) => kind !== 'FILE' && (!askedWith || askedFor.includes(form.fields.find(({ name }) => name === askedWith).choices[0])))
        .map((field) => ({ field: field.name, ...answer(field, form) }));

    /** What it comes to by the first choice and the amount that is declared. */
    function amount({ amount: { fen, field, by, of, mostFen }, fields }) {
        const most = by ? of.find(({ choice }) => choice === fields.find(({ name }) => name === by).choices[0]).fen : fen ?? mostFen;
        return field ? String(Math.min(54300, Number(most))) : most;
    }

    /** Whether a step looks once more at an application, as anybody computes it by the last approval before. */
    function isDrawn(steps, nth, perMille) {
        const { hash } = steps.findLast(({ kind }) => kind === 'STEP_APPROVED');
        const sum = createHash('sha256').update('hg-second-look-1').update(Buffer.from(hash, 'hex')).update(Buffer.from([nth])).digest();
        return sum.readUInt32BE(0) * 1000 / 2 ** 32 < perMille;
    }

    /** Two who may declare it: members, or by their office in two unions. */
    const applicants = ({ applicantRoles }) => (applicantRoles ? [company, town].map((union, i) => ({ ...office(810 + i, applicantRoles[0], union), union })) : people.map(({ token }) => ({ token })));

    test('each is opened by two officials, with money that two have put in place', async () => {
        const fen = String(files.reduce((sum, name) => sum + Number(read(name).funding.fen), 0));
        const { fundId } = await until('the union is known', async () => {
            const proposed = await stack.post(`/v1/unions/${city.unionId}/subsidy-funds`, { name: '惠工补贴', fen }, { ...finance(931), key: 'fund' });
            return proposed.status === 201 && proposed.json;
        });
        ok(await stack.post(`/v1/subsidy-funds/${fundId}:confirm`, {}, finance(932)));
        const opens = Date.now() + OPEN_MS, closes = opens + DECLARE_MS, at = (ms) => new Date(ms).toISOString();
        for (const name of files) {
            const form = read(name), listed = form.selection.listAt;
            const scheme = {
                ...form, unionId: city.unionId, opensAt: at(opens), closesAt: at(listed ? closes : opens + 300 * DAY), funding: { ...form.funding, fundId },
                selection: { ...form.selection, ...listed && { listAt: at(closes), until: at(closes + 30 * DAY) } }, showing: { ...form.showing, workingDays: 0 },
            };
            const { schemeId } = ok(await stack.post('/v1/schemes', { scheme }, { ...manager(901), key: name }), 201);
            await until('the way of payment is known', async () => {
                const opened = await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(901));
                assert.ok(opened.status === 200 || opened.json.reason === 'WAY_NOT_OPEN', `${name}: ${opened.text}`);
                return opened.status === 200;
            });
            assert.equal(ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(902))).state, 'SCHEME_OPEN', name);
            assert.equal((await status({ schemeId })).freeFen, form.funding.fen);
            schemes.set(name, { form, schemeId, applicants: applicants(form) });
        }
        assert.equal(ok(await stack.get(`/v1/subsidy-funds/${fundId}`, finance(921))).freeFen, '0');
        assert.ok(schemes.size >= 11);
    });

    for (const name of files) {
        test(`${name}: declared, checked and approved by its offices`, async () => {
            const { form, schemeId, applicants: two } = schemes.get(name);
            for (const who of two) {
                const begun = await until('it is open', async () => {
                    const answered = await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her(who));
                    assert.ok(answered.status === 201 || answered.json.reason === 'NOT_YET_TIME', answered.text);
                    return answered.status === 201 && answered.json;
                });
                who.applicationId = begun.applicationId;
                assert.equal(begun.forUnionId, who.union?.unionId ?? '0');
                ok(await stack.post(`/v1/me/applications/${who.applicationId}:save`, { answers: answers(form) }, her(who)));
                const check = ok(await stack.get(`/v1/me/applications/${who.applicationId}/check`, her(who)));
                assert.deepEqual(check.findings, []);
                assert.equal(check.amountFen, amount(form));
                assert.equal(ok(await stack.post(`/v1/me/applications/${who.applicationId}:submit`, {}, her(who))).state, 'APPLICATION_IN_REVIEW');
                for (const [i, { role, hands = 1, perMille, title, notes }] of form.steps.entries()) {
                    if (perMille) {
                        const { stepTitle, steps } = await hers(who), drawn = isDrawn(steps, i, perMille);
                        assert.equal(stepTitle === title, drawn);
                        if (!drawn)
                            continue;
                    }
                    for (let hand = 0; hand < hands; hand++)
                        ok(await stack.post(`/v1/applications/${who.applicationId}:decide`, { verdict: 'APPROVE', remark: notes ? '入户核实，情况属实' : '' }, office(950 + 10 * i + hand, role)));
                }
                assert.ok(!['APPLICATION_IN_REVIEW', 'APPLICATION_REFUSED'].includes((await hers(who)).state));
                const left = ok(await stack.get('/v1/me/skills', her(who))).skills.filter(({ applicationId }) => applicationId === who.applicationId);
                assert.deepEqual(left.map(({ kind, schemeTitle, unionId }) => [kind, schemeTitle, unionId]), form.skill ? [[form.skill.kind, form.title, city.unionId]] : []);
            }
            if (form.once !== 'ONCE_ANY')
                assertProblem(await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her(two[0])), 409, form.once === 'ONCE_EVER' ? 'HAD_ONCE' : 'HAD_IN_PERIOD');
            if (form.applicantRoles)
                assertProblem(await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her(people[0])), 403, 'NOT_YOUR_UNIONS_OFFICE');
        });
    }

    for (const name of files) {
        test(`${name}: chosen as it says, and to be paid`, async () => {
            const { form, schemeId, applicants: two } = schemes.get(name);
            const isAll = form.selection.kind === 'ALL', ms = OPEN_MS + 2 * DECLARE_MS;
            await until('both are to be paid', async () => (await status({ schemeId })).payableFen === String(2 * Number(amount(form))), { ms });
            const told = await Promise.all(two.map(hers));
            assert.deepEqual(told.map(({ state, amountFen }) => [state, amountFen]), Array(2).fill(['APPLICATION_PAYABLE', amount(form)]));
            assert.deepEqual(told.map(({ place }) => place).sort(), [1, 2]);
            if (form.selection.kind === 'BY_SCORE')
                assert.ok(told.every(({ points }) => points > 0));
            for (const { steps } of told)
                assert.deepEqual(steps.slice(-2).map(({ kind }) => kind), ['STEP_CHOSEN', 'STEP_SHOWN'], isAll ? 'at once' : 'from the list');
            const { paidFen, committedFen, freeFen } = await status({ schemeId });
            assert.deepEqual([paidFen, committedFen, freeFen], ['0', '0', String(Number(form.funding.fen) - 2 * Number(amount(form)))]);
        });
    }

    test('a quarter is carried over once', async () => {
        const { schemeId } = schemes.get('chair.json'), carrying = async () => ok(await stack.get(`/v1/schemes/${schemeId}/carrying`, finance(921)));
        assert.equal((await carrying()).done, false);
        ok(await stack.post(`/v1/schemes/${schemeId}:carryOver`, {}, manager(901)));
        await until('all of the quarter before were looked at', async () => (await carrying()).done);
        assert.equal((await carrying()).nCarried, 0); // nobody had it before
        assertProblem(await stack.post(`/v1/schemes/${schemeId}:carryOver`, {}, manager(902)), 409, 'PERIOD_CARRIED');
    });

    test('the draw is published with both, and all is sound', async () => {
        const { schemeId } = schemes.get('education.json');
        const draw = ok(await stack.get(`/v1/schemes/${schemeId}/draw`));
        assert.deepEqual([draw.stage, draw.nEntries], ['PUBLISHED', 2]);
        const { sum } = (await stack.query('subsidy', 'SELECT sum(balance_fen) AS sum FROM account'))[0];
        assert.equal(sum, 0);
        await stack.assertCleanAudits();
    });
});
