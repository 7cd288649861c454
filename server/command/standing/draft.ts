import type { StandingDraft } from '#shared/api/standing.ts'

/** A draft is one file that describes itself; `says` is the whole of it in plain words. */
export const defineDraft = (draft: StandingDraft): StandingDraft => draft
