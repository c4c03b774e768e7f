// What she types into a form, kept by the service as she goes on: one request at a time, again by itself once the network
// is back, and before she leaves.
import { onUnmounted, ref } from 'vue';
import { onBeforeRouteLeave } from 'vue-router';
import { api, got, now, Offline, words } from '../../shared/api';
import { agrees } from '../ask';
import { answersOf, type Typed } from './form';
import type { Scheme } from './subsidy';

const REST = 800, AGAIN = 5000; // ms after the last key; and until what failed is tried again

export function useDraft(applicationId: string, content: () => { scheme: Scheme; typed: Typed }, kept: () => Promise<unknown>) {
  const said = ref('');
  let turn = 0, done = 0, timer: ReturnType<typeof setTimeout> | undefined, saving = Promise.resolve();

  async function save() {
    clearTimeout(timer);
    while (done !== turn) {
      const mine = turn, { scheme, typed } = content();
      said.value = '正在保存…';
      try {
        await got(api.POST('/v1/me/applications/{applicationId}:save', { params: { path: { applicationId } }, body: { answers: answersOf(scheme, typed) } }));
      } catch (error) {
        said.value = error instanceof Offline ? '网络不通，您填写的内容还在本页，网络恢复后自动保存。' : words(error);
        if (error instanceof Offline) timer = setTimeout(quietly, AGAIN);
        throw error;
      }
      done = mine;
    }
    said.value = `已保存 ${new Date(now() + 8 * 3600000).toISOString().slice(11, 16)}`;
  }
  /** Resolves once all that was typed is kept. */
  const flush = () => (saving = saving.catch(() => {}).then(save));
  const quietly = () => { flush().then(kept).catch(() => {}); };
  function changed() {
    turn++;
    clearTimeout(timer);
    timer = setTimeout(quietly, REST);
  }

  const hidden = () => { if (document.hidden && done !== turn) quietly(); };
  const warn = (event: Event) => { if (done !== turn) event.preventDefault(); };
  document.addEventListener('visibilitychange', hidden);
  addEventListener('beforeunload', warn);
  addEventListener('online', quietly);
  onUnmounted(() => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', hidden);
    removeEventListener('beforeunload', warn);
    removeEventListener('online', quietly);
  });
  onBeforeRouteLeave(async () => {
    if (done === turn) return true;
    return flush().then(() => true, () => agrees('刚填写的内容还没有保存，离开就没有了。', '仍然离开'));
  });
  return { said, changed, flush };
}
