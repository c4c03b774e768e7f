// A receipt of a draw, checked in the page: the fingerprints of the announcement and of
// the entries near hers lead to the root of the frozen list, and once it is drawn, secret
// and public value give her rank. What a receipt holds and how each hash is made is said
// in the union's published format ("hg-draw-receipt 1").
const LEAF = 63; // entries under one hash

const text = new TextEncoder();
export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function bigEndian(value, size) {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = BigInt(value); i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}

async function sha256(...parts) {
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** What is wrong with a receipt. */
export class Mismatch extends Error {}

function ensure(good, problem) {
  if (!good) throw new Mismatch(problem);
}

// The lines one after the other; each must begin with its word.
function reader(receipt) {
  const lines = receipt.split('\n');
  let at = 0;
  return {
    next(word) {
      const line = lines[at++] ?? '';
      ensure(line === word || line.startsWith(`${word} `), `凭据第 ${at} 行不是 ${word}`);
      return line.slice(word.length + 1);
    },
    take: (count) => lines.slice(at, (at += count)),
    done: () => at === lines.length - 1 && lines[at] === '',
  };
}

function readReceipt(receipt) {
  const lines = reader(receipt), read = { strata: [] };
  lines.next('hg-draw-receipt');
  for (const word of ['hg-draw', 'draw', 'title', 'rules', 'opens', 'closes']) read[word] = lines.next(word);
  [read.commitment, read.steps] = lines.next('commitment').split(' ');
  read.public = lines.next('public');
  for (const word of ['value-at', 'weight-max']) lines.next(word);
  for (let left = Number(lines.next('strata')); left > 0; left--) {
    const [, quota, waiting] = lines.next('stratum').split(' ').map(Number);
    read.strata.push({ quota, waiting });
  }
  read.root = lines.next('root');
  read.entries = Number(lines.next('entries'));
  read.drawn = lines.next('result').startsWith('drawn');
  if (read.drawn) {
    read.secret = lines.next('secret');
    read.value = lines.next('value');
    for (const stratum of read.strata) [, , , stratum.cutoff] = lines.next('outcome').split(' ');
  }
  const [index, place, rank] = lines.next('entry').split(' ');
  Object.assign(read, { index: Number(index), place: Number(place), rank });
  read.leaf = lines.take(Number(lines.next('leaf'))).map((line) => line.split(' '));
  read.path = lines.take(Number(lines.next('path')));
  lines.next('end');
  ensure(lines.done(), '凭据之后还有内容');
  read.announcement = receipt.slice(receipt.indexOf('\n') + 1, receipt.indexOf('\nroot ') + 1);
  return read;
}

// From the leaf to the top: a sibling on the left of an odd place, on the right of an even one, none of the last.
async function rootOf(read) {
  let hash = await sha256(Uint8Array.of(0), ...read.leaf.flatMap(([ticket, stratum, weight]) =>
    [unhex(ticket), bigEndian(stratum, 2), bigEndian(weight, 2)]));
  const path = [...read.path];
  let at = Math.floor(read.index / LEAF);
  for (let width = Math.ceil(read.entries / LEAF); width > 1; width = Math.ceil(width / 2), at = Math.floor(at / 2)) {
    if (at % 2 === 0 && at + 1 === width) continue;
    const sibling = unhex(path.shift() ?? '');
    hash = await sha256(Uint8Array.of(1), ...at % 2 ? [sibling, hash] : [hash, sibling]);
  }
  ensure(path.length === 0, '凭据的路径过长');
  return hex(await sha256(Uint8Array.of(2), await sha256(text.encode(read.announcement)), bigEndian(read.entries, 8), hash));
}

async function rankOf(read, ticket, weight) {
  let sum = unhex(read.secret), smallest = null;
  for (let left = Number(read.steps); left > 0; left--) sum = await sha256(sum);
  ensure(hex(sum) === read.commitment, '公开的密钥与公告中的承诺不符');
  const seed = await sha256('hg-draw-1', unhex(read.secret), unhex(read.root), text.encode(read.value));
  for (let k = 0; k < weight; k++) {
    const rank = hex(await sha256(seed, unhex(ticket), bigEndian(k, 4)));
    if (!smallest || rank < smallest) smallest = rank;
  }
  return smallest;
}

/**
 * Checks a receipt of this ticket. Gives what it says: { title, root, entries, index, drawn,
 * place, rank, cutoff, won }; throws a Mismatch. That the place is
 * hers beyond having won or not is what the whole published file proves.
 */
export async function checkReceipt(receipt, ticket) {
  const read = readReceipt(receipt);
  const [own, stratum, weight] = read.leaf[read.index % LEAF] ?? [];
  ensure(own === ticket, '凭据不是您的号签的');
  ensure(read.index < read.entries && read.strata[Number(stratum)], '凭据的序号不在名单中');
  ensure(await rootOf(read) === read.root, '凭据算不出公布的名单指纹');
  if (!read.drawn) return read;
  const { quota, cutoff } = read.strata[Number(stratum)];
  ensure(await rankOf(read, ticket, Number(weight)) === read.rank, '抽签号计算不符');
  const won = cutoff !== '-' && read.rank <= cutoff;
  ensure(won === (read.place > 0 && read.place <= quota), '名次与中签线不符');
  return { ...read, cutoff, won };
}
