import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, hours, type Time } from '#shared/domain/time.ts'
import { raiseWithin } from '../ingest/handled.ts'
import { changeOrganisation, type OrganisationChange, observedUntold } from '../people/organisations.ts'
import type { Rules } from '../pipeline/keep.ts'
import type { Store, Within } from '../store/store.ts'
import { openPreviews } from './previews.ts'
import type { Preview } from './would-have.ts'

/*
 * Observe and live. Enters: an organisation, and what was recorded of it. Leaves: what would have called people and cut
 * machines off, had it been live: by the functions that would have done it (would-have.ts); and its mode, changed.
 * Promises: nobody goes live by themselves: when the days of observing are over, a ticket asks somebody to look.
 */

export interface Modes {
  /** undefined: there is no such organisation. */
  preview(organisationId: string): Promise<Preview | undefined>
  /** @param within what stands or falls with it. */
  change(organisationId: string, change: OrganisationChange, within?: Within): Promise<void>
  stop(): Promise<void>
}

export interface ModesOptions {
  store: Store
  rules: Rules
  time: Time
  log: Logger
  onRaised(): void
}

const lookEveryMs = hours(1)

export function openModes({ store, rules, time, log, onRaised }: ModesOptions): Modes {
  let cancel: Cancel = () => undefined
  let looking: Promise<void> = Promise.resolve()
  const look = (): void => {
    looking = tellObserved(store, rules, time.now())
      .then((isTold) => (isTold ? onRaised() : undefined))
      .catch((error: unknown) => log.error({ reason: sentenceOf(error) }, 'whose days of observing are over could not be read'))
    cancel = time.after(lookEveryMs, look)
  }
  cancel = time.after(0, look)
  const previews = openPreviews(store.url())
  return {
    preview: (organisationId) => previews.of({ organisationId, matrixVersion: rules.matrix.version, now: time.now() }),
    change: (organisationId, change, within) =>
      store.db.transaction().execute(async (tx) => {
        await changeOrganisation(tx, organisationId, change, time.now())
        await within?.(tx)
      }),
    async stop() {
      cancel()
      await Promise.all([looking, previews.stop()])
    },
  }
}

/** Once an organisation. @returns whether there was any. */
async function tellObserved(store: Store, { matrix }: Rules, now: number): Promise<boolean> {
  return store.db.transaction().execute(async (tx) => {
    const over = await observedUntold(tx, now - matrix.onboarding.observes, now)
    for (const { id, name } of over) {
      const about = { organisationId: id, endpointId: null, kind: 'system.mode.observed', severity: 'low' as const, facts: {} }
      const summary = `The first days of ${name} are over: look at what would have happened, and let it go live`
      await raiseWithin(tx, { ...about, fingerprint: 'system.mode.observed', summary }, now)
    }
    return over.length > 0
  })
}
