// The officials' part of tests/bench/booking: booking.mjs PORT KEYFILE STEP ARGUMENTS...
//   announce WINNERS MS UNION   prints the union's campaign, into which is entered from now on for MS
//   draw CAMPAIGN WINNERS       draws and publishes, makes slots and prints a body for each
import { readFileSync } from 'node:fs';
import { Http } from '../system/http.mjs';
import { announced, draw, giveValue, manager, post } from '../system/checkups.mjs';
import { until } from '../system/stack.mjs';

const [port, keyFile, step, ...args] = process.argv.slice(2);
const http = new Http({ port: Number(port) });
const key = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'hex');
const stack = {
    tokenKey: () => key,
    get: (path, options) => http.request('GET', path, options),
    post: (path, body, options) => http.request('POST', path, { body, ...options }),
};
const DAYS = 10, HOURS = 10;

if (step === 'announce') {
    const winners = Number(args[0]);
    const campaign = await announced(stack,
        { quota: winners, waiting: 0, opens: 1000, open: Number(args[1]), unionId: args[2], budgetFen: 11600 * winners });
    await until('entries open', async () => (await draw(stack, campaign)).state === 'OPEN');
    console.log(campaign.campaignId);
} else {
    const [campaignId, winners] = args;
    await giveValue(stack, { campaignId });
    await until('the lots are drawn', async () => (await draw(stack, { campaignId })).state === 'DRAWN', { ms: 120000 });
    await post(stack, `/v1/checkups/${campaignId}:publish`, {});
    const { sites: [{ siteId }] } = (await stack.get(`/v1/checkups/${campaignId}`, { token: manager(stack) })).json;
    const day = (n) => new Date(Date.now() + (n + 2) * 86400000).toISOString().slice(0, 10);
    const { slots } = await post(stack, `/v1/checkups/${campaignId}/sites/${siteId}/slots`, {
        days: Array.from({ length: DAYS }, (_, n) => day(n)),
        hours: Array.from({ length: HOURS }, (_, n) => ({ fromMinute: 480 + 60 * n, untilMinute: 540 + 60 * n, capacity: Math.ceil(Number(winners) / DAYS / HOURS) + 100 })),
    });
    slots.forEach(({ slotId }) => console.log(JSON.stringify({ slotId })));
}
http.close();
