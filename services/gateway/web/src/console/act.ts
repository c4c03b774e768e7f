// What officials do: said when done, with its reason when refused, and asked for first when it
// cannot be taken back.
import { ElMessage, ElMessageBox } from 'element-plus';
import { words } from '../shared/api';

/** Does it and says so, unless that is ''; false when it was refused. */
export async function doing(work: () => Promise<unknown>, done = '已办理'): Promise<boolean> {
  try {
    await work();
  } catch (error) {
    ElMessage({ message: words(error), type: 'error', duration: 6000, showClose: true });
    return false;
  }
  if (done) ElMessage({ message: done, type: 'success' });
  return true;
}

/** Asks first: what it will do, and who has to agree. */
export const asked = (message: string, title = '请确认', confirmButtonText = '确定') =>
  ElMessageBox.confirm(message, title, { confirmButtonText, cancelButtonText: '取消', type: 'warning' }).then(() => true, () => false);

/** Asks for a line of text; null when she thinks better of it. */
export const askedFor = (message: string, title: string, pattern = /\S/, problem = '请填写') =>
  ElMessageBox.prompt(message, title, { confirmButtonText: '确定', cancelButtonText: '取消', inputPattern: pattern, inputErrorMessage: problem })
    .then(({ value }) => value, () => null);
