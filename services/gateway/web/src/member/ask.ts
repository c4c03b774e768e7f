// Asks before what cannot be taken back; resolves to whether she agrees.
import { showConfirmDialog } from 'vant';

export const agrees = (message: string, confirmButtonText = '确定') =>
  showConfirmDialog({ message, confirmButtonText, cancelButtonText: '再想想' }).then(() => true, () => false);
