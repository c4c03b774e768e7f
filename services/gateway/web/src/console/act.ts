// What officials do: said when done, with its reason when refused, and asked for first when it
// cannot be taken back.
import { ElMessage, ElMessageBox } from 'element-plus';
import { watch } from 'vue';
import { api, got, Offline, type Schemas, words } from '../shared/api';
import { session } from '../shared/session';
import { cut } from './cut';

// What was typed into a dialog, by its question, until it is done or somebody else sits here.
const typed = new Map<string, string>();
watch(session, () => typed.clear());

/** Tells why something was not done, unless its form says so itself (CutNote.vue). */
export function tell(error: unknown) {
  if (!(error instanceof Offline && cut.value)) ElMessage({ message: words(error), type: 'error', duration: 6000, showClose: true });
}

/** Does it and says so, unless that is '', also by what came of it; false when it was refused. */
export async function doing<T>(work: () => Promise<T>, done: string | ((given: T) => string) = '已办理'): Promise<boolean> {
  let given: T;
  try {
    given = await work();
  } catch (error) {
    tell(error);
    return false;
  }
  typed.clear();
  const message = typeof done === 'string' ? done : done(given);
  if (message) ElMessage({ message, type: 'success' });
  return true;
}

/** Asks first: what it will do, and who has to agree. */
export const asked = (message: string, title = '请确认', confirmButtonText = '确定') =>
  ElMessageBox.confirm(message, title, { confirmButtonText, cancelButtonText: '取消', type: 'warning' }).then(() => true, () => false);

/** Asks for a line of text; null when she thinks better of it. */
export const askedFor = (message: string, title: string, pattern = /\S/, problem = '请填写') =>
  ElMessageBox.prompt(message, title, { confirmButtonText: '确定', cancelButtonText: '取消', inputPattern: pattern, inputErrorMessage: problem, inputValue: typed.get(message) ?? '' })
    .then(({ value }) => { typed.set(message, value); return value as string; }, () => null);

/** The union of a code, as officials type it; null when there is none, which has been said. */
export async function unionCoded(code: string): Promise<Schemas['identity.Union'] | null> {
  const found: Schemas['identity.Union'][] = [];
  await doing(async () => { found.push(await got(api.GET('/v1/union-codes/{code}', { params: { path: { code: code.trim() } } }))); }, '');
  return found[0] ?? null;
}
