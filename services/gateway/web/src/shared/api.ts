// How the pages speak with the gateway: typed by its OpenAPI document, so that a page cannot
// call what does not exist. Refusals come with the service's own words (errmsg).
import createClient from 'openapi-fetch';
import type { components, operations, paths } from '../api';
import { deviceNonce } from './device';
import { enter, leave, session } from './session';
import { proven } from './stepup';

export type Schemas = components['schemas'];
/** What an operation is asked with. */
export type Asked<O extends keyof operations> = operations[O] extends { requestBody: { content: { 'application/json': infer Body } } } ? Body : never;
/** What values of an enum are called; one that does not exist fails the build. */
export type Said<E extends keyof Schemas> = Partial<Record<Schemas[E] & string, string>>;

export class Refusal extends Error {
  reason: string;
  status: number;
  fields: Record<string, string> = {};
  constructor(problem: Schemas['Problem'], public retryAfterS = 0) {
    super(problem.errmsg);
    this.reason = problem.reason;
    this.status = problem.status;
    for (const one of problem.errors ?? []) this.fields[one.field] = one.message;
  }
}

export class Offline extends Error {}

/** What a failure is called before whoever looks at the page. */
export function words(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (error instanceof Offline) return '网络不通，请稍后再试';
  reportError(error);
  return '页面出错，请刷新后再试';
}

export const isRefused = (error: unknown, ...reasons: string[]) => error instanceof Refusal && reasons.includes(error.reason);

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

// ---- the service's clock ----

let ahead = 0; // of this device's, ms
let surest = Infinity; // ms that the answer told it by took

/** Milliseconds since 1970 by the service's clock: what opens, opens by it. */
export const now = () => Date.now() + ahead;

/** What the clock was ahead of this device's once, for as long as nobody can be asked. */
export function supposeClock(by: number) {
  if (surest === Infinity) ahead = by;
}

// The header tells whole seconds, so that an answer is on average half of one late.
function readClock(response: Response, asked: number, took: number) {
  const told = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(told) || took > surest) return;
  surest = took;
  const off = told + 500 - (asked + took / 2);
  ahead = Math.abs(off) > 1000 ? off : 0; // nearer than it is told
}

// ---- one call ----

let renewing: Promise<boolean> | null = null;

/** Renews the session, once for all calls that find it expired; one that finds it renewed meanwhile goes on. */
function renew(expired: string): Promise<boolean> {
  if (session.value?.token !== expired) return Promise.resolve(Boolean(session.value));
  renewing ??= (async () => {
    const given = await fetch('/v1/sessions:refresh', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'Device-Nonce': await deviceNonce },
      body: JSON.stringify({ refreshToken: session.value?.refreshToken }),
    });
    if (given.ok) enter(await given.json());
    return given.ok;
  })().finally(() => { renewing = null; });
  return renewing;
}

async function once(request: Request): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set('Device-Nonce', await deviceNonce);
  if (session.value) headers.set('Authorization', `Bearer ${session.value.token}`);
  const asked = Date.now();
  const response = await fetch(new Request(request.clone(), { headers }));
  readClock(response, asked, Date.now() - asked);
  return response.body ? new Response(await response.blob(), response) : response; // what breaks off halfway is no answer
}

async function problemOf(response: Response): Promise<Schemas['Problem'] | null> {
  if (response.ok) return null;
  try {
    return await response.clone().json();
  } catch {
    throw new Offline(); // something between us and the gateway answered in words of its own
  }
}

async function ask(request: Request): Promise<Response> {
  try {
    const token = session.value?.token;
    let response = await once(request), problem = await problemOf(response);
    if (problem?.reason === 'TOKEN_EXPIRED' && token && session.value?.refreshToken && await renew(token)) {
      response = await once(request);
      problem = await problemOf(response);
    }
    if (problem?.reason === 'STEP_UP_NEEDED' && await proven()) {
      response = await once(request);
      problem = await problemOf(response);
    }
    // It may have been done: with the same key we are told.
    for (let left = 5; request.headers.has('Idempotency-Key') && problem?.reason === 'OUTCOME_UNKNOWN' && left; left--) {
      await wait(1000);
      response = await once(request);
      problem = await problemOf(response);
    }
    if (response.status === 401) leave();
    if (problem) throw new Refusal(problem, Number(response.headers.get('retry-after')) || 0);
    return response;
  } catch (error) {
    throw error instanceof TypeError ? new Offline() : error; // fetch: there is no network
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: ask });

/** What a call gave: const { union } = await got(api.GET('/v1/me')) */
export async function got<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** What several reads of several services gave, in one request; the first that was refused is thrown. */
export async function together(paths: string[]): Promise<object[]> {
  return (await eachOf(paths)).map((answer) => {
    if (answer instanceof Refusal) throw answer;
    return answer;
  });
}

/** The same where what one service does not tell leaves the rest to be shown. */
export async function eachOf(paths: string[]): Promise<(object | Refusal)[]> {
  if (!paths.length) return [];
  const token = session.value?.token, read = () => got(api.POST('/v1/batch', { body: { paths } }));
  let { answers } = await read();
  if (token && answers.some(({ body }) => (body as { reason?: string } | null)?.reason === 'TOKEN_EXPIRED') && await renew(token)) ({ answers } = await read());
  return answers.map(({ status, body }) => status === 200 ? body as object : new Refusal(body as object as Schemas['Problem']));
}

/** A key for an operation that must not be done twice: one for each time it is meant. */
export const newKey = () => `"${crypto.getRandomValues(new Uint32Array(4)).join('-')}"`;

/** A file, e.g. a PDF, by the link that an answer gave. */
export const download = async (path: string) => (await ask(new Request(new URL(path, location.origin)))).blob();

/** Waits as long as the service says whenever it was asked too often, and goes on: for work of many reads. */
export async function unhurried<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 429)) throw error;
      await wait(Math.max(error.retryAfterS, 1) * 1000);
    }
  }
}

/** Asks again for what is not ready yet, as often as one would wait for it. */
export async function patiently<T>(work: () => Promise<T>, ...reasons: string[]): Promise<T> {
  for (let left = 20; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0 || !isRefused(error, ...reasons)) throw error;
    }
    await wait(500);
  }
}
