import { basename } from 'node:path'
import type { Happening } from '../../signal/signal.ts'
import type { Accused } from './accuse.ts'
import type { Observation } from './examine.ts'
import type { Verdict } from './touches.ts'

export interface Told {
  /** The decoy, or the folder that went away with all of its decoys. */
  key: string
  verdict: Verdict
  observation: Observation & { kind: 'touched' }
  accused: Accused
  seed: string
}

const kind = 'security.ransomware.canary'

/** One touch in words. All touches of an endpoint share a fingerprint: one attack is one ticket. */
export function tellOf({ key, verdict, observation, accused, seed }: Told): Omit<Happening, 'detector'> {
  const { change, severity, touched, touchedAt, rank } = verdict
  return {
    kind,
    severity,
    about: key,
    fingerprint: kind,
    summary: sentence(key, verdict),
    facts: {
      change,
      canary: key,
      canariesTouched: touched.length,
      canaries: touched.slice(0, 100),
      touchedAt,
      where: observation.where,
      ...observation.facts,
      ...accused.facts,
    },
    evidence: [...observation.evidence, ...accused.evidence],
    occurrence: { name: `${seed} ${key} ${rank} ${touchedAt}`, at: touchedAt },
  }
}

function sentence(key: string, { change, touched }: Verdict): string {
  const what = {
    packed: 'was packed into an archive that anybody can open',
    deleted: 'was deleted, renamed or moved',
    edited: 'was edited',
    unreadable: 'was made unreadable',
  }[change]
  const others = touched.length < 2 ? '' : `, one of ${touched.length} touched within a minute`
  return `The decoy “${basename(key)}” ${what}${others}`
}
