// kill -9 of health while a clerk uploads reports in parts, and while two officials settle what a site is
// owed: what was answered is there, a report is read as it was uploaded, and nothing is paid twice.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { book, passOf, scan, scanner, soon, won } from '../system/bookings.mjs';
import { bytesOf, chance, newSeed, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import * as reports from '../system/reports.mjs';
import { Stack, until } from '../system/stack.mjs';
import { struck, underKills, untilKnown } from './load.mjs';

const READERS = 4, PARTS = 5, KILLS = 6;
const ROUNDS = 8; // of settling, of one person's check-up each
const PRICE_FEN = 11600;

describe('what comes after the door survives', () => {
    const seed = newSeed();

    test(`kill -9 of health, ${KILLS + 1 + ROUNDS} times`, async (t) => {
        const random = chance(seed);
        await Stack.with({}, async (stack) => {
            let retries = 0;
            const known = (request) => untilKnown(request, random, () => retries++);
            const numbers = Array.from({ length: READERS }, (_, n) => n);
            assert.equal((await stack.import('unions', unionsCsv())).code, 0);
            assert.equal((await stack.import('roster', rosterCsv(numbers.map((n) => person(n))))).code, 0);
            const readers = await Promise.all(numbers.map((n) => reports.signedIn(stack, n)));
            await reports.consentToReports(stack, '440600', readers.map(({ token }) => token));
            const others = Array.from({ length: ROUNDS }, (_, n) => ({ id: 1 + n }));
            const campaign = await won(stack, [...readers, ...others].map(({ id }) => id));
            const slotId = await soon(stack, campaign, { capacity: READERS + ROUNDS });
            const door = await scanner(stack, campaign.sites[0].siteId, 7000);
            await reports.employClerk(stack, door.siteId);
            for (const one of [...readers, ...others])
                one.bookingId = (await book(stack, campaign, slotId, one.id)).json.bookingId;
            const comes = async ({ id, bookingId }) => {
                const { json } = await scan(stack, door, `scan-of-${id}`, (await passOf(stack, bookingId, id)).text);
                assert.equal(json.outcome, 'ACCEPTED');
            };

            for (const [n, one] of readers.entries()) {
                await comes(one);
                one.pdf = Buffer.concat([reports.pdfOf((PARTS - 1) * reports.PART + 500 * n + 9, 'x'), bytesOf(random, 500)]);
                one.reportId = (await known(() => reports.beginReport(stack, one.bookingId, one.pdf))).json.reportId;
            }
            const parts = readers.flatMap((one) => Array.from({ length: PARTS }, (_, part) => ({ one, part, at: random() })));
            parts.sort((a, b) => a.at - b.at);
            await underKills(stack, 'health', { kills: KILLS, random, items: parts }, async ({ one, part }) => {
                const answer = await known(() => reports.putPart(stack, one.reportId, one.pdf, part));
                assert.equal(answer.status, 200, answer.text);
            });
            for (const { reportId } of readers)
                assert.equal((await reports.uploadedReport(stack, reportId)).json.received, PARTS, 'no answered part is lost');
            const finished = await struck(stack, 'health', random, readers.map(({ reportId, pdf }) => () =>
                known(() => reports.finishReport(stack, reportId, pdf))));
            for (const answer of finished)
                assert.deepEqual([answer.json.state, answer.json.version], ['REPORT_STATE_READY', 1], answer.text);
            for (const { token, reportId, pdf } of readers) {
                const opened = await until('health has heard of her consent', async () => {
                    const answer = await reports.openReport(stack, reportId, token);
                    return answer.status === 200 && answer.json;
                });
                assert.ok((await stack.get(opened.link, { token })).bytes.equals(pdf), 'it is read as it was uploaded');
            }

            const settles = async (memberId) => {
                const prepared = await known(() => reports.prepareSettlement(stack, campaign, memberId));
                if (prepared.status >= 300) {
                    assert.equal(prepared.json.reason, 'NOTHING_TO_SETTLE', prepared.text);
                    return null;
                }
                const confirmed = await known(() => reports.confirmSettlement(stack, prepared.json.settlementId, memberId));
                if (confirmed.status < 300)
                    return confirmed.json;
                assert.equal(confirmed.json.reason, 'SETTLED_BY_ONE', confirmed.text);
                return null;
            };
            const paid = new Map();
            for (const one of others) {
                await comes(one);
                for (const settlement of await struck(stack, 'health', random, [() => settles(701), () => settles(702)])) {
                    if (settlement)
                        paid.set(settlement.settlementId, settlement);
                }
            }
            t.diagnostic(`${retries} requests had to be sent again`);
            assert.ok(retries > 0, 'the kills were felt');
            assert.equal(paid.size, ROUNDS, 'one settlement a round');
            const rows = await stack.query('health', `SELECT CAST(statement_id AS TEXT) AS id, state, n_lines, total_fen
                FROM statement ORDER BY statement_id`);
            assert.deepEqual(rows.map(({ id, state, total_fen: fen }) => [id, state, String(fen)]),
                [...paid.values()].map(({ settlementId, totalFen }) => [settlementId, 2, totalFen]));
            assert.equal(rows.reduce((sum, row) => sum + row.total_fen, 0), (READERS + ROUNDS) * PRICE_FEN);
            const [{ n }] = await stack.query('health', 'SELECT count(DISTINCT thing_id) AS n FROM statement_line');
            assert.equal(n, READERS + ROUNDS, 'each check-up is paid once');
            await stack.assertCleanAudits();
        });
    });
});
