import type { StandingDraft } from '#shared/api/standing.ts'
import isolateOneself from './drafts/isolate-oneself.ts'
import restartFailedService from './drafts/restart-failed-service.ts'
import updatesInTheWindow from './drafts/updates-in-the-window.ts'

/** Every draft that ships; a test holds the list against the folder. */
export const drafts: readonly StandingDraft[] = [restartFailedService, updatesInTheWindow, isolateOneself]
