/** What is read, under which key. `live/hints.ts` says which of them a hint makes stale. */
export const keys = {
  session: ['session'],
  tickets: ['tickets'],
  ticket: (id: string) => ['ticket', id],
  noise: (id: string) => ['noise', id],
  endpoints: ['endpoints'],
  endpoint: (id: string) => ['endpoint', id],
  samples: (id: string) => ['samples', id],
  organisations: ['organisations'],
  people: ['people'],
  tokens: ['tokens'],
  sources: ['sources'],
  receivers: ['receivers'],
  restored: ['restored'],
  matrix: ['matrix'],
  audit: ['audit'],
} as const
