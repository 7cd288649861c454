import { z } from 'zod'
import { Duration } from './words.ts'

/** A customer's first days: how long a new organisation observes, and how long what a new machine says was there before us. */
export const Onboarding = z.strictObject({ observes: Duration, asFound: Duration }).prefault({ observes: '14d', asFound: '24h' })
