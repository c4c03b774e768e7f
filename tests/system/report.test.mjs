// What comes after the door, by HTTP alone: the clerk uploads a report in parts while the daemon is
// killed, the member reads it with her consent and nobody else does, the site is paid by two
// officials, and one call tells the whole story with the journal's hashes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { manager } from './checkups.mjs';
import { book, passOf, scan, scanner, soon, won } from './bookings.mjs';
import { assertProblem } from './http.mjs';
import { person, rosterCsv, unionsCsv } from './people.mjs';
import * as reports from './reports.mjs';
import { Stack, until } from './stack.mjs';

const pdf = reports.pdfOf(2 * reports.PART + 500, 'x');

describe('an attended health check', () => {
    let stack, campaign, siteId, me, other, absent, bookingId, reportId, opened;
    const official = (memberId, role) => reports.official(stack, memberId, role);
    const begin = (booking) => reports.beginReport(stack, booking, pdf);
    const put = (part) => reports.putPart(stack, reportId, pdf, part);
    const finish = (bytes = pdf) => until('it is checked', async () => {
        const answer = await reports.finishReport(stack, reportId, bytes);
        return answer.status !== 503 && answer;
    });
    const open = (token) => reports.openReport(stack, reportId, token);
    async function killed() {
        await stack.restart('health');
        await stack.serves('health');
    }

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(1), person(2), person(3)]))).code, 0);
        [me, other, absent] = await Promise.all([1, 2, 3].map((n) => reports.signedIn(stack, n)));
        campaign = await won(stack, [me.id, other.id, absent.id]);
        siteId = campaign.sites[0].siteId;
        const slotId = await soon(stack, campaign);
        for (const one of [me, other, absent])
            one.bookingId = (await book(stack, campaign, slotId, one.id)).json.bookingId;
        const door = await scanner(stack, siteId, 7000);
        for (const one of [me, other]) {
            const scanned = await scan(stack, door, `scan-of-${one.id}`, (await passOf(stack, one.bookingId, one.id)).text);
            assert.equal(scanned.json.outcome, 'ACCEPTED', scanned.text);
        }
        ({ bookingId } = me);
        await reports.employClerk(stack, siteId);
    });
    after(() => stack.close());

    test('a report of nobody who was there is refused', async () => {
        assertProblem(await begin(absent.bookingId), 409, 'NOT_ATTENDED');
    });

    test('the clerk uploads it in parts, and a killed daemon has every part that was answered', async () => {
        const begun = await begin(bookingId);
        assert.equal(begun.status, 201, begun.text);
        ({ reportId } = begun.json);
        assert.equal(begun.json.parts, 3);
        assert.equal((await put(2)).json.received, 1);
        await killed();
        assert.equal((await put(0)).json.received, 2);
        assertProblem(await finish(), 409, 'REPORT_INCOMPLETE');
        assert.equal((await put(1)).json.received, 3);
        await killed();
        assertProblem(await finish(Buffer.alloc(9)), 409, 'REPORT_DAMAGED');
        const done = await finish();
        assert.equal(done.json.state, 'REPORT_STATE_READY', done.text);
        assert.deepEqual([(await finish()).json.version, (await begin(bookingId)).json.reportId], [1, reportId]);
    });

    test('she alone reads it, with her consent', async () => {
        assertProblem(await open(me.token), 403, 'REPORT_CONSENT_MISSING');
        await reports.consentToReports(stack, '440600', [me.token, other.token]);
        opened = await until('health has heard of her consent', async () => {
            const answer = await open(me.token);
            return answer.status === 200 && answer.json;
        });
        assert.equal(opened.items[0].value, '9.8');
        assertProblem(await open(other.token), 404, 'REPORT_NOT_FOUND');
        const { json: { reports: mine } } = await stack.get('/v1/me/checkup-reports', { token: me.token });
        assert.deepEqual([mine.length, mine[0].abnormal], [1, true]);
    });

    test('a link of five minutes gives her the PDF, whole, and nobody else', async () => {
        const answer = await stack.get(opened.link, { token: me.token });
        assert.equal(answer.status, 200, answer.text.slice(0, 300));
        assert.equal(answer.headers['content-type'], 'application/pdf');
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.equal(answer.headers['content-disposition'], `attachment; filename="report-${reportId}.pdf"`);
        assert.deepEqual(answer.bytes, pdf);
        assertProblem(await stack.get(opened.link, { token: other.token }), 404, 'REPORT_NOT_FOUND');
        assertProblem(await stack.get(opened.link), 401, 'MISSING_TOKEN');
        assertProblem(await stack.get(`${opened.link.slice(0, -1)}${opened.link.endsWith('A') ? 'B' : 'A'}`, { token: me.token }),
            403, 'REPORT_LINK_INVALID');
        const { json: { views } } = await stack.get(`/v1/me/checkup-reports/${reportId}/views`, { token: me.token });
        assert.equal(views.length, 1);
    });

    test('two officials settle what the site is owed, also when the daemon dies in between', async () => {
        const prepare = (id) => reports.prepareSettlement(stack, campaign, id);
        const prepared = await prepare(701);
        assert.equal(prepared.json.totalFen, String(2 * 11600), prepared.text);
        await killed();
        const { settlementId } = (await prepare(702)).json;
        assert.equal(settlementId, prepared.json.settlementId);
        const confirm = (id) => reports.confirmSettlement(stack, settlementId, id);
        assertProblem(await confirm(701), 403, 'SETTLED_BY_ONE');
        assert.equal((await confirm(702)).json.state, 'SETTLEMENT_CONFIRMED');
        await killed();
        const [{ seq }] = await stack.query('health', 'SELECT max(seq) AS seq FROM journal WHERE kind = 52');
        assert.ok(stack.witnessed('health') >= seq, 'what is paid is witnessed outside the store before it is told');
        assertProblem(await prepare(701), 409, 'NOTHING_TO_SETTLE');
        const csv = await stack.get(`/v1/checkup-settlements/${settlementId}/csv`, { token: official(703, 'AUDIT_ADMIN') });
        assert.equal(csv.headers['content-type'], 'text/csv; charset=utf-8');
        assert.equal(csv.text.split('\r\n').filter((line) => line.includes(',到检,116.00,')).length, 2, csv.text);
    });

    test('one call tells the story, and each fact is the row of the journal', async () => {
        const { json: mine } = await stack.get(`/v1/me/bookings/${bookingId}/story`, { token: me.token });
        const { json: audited } = await stack.get(`/v1/checkup-bookings/${bookingId}/story`, { token: official(703, 'AUDIT_ADMIN') });
        // What it cost is between the union and the site.
        assert.deepEqual([audited.line.fen, mine.line.fen], ['11600', '0']);
        audited.line.fen = '0';
        assert.deepEqual(audited, mine);
        assert.deepEqual(mine.facts.map(({ event }) => event), ['entitlement_changed', 'booking_changed', 'pass_issued',
            'entitlement_changed', 'scanned', 'booking_changed', 'entitlement_changed', 'report_changed', 'report_changed',
            'settlement_changed']);
        const rows = await stack.query('health', `SELECT seq, lower(hex(hash)) AS hash FROM journal WHERE seq IN (${mine.facts.map(({ seq }) => seq)}) ORDER BY seq`);
        assert.deepEqual(mine.facts.map(({ seq, hash }) => ({ seq: Number(seq), hash })), rows);
        assert.equal(mine.report.version, 1);
        assert.ok(!JSON.stringify(audited).includes('"9.8"'), 'nothing of what the report says');
        assert.ok(!JSON.stringify(audited).includes(me.id), 'nor whose it is');
        assertProblem(await stack.get(`/v1/me/bookings/${bookingId}/story`, { token: other.token }), 404, 'BOOKING_NOT_FOUND');
        const { json: { checkups } } = await stack.get('/v1/me/checkup-history', { token: me.token });
        assert.deepEqual(checkups.map(({ booking, reports }) => [booking, reports]), [['ARRIVED', 1]]);
    });

    test('the story is the same once its rows have left the store', async () => {
        const { json: before_ } = await stack.get(`/v1/me/bookings/${bookingId}/story`, { token: me.token });
        await stack.archive('health');
        assert.deepEqual((await stack.get(`/v1/me/bookings/${bookingId}/story`, { token: me.token })).json, before_);
        const kinds = await stack.query('health', 'SELECT DISTINCT kind FROM journal WHERE seq <= (SELECT max(last) FROM segment) ORDER BY kind');
        assert.deepEqual(kinds.map(({ kind }) => kind), [31, 36, 52], 'bookings, scans and settlements stay, and nothing else');
        const { code, stdout } = await stack.audit('health');
        assert.equal(code, 0, stdout);
    });

    test('officials see how many, and nothing of few', async () => {
        const { json } = await stack.get(`/v1/checkups/${campaign.campaignId}/totals`, { token: manager(stack) });
        assert.deepEqual([json.all.attended.withheld, json.all.attended.number], [true, 0]);
    });

    test('what she erases is gone, and the audit finds all unbroken', async () => {
        const erased = await stack.post(`/v1/me/checkup-reports/${reportId}:erase`, {}, { token: me.token });
        assert.equal(erased.json.state, 'REPORT_STATE_ERASED', erased.text);
        assertProblem(await open(me.token), 410, 'REPORT_GONE');
        assertProblem(await stack.get(opened.link, { token: me.token }), 410, 'REPORT_GONE');
        assert.deepEqual(await stack.query('health', 'SELECT count(*) AS n FROM vault_part'), [{ n: 0 }]);
        const { code, stdout } = await stack.audit('health');
        assert.equal(code, 0, stdout);
    });
});
