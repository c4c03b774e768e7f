// kill -9 of health while members enter a lot, while it is frozen and drawn, and while the winners get
// their entitlements: who was told that she is in is in, and what comes out is what anybody computes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { announced, draw, drawFile, enter, manager, offer, VALUE } from '../system/checkups.mjs';
import { chance, newSeed } from '../system/people.mjs';
import { build, run, Stack, until } from '../system/stack.mjs';
import { untilKnown } from './load.mjs';

const MEMBERS = 2500, CLIENTS = 48, QUOTA = 600;

/** Kills and restarts health until told to stop. */
function killer(stack, random) {
    let on = true, kills = 0;
    const done = (async () => {
        while (on) {
            await new Promise((next) => setTimeout(next, 60 + random() * 400));
            await stack.kill('health');
            stack.spawn('health');
            await stack.serves('health');
            kills++;
        }
    })();
    return { stop: async () => { on = false; await done; return kills; } };
}

describe('a lot survives', () => {
    test('kill -9 of health in every phase', async (t) => {
        const seed = newSeed(), random = chance(seed);
        await Stack.with({}, async (stack) => {
            const known = (request) => untilKnown(request, random);
            const campaign = await announced(stack, { open: 12000, value: 15000, quota: QUOTA, waiting: 50 });
            const { campaignId } = campaign;
            await until('entries open', async () => !(await offer(stack, campaign, 1)).reason);

            const entering = killer(stack, random);
            const tickets = new Map();
            let next = 1;
            await Promise.all(Array.from({ length: CLIENTS }, async () => {
                while (next <= MEMBERS) {
                    const id = next++;
                    const answer = await known(() => enter(stack, campaign, id));
                    if (answer.status === 200 || answer.status === 201)
                        tickets.set(id, answer.json.ticket);
                    else
                        assert.equal(answer.json.reason, 'ENTRIES_CLOSED', answer.text);
                }
            }));
            t.diagnostic(`${await entering.stop()} kills while ${tickets.size} entered`);

            const drawing = killer(stack, random);
            const post = (path, body, memberId) => known(() =>
                stack.post(`/v1/checkups/${campaignId}:${path}`, body, { token: manager(stack, memberId) }));
            const state = async () => (await known(() => stack.get(`/v1/checkups/${campaignId}/draw`))).json;
            const { root } = await until('the list is frozen', async () => (await state()).root && state());
            await until('the value may be entered', async () => (await post('enterValue', { value: VALUE }, 900)).status === 200);
            // A lost answer to a confirmation that was kept is told apart by what is fixed then.
            const confirmed = await post('confirmValue', { value: VALUE }, 901);
            assert.ok(confirmed.status === 200 || confirmed.json.reason === 'VALUE_FIXED', confirmed.text);
            await until('the lots are drawn', async () => (await state()).state === 'DRAWN');
            assert.equal((await post('publish', {}, 900)).status, 200);
            const winners = Math.min(QUOTA, tickets.size);
            await until('the winners are entitled', async () => {
                const [{ n }] = await stack.query('health', 'SELECT count(*) AS n FROM entitlement');
                assert.ok(n <= winners);
                return n === winners;
            });
            t.diagnostic(`${await drawing.stop()} kills from the freeze to the winners`);

            await stack.ready();
            assert.equal((await draw(stack, campaign)).root, root);
            const file = await drawFile(stack, campaign);
            writeFileSync(stack.path('draw'), file);
            const verified = await run(join(build, 'hg-draw'), ['verify', stack.path('draw')]);
            assert.equal(verified.code, 0, verified.stdout + verified.stderr);
            const places = new Map(file.slice(file.indexOf('\nlist\n') + 6).split('\n').slice(0, -2).map((line) => {
                const [ticket, , , place] = line.split(' ');
                return [ticket, Number(place)];
            }));
            assert.equal(places.size, tickets.size, 'nobody but who was told so is in the list');
            for (const ticket of tickets.values())
                assert.ok(places.has(ticket), 'who was told that she is in is in');
            for (const [id, ticket] of [...tickets].slice(0, 200)) {
                const { result } = await offer(stack, campaign, id);
                assert.equal(result.place ?? 0, places.get(ticket));
                assert.equal(result.state === 'WON', places.get(ticket) > 0 && places.get(ticket) <= QUOTA);
            }
            await stack.assertCleanAudits();
        });
    });
});
