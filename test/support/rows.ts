/** Audit rows for tests, whose columns need not be written out in the type of their action. */
import type { AuditDraft } from '../../src/model/audit.ts';
import { readFacts } from '../../src/record/row/stored-facts.ts';

export interface RowChanges extends Partial<Omit<AuditDraft, 'action' | 'client' | 'condition' | 'numbers'>> {
  readonly action?: AuditDraft['action'];
  readonly client?: string | null;
  readonly condition?: string | null;
  readonly numbers?: object | null;
}

/** The draft with these columns; codes that are left out are those that its words stand for. */
export function rowDraft(columns: Required<RowChanges>): AuditDraft {
  const { action, client, condition, numbers, ...common } = columns;
  return { ...common, ...readFacts({ action, client, condition, numbers, detail: columns.detail }) };
}
