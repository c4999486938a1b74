/** What a tripped fuse means for clients, in words: without a subject's history (profile `classic`) it spares everybody. */
export const describeTripped = (profile: string): string =>
  profile === 'classic'
    ? 'nobody is banned automatically'
    : 'clients that the site has served well are not banned, strangers still are';
