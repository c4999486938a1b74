/** The web site that the simulated people visit: pages with their files, a WordPress blog and an API. */
import { type Random, Zipf } from './random.ts';

/**
 * What the site is: a shop with a blog and an app; a WordPress blog whose pages have a hundred pictures; the API of an app
 * and little else; a private cloud that computers and phones keep their files in; a mirror of packages and films.
 */
export type SiteKind = 'shop' | 'blog' | 'api' | 'cloud' | 'mirror';

/** A file that nginx serves itself. */
export interface Asset {
  readonly path: string;
  readonly bytes: number;
}

/** A page that the backend renders, and what a browser fetches with it. */
export interface Page {
  readonly path: string;
  readonly bytes: number;
  /** The page's own pictures; the theme's files come on top. */
  readonly images: readonly Asset[];
  /** Calls of the page's scripts, as `METHOD path`. */
  readonly calls: readonly string[];
  /** A picture that the page still names and the server no longer has: an honest 404 on every view. */
  readonly missing: string | undefined;
  /** A film, fetched in pieces (206). */
  readonly film: Asset | undefined;
}

export interface Site {
  readonly kind: SiteKind;
  readonly host: string;
  /** Most popular first. */
  readonly pages: readonly Page[];
  readonly popularity: Zipf;
  /** Style sheets, scripts and fonts of every page. */
  readonly theme: readonly Asset[];
}

const PAGE_COUNT = 600;
const WORDS = 'spring lamp garden oak linen cup winter stone river chair glass paper'.split(' ');

/** Builds the site; the same stream of numbers gives the same site. */
export function buildSite(random: Random, kind: SiteKind): Site {
  const pages: Page[] = [];
  for (let rank = 0; rank < PAGE_COUNT; rank++) pages.push(buildPage(rank, random, kind));
  return { kind, host: 'www.example.com', pages, popularity: new Zipf(PAGE_COUNT, 1.05), theme: buildTheme(random) };
}

function buildPage(rank: number, random: Random, kind: SiteKind): Page {
  const isBlog = kind === 'blog' || rank % 5 === 3;
  const slug = `${random.pick(WORDS)}-${random.pick(WORDS)}-${rank}`;
  const path = rank === 0 ? '/' : isBlog ? `/blog/${slug}/` : rank % 5 === 4 ? `/category/${slug}` : `/product/${slug}`;
  const images: Asset[] = [];
  const imageCount = Math.min(130, Math.max(2, Math.round(random.lognormal(kind === 'blog' ? 70 : 9, 0.8))));
  for (let index = 0; index < imageCount; index++) {
    const kind = random.pick(['jpg', 'webp', 'webp', 'png']);
    images.push({ path: `/media/${rank}/${random.hex(8)}.${kind}`, bytes: Math.round(random.lognormal(24_000, 1.1)) });
  }
  return {
    path,
    bytes: Math.round(random.lognormal(28_000, 0.6)),
    images,
    calls: isBlog ? [] : ['GET /api/v2/cart', 'POST /api/v2/track'].slice(0, random.int(0, 2)),
    missing: isBlog && random.chance(0.7) ? '/blog/wp-content/uploads/2019/03/badge-old.png' : undefined,
    film: random.chance(0.03)
      ? { path: `/media/${rank}/film.mp4`, bytes: Math.round(random.lognormal(9_000_000, 0.6)) }
      : undefined,
  };
}

function buildTheme(random: Random): Asset[] {
  const version = random.hex(8);
  const files = [
    ['css/main', 'css', 48_000],
    ['css/shop', 'css', 12_000],
    ['js/vendor', 'js', 182_000],
    ['js/app', 'js', 74_000],
    ['js/menu', 'js', 6_000],
    ['js/consent', 'js', 21_000],
    ['fonts/text-regular', 'woff2', 31_000],
    ['fonts/text-bold', 'woff2', 32_000],
    ['img/logo', 'svg', 4_200],
    ['img/icons', 'svg', 17_000],
    ['img/hero', 'webp', 140_000],
    ['img/footer', 'png', 9_000],
  ] as const;
  const theme: Asset[] = files.map(([name, kind, bytes]) => ({ path: `/static/${name}.${kind}?v=${version}`, bytes }));
  theme.push({ path: '/favicon.ico', bytes: 1_150 });
  return theme;
}
