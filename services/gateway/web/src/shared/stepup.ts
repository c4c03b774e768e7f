// What matters most is shown only to who proves anew that it is she: a call that is refused for it waits here until
// she has told the number of her document, once for all such calls, and is then made again.
import { ref } from 'vue';

/** Whom to tell whether she has; null while nobody asks. */
export const asking = ref<((proven: boolean) => void) | null>(null);

let answer: Promise<boolean> | null = null;

export function proven(): Promise<boolean> {
  answer ??= new Promise<boolean>((done) => { asking.value = done; }).finally(() => {
    asking.value = null;
    answer = null;
  });
  return answer;
}
