import { fitsKind } from '#shared/domain/signal.ts'
import type { Subject, Trouble } from '../pipeline/changes.ts'

/** Whom a window or an exception is about. */
export interface Reach {
  organisationId: string
  scope: 'endpoint' | 'tag' | 'site' | 'organisation'
  value: string
}

export function covers({ organisationId, scope, value }: Reach, trouble: Pick<Trouble, 'kind' | 'facts'>, subject: Subject): boolean {
  if (subject.organisation.id !== organisationId) return false
  switch (scope) {
    case 'organisation':
      return true
    case 'site':
      // The silence of a whole site is about no endpoint.
      return subject.site?.id === value || (fitsKind('presence.*', trouble.kind) && !subject.endpoint && trouble.facts.siteId === value)
    case 'tag':
      return subject.endpoint?.tags?.includes(value) === true
    case 'endpoint':
      return subject.endpoint?.id === value
  }
}
