// A code on the screen that changes: asked for again whenever it does.
import { computed, onUnmounted, ref, shallowRef } from 'vue';
import { now, words } from '../shared/api';
import { useClock } from '../shared/use';

export interface TurningCode { code: string; svg: string; changesAt: string | null }

export function useTurningCode(ask: () => Promise<TurningCode>) {
  const shown = shallowRef<TurningCode | null>(null), problem = ref(''), at = useClock();
  let timer: ReturnType<typeof setTimeout> | undefined, gone = false;
  async function turn() {
    clearTimeout(timer);
    let changes = 5000;
    try {
      shown.value = await ask();
      problem.value = '';
      changes = Math.min(Math.max(Date.parse(shown.value.changesAt!) - now(), 1000), 30000);
    } catch (error) {
      problem.value = words(error);
      shown.value = null;
    }
    if (!gone) timer = setTimeout(turn, changes);
  }
  /** What is left of its time, in per cent. */
  const left = computed(() => (shown.value && at.value ? Math.min(100, Math.max(0, (Date.parse(shown.value.changesAt!) - now()) / 300)) : 0));
  onUnmounted(() => { gone = true; clearTimeout(timer); });
  turn();
  return { shown, problem, left, turn };
}
