// The member's page: each part of it is a module of its own.
import { openAccount, returnFromWechat, showAccount } from './account.js';
import { session } from './api.js';
import { showCheckups } from './checkups.js';
import { showCoupons } from './coupons.js';
import { $, act, offerLarge } from './dom.js';
import { showReports } from './reports.js';

const LISTS = ['campaigns', 'offers', 'coupons', 'report-list', 'past'];

function forget() {
  $('sign-in').hidden = false;
  $('member').hidden = true;
  for (const id of [...LISTS, 'next']) $(id).replaceChildren();
}

async function show() {
  $('loading').hidden = true;
  if (!session.get()) {
    forget();
    return;
  }
  $('sign-in').hidden = true;
  $('member').hidden = false;
  await Promise.all([showAccount(), showCheckups(), showCoupons(), showReports()]);
}

document.addEventListener('signed-out', forget);
offerLarge();
openAccount(show);
$('refresh').addEventListener('click', act(show));
act(async () => {
  try {
    await returnFromWechat();
  } finally {
    await show();
  }
})();
