import manifest from '../../package.json' with { type: 'json' };

/** zban's version, from package.json; a build takes it along. */
export const VERSION: string = manifest.version;
