// The session of this tab: what the gateway gave, kept until the tab is closed.
import { ref } from 'vue';

export interface Session { token: string; refreshToken?: string }

// An official's session is none of the member's app, also in one tab.
const KEY = location.pathname.startsWith('/console') ? 'official' : 'session';
const kept = sessionStorage.getItem(KEY);

export const session = ref<Session | null>(kept ? JSON.parse(kept) as Session : null);

/** A verification answers with a new token only; the refresh token stays. */
export function enter(given: Session) {
  session.value = { token: given.token, refreshToken: given.refreshToken || session.value?.refreshToken };
  sessionStorage.setItem(KEY, JSON.stringify(session.value));
}

export function leave() {
  session.value = null;
  sessionStorage.removeItem(KEY);
}
