import type { Ledger, LedgerEntry } from '../escalate/ledger.ts'

/** One ticket as its timeline tells it. */
export interface Story {
  id: string
  organisationId: string
  /** The customer's: of the site, else of the organisation. */
  timeZone: string
  entries: readonly LedgerEntry[]
  ledger: Ledger
}

/** How the ticket stood from one line to the next. */
export interface Stretch {
  from: number
  to: number
  team: string
  tier: string
  priority: string
  state: 'queued' | 'taken' | 'waiting' | 'under' | 'ended'
}

type Standing = Omit<Stretch, 'from' | 'to'>

/** The whole life, stretch by stretch. */
export function stretchesOf({ entries, ledger }: Story): Stretch[] {
  const stretches: Stretch[] = []
  let standing: Standing = { team: '', tier: '', priority: 'P4', state: 'queued' }
  let from = entries[0]?.at ?? 0
  for (const entry of entries) {
    if (entry.at > from) stretches.push({ ...standing, from, to: entry.at })
    from = entry.at
    standing = after(standing, entry)
  }
  if (ledger.to > from) stretches.push({ ...standing, from, to: ledger.to })
  return stretches
}

export function after(standing: Standing, { kind, body }: LedgerEntry): Standing {
  switch (kind) {
    case 'prioritised':
      return { ...standing, priority: String(body.priority) }
    case 'routed':
      return body.team === standing.team ? standing : { ...standing, team: String(body.team), tier: String(body.tier), state: 'queued' }
    case 'escalated':
      return { ...standing, team: String(body.toTeam), tier: String(body.toTier), state: 'queued' }
    case 'acknowledged':
      return { ...standing, state: 'taken' }
    case 'waiting':
      return { ...standing, state: 'waiting' }
    case 'resumed':
      return { ...standing, state: body.why === 'it moved' ? 'queued' : 'taken' }
    case 'gathered':
      return { ...standing, state: 'under' }
    case 'parted':
      return { ...standing, state: 'queued' }
    case 'resolved':
      return { ...standing, state: 'ended' }
    case 'reopened':
      return { ...standing, state: 'queued' }
    default:
      return standing
  }
}

/** How much of the stretch is time in which promises run. */
export const runningWithin = ({ lines }: Ledger, from: number, to: number): number =>
  lines.reduce((sum, line) => {
    const within = Math.min(to, line.to) - Math.max(from, line.from)
    return line.state === 'running' && within > 0 ? sum + within : sum
  }, 0)

/** What the next line will find: the ticket as it stands at the end of these. */
export const standingAfter = (entries: readonly LedgerEntry[]): Standing =>
  entries.reduce<Standing>(after, { team: '', tier: '', priority: 'P4', state: 'queued' })

/** From the first line to the first completion, without what was waited for others; undefined: it never ended. */
export function completionMs({ entries, ledger }: Pick<Story, 'entries' | 'ledger'>): number | undefined {
  const ended = entries.find(({ kind }) => kind === 'resolved')
  if (!ended) return undefined
  const paused = ledger.lines.reduce((sum, { from, to, state }) => {
    const within = Math.min(to, ended.at) - from
    return state === 'paused' && within > 0 ? sum + within : sum
  }, 0)
  return ended.at - ledger.from - paused
}
