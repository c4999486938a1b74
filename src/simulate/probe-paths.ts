/** Paths that scanners ask every site for and this one does not have. */
export const PROBE_PATHS: readonly string[] = [
  '/.env',
  '/.git/config',
  '/.aws/credentials',
  '/wp-config.php.bak',
  '/phpinfo.php',
  '/phpmyadmin/index.php',
  '/admin/config.php',
  '/server-status',
  '/actuator/health',
  '/cgi-bin/luci',
  '/backup.zip',
  '/config.json',
  '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
  '/solr/admin/info/system?wt=json',
  '/boaform/admin/formLogin',
  '/owa/auth/logon.aspx',
  '/HNAP1/',
  '/telescope/requests',
  '/shell?cd+/tmp;rm+-rf+*',
  '/?q=%27%20OR%201%3D1--%20',
];

const FOLDERS = 'admin old test backup dev api db include panel private wp-content/plugins'.split(' ');
const ENDINGS = ['.php', '.bak', '.zip', '.sql', '.asp', '/', '.old', '.tar.gz', '.txt', '.ini'];

/** A path out of a word list; `index` counts the scanner's requests and never gives the same path twice. */
export function probePath(index: number): string {
  const known = PROBE_PATHS[index];
  if (known !== undefined) return known;
  const folder = FOLDERS[index % FOLDERS.length];
  const ending = ENDINGS[Math.floor(index / FOLDERS.length) % ENDINGS.length];
  return `/${folder}/${(index * 7919).toString(36)}${ending}`;
}
