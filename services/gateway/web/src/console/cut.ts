// A network that is cut while something is sent: nobody knows whether it arrived. What was typed stays, its form says
// so (CutNote.vue), and what goes to the same address next goes with the key of what was not answered: it is done once.
import type { Middleware } from 'openapi-fetch';
import { shallowRef } from 'vue';
import { isRefused, Offline } from '../shared/api';

const KEY = 'Idempotency-Key';
const READS = /\/v1\/(batch|sessions|official-sessions|login-codes)\b/; // and signing in, which says it itself
const unanswered = new Map<string, string>(); // keys, by method and address
let sentFrom: HTMLFormElement | null = null;

/** What was not answered, and the form from which it was sent, if it was one; null while nothing is. */
export const cut = shallowRef<{ form: HTMLFormElement | null } | null>(null);

addEventListener('pointerdown', ({ target }) => {
  const at = target as Element;
  if (!at.closest('[role=dialog]')) sentFrom = at.closest('form'); // a dialog asks about what was begun before
}, true);
addEventListener('submit', ({ target }) => { sentFrom = target as HTMLFormElement; }, true);

const nameOf = ({ method, url }: Request) => `${method} ${url}`;

export const againWithItsKey: Middleware = {
  onRequest({ request }) {
    const kept = unanswered.get(nameOf(request));
    if (kept && request.headers.has(KEY)) request.headers.set(KEY, kept);
  },
  onResponse({ request }) {
    if (request.method === 'GET') return;
    unanswered.delete(nameOf(request));
    cut.value = null;
  },
  onError({ request, error }) {
    if (request.method === 'GET' || READS.test(request.url)) return;
    const lost = error instanceof Offline, key = request.headers.get(KEY);
    if (key && (lost || isRefused(error, 'OUTCOME_UNKNOWN'))) unanswered.set(nameOf(request), key);
    else unanswered.delete(nameOf(request));
    cut.value = lost ? { form: sentFrom?.isConnected ? sentFrom : null } : null;
    if (isRefused(error, 'IDEMPOTENCY_KEY_REUSED')) (error as Error).message = '上一次提交其实已经办成，之后您又改了内容。请刷新查看；确实要再办一件，请再提交一次。';
  },
};
