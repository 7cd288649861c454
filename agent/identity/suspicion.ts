import type { Happening } from '../signal/signal.ts'

/** A document that nobody who may sign for this machine has signed. */
export function forged(name: string, reason: string): Happening {
  return {
    kind: 'security.document.forged',
    severity: 'critical',
    fingerprint: `document.forged:${name}`,
    about: name,
    summary: `A forged document (${name}) was turned away: ${reason}`.slice(0, 500),
    facts: { technique: 'T1072', name, reason },
    detector: 'identity',
  }
}

/** A collector that knows our number sends none that is lower; somebody plays an old one back, or it was set back. */
export function stale(name: string, number: number, kept: number): Happening {
  return {
    kind: 'security.document.stale',
    severity: 'info',
    fingerprint: `document.stale:${name}`,
    about: name,
    summary: `An old document (${name} ${number}) was turned away; ${kept} is kept`,
    facts: { technique: 'T1072', name, number, kept },
    detector: 'identity',
  }
}
