// What pages do again and again: load something, load a list page by page, do something once.
import { onMounted, onUnmounted, ref, shallowRef } from 'vue';
import { now, words } from './api';

/** Loads at once and again with reload(), the last value stays while it loads; begun anew, what was asked for before counts no more. */
export function useLoad<T>(load: () => Promise<T>) {
  const value = shallowRef<T | null>(null), problem = ref(''), loading = ref(true);
  let turn = 0;
  async function reload() {
    const mine = ++turn;
    loading.value = true;
    try {
      const read = await load();
      if (mine !== turn) return;
      value.value = read;
      problem.value = '';
    } catch (error) {
      if (mine === turn) problem.value = words(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  onMounted(reload);
  return { value, problem, loading, reload };
}

/** A list that gives its pages one after the other; begun anew, what was asked for before counts no more. */
export function useList<T>(load: (pageToken: string) => Promise<{ items: T[]; nextPageToken: string }>) {
  const items = shallowRef<T[]>([]), problem = ref(''), loading = ref(false), finished = ref(false);
  let next = '', turn = 0;
  async function more() {
    if (loading.value || finished.value) return;
    const mine = turn;
    loading.value = true;
    try {
      const page = await load(next);
      if (mine !== turn) return;
      items.value = [...items.value, ...page.items];
      next = page.nextPageToken;
      finished.value = !next;
      problem.value = '';
    } catch (error) {
      if (mine === turn) problem.value = words(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  async function reload() {
    turn++;
    loading.value = false;
    next = '';
    finished.value = false;
    items.value = [];
    await more();
  }
  onMounted(more);
  return { items, problem, loading, finished, more, reload };
}

/** The service's time, four times a second. */
export function useClock() {
  const at = ref(now());
  const timer = setInterval(() => { at.value = now(); }, 250);
  onUnmounted(() => clearInterval(timer));
  return at;
}
