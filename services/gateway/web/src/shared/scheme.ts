// What one application for a scheme is paid, in words.
import type { Schemas } from './api';
import { amount, yuan } from './format';

export function amountWords({ amount: what }: Schemas['subsidy.Scheme']) {
  if (!what) return '';
  const each = what.of.map(({ fen }) => Number(fen)).sort((a, b) => a - b), most = each[each.length - 1] as number | undefined;
  if (most !== undefined) return what.field ? `最高 ${yuan(most)}` : each[0] === most ? yuan(most) : `${amount(each[0])} 至 ${yuan(most)}`;
  return what.field ? `最高 ${yuan(what.mostFen)}` : yuan(what.fen);
}
