// The form of a scheme: what is asked by what is chosen, and what is typed as the service keeps it.
import { api, got, type Schemas } from '../../shared/api';
import { amount, date as dateRead } from '../../shared/format';
import type { Application, Scheme } from './subsidy';

export type Field = Schemas['subsidy.FormField'];
/** What stands in each field, as it is typed or chosen. */
export type Typed = Record<string, string>;
type Answer = Schemas['asked.subsidy.FieldAnswer'];

const numberOf = (text: string) => (/^-?\d{1,15}$/.test(text) ? text : null);
function fenOf(text: string) {
  const [, whole, rest = ''] = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text.replaceAll(',', '')) ?? [];
  return whole === undefined ? null : String(BigInt(whole) * 100n + BigInt(rest.padEnd(2, '0') || 0));
}

/** As a field keeps it; null: it is none. */
export function answerOf({ name, kind }: Field, typed: string): Answer | null {
  if (kind === 'DATE') return /^\d{4}-\d\d-\d\d$/.test(typed) ? { field: name, date: typed } : null;
  if (kind !== 'NUMBER' && kind !== 'FEN') return { field: name, text: typed };
  const number = kind === 'FEN' ? fenOf(typed.trim()) : numberOf(typed.trim());
  return number === null ? null : { field: name, number };
}

/** What cannot be kept as it is typed. */
export function misfit(field: Field, typed = '') {
  if (!typed.trim() || answerOf(field, typed)) return '';
  return field.kind === 'FEN' ? '请填写金额，最多两位小数' : field.kind === 'NUMBER' ? '请填写整数' : '请填写日期';
}

/** Whether a field is asked, as those before it are filled in. */
export function isAsked({ fields }: Scheme, field: Field, typed: Typed): boolean {
  const by = fields.find(({ name }) => name === field.askedWith);
  return !by || (isAsked({ fields } as Scheme, by, typed) && field.askedFor.includes(typed[by.name] ?? ''));
}
export const askedFields = (scheme: Scheme, typed: Typed) => scheme.fields.filter((field) => isAsked(scheme, field, typed));

/** All that is asked and filled in; what cannot be kept is left out. */
export const answersOf = (scheme: Scheme, typed: Typed) => askedFields(scheme, typed)
  .filter(({ name, kind }) => kind !== 'FILE' && typed[name]?.trim()).map((field) => answerOf(field, typed[field.name])).filter((one) => one !== null);

function textOf({ kind }: Field, { text, number, date }: Application['answers'][number]) {
  if (kind === 'DATE') return date ?? '';
  if (kind === 'FEN') return Number(number) ? amount(number).replaceAll(',', '') : '';
  return kind === 'NUMBER' ? number : text;
}
/** What was kept, as it is typed. */
export const typedOf = ({ fields }: Scheme, { answers }: Application): Typed => Object.fromEntries(answers.flatMap((answer) => {
  const field = fields.find(({ name }) => name === answer.field);
  return field ? [[field.name, textOf(field, answer)]] : [];
}));
/** What was kept, to be read. */
export const readOf = ({ fields }: Scheme, { answers }: Application, regions: Map<string, string>): [string, string][] => fields.flatMap((field) => {
  const answer = answers.find((one) => one.field === field.name);
  return answer ? [[field.label, field.kind === 'FEN' ? `${amount(answer.number)} 元` : field.kind === 'REGION' ? regions.get(answer.text) ?? answer.text : field.kind === 'DATE' ? dateRead(answer.date) : textOf(field, answer)] as [string, string]] : [];
});
/** A region with those above it, 广东省佛山市禅城区. */
async function regionName(code: string) {
  let name = '';
  for (const digits of ['', code.slice(0, 2), code.slice(0, 4)]) {
    const { areas } = await got(api.GET('/v1/areas', { params: { query: { within: digits } } })), length = digits.length + 2;
    const found = areas.find((one) => one.code === code || one.code === `${code.slice(0, length)}0000`.slice(0, 6));
    name += found?.name ?? '';
    if (found?.code === code) break;
  }
  return name || code;
}
export const regionNames = async ({ fields }: Scheme, { answers }: Application) => new Map(await Promise.all(answers
  .filter((one) => fields.some(({ name, kind }) => name === one.field && kind === 'REGION')).map(async ({ text }) => [text, await regionName(text).catch(() => text)] as const)));

/** What a field may hold, said before it is filled in; of the one that says what is paid not more than the scheme's most. */
export function boundsOf({ kind, least, most: own }: Field, mostFen = '0') {
  const most = Number(mostFen) && (!Number(own) || Number(mostFen) < Number(own)) ? mostFen : own;
  const [low, high] = [Number(least), Number(most)];
  if (kind === 'FILE' || (!low && !high)) return '';
  if (kind === 'TEXT') return low > 1 ? `${low} 至 ${high} 个字` : `最多 ${high} 个字`;
  if (kind === 'FEN') return low > 1 ? `${amount(least)} 至 ${amount(most)} 元` : `最多 ${amount(most)} 元`;
  return kind === 'DATE' ? `${dayOf(least)} 至 ${dayOf(most)}` : `${low} 至 ${high}`;
}
/** A bound of a date, YYYYMMDD, as its field holds it. */
export const dayOf = (bound: string) => (Number(bound) ? `${bound.slice(0, 4)}-${bound.slice(4, 6)}-${bound.slice(6)}` : undefined);
