// Journals checked where they are read: what each row's hash is made of, the row before it, and the heads that the
// services have signed. Nothing is taken on the gateway's word but the rows themselves.
import { api, got, type Schemas } from '../shared/api';

export type Row = Schemas['rpc.ShownRow'];
interface Head { seq: string; at: string; hash: string; signature: string }
export interface Journal { queue: string; publicPoint: string; heads: Head[] }

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
const hexOf = (bytes: ArrayBuffer) => [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, '0')).join('');

/** SHA-256(before | seq | at | eventNumber | actor | body), as common/store/journal.h has it. */
export async function hashOf(row: Row): Promise<string> {
  const body = Uint8Array.from(atob(row.body.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0));
  const made = new Uint8Array(32 + 8 + 8 + 4 + 8 + body.length), view = new DataView(made.buffer);
  made.set(bytesOf(row.before));
  view.setBigInt64(32, BigInt(row.seq));
  view.setBigInt64(40, BigInt(row.at));
  view.setInt32(48, row.eventNumber);
  view.setBigInt64(52, BigInt(row.actor));
  made.set(body, 60);
  return hexOf(await crypto.subtle.digest('SHA-256', made));
}

/** What is wrong with rows in their order, by number; empty when nothing is. */
export async function faults(rows: Row[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [i, row] of rows.entries()) {
    const last = rows[i - 1];
    if (await hashOf(row) !== row.hash) found.set(row.seq, '内容与摘要不符');
    else if (last && BigInt(last.seq) + 1n === BigInt(row.seq) && last.hash !== row.before) found.set(row.seq, '与上一行不相连');
  }
  return found;
}

export async function journals(): Promise<Journal[]> {
  const answer = await fetch('/v1/journal-heads');
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).journals;
}

/** Whether a head was signed by the key that its journal is published with. */
export async function isSigned({ queue, publicPoint }: Journal, { seq, at, hash, signature }: Head): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', bytesOf(`04${publicPoint}`), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytesOf(signature), new TextEncoder().encode(`hg-head-1 ${queue} ${seq} ${at} ${hash}`));
}

const FURTHEST = 5000; // rows that are read to a head
/** Reads from a row on to the next signed head, and says what came of it. */
export async function toHead(journal: Journal, from: string, progress: (read: number) => void): Promise<string> {
  const head = journal.heads.filter((one) => BigInt(one.seq) >= BigInt(from)).sort((a, b) => (BigInt(a.seq) < BigInt(b.seq) ? -1 : 1))[0];
  if (!head) return '这之后还没有签名，一分钟内会有，请稍后再核对。';
  if (BigInt(head.seq) - BigInt(from) > BigInt(FURTHEST)) return `距最近的签名（第 ${head.seq} 行）还有 ${BigInt(head.seq) - BigInt(from)} 行，请从靠后的行开始核对。`;
  if (!await isSigned(journal, head)) return `第 ${head.seq} 行的签名不成立，请立即上报。`;
  let pageToken = '', last: Row | undefined, read = 0;
  do {
    const page = await got(api.GET('/v1/journals/{service}/rows', { params: { path: { service: journal.queue }, query: { from, pageSize: 200, pageToken } } }));
    const rows = page.rows.filter((one) => BigInt(one.seq) <= BigInt(head.seq)), wrong = await faults(last ? [last, ...rows] : rows);
    for (const [seq, what] of wrong) return `第 ${seq} 行${what}，请立即上报。`;
    last = rows[rows.length - 1] ?? last;
    progress(read += rows.length);
    pageToken = page.nextPageToken;
  } while (pageToken && last?.seq !== head.seq);
  return last?.seq === head.seq && last.hash === head.hash ? `第 ${from} 行至第 ${head.seq} 行共 ${read} 行逐行相连，与 ${journal.queue} 在第 ${head.seq} 行的签名一致。` : `第 ${head.seq} 行与签名的摘要不符，请立即上报。`;
}
