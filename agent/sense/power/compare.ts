import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { printable as inOneLine, shownName } from '#shared/domain/printable.ts'
import type { Happening } from '../../signal/signal.ts'
import { administratorsIn, isHostileInShell, runsFromUsers, usersIn } from './places.ts'
import type { Kept, Snapshot } from './snapshot.ts'

type Event = Omit<Happening, 'detector'>

/** Who was seen to do it, as far as anybody was: facts, and whether a package manager or our own command did. */
export interface Doing {
  facts: Record<string, string | number | boolean | null>
  isByPackages: boolean
  isByOwnCommand: boolean
}

export interface Change {
  path: string
  before: Kept | undefined
  after: Kept
}

/** What is new or another than before. What was taken away gives nobody a power. */
export function changesBetween(before: Snapshot, after: Snapshot): Change[] {
  return [...after].flatMap(([path, kept]) => {
    const old = before.get(path)
    return old?.sha256 === kept.sha256 ? [] : [{ path, before: old, after: kept }]
  })
}

/** A change in words; undefined where nobody got a power by it. */
export function eventOf({ path, before, after }: Change, doing: Doing): Event | undefined {
  const { technique, what } = after.place
  const shownPath = inOneLine(shownName(path))
  const administrators = newAdministrators(path, before, after)
  const users = path === '/etc/passwd' && before ? addedUsers(before.text, after.text) : []
  if (administrators?.length === 0 && users.length === 0) return undefined
  const isUser = administrators?.length === 0
  const kind = isUser ? 'security.account.added' : kindOf(before, after, doing)
  const who = isUser
    ? `${users.join(', ')} is a new user`
    : administrators
      ? `${administrators.join(', ')} became an administrator`
      : `${shownPath} (${what}) ${before ? 'was changed' : 'is new'}`
  return {
    kind,
    severity: doing.isByPackages || doing.isByOwnCommand ? 'info' : severityOf(kind),
    about: shownPath,
    summary: printable(`${who}${doing.isByPackages ? ', by the package manager' : ''}`).slice(0, 500),
    facts: {
      ...{ technique, path: shownPath, what, isNew: before === undefined, sha256: after.sha256, sha256Before: before?.sha256 ?? null },
      ...{ byPackages: doing.isByPackages, byOwnCommand: doing.isByOwnCommand, ...doing.facts },
      ...(administrators && { administrators }),
      ...(isUser && { users: users.slice(0, 100).map((name) => name.slice(0, 100)) }),
    },
    evidence: [
      { name: 'lines that were added', text: shown(addedLines(before?.text ?? '', after.text)) },
      { name: 'lines that are gone', text: shown(addedLines(after.text, before?.text ?? '')) },
    ],
  }
}

function newAdministrators(path: string, before: Kept | undefined, after: Kept): string[] | undefined {
  if (path !== '/etc/passwd' && path !== '/etc/group') return undefined
  const known = new Set(administratorsIn(path, before?.text ?? ''))
  return administratorsIn(path, after.text).filter((name) => !known.has(name))
}

function addedUsers(before: string, after: string): string[] {
  const known = new Set(usersIn(before))
  return usersIn(after).filter((name) => !known.has(name))
}

function kindOf(before: Kept | undefined, { place, text }: Kept, { isByPackages }: Doing): string {
  if (place.class === 'admin') return 'security.account.admin-added'
  if (place.class === 'defence') return 'security.defence.changed'
  // A person's own shell names folders of theirs all the time.
  const isByUsers = (): boolean => (place.class === 'shell' ? isHostileInShell(addedLines(before?.text ?? '', text)) : runsFromUsers(text))
  const isDangerous = place.class === 'dangerous' || (!isByPackages && isByUsers())
  return isDangerous ? 'security.persistence.dangerous' : 'security.persistence.new'
}

/** Rows 12 to 14; what else is a line. */
const severities: Readonly<Record<string, Event['severity']>> = {
  'security.account.admin-added': 'medium',
  'security.persistence.dangerous': 'high',
}
const severityOf = (kind: string): Event['severity'] => severities[kind] ?? 'low'

function addedLines(before: string, after: string): string {
  const known = new Set(before.split('\n'))
  return after
    .split('\n')
    .filter((line) => line.trim() !== '' && !known.has(line))
    .join('\n')
}

const shown = (text: string): string => maskSecrets(printable(text.slice(0, 4_000)))
const printable = (text: string): string => text.replace(/[^\P{Cc}\n]/gu, '�')
