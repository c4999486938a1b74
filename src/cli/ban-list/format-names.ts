/** The formats of lists, by the names that people give them. */
export const EXPORT_FORMATS = ['plain', 'json', 'crowdsec'] as const;
export const IMPORT_FORMATS = [...EXPORT_FORMATS, 'fail2ban'] as const;

export type ImportFormat = (typeof IMPORT_FORMATS)[number];
