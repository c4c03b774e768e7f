// Verifies a published draw (verify.js): a chosen file, or the one of the campaign whose
// number stands behind the # of the address, or of the lot of a release, #lot-NUMBER, or of a subsidy, #scheme-NUMBER. No module, so that it runs from the disk too.
const result = document.getElementById('result');
document.documentElement.classList.toggle('dark', matchMedia('(prefers-color-scheme: dark)').matches);

function show(bytes) {
  try {
    const draw = verify(bytes);
    result.textContent = [
      `${draw.id} ${draw.title}`,
      draw.root ? `名单指纹 ${hex(draw.root)}，${draw.entries} 人` : '',
      draw.frozenAt ? `名单于 ${new Date(draw.frozenAt).toLocaleString()} 冻结，${draw.format === 'none' ? '早于密钥公开' : '早于公开数值产生'}` : '',
      draw.value ? draw.format === 'none' ? draw.publicName : `${draw.publicName} = ${draw.value}` : '',
      draw.reason ? `作废：${draw.reason}` : '',
      ...draw.strata.filter((one) => one.entrants !== undefined).map((one) =>
        `${one.label}：${one.entrants} 人报名，${Math.min(one.quota, one.entrants)} 人中签，${Math.max(one.places - one.quota, 0)} 人候补`),
      '计算无误',
    ].filter(Boolean).join('\n');
  } catch (error) {
    result.textContent = `有误：${error.message}`;
  }
}

// The pages' texts one after the other are the file.
async function fetchFile(path) {
  let text = '', token = '';
  do {
    const response = await fetch(`/v1/${path}/draw-file?pageToken=${token}`);
    const page = await response.json();
    if (response.status === 503) {
      await new Promise((done) => setTimeout(done, 1000));
      continue;
    }
    if (!response.ok) throw new Error(page.errmsg);
    text += page.text;
    token = page.nextPageToken;
  } while (token || !text);
  return text;
}

async function showPublished(path, number) {
  result.textContent = '正在下载公布的文件…';
  try {
    const text = await fetchFile(path), keep = document.getElementById('keep');
    keep.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    keep.download = `draw-${number}.txt`;
    keep.hidden = false;
    result.textContent = '正在计算…';
    setTimeout(() => show(new TextEncoder().encode(text)));
  } catch (error) {
    result.textContent = `不能下载：${error instanceof TypeError ? '网络不通，请稍后再试' : error.message}`;
  }
}

document.getElementById('file').addEventListener('change', async (event) => {
  result.textContent = '正在计算…';
  const bytes = new Uint8Array(await event.target.files[0].arrayBuffer());
  setTimeout(() => show(bytes));
});
function published() {
  const [, kind, number] = /^#(?:(lot|scheme)-)?(\d+)$/.exec(location.hash) ?? [];
  if (number) showPublished(`${kind ? `${kind}s` : 'checkups'}/${number}`, number);
}
addEventListener('hashchange', published);
published();
