import { z } from 'zod'
import { Duration, KindPattern } from './words.ts'

/** A window lasts no longer than `longest`; a machine that went in one is back within `backWithin` of its end. */
export const Maintenance = z.strictObject({ longest: Duration, backWithin: Duration }).prefault({ longest: '12h', backWithin: '15m' })

const isOfMachines = (pattern: string): boolean => /^(health|presence|network)\./.test(pattern)

/**
 * From an update or a reboot until `after` it, `kinds` wait. An update whose end nobody says is over after `longest`.
 * `updates` are the kinds of signals that say that one is going on.
 */
export const Settling = z
  .strictObject({
    after: Duration,
    longest: Duration,
    kinds: z.array(KindPattern.refine(isOfMachines, 'only kinds of health, presence and network wait, such as health.service.*')),
    /** Each by its whole name, so that no pattern lets an attack wait. */
    security: z.array(KindPattern.refine((kind) => !kind.includes('*'), 'a kind of security is named whole')),
    updates: z.array(KindPattern.refine(isOfMachines, 'expected a kind of health, such as health.update.running')),
  })
  .prefault({
    ...{ after: '20m', longest: '2h', updates: ['health.update.running'] },
    kinds: ['presence.*', 'health.service.*', 'health.cpu.*', 'health.memory.*'],
    security: ['security.persistence.new'],
  })
